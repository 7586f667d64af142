package snapshot

import (
	"time"

	"roster/connectors"
)

// State is how far a collection's data can be relied upon, best first.
type State uint8

// The states.
const (
	// Fresh data is complete and younger than its effective fresh_for. If nothing has failed, it may be up to twice as old: a fetch begins
	// at that age, on time or when a caller asks after an idle time, and the data does not become stale during that fetch.
	Fresh State = iota
	// Stale data is complete, and older than its effective fresh_for after a failed fetch, or older than twice that in any case; or a
	// later fetch is held back, see Loss.
	Stale
	// Incomplete data is known to lack records: its first fetch is still in progress, or the last one was incomplete.
	Incomplete
	// Missing data was never fetched, or so long ago that it is no longer kept.
	Missing
)

// String returns the name of the state.
func (s State) String() string { return [...]string{"fresh", "stale", "incomplete", "missing"}[s] }

// Status is the status of a collection at the time of the question.
type Status struct {
	Key
	State State
	// Count is how many records are served; during a first fetch, those fetched so far.
	Count    int
	Expected *int
	// Anomalies are the values of the served data that nobody could read; nil for none.
	Anomalies []connectors.Anomaly
	// SyncedAt is when the fetch began from which the oldest served data may come; zero if there is no data.
	SyncedAt time.Time
	// TriedAt is when the last fetch began, the one in progress included; zero before the first.
	TriedAt time.Time
	// Err is the error of the last fetch that ended; nil after a success.
	Err *connectors.Error
	// Short is why the data is incomplete although no fetch has failed, for example by the source's own count; nil otherwise.
	Short *connectors.Error
	// RetryAt is when the collection is fetched again after a failure, if a caller still asks for it; zero after a success.
	RetryAt time.Time
	// FreshFor is the effective fresh_for: at least MinInterval, and at least four times the duration of the last complete fetch.
	FreshFor time.Duration
	// Reading is true while a fetch is in progress, here or in another replica.
	Reading bool
	// Progress is the progress of a fetch in this process; nil if there is none.
	Progress *Progress
	// Reads is how many fetches from the source this keeper has begun, and Waits how many waits of callers for the collection have begun.
	Reads, Waits int
	// Loss is the fetch that is held back, and AcceptAt the time from which a similar one is accepted; nil and zero if there is none.
	Loss     *Loss
	AcceptAt time.Time
}

// Result is a collection's data and its status.
type Result struct {
	Snapshot *Snapshot // nil if the state is Missing
	Status   Status
	// NotBefore is the earliest beginning of a fetch whose data is as fresh as the caller requires; zero if any data is.
	NotBefore time.Time
	// NextAt is the earliest time of the next fetch from the source, if the caller has a requirement.
	NextAt time.Time
}

const (
	// costFactor times the duration of the last complete fetch is the shortest effective fresh_for.
	costFactor = 4
	// veryStale times the effective fresh_for is the age from which a caller waits for a fetch.
	veryStale = 10
	// tolerated times the effective fresh_for is the age from which data is stale although no fetch has failed.
	tolerated = 2
)

// view is all that others see of the collection at one time. It is immutable; the collection's loop replaces it.
type view struct {
	snap    *Snapshot
	err     *connectors.Error // of the last fetch that ended
	short   *connectors.Error // why that fetch is known to be incomplete without an error
	took    time.Duration     // the duration of the last complete full fetch
	quick   time.Duration     // the duration of the last incremental fetch
	reading bool
	started time.Time     // when the last fetch began
	next    time.Time     // when the next fetch is due, if a caller asks
	floor   time.Time     // the earliest time at which a fetch is allowed
	over    bool          // no fetch follows
	ended   chan struct{} // closed when the fetch in progress ends, or else the next one
}

func (c *collection) freshFor(v *view) time.Duration {
	cost := costFactor * v.took
	if c.reportsChanges { // most fetches are incremental and short; but during a full fetch no newer data comes
		cost = max(costFactor*v.quick, v.took)
	}
	return c.pace() * max(c.settings.FreshFor, c.settings.MinInterval, cost)
}

// fullEvery returns the time from one full fetch to the next; zero if every fetch is full.
func (c *collection) fullEvery(v *view) time.Duration {
	if !c.reportsChanges {
		return 0
	}
	return c.pace() * max(c.settings.FullEvery, costFactor*v.took)
}

// kept returns the view's snapshot, or nil if it is too old to serve.
func (c *collection) kept(v *view, now time.Time) *Snapshot {
	if v.snap == nil || !now.Before(c.expires(v.snap.ReadAt, v.snap.Loss, v)) {
		return nil
	}
	return v.snap
}

func (c *collection) state(v *view, now time.Time) State {
	snap := c.kept(v, now)
	if snap == nil {
		return Missing
	}
	if !snap.Complete {
		return Incomplete
	}
	if snap.Loss != nil {
		return Stale
	}
	stale := func(age, bound time.Duration) bool {
		return age >= tolerated*bound || age >= bound && v.err != nil
	}
	if stale(now.Sub(snap.OldestAt), c.freshFor(v)) {
		return Stale
	}
	if full := c.fullEvery(v); full > 0 && stale(now.Sub(snap.FullAt), full) {
		return Stale
	}
	return Fresh
}

// result returns the result at the time now: data ages as time passes.
func (c *collection) result(v *view, now time.Time) Result {
	r := Result{Snapshot: c.kept(v, now), Status: Status{
		Key: c.key, State: c.state(v, now), TriedAt: v.started, Err: v.err, FreshFor: c.freshFor(v), Reading: v.reading,
		Reads: int(c.reads.Load()), Waits: int(c.waits.Load()),
	}}
	if r.Snapshot != nil {
		r.Status.Count, r.Status.Expected, r.Status.SyncedAt = r.Snapshot.Records.Len(), r.Snapshot.Expected, r.Snapshot.OldestAt
		r.Status.Anomalies = r.Snapshot.Anomalies
		if l := r.Snapshot.Loss; l != nil {
			r.Status.Loss, r.Status.AcceptAt = l, c.acceptAt(l)
		}
	}
	r.Status.Short = c.shortage(v, &r)
	if v.err != nil {
		r.Status.RetryAt = v.next
	}
	r.Status.Progress = c.progressed.Load()
	return r
}

// nextChange returns when the state next changes because time passes; zero if it does not.
func (c *collection) nextChange(v *view, now time.Time) time.Time {
	if v.snap == nil {
		return time.Time{}
	}
	freshFor := c.freshFor(v)
	var next time.Time
	for _, at := range [...]time.Time{v.snap.OldestAt.Add(freshFor), v.snap.OldestAt.Add(tolerated * freshFor), c.expires(v.snap.ReadAt, v.snap.Loss, v),
		v.snap.FullAt.Add(c.fullEvery(v)), v.snap.FullAt.Add(tolerated * c.fullEvery(v))} {
		if at.After(now) && (next.IsZero() || at.Before(next)) {
			next = at
		}
	}
	return next
}
