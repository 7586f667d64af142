package snapshot

import (
	"context"
	"errors"
	"log/slog"
	"time"
)

const (
	// lookEvery is the longest time between two stats of the shared store without a notification, because notifications may be lost.
	lookEvery = 30 * time.Second
	// joinEvery is how often a loop that waits for another replica's fetch checks that the other replica is alive.
	joinEvery = 4 * time.Second
	// askAgain is the time after which a failed call of a connected shared store is retried, and maxRetries the number of retries.
	askAgain   = 200 * time.Millisecond
	maxRetries = 20
	// clockSlack is the largest difference between two translations of one time.
	clockSlack = 250 * time.Millisecond
	// shareProgressAfter is the duration after which the progress of a first fetch is shared.
	shareProgressAfter = 5 * time.Second
)

// watch stats all collections in the shared store whenever it may have changed, and passes each result to its collection.
func (k *Keeper) watch(ctx context.Context) {
	items := make([]Item, len(k.ordered))
	for i, c := range k.ordered {
		items[i] = c.item
	}
	for first := true; ; first = false {
		if marks, err := k.tier.Stat(ctx, items); err == nil {
			for i, c := range k.ordered {
				c.there.Store(&marks[i])
				c.offered.Store(&marks[i])
				if !first || c.looked != k.looked { // a starting loop checks by itself, and takes its turn
					c.prompt()
				}
			}
		}
		if first {
			close(k.looked)
		}
		look := time.NewTimer(jitter(lookEvery))
		select {
		case <-look.C:
		case <-k.tier.Changed():
		case <-ctx.Done():
		}
		look.Stop()
		if ctx.Err() != nil {
			return
		}
	}
}

// applyStat applies what the watch has found, if anything.
func (c *collection) applyStat(ctx context.Context) {
	mark := c.offered.Swap(nil)
	if mark == nil {
		return
	}
	now := time.Now()
	switch v := c.view.Load(); {
	case c.better(mark):
		// Data that no caller asks for stays in the shared store until a caller does, unless taking it costs nothing.
		if c.wanted(now) || v.snap != nil && v.snap.Version == mark.Version {
			c.adopt(ctx, mark)
		}
	case c.lacks(mark):
		c.offer(ctx)
	}
	c.applyFailure(ctx, mark)
	if v := c.view.Load(); c.paced != c.pace() && v.err == nil && v.snap != nil && v.snap.Complete {
		c.reschedule()
	}
}

// better reports whether the data of the shared store should replace ours.
func (c *collection) better(m *Info) bool {
	if m.Stamp == 0 || c.unusable.is(m) || !time.Now().Before(c.expires(m.ReadAt, m.Loss, c.view.Load())) {
		return false
	}
	ours := c.view.Load().snap
	switch {
	case ours == nil:
		return true
	case ours.Complete && !m.Complete:
		return false
	case c.have != 0 && m.Stamp != c.have:
		return m.Stamp > c.have
	case c.have != 0: // the same fetch, which may have progressed
		return !ours.Complete && (m.Complete || m.Count > ours.Records.Len())
	}
	return m.Began().After(ours.Began())
}

// unusable identifies what the shared store has and cannot deliver, or what is no improvement. Later progress of the same fetch is not
// covered.
type unusable struct {
	stamp   int64
	version string
}

func (u unusable) is(m *Info) bool { return m.Stamp == u.stamp && m.Version == u.version }

// lacks reports whether the shared store has lost, or never had, our data.
func (c *collection) lacks(m *Info) bool {
	ours := c.view.Load().snap
	if ours == nil || !ours.Complete || m.Reading {
		return false
	}
	return m.Stamp == 0 || c.have == 0 && ours.Began().After(m.Began()) || m.Stamp < c.have
}

// adopt replaces our data by that of the shared store. It returns false if the store cannot deliver it.
func (c *collection) adopt(ctx context.Context, m *Info) bool {
	was := c.view.Load().snap
	snap := &Snapshot{Key: c.key, Version: m.Version, ReadAt: m.ReadAt, Complete: m.Complete, Expected: m.Expected, Anomalies: m.Anomalies,
		OldestAt: m.Since, FullAt: m.Full, Loss: m.Loss}
	if was != nil && was.Version == m.Version {
		snap.Records, snap.Size = was.Records, was.Size
	} else {
		fetching, ended := c.keeper.observer.Taking(ctx, c.key, c.keeper.tierKind)
		parts, err := c.keeper.tier.Fetch(fetching, c.item, m.Meta)
		if err == nil && parts == nil && m.Count > 0 {
			err = errWire
		}
		if err == nil {
			snap.Records, err = c.kind.decode(parts, m.Count)
			snap.Size = c.kind.size(snap.Records)
		}
		ended(err == nil)
		if errors.Is(err, errWire) {
			c.unusable, c.damaged = unusable{m.Stamp, m.Version}, true
			c.keeper.log.LogAttrs(ctx, slog.LevelWarn, "stored snapshot is gone or damaged, and not used", slog.String("source", c.key.Source),
				slog.String("collection", c.key.Collection.String()))
		}
		if err != nil {
			return false
		}
	}
	c.noteAnomalies(snap)
	c.have, c.alone, c.failures = m.Stamp, false, m.Failure.InARow
	c.counts.taken.Add(1)
	c.there.Store(m)
	changed := c.publish(snap, func(v *view) {
		v.reading, v.err, v.short = false, nil, nil
		if snap.Loss != nil {
			v.err = c.lossError(snap.Loss)
		}
		if m.Began().After(v.started) {
			v.started = m.Began()
		}
		if m.Took > 0 {
			v.took = m.Took
		}
		v.floor = v.started.Add(c.minInterval())
		if v.next = v.floor; snap.Complete {
			v.next = later(v.floor, snap.dueSince().Add(c.freshFor(v)))
		}
	})
	c.paced = c.pace()
	c.tried.Do(func() { close(c.first) })
	c.release()
	c.settle(ctx, time.Now(), changed)
	return true
}

// applyFailure applies the time and the failure of another replica's attempt.
func (c *collection) applyFailure(ctx context.Context, m *Info) {
	now := time.Now()
	v := c.view.Load()
	if m.Failure.RetryAt.IsZero() || !m.Failure.RetryAt.After(now) || m.TriedAt.Before(v.started.Add(-clockSlack)) {
		return
	}
	c.failures = m.Failure.InARow
	c.change(func(v *view) {
		v.started, v.err, v.next, v.floor = m.TriedAt, m.Failure.Err, m.Failure.RetryAt, m.Failure.Floor
	})
	c.tried.Do(func() { close(c.first) })
	c.release()
	c.settle(ctx, now, false)
}

// acquire acquires the lease to fetch from the source, or takes what makes the fetch unnecessary. It returns false if there is nothing to
// fetch now. The lease is nil if there is no shared store to coordinate with.
func (c *collection) acquire(ctx context.Context) (Lease, bool) {
	tier := c.keeper.tier
	if tier == nil {
		return nil, true
	}
	for tries := 0; ctx.Err() == nil; {
		c.applyStat(ctx)
		now := time.Now()
		v := c.view.Load()
		if !c.due(v, now) {
			break
		}
		// A replica that has just regained the shared store does not know what others fetched without it. So each replica waits for
		// MinInterval first.
		if membership := tier.Membership(); membership.Connected && now.Before(membership.Since.Add(c.settings.MinInterval)) {
			c.putOff(membership.Since.Add(c.settings.MinInterval), membership.Since.Add(c.settings.MinInterval))
			break
		}
		lease, mark, err := tier.Acquire(ctx, c.leaseRequest(v, now))
		switch {
		case err != nil && tier.Membership().Connected && tries < maxRetries:
			tries++
			c.pause(ctx, askAgain, nil)
		case err != nil:
			return nil, c.mayReadAlone(v, time.Now()) && ctx.Err() == nil
		case lease != nil:
			c.counts.absent.Add(1)
			return lease, true
		case c.better(&mark):
			if !c.adopt(ctx, &mark) && !c.unusable.is(&mark) {
				if tries++; tries > maxRetries {
					c.unusable = unusable{mark.Stamp, mark.Version}
				}
				c.pause(ctx, askAgain, nil)
			}
		case mark.Reading:
			c.join(ctx, &mark)
		case mark.Stamp > c.have && !c.unusable.is(&mark):
			c.unusable = unusable{mark.Stamp, mark.Version} // no improvement for us: retry without it
		default:
			c.rest(ctx, &mark)
		}
	}
	if c.view.Load().reading {
		c.change(func(v *view) { v.reading = false })
		c.release()
	}
	return nil, false
}

func (c *collection) leaseRequest(v *view, now time.Time) LeaseRequest {
	request := LeaseRequest{Item: c.item, Have: max(c.have, c.unusable.stamp), MaxAge: c.freshFor(v), MinInterval: c.settings.MinInterval}
	if c.required(v) {
		request.Urgent, request.MaxAge = true, max(0, now.Sub(time.Unix(0, c.forced.Load())))
	}
	request.Forced = c.freed.Load()
	if c.accept.Load() != 0 {
		request.MaxAge = 0 // no other replica's fetch is sufficient
	}
	return request
}

// join waits for the fetch of another replica: for its notification, or until it is time to ask again.
func (c *collection) join(ctx context.Context, m *Info) {
	if v := c.view.Load(); !v.reading {
		c.counts.joined.Add(1)
		c.change(func(v *view) {
			if v.reading = true; m.TriedAt.After(v.started) {
				v.started = m.TriedAt
			}
		})
	}
	c.pause(ctx, joinEvery, c.wake)
}

// pause waits for d at most, or until wake receives a value; wake may be nil. Meanwhile pause applies the passage of time to the kept
// data.
func (c *collection) pause(ctx context.Context, d time.Duration, wake <-chan struct{}) {
	ask := time.NewTimer(jitter(d))
	defer ask.Stop()
	for look := c.look(ctx, time.Now()); ; look = c.look(ctx, time.Now()) {
		select {
		case <-look.C:
			continue
		case <-ask.C:
		case <-wake:
		case <-ctx.Done():
		}
		look.Stop()
		return
	}
}

// rest postpones the fetch, because the last attempt was too recent.
func (c *collection) rest(ctx context.Context, m *Info) {
	now := time.Now()
	until := m.TriedAt.Add(c.settings.MinInterval)
	if m.Failure.RetryAt.After(until) && !c.freed.Load() {
		until = m.Failure.RetryAt
		if c.required(c.view.Load()) && m.Failure.Floor.Before(until) {
			until = m.Failure.Floor
		}
	}
	// The two clocks may differ a little: asking a moment too early must not become an endless loop.
	if soon := now.Add(50 * time.Millisecond); until.Before(soon) {
		until = soon
	}
	c.applyFailure(ctx, m)
	c.change(func(v *view) {
		if v.floor = until; v.next.Before(until) {
			v.next = until
		}
	})
	c.release() // callers for whom that is too late need not wait
}

// pace returns the factor by which all intervals are longer, because replicas without a shared store fetch from the same source.
func (c *collection) pace() time.Duration {
	if c.keeper.tier == nil {
		return 1
	}
	if membership := c.keeper.tier.Membership(); !membership.Connected {
		return time.Duration(max(1, membership.Size))
	}
	return 1
}

func (c *collection) minInterval() time.Duration { return c.pace() * c.settings.MinInterval }

// mayReadAlone reports whether a due fetch is due for this replica while the shared store is unavailable. A fetch that another replica
// began right before the loss is unknown to all others. So each replica takes its first turn by its rank after the loss, and later turns
// by the number of replicas.
func (c *collection) mayReadAlone(v *view, now time.Time) bool {
	c.paced = c.pace()
	membership := c.keeper.tier.Membership()
	if v.started.IsZero() {
		return true // no fetch is known
	}
	turn, last := time.Duration(max(1, membership.Size)), v.started
	if membership.Connected {
		turn = 1 // the store failed just now; whether it is unavailable is not known yet
	} else if !c.alone || v.started.Before(membership.Since) {
		turn, last = time.Duration(membership.Rank+1), later(v.started, membership.Since)
	}
	floor := last.Add(turn * c.settings.MinInterval)
	next := floor
	if v.snap != nil && v.err == nil {
		next = later(floor, v.started.Add(turn*c.freshFor(v)/c.pace()))
	}
	if c.required(v) && !now.Before(floor) || !now.Before(next) {
		return true
	}
	c.putOff(floor, next)
	return false
}

// putOff schedules the next fetch: due at next, and allowed from floor.
func (c *collection) putOff(floor, next time.Time) {
	c.change(func(v *view) { v.floor, v.next, v.reading = floor, next, false })
	c.release() // callers for whom that is too late need not wait
}

// reschedule schedules the next fetch after a change of the pace.
func (c *collection) reschedule() {
	c.paced = c.pace()
	c.change(func(v *view) {
		v.floor = v.started.Add(c.minInterval())
		v.next = later(v.floor, v.snap.dueSince().Add(c.freshFor(v)))
	})
}
