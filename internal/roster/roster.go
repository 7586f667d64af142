// Package roster owns the current directory: it turns snapshots into it, one build at a time, the newest wins, and publishes it. It reads no
// source and answers no question about people: the snapshots' keeper does the one, the directory the other.
package roster

import (
	"context"
	"log/slog"
	"sync/atomic"
	"time"

	"roster/connectors"
	"roster/internal/directory"
	"roster/internal/snapshot"
)

// Source is a source as configured, as far as the directory is concerned.
type Source struct {
	*connectors.Source
	Trust directory.TrustPolicy
}

// Options say what to build the directory of.
type Options struct {
	Keeper *snapshot.Keeper
	// Sources are in the configured order.
	Sources []Source
	Rules   directory.Rules
	// Overlay is what sources' own lists may not show yet; nil for nothing.
	Overlay Overlay
	Logger  *slog.Logger
}

// Roster owns the current directory. Safe for concurrent use.
type Roster struct {
	keeper  *snapshot.Keeper
	sources []Source
	rules   directory.Rules
	overlay Overlay
	log     *slog.Logger
	byName  map[string]*connectors.Source
	keys    [needsSets][]snapshot.Key // by what is needed: every operation asks
	current atomic.Pointer[edition]
	make    func(stop func() bool, rules directory.Rules, data []directory.SourceData) (*directory.Directory, error)
	stats   stats
}

// edition is a directory as it was published, with what it was built of.
type edition struct {
	directory *directory.Directory
	built     input
	// wanted is what was to be in it. It differs from what it was built of by what is refused.
	wanted  input
	refused map[snapshot.Key]*refusal
	// next is closed when a newer edition is published.
	next chan struct{}
}

// New gives a roster with an empty directory: nothing has been read yet.
func New(opt Options) *Roster {
	r := &Roster{keeper: opt.Keeper, sources: opt.Sources, rules: opt.Rules, overlay: opt.Overlay, log: opt.Logger}
	if r.log == nil {
		r.log = slog.New(slog.DiscardHandler)
	}
	r.byName = make(map[string]*connectors.Source, len(r.sources))
	for _, s := range r.sources {
		r.byName[s.Name] = s.Source
	}
	for n := range r.keys {
		r.keys[n] = r.listKeys(Needs(n))
	}
	r.make = directory.BuildUntil
	r.current.Store(&edition{directory: directory.Build(r.rules, r.data(input{})), next: make(chan struct{})})
	return r
}

// Run builds and publishes a directory whenever the snapshots have changed, until ctx ends. Changes that come while one is built go into the
// next one together.
func (r *Roster) Run(ctx context.Context) error {
	overlay := r.follow()
	defer overlay.Stop()
	retry := time.NewTimer(longest)
	defer retry.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-r.keeper.Changed():
		case <-overlay.Changed():
		case <-retry.C:
		}
		r.refresh(ctx, overlay)
		if at := r.current.Load().retryAt(); !at.IsZero() {
			retry.Reset(time.Until(at))
		}
	}
}

func sameVersions(a, b map[snapshot.Key]*snapshot.Snapshot) bool {
	if len(a) != len(b) {
		return false
	}
	for key, s := range a {
		if o := b[key]; o == nil || o.Version != s.Version {
			return false
		}
	}
	return true
}

// including waits for an edition that serves, no longer than ctx lasts, and then gives the current one.
func (r *Roster) including(ctx context.Context, results []snapshot.Result, exactly bool) *edition {
	for {
		e := r.current.Load()
		if e.serves(results, exactly) {
			return e
		}
		select {
		case <-e.next:
		case <-ctx.Done():
			return r.current.Load()
		}
	}
}

// serves says whether the edition has all of these collections; exactly, whether it has them as they are or newer. Data that went because nobody
// could renew it needs no waiting for.
func (e *edition) serves(results []snapshot.Result, exactly bool) bool {
	for i := range results {
		if snap := results[i].Snapshot; snap != nil && e.lacks(snap, exactly) {
			return false
		}
	}
	return true
}

func (e *edition) lacks(snap *snapshot.Snapshot, exactly bool) bool {
	have := e.built.snapshots[snap.Key]
	switch f := e.refused[snap.Key]; {
	case f != nil: // it may not come to have it
		return false
	case have == nil:
		return true
	case have.Version == snap.Version || have.ReadAt.After(snap.ReadAt):
		return false
	case snap.Complete && !have.Complete: // what a first reading had got by then, while all of it is there
		return true
	}
	return exactly && have.ReadAt.Before(snap.ReadAt)
}
