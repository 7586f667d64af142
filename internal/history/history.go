// Package history remembers when the fetches of one collection first saw the present values of its records, and which records were removed. It knows
// only IDs, names of fields and times: package snapshot compares the records, and keeps a history with each snapshot.
//
// A history is sparse. It has one time for the whole collection, the first fetch, and more only for what has changed since. So the history of records
// that never change takes no memory, however many they are.
package history

import (
	"slices"
	"strings"
	"time"
)

// History is the history of one collection. It is immutable. A nil history knows nothing.
type History struct {
	base    int64    // the first fetch, in microseconds since 1970; zero if it is unknown, because the data is of an earlier release
	records []record // those that have changed since, in the order of their IDs
	removed []Removal
	tracked []fieldTime // since when each update has compared the fields that are parts of others, see Update.Track
	version string
}

// record is a record that was not, or not as it is, in the first fetch. All times are in microseconds.
type record struct {
	id     string
	first  int64 // the first fetch that saw it; zero for base, and unknown for a record that no fetch has seen
	fields []fieldTime
}

// unknown is the time of what no fetch has seen.
const unknown = -1

// fieldTime is when a field got its present value, if that was after the record was first seen.
type fieldTime struct {
	field string
	at    int64
}

// Removal is a record that a source had earlier.
type Removal struct {
	ID string
	// At is when the first fetch began that no longer saw it.
	At time.Time
	// Addresses identify the person to whom the account belonged: its addresses, and its values of anchors. Neither are kept themselves.
	Addresses []Address
}

// Begin returns the history of a collection that is fetched for the first time, with the fields that are tracked from then on: see Update.Track.
func Begin(at time.Time, tracked ...string) *History {
	h := &History{base: at.UnixMicro()}
	h.track(nil, tracked, h.base)
	return h.sealed()
}

// Again returns the history of a collection whose earlier data is too old to be compared with. The removals stay.
func (h *History) Again(at time.Time) *History {
	again := History{base: at.UnixMicro()}
	if h != nil {
		again.removed = h.removed
	}
	return again.sealed()
}

// Version identifies the content of the history. It is empty if nothing is known.
func (h *History) Version() string {
	if h == nil {
		return ""
	}
	return h.version
}

// Since returns the time of the first fetch; zero if it is unknown.
func (h *History) Since() time.Time {
	if h == nil {
		return time.Time{}
	}
	return timeOf(h.base)
}

// Field returns when the fetches first saw the present values of the fields of a record, which must be one of the snapshot's: the latest of their times.
// It returns zero if that is unknown.
func (h *History) Field(id string, fields ...string) time.Time {
	if h == nil {
		return time.Time{}
	}
	r := h.record(id)
	if r == nil {
		return timeOf(h.base)
	}
	at, earliest := int64(0), r.begin(h)
	for _, field := range fields {
		of := earliest
		for _, f := range r.fields {
			if f.field == field {
				of = f.at
			}
		}
		at = max(at, of)
	}
	return timeOf(at)
}

// Part returns when the fetches first saw the present value of a field that is a part of another one; zero if that is unknown. The part has times of its own
// only since it is tracked: before that, each change of the whole may have been one of the part.
func (h *History) Part(id, whole, part string) time.Time {
	changed := h.Field(id, whole)
	if h == nil {
		return changed
	}
	for _, t := range h.tracked {
		if t.field != part {
			continue
		}
		at := h.Field(id, part)
		if since := timeOf(t.at); since.After(at) {
			at = since
		}
		if at.Before(changed) {
			return at
		}
	}
	return changed
}

// track sets the fields that are tracked: since then, or since another history has tracked them.
func (h *History) track(before []fieldTime, fields []string, at int64) {
	for _, field := range slices.Sorted(slices.Values(fields)) {
		t := fieldTime{field, at}
		if i := slices.IndexFunc(before, func(f fieldTime) bool { return f.field == field }); i >= 0 {
			t.at = before[i].at
		}
		h.tracked = append(h.tracked, t)
	}
}

// Changed returns when the fetches first saw the record with all its present values, or with those of some fields; zero if that is unknown. No fields
// mean all of them.
func (h *History) Changed(id string, fields ...string) time.Time {
	if h == nil {
		return time.Time{}
	}
	if r := h.record(id); r != nil {
		return timeOf(r.changed(h, fields))
	}
	return timeOf(h.base)
}

// First returns the time of the first fetch that saw the record; zero if it is unknown.
func (h *History) First(id string) time.Time {
	if h == nil {
		return time.Time{}
	}
	if r := h.record(id); r != nil {
		return timeOf(r.begin(h))
	}
	return timeOf(h.base)
}

// Unseen reports whether no fetch has seen the record: see Without.
func (h *History) Unseen(id string) bool {
	if h == nil {
		return false
	}
	r := h.record(id)
	return r != nil && r.first == unknown
}

// ChangedSince returns the records that are known to have changed at that time or later: to be new, or to have other values, in all or some fields. If all
// is true, so have all other records of the snapshot, except for the last list.
func (h *History) ChangedSince(since time.Time, fields ...string) (ids []string, all bool, except []string) {
	if h == nil {
		return nil, false, nil
	}
	from := ceil(since)
	all = h.base != 0 && h.base >= from
	for i := range h.records {
		switch r := &h.records[i]; {
		case r.changed(h, fields) >= max(from, 1):
			ids = append(ids, r.id)
		case all:
			except = append(except, r.id)
		}
	}
	return ids, all, except
}

// Removed returns the removals, in the order of their times.
func (h *History) Removed() []Removal {
	if h == nil {
		return nil
	}
	return h.removed
}

// RemovedAt returns when a record was removed; zero if nothing is known about it.
func (h *History) RemovedAt(id string) time.Time {
	for _, r := range h.Removed() {
		if r.ID == id {
			return r.At
		}
	}
	return time.Time{}
}

// Without returns the history for a list with further records, which no fetch has seen: nothing is known of them.
func (h *History) Without(ids []string) *History {
	if len(ids) == 0 {
		return h
	}
	if h == nil {
		h = &History{}
	}
	out := *h
	out.records = slices.Clone(h.records)
	for _, id := range ids {
		at, found := slices.BinarySearchFunc(out.records, id, byID)
		if !found {
			out.records = slices.Insert(out.records, at, record{id: id, first: unknown})
		}
	}
	return &out
}

func byID(r record, id string) int { return strings.Compare(r.id, id) }

func (h *History) record(id string) *record {
	if at, found := slices.BinarySearchFunc(h.records, id, byID); found {
		return &h.records[at]
	}
	return nil
}

// begin returns when the record was first seen; zero if that is unknown.
func (r *record) begin(h *History) int64 {
	switch r.first {
	case 0:
		return h.base
	case unknown:
		return 0
	}
	return r.first
}

func (r *record) changed(h *History, fields []string) int64 {
	at := r.begin(h)
	for _, f := range r.fields {
		if len(fields) == 0 || slices.Contains(fields, f.field) {
			at = max(at, f.at)
		}
	}
	return at
}

func timeOf(micros int64) time.Time {
	if micros <= 0 {
		return time.Time{}
	}
	return time.UnixMicro(micros).UTC()
}

// ceil returns the first microsecond that is not before t.
func ceil(t time.Time) int64 {
	n := t.UnixMicro()
	if time.UnixMicro(n).Before(t) {
		n++
	}
	return n
}
