package snapshot

import (
	"context"
	"time"

	"roster/connectors"
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
	return k.take(keys, w, func(c *collection, hit bool) { c.hits.count(lane, hit) })
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
		r, v := c.rules(), c.view.Load()
		if !w.OnlyKept {
			c.asks(v, now)
			if r.requiredUntil(&v.collectionState, now, p).After(now) {
				c.require(v, w.NotBefore)
			}
		}
		results[i] = c.result(r, v, now, w)
		waits := r.awaitUntil(&v.collectionState, now, p).After(now)
		count(c, results[i].Snapshot != nil && !waits)
		wait = wait || waits
	}
	return results, wait
}

// awaitUntil returns until when it is worth waiting for better data than there is. If it is not worth waiting, the time is not after now.
func (r *rules) awaitUntil(s *collectionState, now time.Time, p waiting) time.Time {
	if p.requirement.OnlyKept {
		return now
	}
	return later(r.waitUntil(s, now, p.first), r.requiredUntil(s, now, p))
}

// requiredUntil returns until when a fetch that meets the requirement may end. It returns now if the requirement is met, or if no fetch
// will meet it in time.
func (r *rules) requiredUntil(s *collectionState, now time.Time, p waiting) time.Time {
	switch {
	case p.requirement.NotBefore.IsZero(), !r.lacking(s, now, p.requirement), s.phase == over:
		return now
	case !s.started.Before(p.requirement.NotBefore):
		hope := s.started.Add(r.last)
		switch came := s.snap != nil && !s.snap.FetchedAt.Before(s.started); {
		case !s.fetching && (came || s.err != nil): // this is the result of a fetch that began in time
			return now
		case s.err != nil && hope.Before(p.last): // the last fetch failed: not every caller waits anew for an attempt that hangs
			return hope
		}
		return p.last // also if the loop is busy, and does not follow another replica's fetch
	case s.err != nil && now.Before(s.next): // the source is paused, and a caller's requirement does not change that
		return now
	case !r.nextAt(s).Before(p.last):
		return now
	}
	return p.last
}

// nextAt returns the earliest time of the next fetch after the one in progress or the last one, whichever replica made it.
func (r *rules) nextAt(s *collectionState) time.Time {
	return later(s.started.Add(r.minInterval()), s.floor)
}

// lacking reports whether a caller with a requirement may get better data.
func (r *rules) lacking(s *collectionState, now time.Time, w Requirement) bool {
	snap := r.kept(s, now)
	return snap == nil || snap.OldestAt.Before(w.notBefore(s.err))
}

// notBefore returns the earliest beginning of a fetch whose data is as fresh as required, given the error of the last fetch.
func (w *Requirement) notBefore(err *connectors.Error) time.Time {
	if err != nil {
		return w.NotBefore.Add(-w.IfError)
	}
	return w.NotBefore
}

// rules returns the rules of the moment.
func (c *collection) rules() rules {
	r := rules{constants: &c.constants, waits: c.keeper.waits(), asked: time.Unix(0, c.asked.Load())}
	if c.shared {
		r.membership = c.keeper.store.Membership()
	}
	return r
}

// result returns the result at the time now for a caller with a requirement.
func (c *collection) result(r rules, v *view, now time.Time, w Requirement) Result {
	res := r.result(&v.collectionState, now)
	res.Status.Waits, res.Status.Progress = int(c.waits.Load()), c.progress.Load()
	if w.NotBefore.IsZero() {
		return res
	}
	res.NotBefore = w.notBefore(v.err)
	res.NextAt = later(r.nextAt(&v.collectionState), res.Status.RetryAt)
	return res
}

// Older reports whether there is data, and it is older than the caller requires.
func (r Result) Older() bool { return r.Snapshot != nil && r.Status.SyncedAt.Before(r.NotBefore) }
