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
	// Fetching is true while a fetch is in progress, here or in another replica.
	Fetching bool
	// Progress is the progress of a fetch in this process; nil if there is none.
	Progress *Progress
	// Fetches is how many fetches from the source this keeper has begun, and Waits how many waits of callers for the collection have begun.
	Fetches, Waits int
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
	// staleFactor times the effective fresh_for is the age from which data is stale although no fetch has failed.
	staleFactor = 2
)

func (r *rules) state(s *collectionState, now time.Time) State {
	snap := r.kept(s, now)
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
		return age >= staleFactor*bound || age >= bound && s.err != nil
	}
	if stale(now.Sub(snap.OldestAt), r.freshFor(s)) {
		return Stale
	}
	if full := r.fullEvery(s); full > 0 && stale(now.Sub(snap.FullAt), full) {
		return Stale
	}
	return Fresh
}

// result returns the result at the time now: data ages as time passes.
func (r *rules) result(s *collectionState, now time.Time) Result {
	res := Result{Snapshot: r.kept(s, now), Status: Status{
		Key: r.key, State: r.state(s, now), TriedAt: s.started, Err: s.err, FreshFor: r.freshFor(s), Fetching: s.fetching, Fetches: int(s.counts.begun),
	}}
	if snap := res.Snapshot; snap != nil {
		res.Status.Count, res.Status.Expected, res.Status.SyncedAt = snap.Records.Len(), snap.Expected, snap.OldestAt
		res.Status.Anomalies = snap.Anomalies
		if l := snap.Loss; l != nil {
			res.Status.Loss, res.Status.AcceptAt = l, r.acceptAt(l)
		}
		if !snap.Complete {
			res.Status.Short = r.shortage(s, snap)
		}
	}
	if s.err != nil {
		res.Status.RetryAt = s.next
	}
	return res
}

// nextChange returns when the state next changes because time passes; zero if it does not.
func (r *rules) nextChange(s *collectionState, now time.Time) (next time.Time) {
	snap := s.snap
	if snap == nil {
		return time.Time{}
	}
	freshFor, full := r.freshFor(s), r.fullEvery(s)
	for _, at := range [...]time.Time{snap.OldestAt.Add(freshFor), snap.OldestAt.Add(staleFactor * freshFor), r.expires(snap.FetchedAt, snap.Loss, s),
		snap.FullAt.Add(full), snap.FullAt.Add(staleFactor * full)} {
		if at.After(now) && (next.IsZero() || at.Before(next)) {
			next = at
		}
	}
	return next
}
