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
	// Tier is where replicas share what they are told; nil for memory only.
	Tier Tier
	// Logger is told when a source stops or starts answering; nil means nobody.
	Logger *slog.Logger
	// Before is the store that this one takes over from, nil for none: what is known of a source that is the same object, and when it may be asked
	// again, is then common to both.
	Before *Store
}

// Store knows who is there. Its methods are safe for concurrent use.
type Store struct {
	timeout time.Duration
	tier    Tier
	looks   looks
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
	s := &Store{timeout: orDefault(opt.Timeout, 2*time.Second), tier: opt.Tier, sources: make(map[string]*source)}
	for _, src := range sources {
		if before := opt.Before; before != nil && before.sources[src.Name] != nil && before.sources[src.Name].of == src {
			s.sources[src.Name] = before.sources[src.Name]
		} else if src.Presence != nil {
			s.sources[src.Name] = &source{of: src, item: Item{Source: src.Name, Fingerprint: src.Fingerprint}, reader: src.Presence, tier: opt.Tier,
				log: log.With(slog.String("source", src.Name)), life: orDefault(opt.Life, 15*time.Second),
				keepFor: orDefault(opt.KeepFor, 2*time.Minute), known: make(map[string]Answer), wanted: make(map[string]time.Time)}
		}
	}
	return s
}

// Get gives the presence of the accounts, in the order of the references, and when it was asked for; zero where nobody has been asked.
//
// What is current comes at once, from memory or from what other replicas have been told. For the rest, each source is asked in one call
// if it may be asked now, and the caller waits for that call or for one under way that will tell, whoever makes it, until it ends,
// Timeout is over or ctx is. What then is still not current comes from the last KeepFor. Accounts of which nothing is known at all may be asked for
// sooner, once in a Life: so a list whose pages are turned has each page.
func (s *Store) Get(ctx context.Context, refs []connectors.Ref) []Answer {
	bySource := make(map[*source][]string)
	for _, ref := range refs {
		if src := s.sources[ref.Source]; src != nil {
			bySource[src] = append(bySource[src], ref.ID)
		}
	}
	ctx, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()
	if s.tier != nil {
		s.look(ctx, bySource)
	}
	waits := make(map[*source]bool) // and whether for a call of ours
	for range 2 {                   // the second time for those whom a call under way was not for
		calls := s.begin(ctx, bySource, waits)
		for _, c := range calls { // one after the other under one limit takes no longer than all at once
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

// begin has the sources asked that may be asked, and gives the calls to wait for. It notes for which sources that is.
func (s *Store) begin(ctx context.Context, bySource map[*source][]string, waits map[*source]bool) (calls []*call) {
	// One caller's going must not take the answer from the others.
	detached := context.WithoutCancel(ctx)
	for src, ids := range bySource {
		c, isNew, missed := src.want(ids, time.Now())
		if isNew {
			s.calls.Go(func() { src.run(detached, c, s.timeout) })
		}
		if missed && s.tier != nil {
			s.calls.Go(func() { _ = s.tier.Missed(detached, src.item) }) // where it cannot be told, the others find out for themselves
		}
		if c != nil {
			calls = append(calls, c)
			waits[src] = waits[src] || isNew
		}
	}
	return calls
}

// Known is Get without asking anybody: it gives what is known here from the last KeepFor.
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

// Close waits for the calls under way, none of which takes longer than Timeout. Nobody may call Get any more.
func (s *Store) Close() { s.calls.Wait() }
