package snapshot

import (
	"context"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"roster/connectors"
)

// collection is one collection and its loop. Only the goroutine of the loop replaces the view.
type collection struct {
	keeper         *keeperState
	source         *connectors.Source
	key            Key
	kind           kind
	settings       Settings
	reportsChanges bool // the source can report changes

	view    atomic.Pointer[view]
	asked   atomic.Int64                       // when a caller last asked, in nanoseconds since 1970
	forced  atomic.Int64                       // a caller requires a fetch that begins then or later, in nanoseconds since 1970; see Keeper.Refresh
	freed   atomic.Bool                        // the next fetch ignores the failure of the last one; see Keeper.Force
	accept  atomic.Int64                       // when an operator accepted the loss of the next full fetch, in nanoseconds since 1970; zero for never; see Keeper.AcceptLoss
	reads   atomic.Int64                       // how many fetches from the source have begun
	waits   atomic.Int64                       // how many waits of callers have begun
	queue   atomic.Int64                       // how many callers wait now
	urgency atomic.Pointer[connectors.Urgency] // of the fetch in progress
	counts  *counts
	wake    chan struct{} // wakes the loop
	// progressed is the progress of the fetch in progress; nil if there is none.
	progressed atomic.Pointer[Progress]

	before <-chan struct{} // closed when the source's previous collection has been tried; nil for the first
	place  int             // index among the source's collections
	first  chan struct{}   // closed when this collection has been tried
	looked chan struct{}   // closed after the first stat of the shared store by its first keeper

	heirOf *collection   // the collection whose state this one inherits before it runs; nil for none
	stop   func()        // ends the loop
	ended  chan struct{} // closed when the loop has ended

	item    Item
	offered atomic.Pointer[Info] // what the watch last found in the shared store, until the loop applies it
	there   atomic.Pointer[Info] // what was last known to be in the shared store

	// Only the loop uses the fields below.
	tried sync.Once
	fetchState
}

// fetchState is the state of a loop, which its successor inherits.
type fetchState struct {
	failures        int // fetches in a row that failed or were incomplete
	known           condition
	have            int64                // the shared store's stamp of our data; zero if the data is not from there
	unusable        unusable             // what the shared store has and cannot deliver
	unstored        bool                 // the shared store did not accept the last fetch
	encoded         int                  // the bytes of what was last encoded for the shared store; zero if no encoding was needed
	damaged         bool                 // the shared store's copy must be written again
	alone           bool                 // the last fetch was made without the other replicas' knowledge
	paced           time.Duration        // the pace with which the next fetch was scheduled, see pace
	loggedAnomalies []connectors.Anomaly // the kinds of anomalies that have been logged
}

// condition is what is logged when it changes.
type condition struct {
	state   State
	failing bool
	short   bool
	kind    connectors.ErrorKind
}

func newCollection(k *Keeper, s *connectors.Source, key Key, settings Settings) *collection {
	c := &collection{keeper: k.keeperState, counts: new(counts), looked: k.looked, ended: make(chan struct{}), source: s, key: key, kind: kinds[key.Collection], settings: settings,
		item: Item{Key: key, Fingerprint: s.Fingerprint, MaxPause: settings.MaxPause}, fetchState: fetchState{known: condition{state: Missing}, paced: 1},
		wake: make(chan struct{}, 1), first: make(chan struct{})}
	c.reportsChanges = c.kind.reportsChanges(s)
	c.view.Store(&view{ended: make(chan struct{})})
	return c
}

func (c *collection) prompt() {
	select {
	case c.wake <- struct{}{}:
	default: // the loop has a signal already
	}
}

// run fetches the collection when a fetch is due, until ctx ends.
func (c *collection) run(ctx context.Context) {
	if c.keeper.tier != nil {
		select {
		case <-c.looked: // what the shared store has need not be fetched
		case <-ctx.Done():
		}
		c.applyStat(ctx)
	}
	c.awaitTurn(ctx)
	for ctx.Err() == nil {
		c.applyStat(ctx)
		now := time.Now()
		if c.due(c.view.Load(), now) {
			c.read(ctx)
			continue
		}
		look := c.look(ctx, now)
		select {
		case <-look.C:
		case <-c.wake:
		case <-ctx.Done():
		}
		look.Stop()
	}
	// Nothing more comes, so that nobody needs to wait for it.
	c.change(func(v *view) { v.over = true })
	c.release()
}

// awaitTurn makes the collections of a source fetch one after the other when a keeper starts, because they share the source's limits. A
// slow or hanging collection delays the next one for at most FirstWait. A collection that a caller asks for does not wait.
func (c *collection) awaitTurn(ctx context.Context) {
	if c.before == nil || !c.due(c.view.Load(), time.Now()) {
		return
	}
	timeout := time.NewTimer(time.Duration(c.place) * c.keeper.waits().first)
	defer timeout.Stop()
	select {
	case <-c.before:
	case <-timeout.C:
	case <-c.wake:
	case <-ctx.Done():
	}
}

func (c *collection) due(v *view, now time.Time) bool {
	if c.required(v) && !now.Before(c.earliest(v)) {
		return true
	}
	return !now.Before(v.next) && c.wanted(now)
}

// earliest returns the earliest time of a fetch that a caller requires.
func (c *collection) earliest(v *view) time.Time {
	if own := v.started.Add(c.minInterval()); c.freed.Load() && own.Before(v.floor) {
		return own
	}
	return v.floor
}

// required reports whether a caller requires a fetch that begins later than the last one did.
func (c *collection) required(v *view) bool {
	if c.accept.Load() != 0 {
		return true
	}
	wanted := c.forced.Load()
	return wanted != 0 && (v.started.IsZero() || wanted > v.started.UnixNano())
}

// wanted reports whether a caller has asked within the idle time.
func (c *collection) wanted(now time.Time) bool {
	return now.UnixNano()-c.asked.Load() < int64(c.keeper.waits().idleAfter)
}

// look applies the passage of time, and returns a timer for the next time at which something changes. It uses only the caller's now. With
// a later time, look would take an event for past that the caller took for future, and nobody would handle the event.
func (c *collection) look(ctx context.Context, now time.Time) *time.Timer {
	c.settle(ctx, now, false)
	v := c.view.Load()
	at := c.nextChange(v, now)
	if !v.reading && v.next.After(now) && (at.IsZero() || v.next.Before(at)) {
		at = v.next
	}
	if floor := c.earliest(v); c.required(v) && floor.After(now) && (at.IsZero() || floor.Before(at)) {
		at = floor
	}
	if at.IsZero() {
		return stoppedTimer() // nothing changes before a caller asks
	}
	return time.NewTimer(time.Until(at))
}

// stoppedTimer returns a timer that does not fire until it is reset.
func stoppedTimer() *time.Timer {
	t := time.NewTimer(time.Hour)
	t.Stop()
	return t
}

// settle drops a snapshot that is too old to serve, and notifies of changes: of the records, if changed is true, and of the condition.
func (c *collection) settle(ctx context.Context, now time.Time, changed bool) {
	v := c.view.Load()
	if v.snap != nil && c.kept(v, now) == nil {
		v = c.change(func(v *view) { v.snap = nil })
	}
	is := condition{state: c.state(v, now), failing: v.err != nil, short: v.err == nil && v.short != nil}
	if is.failing {
		if is.kind = v.err.Kind; is.kind == connectors.KindTimeout {
			is.kind = connectors.KindUnavailable // an unavailable source alternates between the two
		}
	}
	was := c.known
	c.known = is
	if changed || is != was {
		c.keeper.notify()
	}
	if is != was {
		c.report(ctx, v, was, now)
	}
}

// report logs a change of condition in one line: the new state, and the previous one unless it was missing.
func (c *collection) report(ctx context.Context, v *view, was condition, now time.Time) {
	r := c.result(v, now)
	attrs := []slog.Attr{
		slog.String("source", c.key.Source), slog.String("collection", c.key.Collection.String()), slog.String("state", r.Status.State.String()),
	}
	if was.state != r.Status.State && was.state != Missing {
		attrs = append(attrs, slog.String("was", was.state.String()))
	}
	attrs = append(attrs, slog.Int("records", r.Status.Count))
	level, message := slog.LevelInfo, "collection changed its condition"
	switch e := v.err; {
	case e != nil && e.Kind == connectors.KindSuspiciousLoss && v.snap != nil && v.snap.Loss != nil:
		l := v.snap.Loss
		level, message = slog.LevelWarn, "a large loss of records is held back"
		attrs = append(attrs, slog.Int("known", l.Known), slog.Int("found", l.Found), slog.Int("lost", l.Lost), slog.Time("until", c.acceptAt(l).UTC()))
	case e != nil:
		level, message = slog.LevelWarn, "collection cannot be read"
		attrs = append(attrs, slog.String("kind", e.Kind.String()), slog.String("error", e.Error()),
			slog.Duration("retry_in", v.next.Sub(now).Round(time.Second)))
	case r.Status.Short != nil:
		level, message = slog.LevelWarn, "collection is incomplete"
		attrs = append(attrs, slog.String("reason", r.Status.Short.Detail), slog.Duration("retry_in", v.next.Sub(now).Round(time.Second)))
	case r.Status.State == Fresh && was.state == Missing:
		message = "collection is read"
	case r.Status.State == Fresh && was.failing:
		message = "collection is read again"
	}
	c.keeper.log.LogAttrs(ctx, level, message, attrs...) //nolint:sloglint // one of the constants above
}

// change replaces the view by a modified copy. Only the loop may call it.
func (c *collection) change(modify func(*view)) *view {
	v := *c.view.Load()
	modify(&v)
	c.view.Store(&v)
	return &v
}

// release wakes the callers that wait for the end of a fetch.
func (c *collection) release() {
	ended := c.view.Load().ended
	c.change(func(v *view) { v.ended = make(chan struct{}) })
	close(ended)
}
