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
	// RuleReference takes the object to which the record refers.
	RuleReference
)

// takesOne reports whether a field has the value of one record, and not one that is made from all of them.
func (r FieldRule) takesOne() bool {
	return r == RulePrecedence || r == RuleFallback || r == RuleReference
}

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
	// ReasonNotFound means that the record refers to another one, which its source does not list.
	ReasonNotFound
	// ReasonSharedMailbox means that several people use the address, such as info@.
	ReasonSharedMailbox
	// ReasonAmbiguous means that several people have the address, and that their sources vouch for it.
	ReasonAmbiguous
)

// FieldProvenance says where the value of a field comes from, or why there is none.
type FieldProvenance struct {
	Field string
	State FieldState
	Rule  FieldRule
	// Source and Account are those of the record from which the value comes, the first one if several have it; nil if there is none, or if the value is made
	// from several together. Account is nil too if it comes from the object's own record, which is no account.
	Source  *Source
	Account Account
	// ObservedAt is when the data was fetched that says so. ChangedAt is when a fetch first had the value. Each is zero if it is not known.
	ObservedAt, ChangedAt time.Time
	// Conflict says whether records have different values of a field that takes the value of one of them; nil if the caller may not see the field.
	Conflict   *bool
	Candidates []*Candidate
	Sources    []*FieldInSource
}

// Candidate is what one record has for a field.
type Candidate struct {
	Source     *Source
	Account    Account // nil for the object's own record, which is no account
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

// Value is the value of a field, whatever its type: a string, bool, time.Time, connectors.AccessLevel, connectors.TeamKind, *User, *ContactFolder, or a list of
// strings, connectors.Phone, connectors.Permission, *Team or *Role.
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

// contributed is what one record has, and its place in the order of the field.
type contributed struct {
	contribution
	source     *Source
	account    Account // nil for the object's own record
	rank       int
	observedAt time.Time
	changedAt  func() time.Time // nil if it is not known
}

// inOrder sorts what records have: what counts first, in the order in which it is preferred.
func inOrder(all []contributed) {
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
}

// choose sets the candidates, which are in their order, and what follows from those that are chosen. At most that many are listed: the first ones, but one
// that contradicts the first if there is such a one.
func (p *FieldProvenance) choose(all []contributed, most int) {
	contradiction := -1
	if p.Rule.takesOne() {
		contradiction = contradicting(all)
	}
	p.Conflict = new(contradiction >= 0)
	if len(all) > most {
		shown := slices.Clone(all[:most])
		if contradiction >= most {
			shown[most-1] = all[contradiction]
		}
		all = shown
	}
	var from []*contributed
	for i := range all {
		c := &all[i]
		out := &Candidate{Source: c.source, Account: c.account, Value: Value{c.value}, ObservedAt: c.observedAt, Reason: c.against}
		switch {
		case c.against != reasonNone:
		case !p.Rule.takesOne():
			out.Reason = ReasonCombined
		case i == 0:
			out.Reason = ReasonPreferred
		case c.grade > all[0].grade:
			out.Reason = ReasonLesserKind
		default:
			out.Reason = ReasonLessPreferred
		}
		if out.Chosen = out.Reason == ReasonPreferred || out.Reason == ReasonCombined; out.Chosen {
			from = append(from, c)
			p.ObservedAt = earlier(p.ObservedAt, c.observedAt)
		}
		p.Candidates = append(p.Candidates, out)
	}
	if len(from) == 1 || len(from) > 1 && p.Rule != RuleUnion {
		p.Source, p.Account = from[0].source, from[0].account
	}
	if len(from) == 1 && from[0].changedAt != nil {
		p.ChangedAt = from[0].changedAt()
	}
}

// contradicting returns the first value that differs from the one before all others; -1 if there is none. A lesser kind of value, such as a user name beside
// a real name, does not contradict a better one.
func contradicting(all []contributed) int {
	for i := range all {
		c := &all[i]
		if c.against == reasonNone && c.grade == all[0].grade && c.key != all[0].key {
			return i
		}
	}
	return -1
}

// setStates sets the state in each source, and that of the field, which is the first of them. StateIn returns the state in a source, and when the data was
// fetched that shows that there is no value; zero for a state that no data shows.
func (p *FieldProvenance) setStates(sources []*Source, stateIn func(*Source) (FieldState, time.Time)) {
	p.State = StateNotOffered
	var at time.Time
	for _, s := range sources {
		state, shownAt := stateIn(s)
		p.Sources = append(p.Sources, &FieldInSource{s, state})
		if state < p.State {
			p.State, at = state, time.Time{}
		}
		if state == p.State {
			at = earlier(at, shownAt)
		}
	}
	if p.State != StatePresent {
		p.ObservedAt = at
	}
}
