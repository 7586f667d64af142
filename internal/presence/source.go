package presence

import (
	"context"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"

	"roster/connectors"
)

const (
	// maxBackoff bounds the pauses between calls of a source that fails.
	maxBackoff = 5 * time.Minute
	// interest is how many times MaxIDs accounts are remembered as wanted: that there are more than MaxIDs is all that need be known.
	interest = 4
)

// source is one source's presence.
type source struct {
	of            *connectors.Source
	name          string
	reader        connectors.PresenceReader
	log           *slog.Logger
	life, keepFor time.Duration

	mu       sync.Mutex
	known    map[string]answer // by the calls that named their accounts
	full     map[string]connectors.Presence
	fullAt   time.Time // when everyone was asked for; zero if never. Whom that answer leaves out is offline.
	wanted   map[string]time.Time
	under    *call     // the call under way, or nil
	next     time.Time // no call before
	failures int       // in a row
}

type answer struct {
	presence connectors.Presence
	at       time.Time // when it was asked for
}

// call is one call of a source.
type call struct {
	ids  []string // whom it names; none for everyone
	at   time.Time
	done chan struct{}
}

// want notes that the accounts are of interest. It gives the call that will tell about those whose presence is not current, where there
// is one; the caller makes the call if it is new.
func (s *source) want(ids []string, now time.Time) (c *call, isNew bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var old []string
	for _, id := range ids {
		if _, ok := s.wanted[id]; ok || len(s.wanted) < interest*s.reader.MaxIDs() {
			s.wanted[id] = now
		}
		if a, ok := s.last(id); !ok || now.Sub(a.at) >= s.life {
			old = append(old, id)
		}
	}
	switch {
	case len(old) == 0:
		return nil, false
	case s.under != nil:
		if s.under.tells(old) {
			return s.under, false
		}
		return nil, false // its budget is spent on others
	case now.Before(s.next):
		return nil, false
	}
	s.under = &call{ids: s.whom(old, now), at: now, done: make(chan struct{})}
	s.next = now.Add(s.life)
	return s.under, true
}

// tells says whether the call tells about any of the accounts.
func (c *call) tells(ids []string) bool {
	if len(c.ids) == 0 {
		return true
	}
	named := make(map[string]bool, len(c.ids))
	for _, id := range c.ids {
		named[id] = true
	}
	for _, id := range ids {
		if named[id] {
			return true
		}
	}
	return false
}

// whom says whom to ask for: the accounts, and everyone else of interest of late, since the budget allows no second call for them; or
// none, which means everyone, where one call can't name them all.
func (s *source) whom(ids []string, now time.Time) []string {
	named := make(map[string]bool, len(ids))
	for _, id := range ids {
		named[id] = true
	}
	for id, at := range s.wanted {
		if now.Sub(at) >= s.keepFor {
			delete(s.wanted, id)
			continue
		}
		named[id] = true
	}
	if len(named) > s.reader.MaxIDs() {
		return nil
	}
	return slices.Sorted(maps.Keys(named))
}

// ask makes the call.
func (s *source) ask(ctx context.Context, c *call, timeout time.Duration) {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	got, err := s.presence(ctx, c.ids)
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	if err != nil {
		s.failed(ctx, err, now)
	} else {
		s.learn(c, got, now)
		if s.failures > 0 {
			s.failures = 0
			s.log.LogAttrs(ctx, slog.LevelInfo, "source tells presence again")
		}
	}
	s.under = nil
	close(c.done)
}

// presence calls the connector. One that panics has failed, and nothing else has.
func (s *source) presence(ctx context.Context, ids []string) (got map[string]connectors.Presence, failure *connectors.Error) {
	defer func() {
		if recover() != nil { // its value may hold anything that the source said
			failure = &connectors.Error{Source: s.name, Op: "presence", Kind: connectors.KindBadResponse, Detail: "the connector failed on it"}
		}
	}()
	got, err := s.reader.Presence(ctx, ids)
	return got, connectors.AsError(s.name, err)
}

// learn keeps an answer, and forgets what is too old to be given.
func (s *source) learn(c *call, got map[string]connectors.Presence, now time.Time) {
	if len(c.ids) == 0 {
		s.full, s.fullAt = got, c.at
		clear(s.known)
		return
	}
	for id, a := range s.known {
		if now.Sub(a.at) >= s.keepFor {
			delete(s.known, id)
		}
	}
	if now.Sub(s.fullAt) >= s.keepFor {
		s.full = nil
	}
	for _, id := range c.ids {
		s.known[id] = answer{orOffline(got, id), c.at}
	}
}

func orOffline(got map[string]connectors.Presence, id string) connectors.Presence {
	if p, ok := got[id]; ok {
		return p
	}
	return connectors.Presence{State: connectors.PresenceOffline}
}

// last gives the newest answer about an account.
func (s *source) last(id string) (answer, bool) {
	if a, ok := s.known[id]; ok { // an answer about everyone has cleared what was known before it
		return a, true
	}
	if s.fullAt.IsZero() {
		return answer{}, false
	}
	return answer{orOffline(s.full, id), s.fullAt}, true
}

func (s *source) lastKnown(id string, now time.Time) connectors.Presence {
	s.mu.Lock()
	defer s.mu.Unlock()
	if a, ok := s.last(id); ok && now.Sub(a.at) < s.keepFor {
		return a.presence
	}
	return connectors.Presence{}
}

// failed leaves a source alone that fails: the longer the more often it has, and as long as it asks.
func (s *source) failed(ctx context.Context, e *connectors.Error, now time.Time) {
	pause := s.life
	for n := 0; n < s.failures && pause < maxBackoff; n++ {
		pause = min(2*pause, maxBackoff)
	}
	switch e.Kind {
	case connectors.KindUnauthorized, connectors.KindForbidden, connectors.KindNotFound, connectors.KindUnsupported:
		pause = maxBackoff // asking again soon will not help
	default:
	}
	s.next = now.Add(max(pause, e.RetryAfter))
	if s.failures++; s.failures == 1 {
		s.log.LogAttrs(ctx, slog.LevelWarn, "source does not tell presence", slog.String("kind", e.Kind.String()),
			slog.String("error", e.Error()))
	}
}
