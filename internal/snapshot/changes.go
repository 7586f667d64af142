package snapshot

import (
	"bytes"
	"cmp"
	"context"
	"slices"
	"time"

	"roster/connectors"
)

// fetch reads the source: only what has changed, where it can tell and a reading of everything is not due, or else everything.
func (c *collection) fetch(ctx context.Context, progress func(reading)) (reading, error) {
	v := c.view.Load()
	if snap := v.snap; c.changesWill(v) {
		r, err := c.kind.changes(ctx, c.source, snap.Records, snap.OldestAt, progress)
		// A row without an ID makes the changes short: the others' changes are not to wait until it has one.
		unnamed := err == nil && !r.complete && slices.ContainsFunc(r.odd, func(a connectors.Anomaly) bool { return a.Field == connectors.FieldID })
		if !unnamed && !connectors.IsKind(err, connectors.KindUnsupported) {
			r.since = snap
			return r, err
		}
	}
	return c.kind.list(ctx, c.source, progress)
}

// changesWill says whether it will do to read what has changed. A fetch of everything that was held back counts as one, until the loss is accepted.
func (c *collection) changesWill(v *view) bool {
	snap := v.snap
	if !c.tells || snap == nil || !snap.Complete || c.accept.Load() != 0 {
		return false
	}
	last := snap.FullAt
	if l := snap.Loss; l != nil {
		if last = later(last, l.At); !time.Now().Before(c.acceptAt(l)) {
			return false
		}
	}
	return time.Since(last) < c.fullEvery(v)
}

func (k kindOf[T]) tells(s *connectors.Source) bool {
	_, ok := k.lister(s).(connectors.ChangeLister[T])
	return ok
}

func (k kindOf[T]) changes(ctx context.Context, s *connectors.Source, known Records, since time.Time, progress func(reading)) (reading, error) {
	lister, ok := k.lister(s).(connectors.ChangeLister[T])
	if !ok {
		return reading{}, &connectors.Error{Source: s.Name, Op: k.collection.String(), Kind: connectors.KindUnsupported}
	}
	ctx, end := connectors.WithFetch(ctx)
	defer end()
	l, err := lister.Changes(ctx, *k.field(&known), since, func(l connectors.Listing[T]) { progress(k.reading(l)) })
	return k.reading(l), err
}

func (k kindOf[T]) same(older, newer Records) bool {
	a := *k.field(&older)
	for _, n := range inOrder(*k.field(&newer)) {
		i, found := slices.BinarySearchFunc(a, n.Key(), func(r T, id string) int { return cmp.Compare(r.Key(), id) })
		if !found || !equal(&a[i], &n) {
			return false
		}
	}
	return true
}

// equal says whether two records have the same canonical form, as versions have it.
func equal[T connectors.Record](a, b *T) bool {
	x, err := canonical.Marshal(a)
	if err != nil {
		return false
	}
	y, err := canonical.Marshal(b)
	return err == nil && bytes.Equal(x, y)
}

// start is when the reading began, given when the call began that it ended with.
func (r *reading) start(call time.Time) time.Time {
	if r.began.IsZero() {
		return call
	}
	return earlier(r.began, call)
}

// asOf is the age by which a snapshot is judged: of its oldest records, or, while it is known to be short, of its newest.
func (c *collection) asOf(s *Snapshot) time.Time {
	if s.Complete {
		return s.OldestAt
	}
	return s.ReadAt
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
