package edits

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"time"

	"roster/connectors"
	"roster/internal/directory"
)

// Set is all edits at one time, in the order in which they were made. It is immutable.
type Set struct {
	all  []*Edit
	byID map[string]*Edit
}

var empty = newSet(nil)

// newSet returns a set of edits. Edits of two replicas can have been made at the same time, or with clocks that differ: then their IDs decide, so that all
// replicas have one order.
func newSet(all []*Edit) *Set {
	s := &Set{all: all, byID: make(map[string]*Edit, len(all))}
	slices.SortFunc(s.all, func(a, b *Edit) int { return cmp.Or(a.Made.At.Compare(b.Made.At), strings.Compare(a.ID, b.ID)) })
	for _, e := range all {
		s.byID[e.ID] = e
	}
	return s
}

// All returns all edits, also those that are undone, in the order in which they were made. The caller must not change them.
func (s *Set) All() []*Edit { return s.all }

// ByID returns the edit with this ID, or nil.
func (s *Set) ByID(id string) *Edit { return s.byID[id] }

// next returns the time of a new edit: now, but after all others, whatever the clocks of their replicas say.
func (s *Set) next(now time.Time) time.Time {
	now = now.UTC().Truncate(time.Millisecond)
	if n := len(s.all); n > 0 && !now.After(s.all[n-1].Made.At) {
		now = s.all[n-1].Made.At.Add(time.Millisecond)
	}
	return now
}

// with returns a set in which one edit is new or replaced.
func (s *Set) with(e *Edit) *Set {
	all := make([]*Edit, 0, len(s.all)+1)
	for _, other := range s.all {
		if other.ID != e.ID {
			all = append(all, other)
		}
	}
	return newSet(append(all, e))
}

// union returns the edits of both sets. An edit that is undone in one of them is undone. If it is undone in both, the earlier undoing counts. So the order
// of sets does not matter, and replicas that exchange their sets end with the same one.
func union(a, b *Set) *Set {
	all := slices.Clone(a.all)
	for i, e := range all {
		if other := b.byID[e.ID]; other != nil && other.Undone != nil && (e.Undone == nil || earlier(other.Undone, e.Undone)) {
			all[i] = other
		}
	}
	for _, e := range b.all {
		if a.byID[e.ID] == nil {
			all = append(all, e)
		}
	}
	return newSet(all)
}

func earlier(a, b *Act) bool {
	return cmp.Or(a.At.Compare(b.At), strings.Compare(a.By, b.By), strings.Compare(a.Reason, b.Reason)) < 0
}

// same reports whether two sets have the same edits in the same state.
func (s *Set) same(other *Set) bool {
	return slices.EqualFunc(s.all, other.all, func(a, b *Edit) bool {
		return a == b || a.ID == b.ID && (a.Undone == nil) == (b.Undone == nil) && (a.Undone == nil || !earlier(a.Undone, b.Undone) && !earlier(b.Undone, a.Undone))
	})
}

// addTo returns the rules of the configuration with the edits in force.
func (s *Set) addTo(r directory.Rules) directory.Rules {
	former, later := make(map[connectors.Ref]bool), make(map[connectors.Ref]bool)
	r.Edits, r.Former = nil, nil
	for _, e := range slices.Backward(s.all) {
		if e.Undone != nil {
			continue
		}
		r.Edits = append(r.Edits, e.rules(later))
		if e.Kind == Split {
			for _, ref := range slices.Concat(e.Accounts, e.From) {
				later[ref] = true
			}
		}
	}
	slices.Reverse(r.Edits)
	for _, e := range s.all {
		for _, act := range []*Act{&e.Made, e.Undone} {
			if act == nil {
				continue
			}
			for _, ref := range act.Former {
				if !former[ref] {
					former[ref] = true
					r.Former = append(r.Former, ref)
				}
			}
		}
	}
	slices.SortFunc(r.Former, compareRefs)
	return r
}

// links returns the set without the splits.
func (s *Set) links() *Set {
	return newSet(slices.DeleteFunc(slices.Clone(s.all), func(e *Edit) bool { return e.Kind == Split }))
}

// byKey returns the edit that was made, or undone, with this idempotency key, and that act; nil if there is none.
func (s *Set) byKey(key string) (*Edit, *Act) {
	for _, e := range s.all {
		if e.Made.Key == key {
			return e, &e.Made
		}
		if e.Undone != nil && e.Undone.Key == key {
			return e, e.Undone
		}
	}
	return nil, nil
}

// stored is the form in which a set is stored.
type stored struct {
	Version int     `json:"version"`
	Edits   []*Edit `json:"edits"`
}

const storedVersion = 1

// ErrDamaged says that stored edits cannot be read. They are never overwritten.
var ErrDamaged = errors.New("the stored identity edits cannot be read: they are damaged, of a later release, or encrypted with another key")

func (s *Set) encode() ([]byte, error) { return json.Marshal(stored{storedVersion, s.all}) }

// decode returns the set that was stored; the empty set if nothing was.
func decode(value []byte) (*Set, error) {
	if value == nil {
		return empty, nil
	}
	var in stored
	reading := json.NewDecoder(bytes.NewReader(value))
	reading.DisallowUnknownFields() // a later release may have written them, and they would be lost when this one stores the edits again
	if err := reading.Decode(&in); err != nil || in.Version != storedVersion {
		return nil, ErrDamaged
	}
	known := make(map[string]bool, len(in.Edits))
	for _, e := range in.Edits {
		split := e != nil && e.Kind == Split && len(e.Accounts) == 1 && len(e.From) > 0
		link := e != nil && e.Kind == Link && len(e.Accounts) > 1
		if !split && !link || e.ID == "" || known[e.ID] {
			return nil, ErrDamaged
		}
		known[e.ID] = true
	}
	return newSet(in.Edits), nil
}
