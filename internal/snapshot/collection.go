package snapshot

import (
	"context"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"roster/connectors"
)

// collection is one collection and its reader. The reader's goroutine is the only one that replaces the view.
type collection struct {
	keeper   *keeperState
	source   *connectors.Source
	key      Key
	kind     kind
	settings Settings
	tells    bool // the source can tell what has changed

	view    atomic.Pointer[view]
	asked   atomic.Int64                       // when somebody last asked, in nanoseconds since 1970
	forced  atomic.Int64                       // somebody wants a reading that begins then or later, in nanoseconds since 1970; see Keeper.Refresh
	freed   atomic.Bool                        // the next reading does not mind how the last one failed; see Keeper.Force
	accept  atomic.Int64                       // somebody accepts what the next fetch of everything lacks, since then; see Keeper.AcceptLoss
	reads   atomic.Int64                       // how often the source has been read
	waits   atomic.Int64                       // how often somebody has waited
	queue   atomic.Int64                       // how many wait now
	urgency atomic.Pointer[connectors.Urgency] // of the reading under way
	counts  *counts
	wake    chan struct{} // tells the reader to look again
	// progressed is how far the reading has come that is under way; nil where there is none.
	progressed atomic.Pointer[Progress]

	before <-chan struct{} // closed when the source's collection before this one has been tried; nil for the first
	place  int             // among the source's collections
	first  chan struct{}   // closed when this one has been tried
	looked chan struct{}   // closed when its first keeper has looked at the tier for the first time

	heirOf *collection   // whose state it takes over before it runs; nil for none
	stop   func()        // ends its reader
	ended  chan struct{} // closed when its reader has ended

	item    Item
	offered atomic.Pointer[Info] // what the watch has last found in the tier, until the reader takes it up
	there   atomic.Pointer[Info] // what was last known to be in the tier

	// The rest belongs to the reader.
	tried sync.Once
	fetchState
}

// fetchState is what a reader goes by, and leaves to the one that takes over from it.
type fetchState struct {
	failures int // readings in a row that have failed or ended short
	known    condition
	have     int64                // the tier's stamp of what we have; zero where it is not from there
	unusable unusable             // what the tier has and cannot give
	unstored bool                 // the tier has not taken what was read last
	encoded  int                  // the bytes of what was last encoded for the tier; zero where that was not needed
	damaged  bool                 // what the tier has of it must be written anew
	alone    bool                 // the last reading was made without the others' knowing
	paced    time.Duration        // the pace by which the next reading was set, see pace
	odd      []connectors.Anomaly // the kinds of anomalies that have been told
}

// condition is what is worth a line in the log when it changes.
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
	c.tells = c.kind.tells(s)
	c.view.Store(&view{ended: make(chan struct{})})
	return c
}

func (c *collection) prompt() {
	select {
	case c.wake <- struct{}{}:
	default: // it has been told already
	}
}

// run reads the collection whenever that is due, until ctx ends.
func (c *collection) run(ctx context.Context) {
	if c.keeper.tier != nil {
		select {
		case <-c.looked: // what is there need not be read
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
	// Nothing more will come: let nobody wait for it.
	c.change(func(v *view) { v.over = true })
	c.release()
}

// awaitTurn has the collections of a source read one after the other when a keeper starts, since they share its limits. A slow or
// hanging one holds up the next for FirstWait at most, and one that is asked for goes at once.
func (c *collection) awaitTurn(ctx context.Context) {
	if c.before == nil || !c.due(c.view.Load(), time.Now()) {
		return
	}
	patience := time.NewTimer(time.Duration(c.place) * c.keeper.waits().first)
	defer patience.Stop()
	select {
	case <-c.before:
	case <-patience.C:
	case <-c.wake:
	case <-ctx.Done():
	}
}

func (c *collection) due(v *view, now time.Time) bool {
	if c.urged(v) && !now.Before(c.floor(v)) {
		return true
	}
	return !now.Before(v.next) && c.wanted(now)
}

// floor is from when a reading is allowed that somebody wants.
func (c *collection) floor(v *view) time.Time {
	if own := v.started.Add(c.minInterval()); c.freed.Load() && own.Before(v.floor) {
		return own
	}
	return v.floor
}

// urged says whether somebody wants a reading that begins later than the last one did.
func (c *collection) urged(v *view) bool {
	if c.accept.Load() != 0 {
		return true
	}
	wanted := c.forced.Load()
	return wanted != 0 && (v.started.IsZero() || wanted > v.started.UnixNano())
}

// wanted says whether somebody has asked lately.
func (c *collection) wanted(now time.Time) bool {
	return now.UnixNano()-c.asked.Load() < int64(c.keeper.waits().idleAfter)
}

// look brings what is known up to the clock, and gives a timer for when to look again. It goes by one reading of the clock, the caller's:
// by a later one it would take for past what the caller took for yet to come, and nobody would see to it.
func (c *collection) look(ctx context.Context, now time.Time) *time.Timer {
	c.settle(ctx, now, false)
	v := c.view.Load()
	at := c.nextChange(v, now)
	if !v.reading && v.next.After(now) && (at.IsZero() || v.next.Before(at)) {
		at = v.next
	}
	if floor := c.floor(v); c.urged(v) && floor.After(now) && (at.IsZero() || floor.Before(at)) {
		at = floor
	}
	if at.IsZero() {
		return stoppedTimer() // nothing changes before somebody asks
	}
	return time.NewTimer(time.Until(at))
}

// stoppedTimer gives a timer that does not fire until it is reset.
func stoppedTimer() *time.Timer {
	t := time.NewTimer(time.Hour)
	t.Stop()
	return t
}

// settle drops what is too old to be served, and tells of changes: of the records, where the caller has made one, and of the condition.
func (c *collection) settle(ctx context.Context, now time.Time, changed bool) {
	v := c.view.Load()
	if v.snap != nil && c.kept(v, now) == nil {
		v = c.change(func(v *view) { v.snap = nil })
	}
	is := condition{state: c.state(v, now), failing: v.err != nil, short: v.err == nil && v.short != nil}
	if is.failing {
		if is.kind = v.err.Kind; is.kind == connectors.KindTimeout {
			is.kind = connectors.KindUnavailable // a source that is down shows now the one, now the other
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

// report logs a change of condition: one line that says what is so now, and what was before where that was something.
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
	c.keeper.log.LogAttrs(ctx, level, message, attrs...) //nolint:sloglint // one of those above
}

// change puts a modified copy of the view in its place. Only the reader may call it.
func (c *collection) change(modify func(*view)) *view {
	v := *c.view.Load()
	modify(&v)
	c.view.Store(&v)
	return &v
}

// release lets those go on who wait for a reading to end.
func (c *collection) release() {
	ended := c.view.Load().ended
	c.change(func(v *view) { v.ended = make(chan struct{}) })
	close(ended)
}
