package snapshot

import (
	"cmp"
	"context"
	"slices"
	"time"

	"roster/connectors"
)

// changesAreEnough reports whether an incremental fetch is enough. A full fetch that was held back counts as one, until the loss is
// accepted.
func (t *step) changesAreEnough() bool {
	snap := t.snap
	if !t.reportsChanges || snap == nil || !snap.Complete || snap.State == "" || t.accept {
		return false
	}
	if l := snap.Loss; l != nil && !t.now.Before(t.acceptAt(l)) {
		return false
	}
	since := t.now.Sub(t.lastFull())
	return since < t.fullEvery(&t.collectionState) && (!t.fullOutdated() || since < t.fullAgain())
}

// list fetches the collection from the source: the changes since a snapshot if there is one and the source can report them; otherwise
// everything.
func (c *constants) list(ctx context.Context, s *connectors.Source, since *Snapshot, progress func(fetchResult)) (fetchResult, error) {
	if since != nil {
		r, err := c.kind.changes(ctx, s, since.State, progress)
		// A row without an ID makes the changes incomplete. A full fetch then brings the other changes, which need not wait until the row
		// has an ID.
		unnamed := err == nil && !r.complete && slices.ContainsFunc(r.anomalies, func(a connectors.Anomaly) bool { return a.Field == connectors.FieldID })
		if !unnamed && !connectors.IsKind(err, connectors.KindUnsupported) {
			r.since = since
			return r, err
		}
	}
	return c.kind.list(ctx, s, progress)
}

func (k kindOf[T]) reportsChanges(s *connectors.Source) bool {
	_, ok := k.lister(s).(connectors.ChangeLister[T])
	return ok
}

func (k kindOf[T]) changes(ctx context.Context, s *connectors.Source, state connectors.State, progress func(fetchResult)) (fetchResult, error) {
	lister, ok := k.lister(s).(connectors.ChangeLister[T])
	if !ok {
		return fetchResult{}, &connectors.Error{Source: s.Name, Op: k.collection.String(), Kind: connectors.KindUnsupported}
	}
	ctx, end := connectors.WithFetch(ctx)
	defer end()
	l, err := lister.Changes(ctx, state, func(l connectors.Listing[T]) { progress(k.resultOf(l)) })
	r := k.resultOf(l)
	r.gone = l.Gone
	return r, err
}

func (k kindOf[T]) has(r Records, id string) bool {
	_, found := slices.BinarySearchFunc(*k.field(&r), id, func(r T, id string) int { return cmp.Compare(r.Key(), id) })
	return found
}

func (k kindOf[T]) same(older, newer Records) bool {
	a := *k.field(&older)
	for _, n := range inOrder(*k.field(&newer)) {
		i, found := slices.BinarySearchFunc(a, n.Key(), func(r T, id string) int { return cmp.Compare(r.Key(), id) })
		if !found || !k.equal(&a[i], &n) {
			return false
		}
	}
	return true
}

// asOf returns the time from which the age of a snapshot counts: the time of its oldest records or, while the snapshot is known to be
// incomplete, of its newest.
func (s *Snapshot) asOf() time.Time {
	if s.Complete {
		return s.OldestAt
	}
	return s.FetchedAt
}
