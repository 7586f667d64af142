package presence

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"roster/connectors"
)

// Options say how long answers last. Zero values mean the defaults.
type Options struct {
	// Life is how long an answer counts as current, and the shortest time between two calls of one source; 15 s.
	Life time.Duration
	// KeepFor is how long an answer is given while its source may not be asked or does not answer; 2 min. So long, too, is somebody
	// remembered as being of interest.
	KeepFor time.Duration
	// Timeout is how long a call may take, and a caller waits at most; 2 s.
	Timeout time.Duration
	// Logger is told when a source stops or starts answering; nil means nobody.
	Logger *slog.Logger
	// Before is the store that this one takes over from, nil for none: what is known of a source that is the same object, and when it may be asked
	// again, is then common to both.
	Before *Store
}

// Store knows who is there. Its methods are safe for concurrent use.
type Store struct {
	timeout time.Duration
	sources map[string]*source
	calls   sync.WaitGroup
}

// New gives a store over the sources that can tell presence.
func New(sources []*connectors.Source, opt Options) *Store {
	orDefault := func(d, fallback time.Duration) time.Duration {
		if d <= 0 {
			return fallback
		}
		return d
	}
	log := opt.Logger
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	s := &Store{timeout: orDefault(opt.Timeout, 2*time.Second), sources: make(map[string]*source)}
	for _, src := range sources {
		if before := opt.Before; before != nil && before.sources[src.Name] != nil && before.sources[src.Name].of == src {
			s.sources[src.Name] = before.sources[src.Name]
		} else if src.Presence != nil {
			s.sources[src.Name] = &source{of: src, name: src.Name, reader: src.Presence, log: log.With(slog.String("source", src.Name)),
				life: orDefault(opt.Life, 15*time.Second), keepFor: orDefault(opt.KeepFor, 2*time.Minute),
				known: make(map[string]answer), wanted: make(map[string]time.Time)}
		}
	}
	return s
}

// Get gives the presence of the accounts, in the order of the references; PresenceUnknown where it is not known.
//
// What is current comes at once. For the rest, each source is asked in one call if it may be asked now, and the caller waits for that call
// or for one under way that will tell, until it ends, Timeout is over or ctx is. What then is still not current comes from the last
// KeepFor.
func (s *Store) Get(ctx context.Context, refs []connectors.Ref) []connectors.Presence {
	bySource := make(map[*source][]string)
	for _, ref := range refs {
		if src := s.sources[ref.Source]; src != nil {
			bySource[src] = append(bySource[src], ref.ID)
		}
	}
	var calls []*call
	for src, ids := range bySource {
		c, isNew := src.want(ids, time.Now())
		if isNew {
			// One caller's going must not take the answer from the others.
			detached := context.WithoutCancel(ctx)
			s.calls.Go(func() { src.ask(detached, c, s.timeout) })
		}
		if c != nil {
			calls = append(calls, c)
		}
	}
	if len(calls) > 0 {
		await(ctx, calls, s.timeout)
	}
	return s.Known(refs)
}

// Known is Get without asking any source: it gives what is known from the last KeepFor.
func (s *Store) Known(refs []connectors.Ref) []connectors.Presence {
	out := make([]connectors.Presence, len(refs))
	now := time.Now()
	for i, ref := range refs {
		if src := s.sources[ref.Source]; src != nil {
			out[i] = src.lastKnown(ref.ID, now)
		}
	}
	return out
}

// await waits for the calls one after the other under one limit, which takes no longer than all at once.
func await(ctx context.Context, calls []*call, limit time.Duration) {
	timer := time.NewTimer(limit)
	defer timer.Stop()
	for _, c := range calls {
		select {
		case <-c.done:
		case <-timer.C:
			return
		case <-ctx.Done():
			return
		}
	}
}

// Close waits for the calls under way, none of which takes longer than Timeout. Nobody may call Get any more.
func (s *Store) Close() { s.calls.Wait() }
