package check

import (
	"fmt"
	"strings"

	"roster/connectors"
)

// seen is what the coverage needs of a listing: how many of its records have which fields and, because teams may list their members, who is in a team.
type seen struct {
	fillings []connectors.FieldFilling
	accounts []string        // the IDs of accounts
	members  map[string]bool // of teams; nil if no team lists its members
}

func look[T connectors.Record](records []T) seen {
	s := seen{fillings: connectors.Fillings(records)}
	switch records := any(records).(type) {
	case []connectors.Account:
		for i := range records {
			s.accounts = append(s.accounts, records[i].ID)
		}
	case []connectors.Team:
		for i := range records {
			for _, id := range records[i].Members {
				if s.members == nil {
					s.members = make(map[string]bool)
				}
				s.members[id] = true
			}
		}
	}
	return s
}

// countMembers counts the accounts that are in a team which lists its members.
func (r *Report) countMembers() {
	var accounts *Collection
	for i := range r.Collections {
		switch c := &r.Collections[i]; {
		case c.Kind == connectors.Accounts:
			accounts = c
		case c.seen.members != nil && accounts != nil: // teams are fetched after accounts
			for f := range accounts.seen.fillings {
				if filling := &accounts.seen.fillings[f]; filling.Field == connectors.FieldTeams && filling.Shown == 0 {
					filling.Shown = filling.Records
					for _, id := range accounts.seen.accounts {
						if c.seen.members[id] {
							filling.Filled++
						}
					}
				}
			}
		}
	}
}

// Covered is how far a source has one field.
type Covered struct {
	Field    connectors.RecordField
	Coverage connectors.Coverage
	Rate     *float64 // the share of records with a value; nil if that is not known
}

// coverage returns how far the records that were fetched have each field; nil without records.
func (r *Report) coverage(c *Collection) []Covered {
	if c.Count == 0 {
		return nil
	}
	kind := connectors.KindNamed(r.Source.Kind)
	out := make([]Covered, len(c.seen.fillings))
	for i, f := range c.seen.fillings {
		coverage := f.Coverage(kind, c.Kind, false, c.Complete, false)
		out[i] = Covered{f.Field, coverage, f.Rate(coverage)}
	}
	return out
}

// coverageLine returns the coverage of a collection on one line; empty without records.
func (r *Report) coverageLine(c *Collection) string {
	var all, some, none, hidden, never []string
	for _, f := range r.coverage(c) {
		switch {
		case f.Coverage == connectors.Unsupported:
			never = append(never, string(f.Field))
		case f.Coverage == connectors.Restricted || f.Rate == nil:
			hidden = append(hidden, string(f.Field))
		case *f.Rate == 0:
			none = append(none, string(f.Field))
		case *f.Rate == 1:
			all = append(all, string(f.Field))
		default:
			some = append(some, fmt.Sprintf("%s %s", f.Field, percent(*f.Rate)))
		}
	}
	var parts []string
	for _, part := range []struct {
		before string
		fields []string
	}{{"all have ", all}, {"", some}, {"none has ", none}, {"not shown to the credential: ", hidden}, {"never: ", never}} {
		if len(part.fields) > 0 {
			parts = append(parts, part.before+strings.Join(part.fields, ", "))
		}
	}
	if len(parts) == 0 {
		return ""
	}
	return c.Kind.String() + ": " + strings.Join(parts, "; ")
}

// percent writes a share. Few are not none, and most are not all.
func percent(rate float64) string {
	switch {
	case rate > 0 && rate < 0.01:
		return "<1%"
	case rate < 1 && rate > 0.99:
		return ">99%"
	}
	return fmt.Sprintf("%.0f%%", 100*rate)
}
