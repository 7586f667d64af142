package directory

import (
	"slices"
	"time"

	"roster/connectors"
)

// MaxRecordCandidates is the greatest number of candidates of a field of a team, a role or a contact. A team of 10,000 people is mentioned by 10,000 accounts.
const MaxRecordCandidates = 5

// recordField is a field of a team, a role or a contact: of an object with one record of its own at most, which other records can mention or refer to.
type recordField[T any] struct {
	name string // in the graph
	rule FieldRule
	// offered is the field of the record that the value is made from, as connectors.Kind names it; empty if every kind of source can have it.
	offered connectors.RecordField
	// others are the collections besides the object's own that can have a value.
	others []connectors.Collection
	// of returns what records have for the field, those that are preferred first.
	of func(*recordExplainer[T]) []contributed
	// hidden reports whether the source does not show the field. It is nil if a source cannot say so.
	hidden func(*T) bool
	// states sets the states if several sources can have a value. If it is nil, only the object's own source can.
	states func(*recordExplainer[T], *FieldProvenance, []contributed)
}

// recordExplainer explains one field of one team, role or contact.
type recordExplainer[T any] struct {
	*recordField[T]
	d          *Directory
	object     *T
	source     *Source
	collection connectors.Collection // that of the object's own record
	listed     bool                  // it has a record of its own
	sight      Sight
}

func fieldNames[T any](fields []recordField[T]) []string {
	names := make([]string, len(fields))
	for i := range fields {
		names[i] = fields[i].name
	}
	return names
}

// explain says where a field comes from. It returns nil if there is no such field.
func (e recordExplainer[T]) explain(fields []recordField[T], field string) *FieldProvenance {
	i := slices.IndexFunc(fields, func(f recordField[T]) bool { return f.name == field })
	if i < 0 {
		return nil
	}
	e.recordField = &fields[i]
	p := &FieldProvenance{Field: field, Rule: e.rule}
	if e.sight.Denied(field) {
		return p // StateDenied
	}
	all := e.of(&e)
	inOrder(all)
	p.choose(all, MaxRecordCandidates)
	if e.states != nil {
		e.states(&e, p, all)
	} else {
		p.setStates([]*Source{e.source}, func(*Source) (FieldState, time.Time) { return e.state(all) })
	}
	return p
}

// own is what the object's own record has; nothing if it has none.
func (e *recordExplainer[T]) own(c contribution, changedAt func() time.Time) []contributed {
	if !e.listed || c.value == nil {
		return nil
	}
	return []contributed{e.stated(nil, c, changedAt)}
}

// by is what an account has for the object.
func (e *recordExplainer[T]) by(a Account, c contribution) contributed {
	s := a.Core().Source
	return contributed{contribution: c, source: s, account: a, observedAt: e.fetchedAt(s, connectors.Accounts)}
}

func (e *recordExplainer[T]) fetchedAt(s *Source, c connectors.Collection) time.Time {
	_, at := e.sight.Fetched(s, c)
	return at
}

// state returns the state of the field in the object's own source.
func (e *recordExplainer[T]) state(all []contributed) (FieldState, time.Time) {
	if slices.ContainsFunc(all, func(c contributed) bool { return c.against == reasonNone }) {
		return StatePresent, time.Time{}
	}
	if e.offered != "" && !offers(e.source, e.collection, e.offered) {
		return StateNotOffered, time.Time{}
	}
	if e.hidden != nil && e.hidden(e.object) {
		return StateRestricted, time.Time{}
	}
	state, at := StateNotOffered, time.Time{}
	if e.listed {
		state, at = StateEmpty, e.fetchedAt(e.source, e.collection)
	}
	more := e.others
	if !e.listed {
		more = append([]connectors.Collection{e.collection}, more...)
	}
	for _, c := range more {
		fetched, fetchedAt := e.sight.Fetched(e.source, c)
		switch fetched {
		case FetchedForbidden:
			state = min(state, StateRestricted)
		case FetchedPart:
			state = min(state, StateUnavailable)
		case FetchedAll:
			state, at = min(state, StateEmpty), earlier(at, fetchedAt)
		case FetchedNever:
		}
	}
	if state != StateEmpty {
		at = time.Time{}
	}
	return state, at
}

// value is what a record has in a field that has the value of the record; nothing if it is empty.
func value[V any](v V, has bool) contribution {
	if !has {
		return contribution{}
	}
	return contribution{value: v}
}

func textValue(t Text) contribution { return value(string(t), t != "") }

func timeValue(t time.Time) contribution { return value(t, !t.IsZero()) }

func listValue[V any](list []V) contribution { return value(list, len(list) > 0) }
