package presence

import (
	"cmp"
	"context"
	"log/slog"
	"sync"
	"time"

	"roster/connectors"
)

// DefaultKeepFor is the default of Options.KeepFor. Replicas remember a wanted account in Redis for as long.
const DefaultKeepFor = 2 * time.Minute

// Options say how long answers last. Zero values mean the defaults.
type Options struct {
	// Life is how long an answer is current, and the shortest time between two calls of one source; 15 s.
	Life time.Duration
	// KeepFor is how long an answer is returned while its source may not be called or does not answer; DefaultKeepFor. For the same time an account
	// is remembered as wanted.
	KeepFor time.Duration
	// Timeout bounds a call, and the wait of a caller; 2 s.
	Timeout time.Duration
	// SharedStore is the store in which replicas share answers; nil for memory only.
	SharedStore SharedStore
	// Logger logs when a source stops or starts answering; nil means no log.
	Logger *slog.Logger
	// Before is the store that this one replaces, nil for none. If a source is the same object in both, they share its answers and the
	// time of its next call.
	Before *Store
}

// Store caches who is online. Its methods are safe for concurrent use.
type Store struct {
	timeout time.Duration
	shared  SharedStore
	looks   lookups
	sources map[string]*source
	held    []*source // since Start
	calls   sync.WaitGroup
}

// New returns a store for the sources that report presence.
func New(sources []*connectors.Source, opt Options) *Store {
	log := cmp.Or(opt.Logger, slog.New(slog.DiscardHandler))
	s := &Store{timeout: cmp.Or(opt.Timeout, 2*time.Second), shared: opt.SharedStore, sources: make(map[string]*source)}
	for _, src := range sources {
		if before := opt.Before; before != nil && before.sources[src.Name] != nil && before.sources[src.Name].of == src {
			s.sources[src.Name] = before.sources[src.Name]
		} else if src.Presence != nil {
			s.sources[src.Name] = &source{of: src, item: StoreKey{Source: src.Name, Fingerprint: src.Fingerprint}, reader: src.Presence, watcher: src.PresenceWatcher, shared: opt.SharedStore,
				log: log.With(slog.String("source", src.Name)), life: cmp.Or(opt.Life, 15*time.Second),
				keepFor: cmp.Or(opt.KeepFor, DefaultKeepFor), known: make(map[string]Answer), wanted: make(map[string]time.Time)}
		}
	}
	return s
}

// Get returns the presence of the accounts, in the order of the references, and when the source was asked for it; zero if no source was
// asked.
//
// Current answers come at once, from memory or from the shared store. For the other accounts, Get calls each source once if the source may
// be called now. The caller waits for that call, or for a call in progress that covers the accounts, whichever replica makes it, until the
// call, the Timeout or ctx ends. Accounts that are still not current then get their answer of the last KeepFor. A source may be called
// earlier for unknown accounts, once in a Life, so that every page of a list has its presence.
func (s *Store) Get(ctx context.Context, refs []connectors.Ref) []Answer {
	bySource := make(map[*source][]string)
	for _, ref := range refs {
		if src := s.sources[ref.Source]; src != nil {
			bySource[src] = append(bySource[src], ref.ID)
		}
	}
	ctx, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()
	if s.shared != nil {
		s.lookup(ctx, bySource)
	}
	waits := make(map[*source]bool) // true if this caller started the call
	for range 2 {                   // the second round is for accounts that a call in progress did not cover
		calls := s.begin(ctx, bySource, waits)
		for _, c := range calls { // waiting one after the other under one limit takes no longer than waiting for all at once
			select {
			case <-c.done:
			case <-ctx.Done():
			}
		}
		if len(calls) == 0 || ctx.Err() != nil {
			break
		}
	}
	for src := range bySource {
		isNew, waited := waits[src]
		src.stats.asked(waited, isNew)
	}
	return s.Known(refs)
}

// begin starts calls of the sources that may be called, returns the calls to wait for, and records their sources in waits.
func (s *Store) begin(ctx context.Context, bySource map[*source][]string, waits map[*source]bool) (calls []*call) {
	// If one caller leaves, the others still need the answer.
	detached := context.WithoutCancel(ctx)
	for src, ids := range bySource {
		c, isNew, missed := src.want(ids, time.Now())
		if isNew {
			s.calls.Go(func() { src.run(detached, c, s.timeout) })
		}
		if missed && s.shared != nil {
			s.calls.Go(func() { _ = s.shared.Missed(detached, src.item) }) // if Missed fails, the other replicas find out by themselves
		}
		if c != nil {
			calls = append(calls, c)
			waits[src] = waits[src] || isNew
		}
	}
	return calls
}

// Known is Get without a call: it returns the answers of the last KeepFor in memory.
func (s *Store) Known(refs []connectors.Ref) []Answer {
	out := make([]Answer, len(refs))
	now := time.Now()
	for i, ref := range refs {
		if src := s.sources[ref.Source]; src != nil {
			out[i] = src.lastKnown(ref.ID, now)
		}
	}
	return out
}

// Close waits for the calls in progress, each of which takes at most Timeout, and ends the connections of Start. Get must not be called after Close.
func (s *Store) Close() {
	s.calls.Wait()
	for _, src := range s.held {
		src.release()
	}
}
