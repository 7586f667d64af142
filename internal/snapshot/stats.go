package snapshot

import (
	"math/rand/v2"
	"sync/atomic"
	"time"

	"roster/connectors"
)

// TierKind is the kind of a place from which a collection's data can come, nearest first.
type TierKind uint8

// The kinds of tiers. A keeper has at most one of TierRedis and TierDirectory.
const (
	TierMemory TierKind = iota
	TierRedis
	TierDirectory
	TierSource
)

// String returns the name of the tier.
func (t TierKind) String() string { return [...]string{"memory", "redis", "directory", "source"}[t] }

// TierStats is what a tier holds of a collection, and how often it was used since the keeper was made. Memory serves operations. The other
// tiers serve the collection's loop, when newer data for the memory is due.
type TierStats struct {
	Tier TierKind
	// Count is how many records the tier holds, as last known.
	Count int
	// Bytes is about how much space they take: in memory with everything that belongs to them, elsewhere as stored. Zero if it is unknown,
	// as for a source.
	Bytes int
	// SyncedAt is when the fetch began from which the oldest of them may come; zero if there are none, and for a source.
	SyncedAt time.Time
	// Hits is how often the tier had the data. Memory: an operation was served without a wait. Redis, directory: the loop took the stored
	// data, which avoided a fetch from the source. Source: a fetch ended complete.
	Hits int64
	// Misses is how often the tier did not have the data. Memory: an operation found nothing, or waited for better data. Redis, directory:
	// the stored data was not good enough, and the loop fetched from the source. Source: a fetch failed or was incomplete.
	Misses int64
	// Fills is how often data was written to the tier: into memory from the other tiers, into Redis or the directory by this keeper.
	// Nothing is ever written to a source.
	Fills int64
	// Waits is how many waits for the tier there were. Memory: of an operation. Redis, directory: of the loop, for another replica's
	// fetch.
	Waits int64
}

// Stats are the statistics of one collection since the keeper was made.
type Stats struct {
	Key
	// Tiers are the tiers of the keeper, nearest first.
	Tiers []TierStats
	// Fetches is how many fetches from the source have begun. Failures counts the failed ones by the kind of the error. Short counts
	// those that were incomplete without an error.
	Fetches  int64
	Failures map[connectors.ErrorKind]int64
	Short    int64
	// Took is the duration of the last complete fetch, whichever replica made it.
	Took time.Duration
}

// Stats returns the statistics of every collection, in the order of the configuration.
func (k *Keeper) Stats() []Stats {
	now := time.Now()
	all := make([]Stats, len(k.ordered))
	for i, c := range k.ordered {
		all[i] = c.stats(now)
	}
	return all
}

// StatsOf returns the statistics of a collection; for an unknown collection only its key.
func (k *Keeper) StatsOf(key Key) Stats {
	c := k.byKey[key]
	if c == nil {
		return Stats{Key: key}
	}
	return c.stats(time.Now())
}

func (c *collection) stats(now time.Time) Stats {
	r, v := c.rules(), c.view.Load()
	counts := &v.counts
	st := Stats{Key: c.key, Fetches: counts.begun, Failures: make(map[connectors.ErrorKind]int64), Short: counts.short, Took: v.took}
	misses := st.Short
	for kind, n := range counts.failed {
		if n > 0 {
			st.Failures[connectors.ErrorKind(kind)] = n
			misses += n
		}
	}
	memory := TierStats{Tier: TierMemory, Fills: counts.fills, Waits: c.waits.Load()}
	memory.Hits, memory.Misses = c.hits.sum()
	if snap := r.kept(&v.collectionState, now); snap != nil {
		memory.Count, memory.Bytes, memory.SyncedAt = snap.Records.Len(), snap.Size, snap.OldestAt
	}
	st.Tiers = append(st.Tiers, memory)
	if c.shared {
		t := TierStats{Tier: c.keeper.tierKind, Hits: counts.taken, Misses: counts.absent, Fills: counts.stored, Waits: counts.joined}
		if m := v.there; m != nil && m.Stamp != 0 {
			t.Count, t.Bytes, t.SyncedAt = m.Count, m.Bytes, m.Since
		}
		st.Tiers = append(st.Tiers, t)
	}
	st.Tiers = append(st.Tiers, TierStats{Tier: TierSource, Hits: counts.read, Misses: misses})
	return st
}

// counts are the events of a collection since the keeper was made. TierStats says what each of them means.
type counts struct {
	begun  int64 // fetches
	fills  int64 // of memory
	taken  int64 // from the shared store
	absent int64 // not in the shared store
	stored int64 // in the shared store
	joined int64 // another replica's fetch
	read   int64 // fetches that ended complete
	short  int64 // fetches that were incomplete without an error
	failed [connectors.KindSuspiciousLoss + 1]int64
}

// ended counts a fetch that has ended.
func (c *counts) ended(o *outcome) {
	switch {
	case o.complete:
		c.read++
	case o.err == nil:
		c.short++
	default:
		c.failed[o.err.Kind]++
	}
}

// tally counts hits and misses. Every operation on every processor counts. With one counter all of them would write to the same cache
// line, so that the tally has several counters.
type tally [8]struct {
	hits, misses atomic.Int64
	_            [48]byte // one cache line each
}

// lane chooses the counter for an operation.
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
