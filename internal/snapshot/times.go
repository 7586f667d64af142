package snapshot

import (
	"bytes"
	"errors"
	"reflect"
	"slices"
	"time"

	"roster/connectors"
	"roster/connectors/wire"
	"roster/internal/history"
)

// The part that is about the history of a collection: when fetches first saw the present values. A history is kept with its snapshot, and is no part of the
// snapshot's version: the same records have the same version whatever their history.

// times returns the history of a snapshot with that version, which a fetch makes of the records before. Base are those into which the fetched records are
// merged.
func (t *step) times(base Records, r *fetchResult, version string) *history.History {
	was, at := t.snap, r.start(t.started)
	switch {
	case was == nil:
		return history.Begin(at, parts(t.settings.anchored())...)
	case was.Version == version: // nothing has changed, and nothing is compared
		return was.Times
	case base.Len() == 0 && was.Records.Len() > 0 && !r.complete: // what is known is too old, see snapshot
		return t.kind.history(was.Times.Again(at), Records{}, r.records, nil, false, at, &t.settings)
	}
	all := r.complete && r.since == nil
	return t.kind.history(was.Times, was.Records, r.records, r.gone, all, at, &t.settings)
}

// timesAfter returns the history of a snapshot from the shared store. A release that knows no history, or a loss of what was stored, must not
// end the history that this replica has: then the difference of the records continues it. That is so too if another replica has begun again after
// such a loss, which shows in a history without the time of the first fetch. A replica that remembers removals for a shorter time does not shorten the memory
// of this one.
func (t *step) timesAfter(m *Meta, r Records, stored *history.History) *history.History {
	was := t.snap
	switch {
	case was == nil:
		return stored
	case stored != nil && (!stored.Since().IsZero() || was.Times.Since().IsZero()):
		return stored.Recall(was.Times, t.now.Add(-t.settings.remember()), func(id string) bool { return t.kind.has(r, id) })
	case was.Version == m.Version:
		return was.Times
	}
	return t.kind.history(was.Times, was.Records, r, nil, m.Complete && was.Complete, m.FetchedAt, &t.settings)
}

func (k kindOf[T]) history(h *history.History, older, newer Records, gone []string, all bool, at time.Time, settings *Settings) *history.History {
	u := h.Update(at)
	anchored := settings.anchored()
	u.Track(parts(anchored))
	x, y := wire.NewEncoder(nil), wire.NewEncoder(nil)
	same := func(a, b *T) bool {
		x.Reset()
		y.Reset()
		k.values(x, a)
		k.values(y, b)
		return bytes.Equal(x.Output(), y.Output())
	}
	gone = slices.Sorted(slices.Values(gone))
	removed := func(r *T) {
		if _, is := slices.BinarySearch(gone, (*r).Key()); is || all {
			u.Remove(k.removal(r, settings.Anchors))
		}
	}
	a, b := *k.field(&older), inOrder(*k.field(&newer))
	for i := range b {
		id := b[i].Key()
		for ; len(a) > 0 && a[0].Key() < id; a = a[1:] {
			removed(&a[0])
		}
		if len(a) == 0 || a[0].Key() != id {
			u.Add(id)
			continue
		}
		if !same(&a[0], &b[i]) {
			if fields := differing(&a[0], &b[i], same); len(fields) > 0 {
				u.Change(id, append(fields, k.anchorsDiffering(&a[0], &b[i], anchored)...))
			}
		}
		a = a[1:]
	}
	for i := range a {
		removed(&a[i])
	}
	return u.Done(settings.remember())
}

// differing returns the names of the fields of two records with other values: those of the Go type.
func differing[T any](a, b *T, same func(a, b *T) bool) []string {
	x, y := reflect.ValueOf(a).Elem(), reflect.ValueOf(b).Elem()
	var fields []string
	for i := range x.NumField() {
		if x.Field(i).Kind() == reflect.String && x.Field(i).String() == y.Field(i).String() ||
			reflect.DeepEqual(x.Field(i).Interface(), y.Field(i).Interface()) { // most fields; the encoding decides about the others
			continue
		}
		var one, other T
		reflect.ValueOf(&one).Elem().Field(i).Set(x.Field(i))
		reflect.ValueOf(&other).Elem().Field(i).Set(y.Field(i))
		if !same(&one, &other) {
			fields = append(fields, x.Type().Field(i).Name)
		}
	}
	return fields
}

// anchored returns the fields that anchors name and that are among the details of accounts.
func (s *Settings) anchored() []string {
	var fields []string
	for _, anchor := range s.Anchors {
		if f := anchor.Field; f != connectors.AccountUsername && f != connectors.AccountID && !slices.Contains(fields, f) {
			fields = append(fields, f)
		}
	}
	return fields
}

// parts returns the names under which a history has these fields.
func parts(fields []string) []string {
	var out []string
	for _, field := range fields {
		out = append(out, history.AnchorPart(field))
	}
	return out
}

// anchorsDiffering returns which of these fields have other values in two accounts.
func (k kindOf[T]) anchorsDiffering(a, b *T, fields []string) []string {
	x, ok := any(a).(*connectors.Account)
	if !ok {
		return nil
	}
	y, _ := any(b).(*connectors.Account)
	return parts(slices.DeleteFunc(slices.Clone(fields), func(field string) bool { return x.Field(field) == y.Field(field) }))
}

// removal describes a record that is gone.
func (k kindOf[T]) removal(r *T, anchors []Anchor) history.Removal {
	out := history.Removal{ID: (*r).Key()}
	if a, ok := any(r).(*connectors.Account); ok {
		for _, e := range a.Emails {
			if !e.Synthetic {
				out.Addresses = append(out.Addresses, history.AddressesOf(e.Address, e.Verified != nil && *e.Verified)...)
			}
		}
		for _, anchor := range anchors {
			out.Addresses = append(out.Addresses, history.AnchorsOf(anchor.Name, a.Field(anchor.Field))...)
		}
	}
	return out
}

// encodeTimes returns a history in parts for the shared store; none if nothing is known.
func encodeTimes(h *history.History) [][]byte {
	if h == nil {
		return nil
	}
	var parts [][]byte
	for chunk := range slices.Chunk(h.Encode(), partSize) {
		parts = append(parts, packer().EncodeAll(chunk, nil))
	}
	return parts
}

// decodeTimes decodes the parts of a history.
func decodeTimes(parts [][]byte) (*history.History, error) {
	var data []byte
	for _, part := range parts {
		chunk, err := unpacker().DecodeAll(part, nil)
		if err != nil {
			return nil, errors.Join(wire.ErrMalformed)
		}
		data = append(data, chunk...)
	}
	return history.Decode(data)
}
