package responsecache

import (
	"hash/maphash"
	"sync"
	"sync/atomic"
	"time"

	"github.com/maypok86/otter/v2"
)

// Cache is a cache of answers. A nil Cache keeps nothing. It is safe for concurrent use.
type Cache struct {
	entries *otter.Cache[uint64, *entry]
	seen    seen
	seed    maphash.Seed
	most    int // bytes of one answer
	*counts

	mu      sync.Mutex
	flights map[string]*Flight
}

// entry is an answer, or a request that leads to one.
type entry struct {
	key    string
	answer *Answer // nil for a request
	to     *target // nil for an answer
}

// target is the key of a request's answer, and its hash.
type target struct {
	key  string
	hash uint64
}

// counts outlive a cache, because a new one replaces it when the configuration changes.
type counts struct {
	lookups   lookups
	evictions atomic.Int64
}

// Stats are the counts since the start of the program, and the present content.
type Stats struct {
	// Hits and Misses count operations: those that got an answer from the cache, and those that were executed although their answers can be cached.
	Hits, Misses int64
	// Evictions counts the answers and requests that were removed because others needed the room.
	Evictions int64
	// Bytes is the memory in use, and Size the limit.
	Bytes, Size int64
}

const (
	// One answer takes at most the cache divided by answerDivisor, so that a few answers do not remove all others.
	answerDivisor = 16
	// overhead is about how many bytes an entry takes besides its key, and answerOverhead an answer besides its bodies: with its origin and its headers.
	overhead, answerOverhead = 256, 768
)

// New returns a cache of that many bytes; nil for zero bytes. It continues the counts of the cache before it, which may be nil.
func New(bytes int, before *Cache) *Cache {
	if bytes <= 0 {
		return nil
	}
	c := &Cache{seed: maphash.MakeSeed(), most: bytes / answerDivisor, counts: &counts{}, flights: make(map[string]*Flight), seen: newSeen(bytes)}
	if before != nil {
		c.counts = before.counts
	}
	c.entries = otter.Must(&otter.Options[uint64, *entry]{
		MaximumWeight: uint64(bytes),
		Weigher:       weigh, StatsRecorder: evictions{counts: c.counts},
		Executor: func(task func()) { task() }, // there is no background work
	})
	return c
}

func weigh(_ uint64, e *entry) uint32 { return uint32(min(e.weight(), 1<<31)) } //nolint:gosec // it is not negative

// weight returns about how many bytes an entry takes.
func (e *entry) weight() int {
	n := overhead + len(e.key)
	if e.answer != nil {
		n += e.answer.weight()
	}
	return n
}

// evictions counts what the cache removes. Hits and misses are counted for operations.
type evictions struct{ counts *counts }

// RecordEviction implements stats.Recorder.
func (e evictions) RecordEviction(uint32) { e.counts.evictions.Add(1) }

// RecordHits implements stats.Recorder.
func (evictions) RecordHits(int) {}

// RecordMisses implements stats.Recorder.
func (evictions) RecordMisses(int) {}

// RecordLoadSuccess implements stats.Recorder.
func (evictions) RecordLoadSuccess(time.Duration) {}

// RecordLoadFailure implements stats.Recorder.
func (evictions) RecordLoadFailure(time.Duration) {}

func (c *Cache) hashOf(key string) uint64 { return maphash.String(c.seed, key) }

// Find returns the answer for a key; nil if there is none. The answer need not be correct any more.
func (c *Cache) Find(key []byte) *Answer {
	e, ok := c.entries.GetIfPresent(maphash.Bytes(c.seed, key))
	if !ok || e.key != string(key) { // another key can have the same hash
		return nil
	}
	return e.answer
}

// FindByRequest returns the answer for the key of a request; nil if there is none. The answer need not be correct any more.
func (c *Cache) FindByRequest(key []byte) *Answer {
	e, ok := c.entries.GetIfPresent(maphash.Bytes(c.seed, key))
	if !ok || e.to == nil || e.key != string(key) {
		return nil
	}
	to, ok := c.entries.GetIfPresent(e.to.hash)
	if !ok || to.key != e.to.key {
		return nil
	}
	return to.answer
}

// Put keeps an answer if it is made for the second time, and reports whether it does. Again is true if there has been one for the same key, or if it cost so much to
// make that it is to be kept at once.
func (c *Cache) Put(a *Answer, again bool) (kept bool) {
	if len(a.Body) > c.most || !again && !c.seen.add(a.hash) {
		return false
	}
	c.entries.Set(a.hash, &a.entry)
	return true
}

// weighAgain counts the encodings of an answer, if it is kept.
func (c *Cache) weighAgain(a *Answer) {
	c.entries.ComputeIfPresent(a.hash, func(e *entry) (*entry, otter.ComputeOp) {
		if e.answer != a {
			return e, otter.CancelOp
		}
		return e, otter.WriteOp
	})
}

// PutRequest records that the request with a key leads to an answer. It does nothing for an empty key.
func (c *Cache) PutRequest(key []byte, a *Answer) {
	if len(a.Body) <= c.most && len(key) > 0 {
		text := string(key)
		c.entries.Set(c.hashOf(text), &entry{key: text, to: &target{a.entry.key, a.hash}})
	}
}

// Fits reports whether an answer of that many bytes can be kept.
func (c *Cache) Fits(bytes int) bool { return bytes <= c.most }

// Count counts an operation whose answer can be cached.
func (c *Cache) Count(hit bool) { c.lookups.count(hit) }

// Stats returns the counts and the content.
func (c *Cache) Stats() Stats {
	if c == nil {
		return Stats{}
	}
	s := Stats{Evictions: c.evictions.Load(), Bytes: int64(c.entries.WeightedSize()), Size: int64(c.entries.GetMaximum())} //nolint:gosec // far below the bounds
	s.Hits, s.Misses = c.lookups.sum()
	return s
}
