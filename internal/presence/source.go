package presence

import (
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"

	"roster/connectors"
)

// wantedFactor bounds the remembered wanted accounts, in multiples of MaxIDs. The store needs to know only that there are more than MaxIDs.
const wantedFactor = 4

// source is the presence of one source.
type source struct {
	of            *connectors.Source
	item          StoreKey
	reader        connectors.PresenceReader
	watcher       connectors.PresenceWatcher // nil if it tells of no changes
	shared        SharedStore                // nil for memory only
	log           *slog.Logger
	life, keepFor time.Duration

	mu            sync.Mutex
	known         map[string]Answer // from calls that named their accounts, and from other replicas
	swept         time.Time         // when sweep last removed old answers
	full          map[string]connectors.Presence
	fullAt        time.Time // when a call asked for everyone; zero if never. An account that its answer leaves out is offline.
	wanted        map[string]time.Time
	missedAt      time.Time // when a caller last asked for an account that no call had named
	under         *call     // the call in progress, or nil
	next          time.Time // no call before this time
	theirs        CallState // the last known state of the source in the shared store
	own           time.Time // like next, but by our own calls alone
	alone         time.Time // when this replica last called without the shared store
	early         time.Time // when the last early call began
	failures      int       // in a row
	failedAt      time.Time // when our own last call failed
	failureLogged bool      // the failure has been logged

	live        *live             // nil while the source tells of no changes
	holders     int               // the stores that have it connected
	endWatch    func()            // ends the connection; set by the first holder
	awaitWatch  func()            // waits for that
	watchLogged *connectors.Error // the last logged reason why it does not tell; nil if it does

	stats stats
}

// call is one call of a source, in progress or about to begin.
type call struct {
	ids   []string        // the accounts that the call names; empty for everyone
	about map[string]bool // the accounts that the waiting callers ask for
	at    time.Time
	early bool // the call may begin before next
	done  chan struct{}
}

func (c *call) addIDs(ids []string) {
	for _, id := range ids {
		c.about[id] = true
	}
}

// old returns the accounts without a current answer.
func (s *source) old(ids []string, now time.Time) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.notCurrent(ids, now)
}

func (s *source) notCurrent(ids []string, now time.Time) (old []string) {
	if s.live != nil {
		return nil
	}
	for _, id := range ids {
		if a, ok := s.last(id); !ok || now.Sub(a.At) >= s.life {
			old = append(old, id)
		}
	}
	return old
}

// want records that the accounts are wanted, and returns the call whose answer covers those without a current answer, or nil. If the call
// is new, the caller of want makes it. If some accounts are unknown, want may return a call that does not cover them: after it, an early
// call for them may begin. missed is true if the other replicas must learn that no call had named some of the accounts.
func (s *source) want(ids []string, now time.Time) (c *call, isNew, missed bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, id := range ids {
		if _, ok := s.wanted[id]; ok || len(s.wanted) < wantedFactor*s.reader.MaxIDs() {
			s.wanted[id] = now
		}
	}
	switch old := s.notCurrent(ids, now); {
	case len(old) == 0:
		return nil, false, false
	case s.under != nil:
		if namesAny(s.under.ids, old) {
			s.under.addIDs(old)
			return s.under, false, false
		}
		if s.mayAskEarly(old, now) {
			c = s.under
		}
		return c, false, s.miss(old, now)
	case now.Before(s.next) && !s.theirs.covers(old) && !s.mayAskEarly(old, now):
		return nil, false, s.miss(old, now)
	default:
		early := s.mayAskEarly(old, now)
		if now.Before(s.next) && early {
			s.early, s.missedAt = now, now
		}
		s.under = &call{ids: s.idsToAsk(old, now), about: make(map[string]bool), at: now, early: early, done: make(chan struct{})}
		s.under.addIDs(old)
	}
	if s.shared == nil {
		s.next = now.Add(s.life)
	}
	return s.under, true, false
}

// mayAskEarly reports whether the source may be called early because some of the accounts are unknown. It allows one early call per life, so
// that a life has at most two calls. It allows none if the source fails, or if replicas cannot agree on who calls.
func (s *source) mayAskEarly(ids []string, now time.Time) bool {
	return s.failures == 0 && now.Sub(s.early) >= s.life && s.unknown(ids, now) && (s.shared == nil || s.shared.Membership().Connected)
}

// lacksAny is unknown for callers that do not hold the lock.
func (s *source) lacksAny(ids []string, now time.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.unknown(ids, now)
}

// unknown reports whether some of the accounts have no answer that could be returned.
func (s *source) unknown(ids []string, now time.Time) bool {
	return slices.ContainsFunc(ids, func(id string) bool {
		a, ok := s.last(id)
		return !ok || now.Sub(a.At) >= s.keepFor
	})
}

// miss records that the last call did not name some of the accounts, and reports whether the other replicas should learn of it.
func (s *source) miss(ids []string, now time.Time) bool {
	if !s.unknown(ids, now) || s.failures > 0 { // a failing source would not have answered for them either
		return false
	}
	tell := now.Sub(s.missedAt) >= s.life
	if tell {
		s.missedAt = now
	}
	return tell
}

// idsToAsk returns the accounts that the call names: the given ones and all others wanted recently, because the rate budget allows no
// second call for them. It returns none, which means everyone, in two cases: one call cannot name them all; or callers recently asked for
// accounts that earlier calls did not name. In the second case a caller is paging through a list, and no list of IDs contains the next
// page.
func (s *source) idsToAsk(ids []string, now time.Time) []string {
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
	if len(named) > s.reader.MaxIDs() || s.paging(now) {
		return nil
	}
	return slices.Sorted(maps.Keys(named))
}

func (s *source) paging(now time.Time) bool {
	return !s.missedAt.IsZero() && now.Sub(s.missedAt) < s.keepFor
}

// learn stores an answer, and removes answers that are too old to return.
func (s *source) learn(c *call, got map[string]connectors.Presence, now time.Time) {
	if len(c.ids) == 0 {
		if c.at.After(s.fullAt) { // a connection may have told later presence meanwhile
			s.full, s.fullAt = got, c.at
			clear(s.known)
		}
		return
	}
	s.sweep(now)
	for _, id := range c.ids {
		s.known[id] = Answer{orOffline(got, id), c.at}
	}
}

// sweep removes answers that are too old to return, at most twice in a life.
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

// last returns the newest answer about an account.
func (s *source) last(id string) (Answer, bool) {
	if s.live != nil {
		return Answer{orOffline(s.live.of, id), s.live.asOf()}, true
	}
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
