package snapshot

import (
	"context"
	"time"

	"roster/connectors"
)

// Load returns the collections, in the order of the keys, and counts as a question for them.
//
// Existing data is returned at once, and a due fetch runs in the background. The caller waits, up to FirstWait and for all keys
// concurrently, only for data that is missing or older than ten times its effective fresh_for, and only if waiting may help. Load does not
// wait while a failing source is paused. For a retry, or if there is data to serve, Load waits at most until FirstWait after the fetch
// began. An unknown collection is Missing with KindUnsupported.
func (k *Keeper) Load(ctx context.Context, keys []Key) []Result {
	return k.LoadSince(ctx, keys, Requirement{})
}

// Take is Load without the wait: it returns the present data, and reports whether Load would wait for better data.
func (k *Keeper) Take(keys []Key) (results []Result, wait bool) {
	return k.TakeSince(keys, Requirement{})
}

func unknown(key Key) Result {
	return Result{Status: Status{Key: key, State: Missing, Err: &connectors.Error{Source: key.Source, Op: key.Collection.String(),
		Kind: connectors.KindUnsupported}}}
}

// await waits for the keys one after the other under their common deadlines, which takes no longer than for all at once, and then updates
// the results.
func (k *Keeper) await(ctx context.Context, keys []Key, results []Result, p waiting) {
	ctx, loaded := k.observer.Loading(ctx)
	defer loaded()
	timer := time.NewTimer(time.Hour) // reset before each wait
	defer timer.Stop()
	for _, key := range keys {
		if c := k.byKey[key]; c != nil && !c.await(ctx, timer, p) {
			break
		}
	}
	now := time.Now()
	for i, key := range keys {
		if c := k.byKey[key]; c != nil {
			results[i] = c.result(c.rules(), c.view.Load(), now, p.requirement)
		}
	}
}

// await returns when the wait for the collection is over. It returns false if the caller has left.
func (c *collection) await(ctx context.Context, timer *time.Timer, p waiting) bool {
	for first := true; ; first = false {
		r, v, now := c.rules(), c.view.Load(), time.Now()
		until := r.awaitUntil(&v.collectionState, now, p)
		if !until.After(now) {
			return true
		}
		if first {
			c.waits.Add(1)
			defer c.keeper.observer.Waiting(ctx, c.key)()
			c.queue.Add(1)
			defer c.queue.Add(-1)
			if u := c.urgency.Load(); u != nil {
				u.Raise()
			}
		}
		timer.Reset(until.Sub(now))
		select {
		case <-v.ended:
		case <-timer.C:
		case <-ctx.Done():
			return false
		}
	}
}

// asks records that a caller wants the collection, and wakes its loop if a fetch is due and none is in progress.
func (c *collection) asks(v *view, now time.Time) {
	// Once a second is enough. It avoids writes of all processors to the same cache line.
	if n := now.UnixNano(); n-c.asked.Load() > int64(time.Second) {
		c.asked.Store(n)
	}
	if !v.fetching && !now.Before(v.next) {
		c.ask(asked{wanted: true})
	}
}

// waitUntil returns until when it is worth waiting for better data than there is. If it is not worth waiting, the time is not after now.
func (r *rules) waitUntil(s *collectionState, now, deadline time.Time) time.Time {
	snap := r.kept(s, now)
	if snap != nil && snap.Loss != nil {
		return now // no better data is expected soon
	}
	if snap != nil {
		// A long first fetch serves its progress. Callers do not wait once it has some records.
		if under := s.fetching && snap.FetchedAt.Equal(s.started); under || now.Sub(snap.asOf()) < veryStale*r.freshFor(s) {
			return now
		}
	}
	switch {
	case s.phase == over:
		return now
	case s.fetching && (s.err != nil || snap != nil): // the fetch has just failed, or there is data to serve: wait for a short time only
		return earlier(s.started.Add(r.first), deadline)
	case s.fetching || !now.Before(s.next):
		return deadline
	}
	return now // no fetch is in progress
}
