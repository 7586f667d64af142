package check

import (
	"fmt"

	"roster/connectors"
)

// Known is what a store has kept of a collection.
type Known struct {
	// Count is how many records it has, and MaxLoss how many of them, in per cent, a fetch may lack before the guard holds it back.
	Count, MaxLoss int
	// Held says what the guard holds back now; empty for nothing.
	Held string
}

// minLoss is how many records a fetch must lack at least for the guard, see package snapshot.
const minLoss = 20

// Compare says beside the reports where a source shows far fewer records than are known, and what is held back because of that.
func Compare(reports []Report, known func(source string, c connectors.Collection) Known) {
	for i := range reports {
		r := &reports[i]
		for _, c := range r.Collections {
			k := known(r.Source.Name, c.Kind)
			lost := k.Count - c.Count
			switch note := k.Held; {
			case note != "":
				r.Findings = append(r.Findings, connectors.Finding{What: c.Kind.String() + " are held back", Note: note})
			case c.Complete && c.Err == nil && lost >= minLoss && lost*100 > k.Count*k.MaxLoss:
				r.Findings = append(r.Findings, connectors.Finding{What: c.Kind.String() + " as known", Note: fmt.Sprintf(
					"it shows %d, and %d are known: serve holds that back (guard.max_loss). See whether the credential has lost a right; if they are gone, refreshSource with acceptLoss takes it over",
					c.Count, k.Count)})
			}
		}
	}
}
