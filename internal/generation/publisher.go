// Package generation publishes the directory. Whenever the snapshots change, the publisher builds a new directory from all of them, one build at a
// time, and publishes it as the next generation. The package fetches no source and answers no question about people: package snapshot does
// the first, package directory the second.
package generation

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

// Options say from what the directory is built.
type Options struct {
	Keeper *snapshot.Keeper
	// Sources are in the configured order.
	Sources []Source
	Rules   directory.Rules
	// Overlay has records that the sources' own lists may not show yet; nil for none.
	Overlay Overlay
	Logger  *slog.Logger
}

// Publisher builds and publishes generations. Safe for concurrent use.
type Publisher struct {
	keeper  *snapshot.Keeper
	sources []Source
	rules   directory.Rules
	overlay Overlay
	log     *slog.Logger
	byName  map[string]*connectors.Source
	keys    atomic.Pointer[map[Required][]snapshot.Key] // every operation asks; a set is added when it is first required
	current atomic.Pointer[generation]
	make    func(stop func() bool, rules directory.Rules, data []directory.SourceData) (*directory.Directory, error)
	stats   stats
}

// generation is a directory as it was published, with the input that it was built from.
type generation struct {
	directory *directory.Directory
	built     input
	// wanted is the newest input. It differs from built by the collections that are refused.
	wanted  input
	refused map[snapshot.Key]*refusal
	// next is closed when the next generation is published.
	next chan struct{}
}

// New returns a publisher with an empty directory: no source has been fetched yet.
func New(opt Options) *Publisher {
	p := &Publisher{keeper: opt.Keeper, sources: opt.Sources, rules: opt.Rules, overlay: opt.Overlay, log: opt.Logger}
	if p.log == nil {
		p.log = slog.New(slog.DiscardHandler)
	}
	p.byName = make(map[string]*connectors.Source, len(p.sources))
	for _, s := range p.sources {
		p.byName[s.Name] = s.Source
	}
	p.keys.Store(new(map[Required][]snapshot.Key))
	p.make = directory.BuildUntil
	p.current.Store(&generation{directory: directory.Build(p.rules, p.data(input{})), next: make(chan struct{})})
	return p
}

// Run builds and publishes a generation whenever the snapshots or the overlay have changed, until ctx ends. All changes that come during a
// build go into the next one.
func (p *Publisher) Run(ctx context.Context) error {
	overlay := p.follow()
	defer overlay.Stop()
	retry := time.NewTimer(longest)
	defer retry.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-p.keeper.Changed():
		case <-overlay.Changed():
		case <-retry.C:
		}
		p.refresh(ctx, overlay)
		if at := p.current.Load().retryAt(); !at.IsZero() {
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

// including waits for a generation that serves, until ctx ends, and returns the current one.
func (p *Publisher) including(ctx context.Context, results []snapshot.Result, exactly bool) *generation {
	for {
		e := p.current.Load()
		if e.serves(results, exactly) {
			return e
		}
		select {
		case <-e.next:
		case <-ctx.Done():
			return p.current.Load()
		}
	}
}

// serves reports whether the generation has all of these collections; with exactly, whether it has these snapshots or newer ones. It does not
// wait for data that was dropped because it could not be renewed.
func (e *generation) serves(results []snapshot.Result, exactly bool) bool {
	for i := range results {
		if snap := results[i].Snapshot; snap != nil && e.lacks(snap, exactly) {
			return false
		}
	}
	return true
}

func (e *generation) lacks(snap *snapshot.Snapshot, exactly bool) bool {
	have := e.built.snapshots[snap.Key]
	switch f := e.refused[snap.Key]; {
	case f != nil: // no generation may ever have it
		return false
	case have == nil:
		return true
	case have.Version == snap.Version || have.ReadAt.After(snap.ReadAt):
		return false
	case snap.Complete && !have.Complete: // the generation has a part of a first fetch, and now all of it is there
		return true
	}
	return exactly && have.ReadAt.Before(snap.ReadAt)
}
