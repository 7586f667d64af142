// Package generation publishes the directory. When the snapshots change, the publisher builds a new directory from all of them, one build at a time,
// and publishes it as the next generation. Package snapshot fetches the sources, and package directory answers queries about people.
package generation

import (
	"cmp"
	"context"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"roster/connectors"
	"roster/internal/directory"
	"roster/internal/snapshot"
)

// Source is a configured source, as far as the directory needs it.
type Source struct {
	*connectors.Source
	Trust directory.TrustPolicy
	// Account returns an account as the type that the source's kind has; nil for directory.AccountCore itself.
	Account func(*directory.AccountCore) directory.Account
}

// Options are the inputs of the directory.
type Options struct {
	Keeper *snapshot.Keeper
	// Sources are in the configured order.
	Sources []Source
	// Rules are those of the configuration.
	Rules directory.Rules
	// Edits are added to the rules; nil for none.
	Edits Edits
	// Overlay has records that the sources' own lists may not show yet; nil for none.
	Overlay Overlay
	Logger  *slog.Logger
}

// Publisher builds and publishes generations. It is safe for concurrent use.
type Publisher struct {
	keeper    *snapshot.Keeper
	sources   []Source
	rules     directory.Rules
	edits     Edits
	overlay   Overlay
	log       *slog.Logger
	byName    map[string]*connectors.Source
	keys      atomic.Pointer[map[Required][]snapshot.Key] // read by every operation; a set is added when it is first required
	published atomic.Pointer[publication]
	make      func(stop func() bool, rules directory.Rules, data []directory.SourceData) (*directory.Directory, error)
	stats     stats
	// previewing holds a value while a preview is being built.
	previewing chan struct{}

	generation atomic.Pointer[Generation]
	computing  sync.Mutex // for generation
}

// publication is a published directory, with the input from which it was built.
type publication struct {
	directory *directory.Directory
	built     input
	// wanted is the newest input. It differs from built by the collections that are refused.
	wanted  input
	refused map[snapshot.Key]*refusal
	// next is closed when the next generation is published.
	next chan struct{}
	// identities explains the people. It is made when somebody asks for it.
	identities func() *directory.Identities
}

// New returns a publisher with an empty directory.
func New(opt Options) *Publisher {
	p := &Publisher{keeper: opt.Keeper, sources: opt.Sources, rules: opt.Rules, edits: opt.Edits, overlay: opt.Overlay,
		log: cmp.Or(opt.Logger, slog.New(slog.DiscardHandler))}
	p.byName = make(map[string]*connectors.Source, len(p.sources))
	for _, s := range p.sources {
		p.byName[s.Name] = s.Source
	}
	p.keys.Store(new(map[Required][]snapshot.Key))
	p.make = directory.BuildUntil
	p.previewing = make(chan struct{}, 1)
	in := p.ruled(input{})
	p.published.Store((&publication{directory: directory.Build(*in.rules, p.data(in)), built: in, wanted: in}).complete(nil))
	return p
}

// Run builds and publishes a generation when the snapshots, the overlay or the edits have changed, until ctx ends. Changes during a build go into the next
// generation.
func (p *Publisher) Run(ctx context.Context) error {
	overlay := p.follow()
	defer overlay.Stop()
	edited, stop := p.followEdits()
	defer stop()
	retry := time.NewTimer(maxPause)
	defer retry.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-p.keeper.Changed():
		case <-overlay.Changed():
		case <-edited:
		case <-retry.C:
		}
		p.refresh(ctx, overlay)
		if at := p.published.Load().retryAt(); !at.IsZero() {
			retry.Reset(time.Until(at))
		}
	}
}

func sameVersions(a, b map[snapshot.Key]*snapshot.Snapshot) bool {
	if len(a) != len(b) {
		return false
	}
	for key, s := range a {
		if o := b[key]; o == nil || o.Version != s.Version || o.Times.Version() != s.Times.Version() {
			return false
		}
	}
	return true
}

// including waits for a generation that has the results, and returns it. If ctx ends first, it returns the current generation.
func (p *Publisher) including(ctx context.Context, results []snapshot.Result, exactly bool) *publication {
	for {
		g := p.published.Load()
		if g.serves(results, exactly) {
			return g
		}
		select {
		case <-g.next:
		case <-ctx.Done():
			return p.published.Load()
		}
	}
}

// serves reports whether the generation has all of these collections or, with exactly, these snapshots or newer ones. It does not ask for data that was
// dropped because it was too old.
func (g *publication) serves(results []snapshot.Result, exactly bool) bool {
	for i := range results {
		if snap := results[i].Snapshot; snap != nil && g.lacks(snap, exactly) {
			return false
		}
	}
	return true
}

func (g *publication) lacks(snap *snapshot.Snapshot, exactly bool) bool {
	have := g.built.snapshots[snap.Key]
	switch f := g.refused[snap.Key]; {
	case f != nil: // perhaps no generation will ever have it
		return false
	case have == nil:
		return true
	case have.Version == snap.Version || have.FetchedAt.After(snap.FetchedAt):
		return false
	case snap.Complete && !have.Complete: // the generation has a part of the first fetch, which is complete now
		return true
	}
	return exactly && have.FetchedAt.Before(snap.FetchedAt)
}
