package snapshot

import (
	"context"
	"errors"
	"log/slog"
	"time"
)

const (
	// lookEvery is how often, at the least, the tier is looked at without an announcement, since announcements may be lost.
	lookEvery = 30 * time.Second
	// joinEvery is how often a reader that waits for another replica's reading asks whether that one still lives.
	joinEvery = 4 * time.Second
	// askAgain is how soon the tier is asked again that has failed and may be well, and patientTries how often.
	askAgain     = 200 * time.Millisecond
	patientTries = 20
	// clockSlack is by how much two translations of one time may differ.
	clockSlack = 250 * time.Millisecond
	// shareProgressAfter is from when a first reading that is still under way is worth telling to others.
	shareProgressAfter = 5 * time.Second
)

// watch looks at all collections in the tier at once whenever it may have changed, and hands each what was found.
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
				if !first || c.looked != k.looked { // a reader that starts looks by itself, and takes its turn
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

// applyStat takes up what the watch has found, if anything.
func (c *collection) applyStat(ctx context.Context) {
	mark := c.offered.Swap(nil)
	if mark == nil {
		return
	}
	now := time.Now()
	switch v := c.view.Load(); {
	case c.better(mark):
		// Data that nobody asks for is left there until somebody does, unless it costs nothing.
		if c.wanted(now) || v.snap != nil && v.snap.Version == mark.Version {
			c.adopt(ctx, mark)
		}
	case c.lacks(mark):
		c.offer(ctx)
	}
	c.respect(ctx, mark)
	if v := c.view.Load(); c.paced != c.pace() && v.err == nil && v.snap != nil && v.snap.Complete {
		c.reschedule()
	}
}

// better says whether what the tier has is to be taken in the place of what we have.
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
	case c.have != 0: // the same reading, which may have got further
		return !ours.Complete && (m.Complete || m.Count > ours.Records.Len())
	}
	return m.Began().After(ours.Began())
}

// unusable is what the tier has and cannot give, or what is no gain. A reading that gets further after that is another matter.
type unusable struct {
	stamp   int64
	version string
}

func (u unusable) is(m *Info) bool { return m.Stamp == u.stamp && m.Version == u.version }

// lacks says whether the tier has lost, or never had, what we have.
func (c *collection) lacks(m *Info) bool {
	ours := c.view.Load().snap
	if ours == nil || !ours.Complete || m.Reading {
		return false
	}
	return m.Stamp == 0 || c.have == 0 && ours.Began().After(m.Began()) || m.Stamp < c.have
}

// adopt puts what the tier has in the place of what we have. It is false where that cannot be had.
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
	c.knowOdd(snap)
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

// respect takes over when others have tried the source, and how that went.
func (c *collection) respect(ctx context.Context, m *Info) {
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

// acquire gets the right to read the source, or what makes that needless. It is false where there is nothing to read now; the lease is nil
// where there is nobody to share with.
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
		// Who has just got the tier back cannot know what others have read without it: each lets that grow old enough first.
		if crowd := tier.Membership(); crowd.Connected && now.Before(crowd.Since.Add(c.settings.MinInterval)) {
			c.putOff(crowd.Since.Add(c.settings.MinInterval), crowd.Since.Add(c.settings.MinInterval))
			break
		}
		lease, mark, err := tier.Acquire(ctx, c.leaseRequest(v, now))
		switch {
		case err != nil && tier.Membership().Connected && tries < patientTries:
			tries++
			c.pause(ctx, askAgain, nil)
		case err != nil:
			return nil, c.mayReadAlone(v, time.Now()) && ctx.Err() == nil
		case lease != nil:
			c.counts.absent.Add(1)
			return lease, true
		case c.better(&mark):
			if !c.adopt(ctx, &mark) && !c.unusable.is(&mark) {
				if tries++; tries > patientTries {
					c.unusable = unusable{mark.Stamp, mark.Version}
				}
				c.pause(ctx, askAgain, nil)
			}
		case mark.Reading:
			c.join(ctx, &mark)
		case mark.Stamp > c.have && !c.unusable.is(&mark):
			c.unusable = unusable{mark.Stamp, mark.Version} // no gain for us: ask again without it
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
	claim := LeaseRequest{Item: c.item, Have: max(c.have, c.unusable.stamp), MaxAge: c.freshFor(v), MinInterval: c.settings.MinInterval}
	if c.urged(v) {
		claim.Urgent, claim.MaxAge = true, max(0, now.Sub(time.Unix(0, c.forced.Load())))
	}
	claim.Forced = c.freed.Load()
	if c.accept.Load() != 0 {
		claim.MaxAge = 0 // nobody else's fetch will do
	}
	return claim
}

// join waits for a reading that another replica makes: for its announcement, or for long enough to ask again.
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

// pause waits for d at most, and for no longer than until wake says something, which may be nil. Meanwhile what is kept grows old as always.
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

// rest puts the reading off, since the source has been tried too recently.
func (c *collection) rest(ctx context.Context, m *Info) {
	now := time.Now()
	until := m.TriedAt.Add(c.settings.MinInterval)
	if m.Failure.RetryAt.After(until) && !c.freed.Load() {
		until = m.Failure.RetryAt
		if c.urged(c.view.Load()) && m.Failure.Floor.Before(until) {
			until = m.Failure.Floor
		}
	}
	// The two clocks may differ by a little: asking a moment too early must not become asking without end.
	if soon := now.Add(50 * time.Millisecond); until.Before(soon) {
		until = soon
	}
	c.respect(ctx, m)
	c.change(func(v *view) {
		if v.floor = until; v.next.Before(until) {
			v.next = until
		}
	})
	c.release() // for whom that is too late, waiting is in vain
}

// pace is by how much all intervals are longer, because replicas that cannot talk to each other read the same source.
func (c *collection) pace() time.Duration {
	if c.keeper.tier == nil {
		return 1
	}
	if crowd := c.keeper.tier.Membership(); !crowd.Connected {
		return time.Duration(max(1, crowd.Size))
	}
	return 1
}

func (c *collection) minInterval() time.Duration { return c.pace() * c.settings.MinInterval }

// mayReadAlone says whether a reading that is due is due for this replica, when the tier is away. One that another replica began right before
// is known to nobody else: so each takes its first turn by its rank from when the tier went away, and the next ones by how many there are.
func (c *collection) mayReadAlone(v *view, now time.Time) bool {
	c.paced = c.pace()
	crowd := c.keeper.tier.Membership()
	if v.started.IsZero() {
		return true // nothing is known of any reading
	}
	turn, last := time.Duration(max(1, crowd.Size)), v.started
	if crowd.Connected {
		turn = 1 // it failed just now, and whether it is away is not known yet
	} else if !c.alone || v.started.Before(crowd.Since) {
		turn, last = time.Duration(crowd.Rank+1), later(v.started, crowd.Since)
	}
	floor := last.Add(turn * c.settings.MinInterval)
	next := floor
	if v.snap != nil && v.err == nil {
		next = later(floor, v.started.Add(turn*c.freshFor(v)/c.pace()))
	}
	if c.urged(v) && !now.Before(floor) || !now.Before(next) {
		return true
	}
	c.putOff(floor, next)
	return false
}

// putOff settles that the next reading is due at next, and allowed from floor on.
func (c *collection) putOff(floor, next time.Time) {
	c.change(func(v *view) { v.floor, v.next, v.reading = floor, next, false })
	c.release() // for whom that is too late, waiting is in vain
}

// reschedule sets when the next reading is due after the pace has changed.
func (c *collection) reschedule() {
	c.paced = c.pace()
	c.change(func(v *view) {
		v.floor = v.started.Add(c.minInterval())
		v.next = later(v.floor, v.snap.dueSince().Add(c.freshFor(v)))
	})
}
