package directory

import (
	"cmp"
	"slices"
	"time"

	"roster/connectors"
)

// FieldRule is how a field gets its value.
type FieldRule uint8

// The rules.
const (
	// RulePrecedence takes the value of the first account that has one, in the field's order of sources.
	RulePrecedence FieldRule = iota
	// RuleFallback is RulePrecedence for values of several kinds, of which the best kind counts.
	RuleFallback
	// RuleAny is true if it is true of any account, and RuleAll only if it is true of all.
	RuleAny
	RuleAll
	// RuleHighest takes the highest value, and RuleEarliest the earliest.
	RuleHighest
	RuleEarliest
	// RuleUnion takes what any account has.
	RuleUnion
)

// FieldState says whether a field has a value, and if it has none, why.
type FieldState uint8

// The states. Of several sources of one person, the first of these counts.
const (
	// StateDenied means that the caller may not see the field.
	StateDenied FieldState = iota
	// StatePresent means that there is a value.
	StatePresent
	// StateRestricted means that the credential of the source may not see the field.
	StateRestricted
	// StateUnavailable means that the data has not been fetched, or not completely.
	StateUnavailable
	// StateEmpty means that the source can have a value, and has none that counts.
	StateEmpty
	// StateNoAccount means that the person has no account in a source that can have the field.
	StateNoAccount
	// StateNotOffered means that Roster never gets the field from the source.
	StateNotOffered
)

// CandidateReason says why a candidate counts, or why it does not.
type CandidateReason uint8

// The reasons. The first two are those of candidates that are chosen.
const (
	reasonNone CandidateReason = iota
	// ReasonPreferred means that no other account with a value comes before this one.
	ReasonPreferred
	// ReasonCombined means that the value is made from this one, maybe together with others.
	ReasonCombined
	// ReasonLessPreferred means that another account comes first in the field's order of sources.
	ReasonLessPreferred
	// ReasonLesserKind means that another account has a better kind of value, such as a real name instead of a user name.
	ReasonLesserKind
	// ReasonUntrusted means that the account's source does not vouch for the address.
	ReasonUntrusted
	// ReasonInactive means that the account is not active.
	ReasonInactive
	// ReasonOutweighed means that the value of another account decides.
	ReasonOutweighed
)

// FieldProvenance says where the value of a field comes from, or why there is none.
type FieldProvenance struct {
	Field string
	State FieldState
	Rule  FieldRule
	// Account is the first account from which the value comes; nil if there is none, or if the value is made from several together.
	Account Account
	// ObservedAt is when the data was fetched that says so. ChangedAt is when a fetch first had the value. Each is zero if it is not known.
	ObservedAt, ChangedAt time.Time
	// Conflict says whether accounts have different values of a field that takes the value of one of them; nil if the caller may not see the field.
	Conflict   *bool
	Candidates []*Candidate
	Sources    []*FieldInSource
}

// Candidate is what one account has for a field.
type Candidate struct {
	Account    Account
	Value      Value
	ObservedAt time.Time // when it was fetched; zero if that is not known
	Chosen     bool
	Reason     CandidateReason
}

// FieldInSource is the state of a field in one source.
type FieldInSource struct {
	Source *Source
	State  FieldState
}

// Value is the value of a field, whatever its type: a string, bool, time.Time, connectors.AccessLevel, or a list of strings, connectors.Phone, *Team or *Role.
type Value struct{ Any any }

// Fetched is how far a collection of a source has been fetched.
type Fetched uint8

// The states of a fetch.
const (
	FetchedAll       Fetched = iota
	FetchedPart              // it is missing, in whole or in part
	FetchedForbidden         // the credential may not see it, or not to whom its records belong
	FetchedNever             // the source has no such collection
)

// Sight is what a caller sees: which fields, and how far the sources have been fetched.
type Sight struct {
	// Denied reports whether the caller may not see a field.
	Denied func(field string) bool
	// Fetched returns how far a collection has been fetched, and when its oldest data was fetched; zero if there is none.
	Fetched func(*Source, connectors.Collection) (Fetched, time.Time)
}

// UserProvenanceFields are the fields of a person that have a provenance, in the order of the schema.
func UserProvenanceFields() []string {
	names := make([]string, len(userFields))
	for i := range userFields {
		names[i] = userFields[i].name
	}
	return names
}

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
	e.choose(p, all)
	e.states(p, u, d.sources, all)
	return p
}

// explainer explains one field.
type explainer struct {
	*merger
	*userField
	sight Sight
}

// contributed is what one account of a person has, and its place in the order of the field.
type contributed struct {
	contribution
	account Account
	rank    int
}

// contributions returns what the accounts have, those that count first, in the order in which they are preferred.
func (e *explainer) contributions(u *User) []contributed {
	var all []contributed
	ranks := e.ranks[e.order]
	for _, a := range u.Accounts {
		if e.assumed && !offers(a.Core().Source, connectors.Accounts, e.offered) {
			continue
		}
		c := contributed{contribution: e.of(u, a.Core()), account: a}
		if c.value == nil {
			continue
		}
		if ranks != nil && c.grade < len(nameKinds) { // IDs as names have no order of sources
			c.rank = ranks[a.Core().Source.index]
		}
		all = append(all, c)
	}
	slices.SortStableFunc(all, func(x, y contributed) int {
		switch {
		case x.against == reasonNone && y.against == reasonNone:
			return cmp.Or(cmp.Compare(x.grade, y.grade), cmp.Compare(x.rank, y.rank))
		case x.against == reasonNone:
			return -1
		case y.against == reasonNone:
			return 1
		}
		return 0
	})
	return all
}

// choose sets the candidates, and what follows from those that are chosen.
func (e *explainer) choose(p *FieldProvenance, all []contributed) {
	p.Conflict = new((e.rule == RulePrecedence || e.rule == RuleFallback) && differ(all))
	chosen := 0
	for i := range all {
		c := &all[i]
		out := &Candidate{Account: c.account, Value: Value{c.value}, ObservedAt: e.observedAt(c.account.Core().Source), Reason: c.against}
		switch {
		case c.against != reasonNone:
		case e.rule != RulePrecedence && e.rule != RuleFallback:
			out.Reason = ReasonCombined
		case i == 0:
			out.Reason = ReasonPreferred
		case c.grade > all[0].grade:
			out.Reason = ReasonLesserKind
		default:
			out.Reason = ReasonLessPreferred
		}
		if out.Chosen = out.Reason == ReasonPreferred || out.Reason == ReasonCombined; out.Chosen {
			if chosen++; chosen == 1 {
				p.Account = c.account
			}
			p.ObservedAt = earlier(p.ObservedAt, out.ObservedAt)
		}
		p.Candidates = append(p.Candidates, out)
	}
	if e.rule == RuleUnion && chosen > 1 {
		p.Account = nil
	}
	if chosen == 1 {
		p.ChangedAt = p.Account.Core().ChangedAt(e.times)
	}
}

// differ reports whether values that could count differ. A lesser kind of value, such as a user name beside a real name, does not contradict a better one.
func differ(all []contributed) bool {
	var first *contributed
	for i := range all {
		c := &all[i]
		switch {
		case c.against != reasonNone:
		case first == nil:
			first = c
		case c.grade == first.grade && c.key != first.key:
			return true
		}
	}
	return false
}

// states sets the state in each source, and the state of the field.
func (e *explainer) states(p *FieldProvenance, u *User, sources []*Source, all []contributed) {
	p.State = StateNotOffered
	var emptyAt time.Time
	for _, s := range sources {
		state := e.stateIn(s, u, all)
		p.Sources = append(p.Sources, &FieldInSource{s, state})
		p.State = min(p.State, state)
		if state == StateEmpty {
			emptyAt = earlier(emptyAt, e.observedAt(s))
		}
	}
	if p.State == StateEmpty {
		p.ObservedAt = emptyAt
	}
}

func (e *explainer) stateIn(s *Source, u *User, all []contributed) FieldState {
	if slices.ContainsFunc(all, func(c contributed) bool {
		return c.account.Core().Source == s && c.against != ReasonUntrusted && c.against != ReasonInactive
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
