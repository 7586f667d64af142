package snapshot

import (
	"bytes"
	"cmp"
	"context"
	"slices"
	"time"

	"roster/connectors"
)

// fetch fetches the collection from the source. It fetches only the changes if the source can report them and no full fetch is due;
// otherwise it fetches everything.
func (c *collection) fetch(ctx context.Context, progress func(fetchResult)) (fetchResult, error) {
	v := c.view.Load()
	if snap := v.snap; c.changesWill(v) {
		r, err := c.kind.changes(ctx, c.source, snap.Records, snap.OldestAt, progress)
		// A row without an ID makes the changes incomplete. A full fetch then brings the other changes, which need not wait until the row
		// has an ID.
		unnamed := err == nil && !r.complete && slices.ContainsFunc(r.anomalies, func(a connectors.Anomaly) bool { return a.Field == connectors.FieldID })
		if !unnamed && !connectors.IsKind(err, connectors.KindUnsupported) {
			r.since = snap
			return r, err
		}
	}
	return c.kind.list(ctx, c.source, progress)
}

// changesWill reports whether an incremental fetch is enough. A full fetch that was held back counts as one, until the loss is accepted.
func (c *collection) changesWill(v *view) bool {
	snap := v.snap
	if !c.reportsChanges || snap == nil || !snap.Complete || c.accept.Load() != 0 {
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

func (k kindOf[T]) reportsChanges(s *connectors.Source) bool {
	_, ok := k.lister(s).(connectors.ChangeLister[T])
	return ok
}

func (k kindOf[T]) changes(ctx context.Context, s *connectors.Source, known Records, since time.Time, progress func(fetchResult)) (fetchResult, error) {
	lister, ok := k.lister(s).(connectors.ChangeLister[T])
	if !ok {
		return fetchResult{}, &connectors.Error{Source: s.Name, Op: k.collection.String(), Kind: connectors.KindUnsupported}
	}
	ctx, end := connectors.WithFetch(ctx)
	defer end()
	l, err := lister.Changes(ctx, *k.field(&known), since, func(l connectors.Listing[T]) { progress(k.resultOf(l)) })
	return k.resultOf(l), err
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

// equal reports whether two records have the same canonical form, which versions use too.
func equal[T connectors.Record](a, b *T) bool {
	x, err := canonical.Marshal(a)
	if err != nil {
		return false
	}
	y, err := canonical.Marshal(b)
	return err == nil && bytes.Equal(x, y)
}

// start returns when the fetch began, given the beginning of the call that ended it.
func (r *fetchResult) start(call time.Time) time.Time {
	if r.began.IsZero() {
		return call
	}
	return earlier(r.began, call)
}

// asOf returns the time from which the age of a snapshot counts: the time of its oldest records or, while the snapshot is known to be
// incomplete, of its newest.
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
