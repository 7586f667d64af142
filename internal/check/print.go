package check

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"roster/connectors"
)

// Print writes a table of the reports, followed by what each credential can and cannot read.
func Print(w io.Writer, reports []Report) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "SOURCE\tKIND\tREACHABLE\tCREDENTIAL\tACCOUNTS\tTEAMS\tROLES\tCONTACTS\tFOLDERS\tTIME")
	for i := range reports {
		r := &reports[i]
		row := []string{r.Source.Name, string(r.Source.Kind), reached(r), accepted(r)}
		for _, c := range connectors.AllCollections {
			row = append(row, r.count(c))
		}
		fmt.Fprintln(t, strings.Join(append(row, r.Took.Round(time.Millisecond).String()), "\t"))
	}
	if err := t.Flush(); err != nil {
		return err
	}
	for i := range reports {
		if err := reports[i].notes(w); err != nil {
			return err
		}
	}
	return nil
}

// reached returns "?" if the source was not called because of its rate limit, or had no time to answer: that says nothing about the network.
func reached(r *Report) string {
	switch {
	case r.Reached:
		return "yes"
	case r.Cut != nil, r.Err != nil && r.Err.Kind == connectors.KindRateLimited:
		return "?"
	}
	return "no"
}

func accepted(r *Report) string {
	switch {
	case !r.Reached:
		return "?"
	case r.Accepted:
		return "accepted"
	}
	return "refused"
}

// count returns a cell of the table: the number of records, "-" if the source has no such collection, "!" if it could not be read, "…" if there was no
// time to read it.
func (r *Report) count(kind connectors.Collection) string {
	for _, c := range r.Collections {
		switch {
		case c.Kind != kind:
		case c.short() && c.Count == 0:
			return "…"
		case c.Err != nil && c.Count == 0:
			return "!"
		case c.Cut != nil && c.Expected == nil:
			return fmt.Sprintf("%d…", c.Count)
		case !c.Complete && c.Expected != nil:
			return fmt.Sprintf("%d of %d", c.Count, *c.Expected)
		case !c.Complete:
			return fmt.Sprintf("%d+", c.Count)
		default:
			return fmt.Sprint(c.Count)
		}
	}
	if r.Source.Has(kind) {
		return "?"
	}
	return "-"
}

// anomaly describes values that could not be read, and the consequence.
func anomaly(kind connectors.Collection, a connectors.Anomaly) string {
	if a.Field == connectors.FieldID {
		return fmt.Sprintf("%s: rows left out, since their ID cannot be used: %d (%s)", kind, a.Count, a.Example)
	}
	switch a.Example {
	case connectors.NotSent:
		return fmt.Sprintf("%s: %s are in none of %d records, although the settings ask for them", kind, a.Field, a.Count)
	case connectors.AnotherField:
		return fmt.Sprintf("%s: several fields have the name of %s: set path to the ID of one (%d records have another)", kind, a.Field, a.Count)
	}
	if a.BeyondBound() {
		return fmt.Sprintf("%s: values of %s left out or read in part, since they are beyond a bound: %d (%s)", kind, a.Field, a.Count, a.Example)
	}
	return fmt.Sprintf("%s: values of %s left out, since they cannot be read: %d (%s)", kind, a.Field, a.Count, a.Example)
}

// before says what has ended a check that nothing else has ended.
func before(cut error) string {
	if errors.Is(cut, context.DeadlineExceeded) {
		return "because the time of the check was over; a longer --timeout allows more"
	}
	return "because the check was interrupted"
}

func (r *Report) notes(w io.Writer) error {
	var lines []string
	switch {
	case r.Cut != nil:
		lines = append(lines, "… no answer yet, "+before(r.Cut))
	case r.Err != nil:
		lines = append(lines, "! "+r.Err.Error())
	}
	for _, f := range r.Findings {
		mark := "✓ "
		if !f.OK {
			mark = "✗ "
		}
		line := mark + f.What
		if f.Note != "" {
			line += ": " + f.Note
		}
		lines = append(lines, line)
	}
	for _, c := range r.Collections {
		if r.Cut != nil { // one line is enough
			continue
		} else if c.Cut != nil {
			lines = append(lines, fmt.Sprintf("… %s: not read to the end, %s", c.Kind, before(c.Cut)))
		} else if c.limited() {
			lines = append(lines, fmt.Sprintf("… %s: as far as the source's limit let it in time; a longer --timeout reads all", c.Kind))
		} else if c.Err != nil {
			lines = append(lines, "! "+c.Err.Error())
		} else if !c.Complete {
			lines = append(lines, fmt.Sprintf("! %s: not complete: %s", c.Kind, connectors.ShortDetail(c.Expected, c.Count, c.Anomalies)))
		}
		for _, a := range c.Anomalies {
			lines = append(lines, "! "+anomaly(c.Kind, a))
		}
	}
	for i := range r.Collections {
		if line := r.coverageLine(&r.Collections[i]); line != "" {
			lines = append(lines, "· "+line)
		}
	}
	if len(lines) == 0 {
		return nil
	}
	_, err := fmt.Fprintf(w, "\n%s\n  %s\n", r.Source.Name, strings.Join(lines, "\n  "))
	return err
}
