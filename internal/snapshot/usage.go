package snapshot

import (
	"math/rand/v2"
	"sync/atomic"
	"time"

	"roster/connectors"
)

// TierKind is a place where a collection's data can come from, nearest first.
type TierKind uint8

// The tiers. A keeper has at most one of TierRedis and TierDirectory.
const (
	TierMemory TierKind = iota
	TierRedis
	TierDirectory
	TierSource
)

// String gives the tier in a word.
func (t TierKind) String() string { return [...]string{"memory", "redis", "directory", "source"}[t] }

// Usage is what a tier holds of a collection, and how it has served since the keeper was made. Memory serves operations; the others serve
// the collection's reader, when it is due to bring newer data into memory.
type Usage struct {
	Tier TierKind
	// Count is how many records the tier holds, as last known.
	Count int
	// Bytes is about how much room they take: in memory with all that belongs to them, elsewhere as they are stored. Zero where that is
	// not known, as it is of a source.
	Bytes int
	// SyncedAt is when the reading began that the oldest of them may come from; zero where there are none, and for a source.
	SyncedAt time.Time
	// Hits is how often the tier had what was wanted. Memory: an operation was served without waiting. Redis, directory: the reader took
	// what was there, and spared the source a reading. Source: a reading ended complete.
	Hits int64
	// Misses is how often it had not. Memory: an operation found nothing, or waited for better. Redis, directory: nothing good enough was
	// there, and the source was read. Source: a reading failed or ended short.
	Misses int64
	// Fills is how often data was put there: into memory from below, into Redis or the directory by this keeper. Nothing is ever put into
	// a source.
	Fills int64
	// Waits is how often somebody waited for it. Memory: an operation. Redis, directory: the reader, for a reading that another replica
	// makes.
	Waits int64
}

// Use is how one collection has been used since the keeper was made.
type Use struct {
	Key
	// Tiers are those that there are, nearest first.
	Tiers []Usage
	// Readings is how often reading the source has begun. Failures counts those that failed, by what it meant; Short is how often one ended
	// without a fault and without all records.
	Readings int64
	Failures map[connectors.ErrorKind]int64
	Short    int64
	// Took is how long the last complete reading took, whoever made it.
	Took time.Duration
}

// Uses gives how every collection has been used, in the order of the configuration.
func (k *Keeper) Uses() []Use {
	now := time.Now()
	uses := make([]Use, len(k.ordered))
	for i, c := range k.ordered {
		uses[i] = c.use(now)
	}
	return uses
}

// Use gives how a collection has been used; nothing of one that nobody knows.
func (k *Keeper) Use(key Key) Use {
	c := k.byKey[key]
	if c == nil {
		return Use{Key: key}
	}
	return c.use(time.Now())
}

func (c *collection) use(now time.Time) Use {
	v := c.view.Load()
	u := Use{Key: c.key, Readings: c.reads.Load(), Failures: make(map[connectors.ErrorKind]int64), Short: c.counts.short.Load(), Took: v.took}
	misses := u.Short
	for kind := range c.counts.failed {
		if n := c.counts.failed[kind].Load(); n > 0 {
			u.Failures[connectors.ErrorKind(kind)] = n
			misses += n
		}
	}
	memory := Usage{Tier: TierMemory, Fills: c.counts.fills.Load(), Waits: c.waits.Load()}
	memory.Hits, memory.Misses = c.counts.asked.sum()
	if snap := c.kept(v, now); snap != nil {
		memory.Count, memory.Bytes, memory.SyncedAt = snap.Records.Len(), snap.Size, snap.OldestAt
	}
	u.Tiers = append(u.Tiers, memory)
	if c.keeper.tier != nil {
		t := Usage{Tier: c.keeper.tierKind, Hits: c.counts.taken.Load(), Misses: c.counts.absent.Load(), Fills: c.counts.stored.Load(),
			Waits: c.counts.joined.Load()}
		if m := c.there.Load(); m != nil && m.Stamp != 0 {
			t.Count, t.Bytes, t.SyncedAt = m.Count, m.Bytes, m.Since
		}
		u.Tiers = append(u.Tiers, t)
	}
	u.Tiers = append(u.Tiers, Usage{Tier: TierSource, Hits: c.counts.read.Load(), Misses: misses})
	return u
}

// counts is what has happened to a collection since the keeper was made. See Usage for what each of them means.
type counts struct {
	asked  tally        // of operations
	fills  atomic.Int64 // of memory
	taken  atomic.Int64 // from the tier
	absent atomic.Int64 // from the tier
	stored atomic.Int64 // in the tier
	joined atomic.Int64 // another replica's reading
	read   atomic.Int64 // readings that ended complete
	short  atomic.Int64 // readings that ended short without a fault
	failed [connectors.KindSuspiciousLoss + 1]atomic.Int64
}

// ended counts a reading that has ended.
func (c *counts) ended(o *outcome) {
	switch {
	case o.complete:
		c.read.Add(1)
	case o.err == nil:
		c.short.Add(1)
	default:
		c.failed[o.err.Kind].Add(1)
	}
}

// tally counts hits and misses. Every operation counts, on every processor: in one place, all of them would write to the same line of
// memory, so each takes one of several.
type tally [8]struct {
	hits, misses atomic.Int64
	_            [48]byte // a line each
}

// lane chooses where an operation counts.
func lane() uint32 { return rand.Uint32() % uint32(len(tally{})) } //nolint:gosec // spreads load; nothing secret depends on it

func (t *tally) count(lane uint32, hit bool) {
	if hit {
		t[lane].hits.Add(1)
	} else {
		t[lane].misses.Add(1)
	}
}

func (t *tally) sum() (hits, misses int64) {
	for i := range t {
		hits += t[i].hits.Load()
		misses += t[i].misses.Load()
	}
	return hits, misses
}
