package admission

import "sync"

// Resource is something that callers share.
type Resource int

// The resources.
const (
	Operations   Resource = iota // operations in progress
	Cost                         // the total cost of the operations in progress
	LargeBodies                  // large request bodies in progress
	AnswerBytes                  // bytes of answers that are being built or wait to be written
	Streams                      // open streams
	Exports                      // exports in progress
	NumResources                 // the number of resources
)

// Pool bounds what callers hold of a resource: all callers together at most its size, those without a name together at most a part of that, and
// each caller at most its part. One person can use many addresses, and so be many callers without a name. The bound on all of them together keeps
// the rest for the others. The pool refuses at once what exceeds a bound, so that nobody waits. Its methods are safe for concurrent use.
type Pool struct {
	mu   sync.Mutex
	size int // zero for no bound
	held int
	// anonymous is what callers without a name hold together, and maxAnonymous what they may hold; zero for no bound.
	anonymous, maxAnonymous int
	heldBy                  map[Caller]*held // only callers that hold something, and last
	// last is the caller who most recently stopped holding anything: often the one who holds something next. Its memory is used for
	// the next one in any case.
	last struct {
		caller Caller
		*held  // nil for none
	}
	refused [PoolBound + 1]uint64
}

// Bound names the bound that refuses a caller.
type Bound int

// The bounds of a pool.
const (
	NoBound        Bound = iota // not refused
	CallerBound                 // the caller holds its part
	AnonymousBound              // the callers without a name together hold their part
	PoolBound                   // all callers together hold the size
)

// Hold is what one caller holds of a pool for one purpose. The zero value has no pool and holds nothing. Only one goroutine at a time may
// use it.
type Hold struct {
	pool    *Pool
	caller  Caller
	most, n int
	own     *held // what the caller holds of the pool; nil if this hold has nothing of it
}

// held is what one caller holds of a pool for all purposes together.
type held struct{ n int }

// Hold returns a caller's hold, which holds nothing yet. Most is what this caller may hold of the pool for all purposes together. Zero
// means no bound, and so does the size of the pool or more.
func (p *Pool) Hold(c Caller, most int) Hold { return Hold{pool: p, caller: c, most: most} }

// Resize changes the size of the hold to n, or returns the bound that refuses the change. A hold may always become smaller. A bound does
// not refuse a hold that is alone: the first hold of a caller may exceed the caller's part, and the only hold of all callers may exceed
// the size of the pool.
func (h *Hold) Resize(n int) Bound {
	if n == h.n {
		return NoBound
	}
	p, more := h.pool, n-h.n
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case h.own != nil:
	case p.last.held != nil && p.last.caller == h.caller:
		h.own = p.last.held
	default:
		h.own = p.heldBy[h.caller]
	}
	own, unnamed := 0, h.caller.Name == ""
	if h.own != nil {
		own = h.own.n
	}
	bound := NoBound
	switch {
	case more < 0:
	case h.most > 0 && (p.size == 0 || h.most < p.size) && own > h.n && own+more > h.most:
		bound = CallerBound
	case unnamed && p.maxAnonymous > 0 && p.maxAnonymous < p.size && p.anonymous > h.n && p.anonymous+more > p.maxAnonymous:
		bound = AnonymousBound
	case p.size > 0 && p.held > h.n && p.held+more > p.size:
		bound = PoolBound
	}
	if bound != NoBound {
		p.refused[bound]++
		h.keep()
		return bound
	}
	h.n = n
	p.held += more
	if unnamed {
		p.anonymous += more
	}
	if h.own == nil {
		if h.own = p.forget(); h.own == nil {
			h.own = new(held)
		}
		p.heldBy[h.caller] = h.own
	}
	switch was := h.own.n; {
	case was == 0:
		p.last.held = nil
	case was+more == 0:
		p.forget()
		p.last.caller, p.last.held = h.caller, h.own
	}
	h.own.n += more
	h.keep()
	return NoBound
}

// forget removes the last caller, and returns its memory; nil if there is none.
func (p *Pool) forget() (memory *held) {
	if memory = p.last.held; memory != nil {
		delete(p.heldBy, p.last.caller)
		p.last.caller, p.last.held = Caller{}, nil
	}
	return memory
}

// keep forgets what the caller holds if this hold has nothing of it: the pool may forget it too.
func (h *Hold) keep() {
	if h.n == 0 {
		h.own = nil
	}
}

// Release releases all that the hold holds.
func (h *Hold) Release() { h.Resize(0) }

// PoolStats are the statistics of a pool.
type PoolStats struct {
	// Size is the size of the pool, zero for no bound. Held is how much of it Holders callers hold.
	Size, Held, Holders int
	// RefusedCaller, RefusedAnonymous and RefusedPool count the refusals, by the bound that refused.
	RefusedCaller, RefusedAnonymous, RefusedPool uint64
}

// Stats returns the statistics of the pool.
func (p *Pool) Stats() PoolStats {
	p.mu.Lock()
	defer p.mu.Unlock()
	holders := len(p.heldBy)
	if p.last.held != nil {
		holders--
	}
	return PoolStats{Size: p.size, Held: p.held, Holders: holders, RefusedCaller: p.refused[CallerBound],
		RefusedAnonymous: p.refused[AnonymousBound], RefusedPool: p.refused[PoolBound]}
}

// resize changes the size of the pool, and what callers without a name may hold together. Holds do not change.
func (p *Pool) resize(size, unnamed int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.size, p.maxAnonymous = size, unnamed
	if p.heldBy == nil {
		p.heldBy = make(map[Caller]*held)
	}
}
