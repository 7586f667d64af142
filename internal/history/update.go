package history

import (
	"cmp"
	"slices"
	"strings"
	"time"
)

// maxRemoved is how many removals a history has at most. The latest are kept.
const maxRemoved = 10_000

// Update makes the next history from what one fetch has brought. The methods are called in the order of the records' IDs, at most one for each record.
type Update struct {
	of      *History
	at      int64
	changes []change
	removed []Removal
	tracked []string
}

// change is what has happened to a record: no fields if it is new.
type change struct {
	id     string
	fields []string
	gone   bool
}

// Update begins an update by the fetch that began at that time.
func (h *History) Update(at time.Time) *Update { return &Update{of: h, at: at.UnixMicro()} }

// Add says that the fetch has brought a record that was not known before.
func (u *Update) Add(id string) { u.changes = append(u.changes, change{id: strings.Clone(id)}) }

// Change says that these fields of a record have other values than before.
func (u *Update) Change(id string, fields []string) {
	u.changes = append(u.changes, change{id: strings.Clone(id), fields: fields})
}

// Track says that the update compares these fields of all records, which are parts of others. Fields that an update does not name are tracked no more: it may
// have changed them, and says that only the whole has changed.
func (u *Update) Track(fields []string) { u.tracked = fields }

// Remove says that a known record is no longer there. The time of the removal is that of the update.
func (u *Update) Remove(r Removal) {
	r.ID, r.At = strings.Clone(r.ID), time.UnixMicro(u.at).UTC()
	u.changes = append(u.changes, change{id: r.ID, gone: true})
	u.removed = append(u.removed, r)
}

// Done returns the next history, with the removals of that time. It returns the history itself if nothing has changed: then older removals stay too, so
// that their end is no change.
//
// IDs are copied, because the text of a record is part of the memory of its whole snapshot, which would stay as long as the history.
func (u *Update) Done(remember time.Duration) *History {
	h := u.of
	oldest := time.UnixMicro(u.at).Add(-remember)
	if len(u.changes) == 0 {
		return h
	}
	next := &History{}
	var before []record
	var tracked []fieldTime
	if h != nil {
		next.base, before, tracked = h.base, h.records, h.tracked
	}
	next.track(tracked, u.tracked, u.at)
	next.records = make([]record, 0, len(before)+len(u.changes))
	for changes := u.changes; len(before) > 0 || len(changes) > 0; {
		switch order := compareHeads(before, changes); {
		case order < 0:
			next.records, before = append(next.records, before[0]), before[1:]
		case order > 0:
			next.add(record{id: changes[0].id}, &changes[0], u.at)
			changes = changes[1:]
		default:
			next.add(before[0], &changes[0], u.at)
			before, changes = before[1:], changes[1:]
		}
	}
	next.records = slices.Clip(next.records)
	next.removed = u.removals(h.Removed(), oldest)
	return next.sealed()
}

func compareHeads(before []record, changes []change) int {
	switch {
	case len(before) == 0:
		return 1
	case len(changes) == 0:
		return -1
	}
	return strings.Compare(before[0].id, changes[0].id)
}

// add adds a record after its change.
func (h *History) add(r record, c *change, at int64) {
	switch {
	case c.gone:
		return
	case len(c.fields) == 0:
		r = record{id: c.id, first: at}
	default:
		fields := slices.DeleteFunc(slices.Clone(r.fields), func(f fieldTime) bool { return slices.Contains(c.fields, f.field) })
		for _, field := range c.fields {
			fields = append(fields, fieldTime{field, at})
		}
		slices.SortFunc(fields, func(a, b fieldTime) int { return strings.Compare(a.field, b.field) })
		r.fields = fields
	}
	if at == r.begin(h) { // a first fetch shows its progress
		if r.fields = nil; r.first == h.base || r.first == 0 {
			return
		}
	}
	h.records = append(h.records, r)
}

// removals returns the removals to remember, of the earlier ones and of this update.
func (u *Update) removals(before []Removal, oldest time.Time) []Removal {
	back := make(map[string]bool, len(u.changes))
	for i := range u.changes {
		back[u.changes[i].id] = true
	}
	out := slices.DeleteFunc(slices.Clone(before), func(r Removal) bool { return back[r.ID] || !r.At.After(oldest) })
	return latest(append(out, u.removed...))
}

// latest orders removals by their times, and returns the latest of them.
func latest(removed []Removal) []Removal {
	slices.SortStableFunc(removed, func(a, b Removal) int { return cmp.Or(a.At.Compare(b.At), strings.Compare(a.ID, b.ID)) })
	return slices.Clip(removed[max(0, len(removed)-maxRemoved):])
}

// Recall returns the history with the removals after a time that only another history of the same collection has. It leaves out records that are there again.
// So what one replica remembers is not lost because another one, with other settings, remembers less, unless the one ends before its next fetch.
func (h *History) Recall(other *History, after time.Time, there func(id string) bool) *History {
	known := make(map[string]bool)
	for _, r := range h.Removed() {
		known[r.ID] = true
	}
	more := slices.DeleteFunc(slices.Clone(other.Removed()), func(r Removal) bool { return known[r.ID] || !r.At.After(after) || there(r.ID) })
	if h == nil || len(more) == 0 {
		return h
	}
	for i := range more {
		more[i].ID = strings.Clone(more[i].ID) // its memory may be that of the whole other history
	}
	next := *h
	next.removed = latest(append(more, h.removed...))
	return next.sealed()
}
