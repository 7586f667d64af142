package check

import (
	"fmt"

	"roster/connectors"
)

// Known is what a store has of a collection.
type Known struct {
	// Count is the number of stored records. MaxLoss is the percentage of them that a fetch may lack before the guard holds it back.
	Count, MaxLoss int
	// Held describes the fetch that the guard holds back now; empty if there is none.
	Held string
}

// minLoss is the least number of missing records at which the guard holds a fetch back; see package snapshot.
const minLoss = 20

// Compare adds a finding for each collection that has far fewer records than are known, and for each fetch that is held back for that reason.
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
