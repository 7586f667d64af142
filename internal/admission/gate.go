package admission

import (
	"net/netip"
	"sync"
	"time"
)

// Caller is who asks, as far as counting them goes: a name if they have one, else where they connect from.
type Caller struct {
	Name    string
	Address netip.Addr
}

// At gives the nameless caller at an address. Whoever has one IPv6 address has a whole /64 of them, which therefore counts as one.
func At(address netip.Addr) Caller {
	address = address.Unmap().WithZone("")
	if address.Is6() {
		if p, err := address.Prefix(64); err == nil {
			address = p.Addr()
		}
	}
	return Caller{Address: address}
}

// Limits are what a gate lets in; zero means no bound.
type Limits struct {
	// Sizes are how much there is of each resource, for all callers together.
	Sizes [NumResources]int
	// Requests are what a caller may send at once; they come back evenly, all of them in Per.
	Requests int
	Per      time.Duration
	// Own gives the Requests of a single caller, in the place of those of others; zero means as others. Nil for nobody.
	Own func(Caller) int
}

// each gives the time in which one request of a caller comes back; zero where there is no bound.
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

// Gate counts callers. It is safe for concurrent use.
type Gate struct {
	mu      sync.Mutex
	limits  Limits
	callers map[Caller]*state
	settles bool // there are others to settle with
	sweepAt int  // how many callers there are when those who have gone are next looked for
	swept   time.Time
	pools   [NumResources]Pool
}

// state is what is known of one caller. Who is not known has it zero.
type state struct {
	// full is when all their requests will have come back: each one moves it further into the future.
	full time.Time
	// unsettled is how many requests other replicas have not been told of.
	unsettled int
}

// maxCallers is how many callers are told apart. More of them within one period are an attack, and count as one.
const maxCallers = 100_000

// sweepEvery is how often those who have gone are looked for at most.
const sweepEvery = time.Second

// New makes a gate.
func New(limits Limits) *Gate {
	g := &Gate{callers: make(map[Caller]*state), sweepAt: 1000}
	g.Limit(limits)
	return g
}

// Limit puts other limits in the place of those in force. What is under way stays counted, and callers have used up as many of their requests as before,
// or all of them.
func (g *Gate) Limit(limits Limits) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for r := range g.pools {
		g.pools[r].resize(limits.Sizes[r])
	}
	old := g.limits
	g.limits = limits
	now := time.Now()
	for c, s := range g.callers {
		was, is := old.each(c), limits.each(c)
		if owed := s.full.Sub(now); owed > 0 && was > 0 {
			s.full = now.Add(min(time.Duration(float64(owed)/float64(was)*float64(is)), limits.Per))
		}
	}
}

// Rate is what a caller may still send.
type Rate struct {
	Remaining int
	// Reset is when all of it will be there again.
	Reset time.Duration
	// RetryAfter is when there will be one more; zero where there is one.
	RetryAfter time.Duration
}

// Count takes one of a caller's requests, and says what is left. It is false where there was none to take.
func (g *Gate) Count(c Caller) (Rate, bool) {
	now := time.Now()
	g.mu.Lock()
	defer g.mu.Unlock()
	each := g.limits.each(c)
	if each == 0 {
		return Rate{}, true
	}
	s := g.known(c)
	if s.full.Before(now) {
		s.full = now
	}
	owed := s.full.Sub(now)
	if over := owed + each - g.limits.Per; over > 0 {
		return Rate{Reset: owed, RetryAfter: over}, false
	}
	s.full = s.full.Add(each)
	if g.settles {
		s.unsettled++
	}
	owed += each
	return Rate{Remaining: int((g.limits.Per - owed) / each), Reset: owed}, true
}

// Pool gives what callers hold of a resource.
func (g *Gate) Pool(r Resource) *Pool { return &g.pools[r] }

// overflow stands for all callers beyond maxCallers.
var overflow = Caller{Name: "\x00crowd"}

// known gives what is known of a caller. The gate is locked.
func (g *Gate) known(c Caller) *state {
	if s := g.callers[c]; s != nil {
		return s
	}
	if len(g.callers) >= g.sweepAt {
		g.sweep(time.Now())
	}
	if len(g.callers) >= maxCallers {
		c = overflow
		if s := g.callers[c]; s != nil {
			return s
		}
	}
	s := &state{}
	g.callers[c] = s
	return s
}

// sweep forgets whom nothing has to be remembered of.
func (g *Gate) sweep(now time.Time) {
	if now.Sub(g.swept) < sweepEvery {
		return
	}
	g.swept = now
	for c, s := range g.callers {
		if s.unsettled == 0 && !s.full.After(now) {
			delete(g.callers, c)
		}
	}
	g.sweepAt = max(1000, min(2*len(g.callers), maxCallers))
}
