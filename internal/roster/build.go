package roster

import (
	"context"
	"errors"
	"log/slog"
	"maps"
	"runtime/debug"
	"time"

	"roster/connectors"
	"roster/internal/directory"
	"roster/internal/snapshot"
)

// A build that panics or takes too long must not stop the others' data from being published. The collections that have changed since the last
// directory are then built in one after the other, and the one with which it fails is refused: its data before stays in the directory.

const (
	// buildFor is how long a build may take: many times what a million accounts take.
	buildFor = time.Minute
	// A collection that is refused is tried again after a pause of retryFactor times what the attempt took, which doubles with each attempt, within
	// these bounds.
	retryFactor = 10
	shortest    = time.Second
	longest     = 10 * time.Minute
)

// refusal is data of one collection that is not in the directory, since the build fails with it.
type refusal struct {
	err     *connectors.Error
	pause   time.Duration
	retryAt time.Time
}

// errPanicked says that a build has panicked.
var errPanicked = errors.New("the build has panicked")

// refresh publishes a new edition, unless it would be the same as the current one.
func (r *Roster) refresh(ctx context.Context, overlay Following) {
	defer overlay.Laying()()
	current, wanted := r.current.Load(), r.wanted()
	if current.wanted.same(wanted) && !current.due(time.Now()) {
		return
	}
	refused := maps.Clone(current.refused)
	all := wanted // but for what is refused so far: that is tried by itself
	for key := range refused {
		all = all.with(key, current.built)
	}
	if !all.same(current.built) {
		d, err := r.build(ctx, all)
		switch {
		case err == nil:
			current = &edition{directory: d, built: all, wanted: all, refused: refused}
			r.publish(current)
		case ctx.Err() != nil:
			return
		}
	}
	for _, key := range r.changed(current.built, wanted) { // each by itself
		if was := refused[key]; was != nil && time.Now().Before(was.retryAt) {
			continue
		}
		if refused = r.buildIn(ctx, key, wanted, refused); ctx.Err() != nil {
			return
		}
	}
	if current = r.current.Load(); len(refused) == 0 && current.wanted.same(wanted) {
		return
	}
	refused = maps.Clone(refused)
	for key := range refused { // what is in the directory as it is wanted, since the source has taken back what was refused
		if current.built.version(key) == wanted.version(key) {
			delete(refused, key)
		}
	}
	r.publish(&edition{directory: current.directory, built: current.built, wanted: wanted, refused: refused})
}

// buildIn publishes the current directory with a collection as it is wanted, or refuses that. It gives what is refused then.
func (r *Roster) buildIn(ctx context.Context, key snapshot.Key, wanted input, refused map[snapshot.Key]*refusal) map[snapshot.Key]*refusal {
	start, current := time.Now(), r.current.Load()
	in := current.built.with(key, wanted)
	d, err := r.build(ctx, in)
	switch {
	case err == nil:
		refused = maps.Clone(refused)
		delete(refused, key)
		r.publish(&edition{directory: d, built: in, wanted: in, refused: refused})
		return refused
	case ctx.Err() != nil:
		return refused
	}
	pause := max(shortest, retryFactor*time.Since(start))
	if was := refused[key]; was != nil {
		pause = max(pause, 2*was.pause)
	}
	pause = min(pause, longest)
	f := &refusal{pause: pause, retryAt: time.Now().Add(pause), err: &connectors.Error{
		Source: key.Source, Op: key.Collection.String(), Kind: connectors.KindBadResponse, Detail: "the directory cannot be built with its data: what was read before is served"}}
	if errors.Is(err, directory.ErrStopped) {
		f.err.Detail = "the directory takes too long to build with its data: what was read before is served"
	}
	if refused = maps.Clone(refused); refused == nil {
		refused = make(map[snapshot.Key]*refusal)
	}
	refused[key] = f
	r.log.LogAttrs(ctx, slog.LevelError, "the directory cannot be built with a source's data, and goes on with what was read before",
		slog.String("source", key.Source), slog.String("collection", key.Collection.String()), slog.Any("error", f.err))
	return refused
}

// changed lists the collections that two inputs have otherwise, in the order of the configuration.
func (r *Roster) changed(a, b input) []snapshot.Key {
	var keys []snapshot.Key
	for _, s := range r.sources {
		for _, c := range s.Collections() {
			if key := (snapshot.Key{Source: s.Name, Collection: c}); a.version(key) != b.version(key) {
				keys = append(keys, key)
			}
		}
	}
	return keys
}

// wanted is what is to be in the directory now.
func (r *Roster) wanted() input {
	snapshots := make(map[snapshot.Key]*snapshot.Snapshot)
	for _, res := range r.keeper.Current() {
		if res.Snapshot != nil {
			snapshots[res.Status.Key] = res.Snapshot
		}
	}
	return input{snapshots, r.lay(snapshots)}
}

// build makes a directory, within buildFor and until ctx ends.
func (r *Roster) build(ctx context.Context, in input) (d *directory.Directory, err error) {
	start := time.Now()
	defer func() {
		if p := recover(); p != nil {
			// The value may hold anything that a source said: only the place is told.
			r.log.LogAttrs(ctx, slog.LevelError, "building the directory panicked", slog.String("stack", string(debug.Stack())))
			d, err = nil, errPanicked
		}
	}()
	stop := func() bool { return ctx.Err() != nil || time.Since(start) > buildFor }
	if d, err = r.make(stop, r.rules, r.data(in)); err != nil {
		return nil, err
	}
	r.stats.built(start, time.Now())
	r.log.DebugContext(ctx, "directory built", slog.String("version", d.Version()), slog.Duration("took", time.Since(start)))
	return d, nil
}

// publish makes an edition the current one.
func (r *Roster) publish(e *edition) {
	e.next = make(chan struct{})
	close(r.current.Swap(e).next)
}

// due says whether something that is refused may be tried again.
func (e *edition) due(now time.Time) bool {
	at := e.retryAt()
	return !at.IsZero() && !now.Before(at)
}

// retryAt is when the first of what is refused may be tried again; zero where nothing is.
func (e *edition) retryAt() time.Time {
	var at time.Time
	for _, f := range e.refused {
		if at.IsZero() || f.retryAt.Before(at) {
			at = f.retryAt
		}
	}
	return at
}

// blame says of a collection whose data is refused that what is served is older, and why.
func (e *edition) blame(st *snapshot.Status) {
	f := e.refused[st.Key]
	if f == nil {
		return
	}
	st.Count, st.SyncedAt = 0, time.Time{}
	if have := e.built.snapshots[st.Key]; have != nil {
		st.State, st.Count, st.SyncedAt = max(st.State, snapshot.Stale), have.Records.Len(), have.OldestAt
	} else {
		st.State = snapshot.Missing
	}
	if st.Err == nil {
		st.Err, st.RetryAt = f.err, f.retryAt
	}
}
