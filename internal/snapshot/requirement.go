package snapshot

import (
	"context"
	"time"
)

// Requirement is how fresh a caller wants the data. The zero Requirement is none: then what Load says holds.
type Requirement struct {
	// NotBefore asks for data whose reading began then or later; zero means any.
	NotBefore time.Time
	// IfError is by how much older data may be that could not be read anew, because the last reading has failed.
	IfError time.Duration
	// OnlyKept asks for what is there: nothing is read or waited for because of the caller.
	OnlyKept bool
}

// waiting is until when a caller waits.
type waiting struct {
	requirement Requirement
	first, last time.Time // for data at all, and for data that meets the requirement
}

func (k *Keeper) waiting(w Requirement, now time.Time) waiting {
	return waiting{requirement: w, first: now.Add(k.waits().first), last: now.Add(k.waits().last)}
}

// LoadSince is Load for a caller with a requirement. It waits, up to MaxWait, for a reading that meets the requirement, and has one begin unless that is
// in vain: within MinInterval of the last one, as far as that goes beyond MaxWait, and while a failing source is left alone. What is older
// than required then comes as it is: see Result.Older.
func (k *Keeper) LoadSince(ctx context.Context, keys []Key, w Requirement) []Result {
	results, wait := k.TakeSince(keys, w)
	if wait {
		k.await(ctx, keys, results, k.waiting(w, time.Now()))
	}
	return results
}

// AwaitSince is LoadSince for a caller whom TakeSince has told to wait, and who is counted already.
func (k *Keeper) AwaitSince(ctx context.Context, keys []Key, w Requirement) []Result {
	results, _ := k.take(keys, w, func(*collection, bool) {})
	k.await(ctx, keys, results, k.waiting(w, time.Now()))
	return results
}

// TakeSince is LoadSince without the waiting: it gives what is there, starts the fetches that are required, and says whether LoadSince would wait for it.
func (k *Keeper) TakeSince(keys []Key, w Requirement) (results []Result, wait bool) {
	lane := lane()
	return k.take(keys, w, func(c *collection, hit bool) { c.counts.asked.count(lane, hit) })
}

// take is TakeSince, and says of each collection whether it had something that need not be waited for.
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

// force has the reader read anew, as soon as it may, unless a reading has begun at that time or later.
func (c *collection) force(notBefore time.Time) {
	n := notBefore.UnixNano()
	for was := c.forced.Load(); was < n; was = c.forced.Load() {
		if c.forced.CompareAndSwap(was, n) {
			c.prompt()
			return
		}
	}
}

// awaitUntil says until when it is worth waiting for better data than the view's; not after now where it is not.
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

// requiredUntil says until when a reading may come that meets the requirement; now where it is met, or none will in time.
func (c *collection) requiredUntil(v *view, now time.Time, p waiting) time.Time {
	switch {
	case p.requirement.NotBefore.IsZero(), !c.resultFor(v, now, p.requirement).lacking(), v.over:
		return now
	case !v.started.Before(p.requirement.NotBefore):
		hope := v.started.Add(c.keeper.waits().last)
		switch came := v.snap != nil && !v.snap.ReadAt.Before(v.started); {
		case !v.reading && (came || v.err != nil): // it has been read since, and this is what came of it
			return now
		case v.err != nil && hope.Before(p.last): // it has just failed: let not every caller wait anew for a try that hangs
			return hope
		}
		return p.last // also where the reader has other things to do than to follow another replica's reading
	case v.err != nil && now.Before(v.next): // it is left alone, and a caller's requirement does not change that
		return now
	case !c.nextAt(v).Before(p.last):
		return now
	}
	return p.last
}

// nextAt is from when a reading is allowed after the one under way, or else the last, whoever made it.
func (c *collection) nextAt(v *view) time.Time {
	if floor := v.started.Add(c.minInterval()); floor.After(v.floor) {
		return floor
	}
	return v.floor
}

// resultFor gives the view as it is to be seen now by a caller with a requirement.
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

// Older says whether there is data, and it is older than the caller requires.
func (r Result) Older() bool { return r.Snapshot != nil && r.Status.SyncedAt.Before(r.NotBefore) }

// lacking says whether a caller with a requirement may get better.
func (r Result) lacking() bool { return !r.NotBefore.IsZero() && (r.Snapshot == nil || r.Older()) }
