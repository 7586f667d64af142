package responsecache

import (
	"math/rand/v2"
	"sync/atomic"
)

// lookups counts hits and misses. There are several counters, because all processors would write to the same cache line otherwise.
type lookups [8]struct {
	hits, misses atomic.Int64
	_            [48]byte // one cache line each
}

func (l *lookups) count(hit bool) {
	c := &l[rand.Uint32()%uint32(len(l))] //nolint:gosec // spreads load; nothing secret depends on it
	if hit {
		c.hits.Add(1)
	} else {
		c.misses.Add(1)
	}
}

func (l *lookups) sum() (hits, misses int64) {
	for i := range l {
		hits += l[i].hits.Load()
		misses += l[i].misses.Load()
	}
	return hits, misses
}
