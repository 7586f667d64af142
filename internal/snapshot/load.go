package snapshot

import (
	"context"
	"time"

	"roster/connectors"
)

// Load gives the collections, in the order of the keys, and counts as asking for them.
//
// What is there comes at once, and what is due is read in the background. The caller waits, up to FirstWait and for all keys side by side,
// only for data that is not there at all or is older than ten times its effective fresh_for, and only where waiting may help: not while
// a failing source is left alone, and for a retry, or where there is something to serve, no longer than until FirstWait after the reading
// began. A collection that nobody knows is Missing with KindUnsupported.
func (k *Keeper) Load(ctx context.Context, keys []Key) []Result {
	return k.LoadSince(ctx, keys, Requirement{})
}

// Take is Load without the waiting: it gives what is there, and says whether Load would wait for better.
func (k *Keeper) Take(keys []Key) (results []Result, wait bool) {
	return k.TakeSince(keys, Requirement{})
}

func unknown(key Key) Result {
	return Result{Status: Status{Key: key, State: Missing, Err: &connectors.Error{Source: key.Source, Op: key.Collection.String(),
		Kind: connectors.KindUnsupported}}}
}

// await waits for the keys one after the other under their common deadlines, which takes no longer than all at once, and looks again.
func (k *Keeper) await(ctx context.Context, keys []Key, results []Result, p waiting) {
	ctx, loaded := k.observer.Loading(ctx)
	defer loaded()
	timer := stoppedTimer()
	defer timer.Stop()
	for _, key := range keys {
		if c := k.byKey[key]; c != nil && !c.await(ctx, timer, p) {
			break
		}
	}
	now := time.Now()
	for i, key := range keys {
		if c := k.byKey[key]; c != nil {
			results[i] = c.resultFor(c.view.Load(), now, p.requirement)
		}
	}
}

// await returns when waiting for the collection is over; it is false when the caller has gone.
func (c *collection) await(ctx context.Context, timer *time.Timer, p waiting) bool {
	for first := true; ; first = false {
		v, now := c.view.Load(), time.Now()
		until := c.awaitUntil(v, now, p)
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

// ask notes that somebody wants the collection, and wakes its reader where a reading is due and none is under way.
func (c *collection) ask(v *view, now time.Time) {
	// Once a second is enough, and spares the processors a line of memory that all of them would write to.
	if n := now.UnixNano(); n-c.asked.Load() > int64(time.Second) {
		c.asked.Store(n)
	}
	if !v.reading && !now.Before(v.next) {
		c.prompt()
	}
}

// waitUntil says until when it is worth waiting for better data than the view's; not after now where it is not.
func (c *collection) waitUntil(v *view, now, deadline time.Time) time.Time {
	snap := c.kept(v, now)
	if snap != nil && snap.Loss != nil {
		return now // nothing better is expected soon
	}
	if snap != nil {
		// A long first reading serves what it has got so far, and is never waited for once it has something.
		if under := v.reading && snap.ReadAt.Equal(v.started); under || now.Sub(c.asOf(snap)) < veryStale*c.freshFor(v) {
			return now
		}
	}
	switch {
	case v.over:
		return now
	case v.reading && (v.err != nil || snap != nil): // it has just failed, or there is something to serve: hope for a while only
		if hope := v.started.Add(c.keeper.waits().first); hope.Before(deadline) {
			return hope
		}
		return deadline
	case v.reading || !now.Before(v.next):
		return deadline
	}
	return now // nothing is under way
}
