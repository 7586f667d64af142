package presence

import (
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"

	"roster/connectors"
)

// interest is how many times MaxIDs accounts are remembered as wanted: that there are more than MaxIDs is all that need be known.
const interest = 4

// source is one source's presence.
type source struct {
	of            *connectors.Source
	item          Item
	reader        connectors.PresenceReader
	tier          Tier // nil for memory only
	log           *slog.Logger
	life, keepFor time.Duration

	mu       sync.Mutex
	known    map[string]Answer // by the calls that named their accounts, and what others were told
	swept    time.Time         // when known was last rid of what is too old
	full     map[string]connectors.Presence
	fullAt   time.Time // when everyone was asked for; zero if never. Whom that answer leaves out is offline.
	wanted   map[string]time.Time
	missedAt time.Time // when somebody asked for an account that no call had named
	under    *call     // the call under way, or nil
	next     time.Time // no call before
	theirs   CallState // how the source stood with the others, last
	own      time.Time // the same, by our own calls alone
	alone    time.Time // when we last called without the others' knowing
	early    time.Time // when a call was last made before its time
	failures int       // in a row
	failedAt time.Time // when the last of our own did
	mourned  bool      // that it fails has been logged

	stats stats
}

// call is one call of a source, or the wish to make it.
type call struct {
	ids   []string        // whom it names; none for everyone
	about map[string]bool // whom those who wait for it want to know of
	at    time.Time
	early bool // it may be made before its time
	done  chan struct{}
}

func (c *call) concern(ids []string) {
	for _, id := range ids {
		c.about[id] = true
	}
}

// old gives those of the accounts that nothing current is known of.
func (s *source) old(ids []string, now time.Time) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.notCurrent(ids, now)
}

func (s *source) notCurrent(ids []string, now time.Time) (old []string) {
	for _, id := range ids {
		if a, ok := s.last(id); !ok || now.Sub(a.At) >= s.life {
			old = append(old, id)
		}
	}
	return old
}

// want notes that the accounts are of interest. It gives the call that will tell about those whose presence is not current, where there
// is one; the caller makes the call if it is new. Where some are not known at all, it may be a call for others: when it is over, a call for these
// may be made before its time. Missed says that the others are to hear that nobody had asked for some of them.
func (s *source) want(ids []string, now time.Time) (c *call, isNew, missed bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, id := range ids {
		if _, ok := s.wanted[id]; ok || len(s.wanted) < interest*s.reader.MaxIDs() {
			s.wanted[id] = now
		}
	}
	switch old := s.notCurrent(ids, now); {
	case len(old) == 0:
		return nil, false, false
	case s.under != nil:
		if namesAny(s.under.ids, old) {
			s.under.concern(old)
			return s.under, false, false
		}
		if s.mayHurry(old, now) {
			c = s.under
		}
		return c, false, s.miss(old, now)
	case now.Before(s.next) && !s.theirs.tells(old) && !s.mayHurry(old, now):
		return nil, false, s.miss(old, now)
	default:
		early := s.mayHurry(old, now)
		if now.Before(s.next) && early {
			s.early, s.missedAt = now, now
		}
		s.under = &call{ids: s.whom(old, now), about: make(map[string]bool), at: now, early: early, done: make(chan struct{})}
		s.under.concern(old)
	}
	if s.tier == nil {
		s.next = now.Add(s.life)
	}
	return s.under, true, false
}

// mayHurry says whether the source may be asked about the accounts before it is time, since nothing at all is known of some of them: once in a life,
// so that there are at most two calls in one, and not where it fails or replicas cannot agree on who asks.
func (s *source) mayHurry(ids []string, now time.Time) bool {
	return s.failures == 0 && now.Sub(s.early) >= s.life && s.unknown(ids, now) && (s.tier == nil || s.tier.Membership().Connected)
}

// lacks is unknown for who does not hold the lock.
func (s *source) lacks(ids []string, now time.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.unknown(ids, now)
}

// unknown says whether there is nothing to be given on some of the accounts.
func (s *source) unknown(ids []string, now time.Time) bool {
	return slices.ContainsFunc(ids, func(id string) bool {
		a, ok := s.last(id)
		return !ok || now.Sub(a.At) >= s.keepFor
	})
}

// miss notes that the last call has not named some of the accounts, and says whether that is worth telling the others.
func (s *source) miss(ids []string, now time.Time) bool {
	if !s.unknown(ids, now) || s.failures > 0 { // one that fails would have told nothing of them either
		return false
	}
	tell := now.Sub(s.missedAt) >= s.life
	if tell {
		s.missedAt = now
	}
	return tell
}

// whom says whom to ask for: the accounts, and everyone else of interest of late, since the budget allows no second call for them; or
// none, which means everyone, where one call can't name them all, and while people are looked for whom the calls before did not name:
// somebody is turning pages, and no list of IDs knows the next one.
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
	if len(named) > s.reader.MaxIDs() || s.turning(now) {
		return nil
	}
	return slices.Sorted(maps.Keys(named))
}

func (s *source) turning(now time.Time) bool {
	return !s.missedAt.IsZero() && now.Sub(s.missedAt) < s.keepFor
}

// learn keeps an answer, and forgets what is too old to be given.
func (s *source) learn(c *call, got map[string]connectors.Presence, now time.Time) {
	if len(c.ids) == 0 {
		s.full, s.fullAt = got, c.at
		clear(s.known)
		return
	}
	s.sweep(now)
	for _, id := range c.ids {
		s.known[id] = Answer{orOffline(got, id), c.at}
	}
}

// sweep forgets what is too old to be given, now and then.
func (s *source) sweep(now time.Time) {
	if now.Sub(s.swept) < s.life/2 {
		return
	}
	s.swept = now
	maps.DeleteFunc(s.known, func(_ string, a Answer) bool { return now.Sub(a.At) >= s.keepFor })
	if now.Sub(s.fullAt) >= s.keepFor {
		s.full = nil
	}
}

func orOffline(got map[string]connectors.Presence, id string) connectors.Presence {
	if p, ok := got[id]; ok {
		return p
	}
	return connectors.Presence{State: connectors.PresenceOffline}
}

// last gives the newest answer about an account.
func (s *source) last(id string) (Answer, bool) {
	a, ok := s.known[id]
	if ok && !a.At.Before(s.fullAt) {
		return a, true
	}
	if s.fullAt.IsZero() {
		return a, ok
	}
	return Answer{orOffline(s.full, id), s.fullAt}, true
}

func (s *source) lastKnown(id string, now time.Time) Answer {
	s.mu.Lock()
	defer s.mu.Unlock()
	if a, ok := s.last(id); ok && now.Sub(a.At) < s.keepFor {
		return a
	}
	return Answer{}
}
