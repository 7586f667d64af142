package directory

import (
	"slices"
	"time"

	"roster/connectors"
)

// ProvenanceOfUser says where a field of a person comes from. It returns nil if the field has no provenance.
func (d *Directory) ProvenanceOfUser(u *User, field string, sight Sight) *FieldProvenance {
	i := slices.IndexFunc(userFields, func(f userField) bool { return f.name == field })
	if i < 0 {
		return nil
	}
	f := &userFields[i]
	p := &FieldProvenance{Field: f.name, Rule: f.rule}
	if sight.Denied(f.name) {
		return p // StateDenied
	}
	e := explainer{d.merger, f, sight}
	all := e.contributions(u)
	p.choose(all, len(all))
	p.setStates(d.sources, func(s *Source) (FieldState, time.Time) {
		state := e.stateIn(s, u, all)
		return state, e.shownAt(s, state)
	})
	return p
}

// explainer explains one field of a person.
type explainer struct {
	*merger
	*userField
	sight Sight
}

// contributions returns what the accounts have, those that count first, in the order in which they are preferred.
func (e *explainer) contributions(u *User) []contributed {
	var all []contributed
	ranks := e.ranks[e.order]
	for _, a := range u.Accounts {
		if e.assumed && !offers(a.Core().Source, connectors.Accounts, e.offered) {
			continue
		}
		core := a.Core()
		c := contributed{contribution: e.of(u, core), source: core.Source, account: a}
		if c.value == nil {
			continue
		}
		c.observedAt, c.changedAt = e.observedAt(core.Source), func() time.Time { return core.ChangedAt(e.times) }
		if c.grade < len(nameKinds) { // IDs as names have no order of sources
			c.rank = ranks.of(core.Source)
		}
		all = append(all, c)
	}
	inOrder(all)
	return all
}

func (e *explainer) stateIn(s *Source, u *User, all []contributed) FieldState {
	if slices.ContainsFunc(all, func(c contributed) bool {
		return c.source == s && c.against != ReasonUntrusted && c.against != ReasonInactive
	}) {
		return StatePresent
	}
	accounts, _ := e.sight.Fetched(s, connectors.Accounts)
	if accounts == FetchedNever || !offers(s, connectors.Accounts, e.offered) {
		return StateNotOffered
	}
	has, hides := false, false
	for _, a := range u.Accounts {
		if core := a.Core(); core.Source == s {
			has, hides = true, hides || e.hidden != nil && e.hidden(core)
		}
	}
	from, fetched := accounts, FetchedAll // the collections that can say more
	if has {
		from = FetchedAll
		if e.collection != connectors.Accounts {
			fetched, _ = e.sight.Fetched(s, e.collection)
		}
	}
	switch {
	case hides, from == FetchedForbidden, fetched == FetchedForbidden:
		return StateRestricted
	case from == FetchedPart, fetched == FetchedPart:
		return StateUnavailable
	case has:
		return StateEmpty
	}
	return StateNoAccount
}

// shownAt returns when the data was fetched that shows that a source has no value; zero for a state that no data shows.
func (e *explainer) shownAt(s *Source, state FieldState) time.Time {
	switch state {
	case StateEmpty:
		return e.observedAt(s)
	case StateNoAccount:
		_, at := e.sight.Fetched(s, connectors.Accounts)
		return at
	}
	return time.Time{}
}

// observedAt returns when the data of the field was fetched from a source.
func (e *explainer) observedAt(s *Source) time.Time {
	_, at := e.sight.Fetched(s, connectors.Accounts)
	if e.collection != connectors.Accounts {
		_, other := e.sight.Fetched(s, e.collection)
		at = earlier(at, other)
	}
	return at
}

// offers reports whether records of a source can have a field. A kind that is not known is not said to lack any.
func offers(s *Source, c connectors.Collection, f connectors.RecordField) bool {
	k := connectors.KindNamed(s.Kind)
	return k == nil || k.Offers(c, f)
}
