package snapshot

import (
	"context"
	"time"
)

// Requirement is how fresh a caller requires the data to be. The zero Requirement requires nothing: then the rules of Load apply.
type Requirement struct {
	// NotBefore requires data whose fetch began then or later; zero means any.
	NotBefore time.Time
	// IfError is how much older the data may be if no newer data could be fetched, because the last fetch failed.
	IfError time.Duration
	// OnlyKept asks for the present data: the call starts no fetch, and does not wait.
	OnlyKept bool
}

// waiting holds the deadlines of a caller's wait.
type waiting struct {
	requirement Requirement
	first, last time.Time // for any data, and for data that meets the requirement
}

func (k *Keeper) waiting(w Requirement, now time.Time) waiting {
	return waiting{requirement: w, first: now.Add(k.waits().first), last: now.Add(k.waits().last)}
}

// LoadSince is Load for a caller with a requirement. It waits, up to MaxWait, for a fetch that meets the requirement, and starts one
// unless that is useless: within MinInterval of the last fetch, if that exceeds MaxWait, and while a failing source is paused. Data that
// is older than required is then returned as it is: see Result.Older.
func (k *Keeper) LoadSince(ctx context.Context, keys []Key, w Requirement) []Result {
	results, wait := k.TakeSince(keys, w)
	if wait {
		k.await(ctx, keys, results, k.waiting(w, time.Now()))
	}
	return results
}

// AwaitSince is LoadSince for a caller that TakeSince has told to wait, and that is counted already.
func (k *Keeper) AwaitSince(ctx context.Context, keys []Key, w Requirement) []Result {
	results, _ := k.take(keys, w, func(*collection, bool) {})
	k.await(ctx, keys, results, k.waiting(w, time.Now()))
	return results
}

// TakeSince is LoadSince without the wait: it returns the present data, starts the required fetches, and reports whether LoadSince would
// wait for them.
func (k *Keeper) TakeSince(keys []Key, w Requirement) (results []Result, wait bool) {
	lane := lane()
	return k.take(keys, w, func(c *collection, hit bool) { c.counts.asked.count(lane, hit) })
}

// take is TakeSince, and reports for each collection whether it had data that needs no wait.
func (k *Keeper) take(keys []Key, w Requirement, count func(c *collection, hit bool)) (results []Result, wait bool) {
	results = make([]Result, len(keys))
	now := time.Now()
	p := k.waiting(w, now)
	for i, key := range keys {
		c := k.byKey[key]
		if c == nil {
			results[i] = unknown(key)
			continue
		}
		v := c.view.Load()
		if !w.OnlyKept {
			c.ask(v, now)
			if c.requiredUntil(v, now, p).After(now) {
				c.force(w.NotBefore)
			}
		}
		results[i] = c.resultFor(v, now, w)
		waits := c.awaitUntil(v, now, p).After(now)
		count(c, results[i].Snapshot != nil && !waits)
		wait = wait || waits
	}
	return results, wait
}

// force makes the loop fetch as soon as it may, unless a fetch has begun at that time or later.
func (c *collection) force(notBefore time.Time) {
	n := notBefore.UnixNano()
	for was := c.forced.Load(); was < n; was = c.forced.Load() {
		if c.forced.CompareAndSwap(was, n) {
			c.prompt()
			return
		}
	}
}

// awaitUntil returns until when it is worth waiting for better data than the view's. If it is not worth waiting, the time is not after
// now.
func (c *collection) awaitUntil(v *view, now time.Time, p waiting) time.Time {
	if p.requirement.OnlyKept {
		return now
	}
	until := c.waitUntil(v, now, p.first)
	if required := c.requiredUntil(v, now, p); required.After(until) {
		return required
	}
	return until
}

// requiredUntil returns until when a fetch that meets the requirement may end. It returns now if the requirement is met, or if no fetch
// will meet it in time.
func (c *collection) requiredUntil(v *view, now time.Time, p waiting) time.Time {
	switch {
	case p.requirement.NotBefore.IsZero(), !c.resultFor(v, now, p.requirement).lacking(), v.over:
		return now
	case !v.started.Before(p.requirement.NotBefore):
		hope := v.started.Add(c.keeper.waits().last)
		switch came := v.snap != nil && !v.snap.ReadAt.Before(v.started); {
		case !v.reading && (came || v.err != nil): // this is the result of a fetch that began in time
			return now
		case v.err != nil && hope.Before(p.last): // the last fetch failed: not every caller waits anew for an attempt that hangs
			return hope
		}
		return p.last // also if the loop is busy, and does not follow another replica's fetch
	case v.err != nil && now.Before(v.next): // the source is paused, and a caller's requirement does not change that
		return now
	case !c.nextAt(v).Before(p.last):
		return now
	}
	return p.last
}

// nextAt returns the earliest time of the next fetch after the one in progress or the last one, whichever replica made it.
func (c *collection) nextAt(v *view) time.Time {
	if floor := v.started.Add(c.minInterval()); floor.After(v.floor) {
		return floor
	}
	return v.floor
}

// resultFor returns the result at the time now for a caller with a requirement.
func (c *collection) resultFor(v *view, now time.Time, w Requirement) Result {
	r := c.result(v, now)
	if w.NotBefore.IsZero() {
		return r
	}
	if r.NotBefore = w.NotBefore; v.err != nil {
		r.NotBefore = w.NotBefore.Add(-w.IfError)
	}
	if r.NextAt = c.nextAt(v); r.Status.RetryAt.After(r.NextAt) {
		r.NextAt = r.Status.RetryAt
	}
	return r
}

// Older reports whether there is data, and it is older than the caller requires.
func (r Result) Older() bool { return r.Snapshot != nil && r.Status.SyncedAt.Before(r.NotBefore) }

// lacking reports whether a caller with a requirement may get better data.
func (r Result) lacking() bool { return !r.NotBefore.IsZero() && (r.Snapshot == nil || r.Older()) }
