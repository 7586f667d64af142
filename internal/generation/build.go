package generation

import (
	"context"
	"errors"
	"log/slog"
	"maps"
	"runtime/debug"
	"sync"
	"time"

	"roster/connectors"
	"roster/internal/directory"
	"roster/internal/snapshot"
)

// A build that panics or takes too long must not stop the publication of other sources' data. If a build fails, the publisher adds the changed
// collections one by one, and refuses the newest data of each collection with which the build fails. Its earlier data stays in the directory.

const (
	// buildFor is the time limit of a build. It is many times the duration of a build for a million accounts.
	buildFor = time.Minute
	// A refused collection is tried again after a pause: retryFactor times the duration of the last attempt, doubled after each attempt, from
	// minPause to maxPause.
	retryFactor = 10
	minPause    = time.Second
	maxPause    = 10 * time.Minute
)

// refusal is a collection whose newest data is not in the directory, because the build fails with it.
type refusal struct {
	err     *connectors.Error
	pause   time.Duration
	retryAt time.Time
}

// errPanicked is the error of a build that panicked.
var errPanicked = errors.New("the build has panicked")

// refresh publishes a new generation, unless it would be the same as the current one.
func (p *Publisher) refresh(ctx context.Context, overlay Follower) {
	defer overlay.Building()()
	current, wanted := p.published.Load(), p.wanted()
	if current.wanted.same(wanted) && !current.due(time.Now()) {
		return
	}
	refused := maps.Clone(current.refused)
	all := wanted // except refused collections, which are tried one by one
	for key := range refused {
		all = all.with(key, current.built)
	}
	if !all.same(current.built) {
		d, err := p.build(ctx, all)
		switch {
		case err == nil:
			current = &publication{directory: d, built: all, wanted: all, refused: refused}
			p.publish(current)
		case ctx.Err() != nil:
			return
		default:
			if p.buildWithEdits(ctx, wanted); ctx.Err() != nil {
				return
			}
		}
	}
	for _, key := range p.changed(current.built, wanted) { // one by one
		if was := refused[key]; was != nil && time.Now().Before(was.retryAt) {
			continue
		}
		if refused = p.buildIn(ctx, key, wanted, refused); ctx.Err() != nil {
			return
		}
	}
	if current = p.published.Load(); len(refused) == 0 && current.wanted.same(wanted) {
		return
	}
	refused = maps.Clone(refused)
	for key := range refused { // no longer refused if the source again has the data that the directory has
		if current.built.version(key) == wanted.version(key) {
			delete(refused, key)
		}
	}
	p.publish(&publication{directory: current.directory, built: current.built, wanted: wanted, refused: refused})
}

// buildIn publishes the current directory with the newest data of one collection, or refuses that data. It returns all refused collections.
func (p *Publisher) buildIn(ctx context.Context, key snapshot.Key, wanted input, refused map[snapshot.Key]*refusal) map[snapshot.Key]*refusal {
	start, current := time.Now(), p.published.Load()
	in := current.built.with(key, wanted)
	d, err := p.build(ctx, in)
	switch {
	case err == nil:
		refused = maps.Clone(refused)
		delete(refused, key)
		p.publish(&publication{directory: d, built: in, wanted: in, refused: refused})
		return refused
	case ctx.Err() != nil:
		return refused
	}
	pause := max(minPause, retryFactor*time.Since(start))
	if was := refused[key]; was != nil {
		pause = max(pause, 2*was.pause)
	}
	pause = min(pause, maxPause)
	f := &refusal{pause: pause, retryAt: time.Now().Add(pause), err: &connectors.Error{
		Source: key.Source, Op: key.Collection.String(), Kind: connectors.KindBadResponse, Detail: "the directory cannot be built with its data: what was read before is served"}}
	if errors.Is(err, directory.ErrStopped) {
		f.err.Detail = "the directory takes too long to build with its data: what was read before is served"
	}
	if refused = maps.Clone(refused); refused == nil {
		refused = make(map[snapshot.Key]*refusal)
	}
	refused[key] = f
	p.log.LogAttrs(ctx, slog.LevelError, "the directory cannot be built with a source's data; the earlier data stays in use",
		slog.String("source", key.Source), slog.String("collection", key.Collection.String()), slog.Any("error", f.err))
	return refused
}

// changed lists the collections in which two inputs differ, in the order of the configuration.
func (p *Publisher) changed(a, b input) []snapshot.Key {
	var keys []snapshot.Key
	for _, s := range p.sources {
		for _, c := range s.Collections() {
			if key := (snapshot.Key{Source: s.Name, Collection: c}); a.version(key) != b.version(key) {
				keys = append(keys, key)
			}
		}
	}
	return keys
}

// wanted returns the newest input.
func (p *Publisher) wanted() input {
	snapshots := make(map[snapshot.Key]*snapshot.Snapshot)
	for _, res := range p.keeper.Current() {
		if res.Snapshot != nil {
			snapshots[res.Status.Key] = res.Snapshot
		}
	}
	return p.ruled(input{snapshots: snapshots, additions: p.additionsTo(snapshots)})
}

// build builds a directory, for at most buildFor and until ctx ends.
func (p *Publisher) build(ctx context.Context, in input) (d *directory.Directory, err error) {
	start := time.Now()
	defer func() {
		if panicked := recover(); panicked != nil {
			// The value may contain anything that a source sent, so only the stack is logged.
			p.log.LogAttrs(ctx, slog.LevelError, "building the directory panicked", slog.String("stack", string(debug.Stack())))
			d, err = nil, errPanicked
		}
	}()
	stop := func() bool { return ctx.Err() != nil || time.Since(start) > buildFor }
	if d, err = p.make(stop, *in.rules, p.data(in)); err != nil {
		return nil, err
	}
	p.stats.built(start, time.Now())
	p.log.DebugContext(ctx, "directory built", slog.String("version", d.Version()), slog.Duration("took", time.Since(start)))
	return d, nil
}

// publish makes a generation the current one.
func (p *Publisher) publish(g *publication) {
	close(p.published.Swap(g.complete(p.published.Load())).next)
}

// complete adds what a publication has besides its data. Before is the one before, or nil.
func (g *publication) complete(before *publication) *publication {
	g.next = make(chan struct{})
	if before != nil && before.directory == g.directory {
		g.identities = before.identities
	} else {
		g.identities = sync.OnceValue(g.directory.Identities)
	}
	return g
}

// due reports whether a refused collection may be tried again.
func (g *publication) due(now time.Time) bool {
	at := g.retryAt()
	return !at.IsZero() && !now.Before(at)
}

// retryAt returns the time at which the first refused collection may be tried again, or zero.
func (g *publication) retryAt() time.Time {
	var at time.Time
	for _, f := range g.refused {
		if at.IsZero() || f.retryAt.Before(at) {
			at = f.retryAt
		}
	}
	return at
}

// markRefused marks a collection whose newest data is refused as stale or missing, with the reason.
func (g *publication) markRefused(st *snapshot.Status) {
	f := g.refused[st.Key]
	if f == nil {
		return
	}
	st.Count, st.SyncedAt = 0, time.Time{}
	if have := g.built.snapshots[st.Key]; have != nil {
		st.State, st.Count, st.SyncedAt = max(st.State, snapshot.Stale), have.Records.Len(), have.OldestAt
	} else {
		st.State = snapshot.Missing
	}
	if st.Err == nil {
		st.Err, st.RetryAt = f.err, f.retryAt
	}
}
