package snapshot

import (
	"math/rand/v2"
	"time"

	"roster/connectors"
)

// phase is what the loop of a collection does.
type phase uint8

// The phases. docs/architecture.md has a diagram of them.
const (
	idle     phase = iota // waits for a time, a caller or a notification
	asking                // requests the lease from the shared store
	joining               // waits for another replica's fetch
	taking                // reads a stored snapshot
	fetching              // fetches from the source
	saving                // writes to the shared store
	over                  // has ended
)

func (p phase) String() string {
	return [...]string{"idle", "asking", "joining", "taking", "fetching", "saving", "over"}[p]
}

// collectionState is the state of a collection. It is a value: transition.go makes the next state from it, and each state is published, so
// that callers can read it without a lock. What it points to is immutable.
type collectionState struct {
	phase    phase
	stopping bool // no fetch begins, and the loop ends
	tried    bool // the first attempt to get data is over

	// The data, and the last fetch that ended.
	snap        *Snapshot
	from        TierKind // where the data came from last: the shared store or the source
	err         *connectors.Error
	short       *connectors.Error // why the last fetch is known to be incomplete without an error
	took, quick time.Duration     // the durations of the last complete full fetch, and of the last incremental one
	failures    int               // fetches in a row that failed or were incomplete

	// The fetch in progress, or else the last one.
	started   time.Time
	fetching  bool // it is in progress, here or in another replica
	leased    bool // this replica holds the lease
	pending   *fetchResult
	publishAt time.Time // when the pending progress is published

	// The next fetch.
	next, floor time.Time // when it is due if a caller asks, and from when it is allowed
	turn        time.Time // at a start: until when it waits for the source's previous collection
	wake        time.Time // when something changes because time passes; zero for never

	// What callers require.
	required time.Time // a fetch that begins then or later; see Keeper.Refresh
	forced   bool      // the next fetch ignores the failure of the last one; see Keeper.Force
	accept   bool      // the loss of the next full fetch is accepted; see Keeper.AcceptLoss

	// What the source has reported; see Keeper.Invalidate.
	outdated     time.Time // data of fetches that began earlier is outdated
	outdatedFull time.Time // full fetches that began earlier are outdated, and later incremental ones do not help

	// The shared store.
	stamp    int64         // its stamp of our data; zero if the data is not from there
	offered  *Info         // what a stat has found, until it is applied
	there    *Info         // what was last known to be there
	unusable unusable      // what it has and cannot deliver
	damaged  bool          // its copy must be written again
	unstored bool          // it did not accept the last fetch
	alone    bool          // the last fetch was made without the other replicas' knowledge
	paced    time.Duration // the pace with which the next fetch was scheduled, see rules.pace
	attempts int           // of the current request that failed
	askAt    time.Time     // when the request is repeated

	logged    condition
	anomalies []connectors.Anomaly // the kinds of anomalies that have been logged
	counts    counts
	random    rand.PCG // spreads pauses
}

// condition is what is logged when it changes.
type condition struct {
	state   State
	failing bool
	short   bool
	kind    connectors.ErrorKind
}

// unusable identifies what the shared store has and cannot deliver, or what is no improvement. Later progress of the same fetch is not
// covered.
type unusable struct {
	stamp   int64
	version string
}

func (u unusable) is(m *Info) bool { return m.Stamp == u.stamp && m.Version == u.version }

// jitter returns a time between half of d and d, so that what failed together is not retried together.
func (s *collectionState) jitter(d time.Duration) time.Duration {
	return d/2 + time.Duration(rand.New(&s.random).Int64N(int64(d/2+1))) //nolint:gosec // spreads load; nothing secret depends on it
}

// constants are what never changes of a collection.
type constants struct {
	key            Key
	kind           kind
	settings       Settings
	item           StoreKey
	reportsChanges bool     // the source can report changes
	fields         string   // see connectors.Source.FieldsOf
	shared         bool     // there is a shared store
	tier           TierKind // of the shared store
}

// rules are what a state is judged by: the constants of the collection, and what is outside of it at the moment.
type rules struct {
	*constants
	*waits
	membership Membership
	asked      time.Time // when a caller last asked
}

// pace returns the factor by which all intervals are longer, because replicas without a shared store fetch from the same source.
func (r *rules) pace() time.Duration {
	if !r.shared || r.membership.Connected {
		return 1
	}
	return time.Duration(max(1, r.membership.Size))
}

func (r *rules) minInterval() time.Duration { return r.pace() * r.settings.MinInterval }

// freshFor returns the effective fresh_for.
func (r *rules) freshFor(s *collectionState) time.Duration {
	cost := costFactor * s.took
	if r.reportsChanges { // most fetches are incremental and short; but during a full fetch no newer data comes
		cost = max(costFactor*s.quick, s.took)
	}
	return r.pace() * max(r.settings.FreshFor, r.settings.MinInterval, cost)
}

// fullEvery returns the time from one full fetch to the next; zero if every fetch is full.
func (r *rules) fullEvery(s *collectionState) time.Duration {
	if !r.reportsChanges {
		return 0
	}
	return r.pace() * max(r.settings.FullEvery, costFactor*s.took)
}

// kept returns the snapshot, or nil if it is too old to serve.
func (r *rules) kept(s *collectionState, now time.Time) *Snapshot {
	if s.snap == nil || !now.Before(r.expires(s.snap.FetchedAt, s.snap.Loss, s)) {
		return nil
	}
	return s.snap
}
