package snapshot

import (
	"context"
	"time"
)

// LoadSince is Load for a caller who wants data that was read no earlier than notBefore, and waits for it up to maxWait: less where it
// cannot come in that time, because the source may not be read again so soon or a reading since then has failed. What is there then is the
// answer, and its Status says from when it is. However many ask, a source is read no more often than its MinInterval allows.
func (k *Keeper) LoadSince(ctx context.Context, keys []Key, notBefore time.Time, maxWait time.Duration) []Result {
	results, _ := k.Take(keys)
	now := time.Now()
	deadline := now.Add(maxWait)
	wait := false
	for _, key := range keys {
		if c := k.byKey[key]; c != nil {
			c.want(notBefore)
			wait = wait || c.hopeFor(c.view.Load(), notBefore, now, deadline)
		}
	}
	if !wait {
		return results
	}
	timer := time.NewTimer(time.Until(deadline))
	defer timer.Stop()
	over := false
	for _, key := range keys {
		c := k.byKey[key]
		for c != nil && !over {
			v := c.view.Load()
			if !c.hopeFor(v, notBefore, time.Now(), deadline) {
				break
			}
			select {
			case <-v.ended:
			case <-timer.C:
				over = true
			case <-ctx.Done():
				over = true
			}
		}
	}
	now = time.Now()
	for i, key := range keys {
		if c := k.byKey[key]; c != nil {
			results[i] = c.result(c.view.Load(), now)
		}
	}
	return results
}

// want has the collection read as soon as that is allowed, unless a reading has begun since that time.
func (c *collection) want(notBefore time.Time) {
	at, known := notBefore.UnixNano(), c.urged(c.view.Load())
	for {
		before := c.forced.Load()
		if before >= at || c.forced.CompareAndSwap(before, at) {
			break
		}
	}
	// Once it knows, the reader sees to it by itself, as soon as it is done or the source may be read again.
	if v := c.view.Load(); !known && !v.reading && c.urged(v) {
		c.prompt()
	}
}

// hopeFor says whether it is worth waiting for data that was read no earlier than notBefore.
func (c *collection) hopeFor(v *view, notBefore, now, deadline time.Time) bool {
	if snap := c.kept(v, now); v.over || snap != nil && !snap.ReadAt.Before(notBefore) {
		return false
	}
	if v.reading {
		return !v.started.Before(notBefore) || v.started.Add(c.minInterval()).Before(deadline)
	}
	if v.err != nil && !v.started.Before(notBefore) {
		return false // it has been tried since
	}
	return v.floor.Before(deadline)
}
