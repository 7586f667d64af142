package snapshot

import (
	"context"
	"log/slog"
	"runtime/debug"
	"time"

	"roster/connectors"
)

const (
	// maxBackoff bounds the pauses between attempts of a source that fails.
	maxBackoff = 5 * time.Minute
	// longBackoff bounds the pauses if an attempt will hardly succeed before somebody has changed something.
	longBackoff = 2 * maxBackoff

	// progressEvery and progressShare space the publications of a first fetch's progress: by a second, and by a share of the time that the
	// fetch has taken so far. So the number of publications grows with the logarithm of that time, and their cost, which grows with the
	// records, stays in proportion to the cost of the fetch.
	progressEvery = time.Second
	progressShare = 16
)

// outcome is the outcome of a fetch.
type outcome struct {
	fetchResult
	err *connectors.Error
	// loss is set if the fetch was complete and is held back; err then reports the loss too.
	loss *Loss
	// apart is true if replicas without a shared store took turns during the fetch.
	apart bool
}

// took returns the duration of the fetch, given that of the last one. The wait for a turn among replicas without a shared store is not a
// property of the source, and the pace includes it already. So the wait makes nothing count as fresh for longer.
func (o *outcome) took(start, now time.Time, before time.Duration) time.Duration {
	took := o.spent + now.Sub(start)
	if o.apart && before > 0 {
		return min(took, before)
	}
	return took
}

// read updates the collection: from the shared store if another replica has fetched it, otherwise from the source.
func (c *collection) read(ctx context.Context) {
	lease, ok := c.acquire(ctx)
	if !ok {
		return
	}
	start := time.Now()
	urgency := connectors.NewUrgency()
	c.urgency.Store(urgency)
	c.freed.Store(false)
	if c.queue.Load() > 0 || c.required(c.view.Load()) {
		urgency.Raise()
	}
	c.reads.Add(1)
	c.progressed.Store(&Progress{StartedAt: start})
	c.change(func(v *view) { v.reading, v.started = true, start }) // a requirement that comes after this joins the fetch
	observed, ended := c.keeper.observer.Reading(ctx, c.key)
	o := c.list(connectors.WithUrgency(observed, urgency), start, lease)
	c.progressed.Store(nil)
	c.guard(ctx, &o, start)
	ended(ReadingEnd{Records: o.records.Len(), Complete: o.complete, Err: o.err})
	o.apart = c.keeper.tier != nil && (lease == nil || c.pace() > 1)
	c.finish(ctx, start, &o)
	switch {
	case lease == nil:
		c.have, c.alone = 0, true
	case ctx.Err() == nil || o.complete:
		c.store(ctx, lease, o)
	}
	if lease != nil {
		lease.Release(context.WithoutCancel(ctx))
	}
	c.tried.Do(func() { close(c.first) })
}

// list calls the connector, and publishes its progress while there is no complete data to serve.
func (c *collection) list(ctx context.Context, start time.Time, lease Lease) outcome {
	pages := make(chan fetchResult, 1)
	snap := c.view.Load().snap
	progress := func(r fetchResult) {
		c.progressed.Store(&Progress{StartedAt: r.start(start), Count: r.records.Len(), Expected: r.expected})
		if snap == nil || !snap.Complete {
			select {
			case <-pages: // the later page's listing contains the earlier one
			default:
			}
			select {
			case pages <- r:
			default:
			}
		}
	}
	done := make(chan outcome, 1)
	go c.call(ctx, progress, done)

	var pending *fetchResult
	publish := stoppedTimer()
	defer publish.Stop()
	next := start.Add(progressEvery)
	look := c.look(ctx, start)
	defer func() { look.Stop() }()
	for {
		select {
		case o := <-done:
			return o
		case r := <-pages:
			if pending == nil {
				publish.Reset(time.Until(next))
			}
			pending = &r
		case <-publish.C:
			c.progress(ctx, *pending, start, lease)
			pending = nil
			now := time.Now()
			next = now.Add(max(progressEvery, now.Sub(start)/progressShare))
		case <-look.C:
			look = c.look(ctx, time.Now())
		}
	}
}

// call calls the connector. A panic of the connector is a failure of this fetch only.
func (c *collection) call(ctx context.Context, progress func(fetchResult), done chan<- outcome) {
	o := outcome{err: c.broken("the connector failed on it")}
	defer func() {
		if p := recover(); p != nil {
			// The panic value may contain data of the source, so that only the stack is logged.
			c.keeper.log.LogAttrs(ctx, slog.LevelError, "connector panicked", slog.String("source", c.key.Source),
				slog.String("collection", c.key.Collection.String()), slog.String("stack", string(debug.Stack())))
		}
		done <- o
	}()
	r, err := c.fetch(ctx, progress)
	o = outcome{fetchResult: r}
	if err != nil {
		e := *connectors.AsError(c.key.Source, err)
		e.Source = c.key.Source
		o.err, o.complete = &e, false
	}
}

func (c *collection) broken(detail string) *connectors.Error {
	return &connectors.Error{Source: c.key.Source, Op: c.key.Collection.String(), Kind: connectors.KindBadResponse, Detail: detail}
}

// progress publishes the records that a first fetch has so far.
func (c *collection) progress(ctx context.Context, r fetchResult, start time.Time, lease Lease) {
	r.complete = false
	snap, err := c.snapshot(r, start)
	if err != nil {
		return // the end of the fetch reports the error
	}
	c.settle(ctx, time.Now(), c.publish(snap, func(*view) {}))
	if lease != nil && time.Since(start) >= shareProgressAfter {
		lease.Save(ctx, c.stored(c.view.Load())) //nolint:errcheck // only the end of the fetch matters
	}
}

// finish publishes the result of a fetch, and schedules the next fetch.
func (c *collection) finish(ctx context.Context, start time.Time, o *outcome) {
	now := time.Now()
	snap := c.view.Load().snap
	// The present data is complete as of its time. Adding only some changes would make it neither complete nor newer.
	useless := o.since != nil && !o.complete
	if o.loss != nil {
		held := *snap
		held.Loss, snap = o.loss, &held
	} else if !useless && (o.err == nil || o.records.Len() > 0) {
		read, err := c.snapshot(o.fetchResult, start)
		if err != nil {
			*o = outcome{err: c.broken("a record holds a value that has no place")}
		} else {
			snap = read
		}
	}
	if ctx.Err() != nil && !o.complete {
		// The keeper is closing. An interrupted fetch is not a failure, and its partial result is of no use.
		c.change(func(v *view) { v.reading = false })
		return
	}
	c.counts.ended(o)
	switch {
	case o.complete || o.loss != nil:
		c.failures = 0
	case o.err != nil && o.err.Unsent: // the source was not called, so that this is not a further failure
		c.forced.Store(0)
		c.failures = max(c.failures, 1)
	default:
		c.forced.Store(0) // a caller's requirement does not shorten the pause after a failure
		c.failures++
	}
	changed := c.publish(snap, func(v *view) {
		v.reading, v.err, v.short = false, o.err, c.shortError(o)
		switch {
		case o.complete && o.since != nil:
			v.quick = o.took(start, now, v.quick)
		case o.complete || o.loss != nil:
			v.took = o.took(start, now, v.took)
		}
		v.next, v.floor = c.schedule(v, o, now)
		if v.err == nil && snap != nil && snap.Loss != nil { // changes or an incomplete full fetch: the loss remains
			v.err = c.lossError(snap.Loss)
		}
	})
	c.logAnomalies(ctx, snap)
	c.release()
	c.settle(ctx, time.Now(), changed)
}

// schedule returns when the next fetch is due, and from when it is allowed, given a view of the end of the last one.
func (c *collection) schedule(v *view, o *outcome, now time.Time) (next, floor time.Time) {
	floor = v.started.Add(c.minInterval())
	if v.err != nil {
		if asked := now.Add(v.err.RetryAfter); asked.After(floor) {
			floor = asked
		}
	}
	switch {
	case o.loss != nil:
		next = v.started.Add(c.freshFor(v))
		if at := c.acceptAt(o.loss); at.Before(next) {
			next = at
		}
	case o.complete:
		next = v.snap.OldestAt.Add(c.freshFor(v))
	case v.err == nil: // incomplete without an error, as when accounts change during the fetch: retry soon, but not more often than fresh_for if it lasts
		next = now.Add(min(c.pace()*c.backoff(), c.freshFor(v)))
	case v.err.Unsent && v.err.RetryAfter > 0 && !v.err.Blocked: // the error states when calls are made again; all of the source's collections are fetched then
		next = floor.Add(jitter(c.settings.MinInterval))
	case hopeless(v.err):
		next = now.Add(c.pace() * max(jitter(longBackoff), c.settings.MinInterval))
	default:
		next = now.Add(c.pace() * c.backoff())
	}
	if next.Before(floor) {
		next = floor
	}
	return next, floor
}

// backoff doubles the pause with each failure in a row, from MinInterval up to maxBackoff.
func (c *collection) backoff() time.Duration {
	pause := c.settings.MinInterval
	for n := 0; n < c.failures && pause < maxBackoff; n++ {
		pause = min(2*pause, maxBackoff)
	}
	return max(jitter(pause), c.settings.MinInterval)
}

// hopeless reports that an early retry does not help.
func hopeless(e *connectors.Error) bool {
	switch e.Kind {
	case connectors.KindUnauthorized, connectors.KindForbidden, connectors.KindNotFound, connectors.KindUnsupported:
		return true
	default:
		return e.Blocked
	}
}

// snapshot makes a snapshot of the fetched records. Incomplete records are merged into the previous snapshot, unless that is too old to
// keep.
func (c *collection) snapshot(r fetchResult, start time.Time) (*Snapshot, error) {
	was := c.view.Load().snap
	snap := &Snapshot{Key: c.key, ReadAt: start, Complete: r.complete, Expected: r.expected, Anomalies: r.anomalies, OldestAt: r.start(start),
		FullAt: r.start(start)}
	var base Records
	switch {
	case r.since != nil:
		snap.Loss, snap.Anomalies = r.since.Loss, connectors.MergeAnomalies(r.since.Anomalies, r.anomalies)
		if base, snap.FullAt = r.since.Records, r.since.FullAt; c.kind.same(base, r.records) {
			snap.Records, snap.Version, snap.Size = base, r.since.Version, r.since.Size
			return snap, nil
		}
	case was != nil && !r.complete && (was.Loss != nil || start.Sub(was.OldestAt) < c.settings.KeepFor):
		snap.Loss = was.Loss
		base, snap.OldestAt, snap.FullAt = was.Records, earlier(was.OldestAt, snap.OldestAt), was.FullAt
		snap.Anomalies = connectors.MergeAnomalies(was.Anomalies, r.anomalies)
		if snap.Expected == nil {
			snap.Expected = was.Expected
		}
	}
	snap.Records = c.kind.merge(base, r.records)
	version, err := c.kind.version(snap.Records)
	if err != nil {
		return nil, err
	}
	if snap.Version = version; was != nil && was.Version == version {
		snap.Records, snap.Size = was.Records, was.Size // sharing the slices avoids a rebuild, and frees the new records
	} else {
		snap.Size = c.kind.size(snap.Records)
	}
	return snap, nil
}

// publish serves a snapshot, and reports whether its records have changed.
func (c *collection) publish(snap *Snapshot, modify func(*view)) (changed bool) {
	was := c.view.Load().snap
	if snap != was {
		c.counts.fills.Add(1)
	}
	c.change(func(v *view) {
		v.snap = snap
		modify(v)
	})
	return snap != nil && (was == nil || was.Version != snap.Version)
}
