package admission

import (
	"net/netip"
	"sync"
	"time"
)

// Caller identifies a caller for counting: by name, or by address if the caller has no name.
type Caller struct {
	Name    string
	Address netip.Addr
}

// At returns the anonymous caller at an address. The owner of one IPv6 address has a whole /64, so that a /64 counts as one caller.
func At(address netip.Addr) Caller {
	address = address.Unmap().WithZone("")
	if address.Is6() {
		if p, err := address.Prefix(64); err == nil {
			address = p.Addr()
		}
	}
	return Caller{Address: address}
}

// Limits are what a limiter allows; zero means no bound.
type Limits struct {
	// Sizes are the sizes of the resources, for all callers together.
	Sizes [NumResources]int
	// Anonymous is what callers without a name may hold of the resources together.
	Anonymous [NumResources]int
	// Requests are what a caller may send at once; they become available again evenly, all of them within Per.
	Requests int
	Per      time.Duration
	// Own returns the Requests of a single caller, which replace the general ones; zero means the general ones. A nil Own means that no
	// caller has its own.
	Own func(Caller) int
}

// each returns the time in which one request of a caller becomes available again; zero if there is no bound.
func (l *Limits) each(c Caller) time.Duration {
	requests := 0
	if l.Own != nil {
		requests = l.Own(c)
	}
	if requests == 0 {
		requests = l.Requests
	}
	if requests <= 0 {
		return 0
	}
	return max(1, l.Per/time.Duration(requests))
}

// Limiter limits callers. Its methods are safe for concurrent use.
type Limiter struct {
	mu      sync.Mutex
	limits  Limits
	callers map[Caller]*state
	syncs   bool // Sync runs
	sweepAt int  // the number of callers at which the next sweep begins
	swept   time.Time
	pools   [NumResources]Pool
}

// state is what the limiter knows of one caller. For an unknown caller it is zero.
type state struct {
	// fullAt is when all requests of the caller are available again. Each request moves it further into the future.
	fullAt time.Time
	// unsynced is how many requests the shared store does not have yet.
	unsynced int
}

// maxCallers is how many callers the limiter tracks separately. More callers without a name within one period are an attack, and share the overflow bucket.
// Anybody can be many of them, so callers with a name are always tracked: nobody can use up the requests of these.
const maxCallers = 100_000

// sweepEvery is the shortest time between two sweeps.
const sweepEvery = time.Second

// New returns a limiter with these limits.
func New(limits Limits) *Limiter {
	g := &Limiter{callers: make(map[Caller]*state), sweepAt: 1000}
	g.SetLimits(limits)
	return g
}

// SetLimits replaces the limits. Resources that callers hold stay counted. Each caller has used up as many requests as before, or all of them.
func (l *Limiter) SetLimits(limits Limits) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for r := range l.pools {
		l.pools[r].resize(limits.Sizes[r], limits.Anonymous[r])
	}
	old := l.limits
	l.limits = limits
	now := time.Now()
	for c, s := range l.callers {
		was, is := old.each(c), limits.each(c)
		if owed := s.fullAt.Sub(now); owed > 0 && was > 0 {
			s.fullAt = now.Add(min(time.Duration(float64(owed)/float64(was)*float64(is)), limits.Per))
		}
	}
}

// Rate is what a caller may still send.
type Rate struct {
	Remaining int
	// Reset is the time until all requests are available again.
	Reset time.Duration
	// RetryAfter is the time until one more request is available; zero if one is available now.
	RetryAfter time.Duration
}

// Count takes one of a caller's requests, and returns what remains. It returns false if no request was available.
func (l *Limiter) Count(c Caller) (Rate, bool) {
	now := time.Now()
	l.mu.Lock()
	defer l.mu.Unlock()
	each := l.limits.each(c)
	if each == 0 {
		return Rate{}, true
	}
	s := l.known(c)
	if s.fullAt.Before(now) {
		s.fullAt = now
	}
	owed := s.fullAt.Sub(now)
	if over := owed + each - l.limits.Per; over > 0 {
		return Rate{Reset: owed, RetryAfter: over}, false
	}
	s.fullAt = s.fullAt.Add(each)
	if l.syncs {
		s.unsynced++
	}
	owed += each
	return Rate{Remaining: int((l.limits.Per - owed) / each), Reset: owed}, true
}

// Pool returns the pool of a resource.
func (l *Limiter) Pool(r Resource) *Pool { return &l.pools[r] }

// overflow is the overflow bucket of all callers without a name beyond maxCallers.
var overflow = Caller{Name: "\x00overflow"} // no name of a caller has a NUL

// known returns the state of a caller, and creates it if necessary. The caller of known holds the lock.
func (l *Limiter) known(c Caller) *state {
	if s := l.callers[c]; s != nil {
		return s
	}
	if len(l.callers) >= l.sweepAt {
		l.sweep(time.Now())
	}
	if len(l.callers) >= maxCallers && c.Name == "" {
		c = overflow
		if s := l.callers[c]; s != nil {
			return s
		}
	}
	s := &state{}
	l.callers[c] = s
	return s
}

// sweep removes the callers whose state is the same as that of an unknown caller.
func (l *Limiter) sweep(now time.Time) {
	if now.Sub(l.swept) < sweepEvery {
		return
	}
	l.swept = now
	for c, s := range l.callers {
		if s.unsynced == 0 && !s.fullAt.After(now) {
			delete(l.callers, c)
		}
	}
	l.sweepAt = max(1000, min(2*len(l.callers), maxCallers))
}
