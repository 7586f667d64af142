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
	// Operations run at a time, in all; PerCaller for one of them.
	Operations, PerCaller int
	// Cost is what they may cost together, by whatever measure.
	Cost int
	// Requests are what a caller may send at once; they come back evenly, all of them in Per.
	Requests int
	Per      time.Duration
	// Own gives what a single caller may do in the place of others; zero means as others. Nil for nobody.
	Own func(Caller) Own
}

// Own is what one caller may do: PerCaller and Requests of the limits.
type Own struct{ PerCaller, Requests int }

// of gives what a caller may do.
func (l *Limits) of(c Caller) Own {
	own := Own{}
	if l.Own != nil {
		own = l.Own(c)
	}
	if own.PerCaller == 0 {
		own.PerCaller = l.PerCaller
	}
	if own.Requests == 0 {
		own.Requests = l.Requests
	}
	return own
}

// each gives the time in which one request of a caller comes back; zero where there is no bound.
func (l *Limits) each(c Caller) time.Duration {
	requests := l.of(c).Requests
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
	running int
	cost    int  // of all that run
	settles bool // there are others to settle with
	sweepAt int  // how many callers there are when those who have gone are next looked for
	swept   time.Time
}

// state is what is known of one caller. Who is not known has it zero.
type state struct {
	running int
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

// Full says which bound keeps an operation out.
type Full int

// The bounds of Acquire.
const (
	Free     Full = iota // none
	CallerAt             // the caller has as many under way as one may have
	AllAt                // all have together
)

// Held is an operation under way, counted for one caller.
type Held struct {
	gate *Gate
	of   *state // where it was counted: the caller may be known by another state when it ends
}

// Acquire lets a caller's operation begin, or says why not. What it gives has to be released, once.
func (g *Gate) Acquire(c Caller) (Held, Full) {
	g.mu.Lock()
	defer g.mu.Unlock()
	s, most := g.known(c), g.limits.of(c).PerCaller
	switch {
	case most > 0 && s.running >= most:
		return Held{}, CallerAt
	case g.limits.Operations > 0 && g.running >= g.limits.Operations:
		return Held{}, AllAt
	}
	s.running++
	g.running++
	return Held{g, s}, Free
}

// Release says that the operation has ended.
func (h Held) Release() {
	h.gate.mu.Lock()
	defer h.gate.mu.Unlock()
	h.of.running--
	h.gate.running--
}

// Take has an operation of that cost run among the others. It is false where they would cost too much together; one that is alone may cost what it will.
// What is taken has to be given back.
func (g *Gate) Take(cost int) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.limits.Cost > 0 && g.cost > 0 && g.cost+cost > g.limits.Cost {
		return false
	}
	g.cost += cost
	return true
}

// Give says that an operation of that cost has run.
func (g *Gate) Give(cost int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.cost -= cost
}

// crowd stands for all callers beyond maxCallers.
var crowd = Caller{Name: "\x00crowd"}

// known gives what is known of a caller. The gate is locked.
func (g *Gate) known(c Caller) *state {
	if s := g.callers[c]; s != nil {
		return s
	}
	if len(g.callers) >= g.sweepAt {
		g.sweep(time.Now())
	}
	if len(g.callers) >= maxCallers {
		c = crowd
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
		if s.running == 0 && s.unsettled == 0 && !s.full.After(now) {
			delete(g.callers, c)
		}
	}
	g.sweepAt = max(1000, min(2*len(g.callers), maxCallers))
}
