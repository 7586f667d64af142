package admission

import "sync"

// Resource is something that callers share.
type Resource int

// The resources.
const (
	Operations   Resource = iota // that are being executed
	Cost                         // of these operations
	LargeBodies                  // that are being read
	AnswerBytes                  // of answers that are being made, or wait to be written
	Streams                      // that are open
	NumResources                 // how many there are
)

// Pool is what callers hold of a resource: no more than its size all together, and each caller no more than a part. It refuses at once what is beyond,
// so that nobody waits. It is safe for concurrent use.
type Pool struct {
	mu      sync.Mutex
	size    int // zero for no bound
	held    int
	by      map[Caller]int // those who hold something
	refused [AllAt + 1]uint64
}

// Full says which bound keeps a caller out.
type Full int

// The bounds of a pool.
const (
	Free     Full = iota // none
	CallerAt             // the caller holds as much as one may hold
	AllAt                // all hold together as much as there is
)

// Hold is what one caller holds of a pool for one purpose. The zero value holds nothing of nothing. It is for one goroutine at a time.
type Hold struct {
	pool    *Pool
	caller  Caller
	most, n int
}

// Hold gives a hold of a caller, on nothing yet. Most is what this caller may hold of the pool for all purposes together; zero for no bound, and as much as
// there is for none but that.
func (p *Pool) Hold(c Caller, most int) Hold { return Hold{pool: p, caller: c, most: most} }

// Resize has the hold be n, or says why it stays as it is. Nothing bounds what becomes smaller, and no part or size keeps out what is alone: the first
// hold of a caller may exceed the caller's part, and the only one of all the pool's size.
func (h *Hold) Resize(n int) Full {
	if n == h.n {
		return Free
	}
	p, more := h.pool, n-h.n
	p.mu.Lock()
	defer p.mu.Unlock()
	own := p.by[h.caller]
	full := Free
	switch {
	case more < 0:
	case h.most > 0 && (p.size == 0 || h.most < p.size) && own > h.n && own+more > h.most:
		full = CallerAt
	case p.size > 0 && p.held > h.n && p.held+more > p.size:
		full = AllAt
	}
	if full != Free {
		p.refused[full]++
		return full
	}
	h.n = n
	p.held += more
	if own += more; own == 0 {
		delete(p.by, h.caller)
	} else {
		p.by[h.caller] = own
	}
	return Free
}

// Release gives back what is held.
func (h *Hold) Release() { h.Resize(0) }

// PoolStats are what is known of a pool.
type PoolStats struct {
	// Size is how much there is, zero for no bound; Held is how much of it is held, by Holders callers.
	Size, Held, Holders int
	// RefusedCaller and RefusedAll count what was refused, by the bound that it would have exceeded.
	RefusedCaller, RefusedAll uint64
}

// Stats tells how a pool fares.
func (p *Pool) Stats() PoolStats {
	p.mu.Lock()
	defer p.mu.Unlock()
	return PoolStats{Size: p.size, Held: p.held, Holders: len(p.by), RefusedCaller: p.refused[CallerAt], RefusedAll: p.refused[AllAt]}
}

// resize changes how much there is. What is held stays held.
func (p *Pool) resize(size int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.size = size
	if p.by == nil {
		p.by = make(map[Caller]int)
	}
}
