package snapshot

import (
	"time"

	"roster/connectors"
)

// State is how far a collection's data can be relied upon, best first.
type State uint8

// The states.
const (
	// Fresh data is complete and younger than its effective fresh_for; or younger than twice that, while nothing has gone wrong: reading
	// anew begins at that age, on time or when somebody asks after a pause, and data is not called stale for the moment that it takes.
	Fresh State = iota
	// Stale data is complete, and older than its effective fresh_for after a reading that failed, or older than twice that anyway; or a later reading is
	// held back, see Loss.
	Stale
	// Incomplete data is known to lack something: its first reading is still under way, or the last one ended short.
	Incomplete
	// Missing data has never been read, or so long ago that it is no longer kept.
	Missing
)

// String gives the state in a word.
func (s State) String() string { return [...]string{"fresh", "stale", "incomplete", "missing"}[s] }

// Status is how a collection stands at the moment of asking.
type Status struct {
	Key
	State State
	// Count is how many records are served; during a first reading, those read so far.
	Count    int
	Expected *int
	// Anomalies tells what of it could not be read; nil for nothing.
	Anomalies []connectors.Anomaly
	// SyncedAt is when the reading began that the oldest of the data served may come from; zero where there is none.
	SyncedAt time.Time
	// TriedAt is when the last reading began, the one under way included; zero before the first.
	TriedAt time.Time
	// Err is why the last reading that ended has failed; nil after a success.
	Err *connectors.Error
	// Short is why the data is incomplete although nothing has failed, such as by the source's own count; nil otherwise.
	Short *connectors.Error
	// RetryAt is when the collection is read again after a failure, if somebody still asks for it; zero after a success.
	RetryAt time.Time
	// FreshFor is the effective fresh_for: no shorter than MinInterval, nor than four times what the last complete reading took.
	FreshFor time.Duration
	// Reading says that a reading is under way, here or in another replica.
	Reading bool
	// Progress is how far one has come that is under way here; nil where there is none.
	Progress *Progress
	// Reads is how often this keeper has begun to read the collection from its source, and Waits how often a caller has waited for it.
	Reads, Waits int
	// Loss is the fetch that is held back, and AcceptAt from when one like it is taken over; nil and zero where there is none.
	Loss     *Loss
	AcceptAt time.Time
}

// Result is a collection's data and how it stands.
type Result struct {
	Snapshot *Snapshot // nil where the state is Missing
	Status   Status
	// NotBefore is when the reading of data may have begun that is as fresh as the caller requires; zero where any is.
	NotBefore time.Time
	// NextAt is, if the caller has a requirement, from when the source may be read again.
	NextAt time.Time
}

const (
	// costFactor times what the last complete reading took is the shortest effective fresh_for.
	costFactor = 4
	// veryStale times the effective fresh_for is the age from which a caller waits for a reading first.
	veryStale = 10
	// tolerated times the effective fresh_for is the age from which data is stale although nothing has failed.
	tolerated = 2
)

// view is all that readers of a collection see of it, at one moment. It is immutable; the collection's reader puts a new one in its place.
type view struct {
	snap    *Snapshot
	err     *connectors.Error // of the last reading that ended
	short   *connectors.Error // why that one is known to lack something although nothing has failed
	took    time.Duration     // what the last complete reading of everything took
	quick   time.Duration     // what the last reading of changes took
	reading bool
	started time.Time     // when the last reading began
	next    time.Time     // from when a reading is due, if somebody asks
	floor   time.Time     // from when a reading is allowed at all
	over    bool          // nothing will be read any more
	ended   chan struct{} // closed when the reading under way ends, or else the next one
}

func (c *collection) freshFor(v *view) time.Duration {
	cost := costFactor * v.took
	if c.tells { // most readings are short; but while a full one is under way, nothing newer comes
		cost = max(costFactor*v.quick, v.took)
	}
	return c.pace() * max(c.settings.FreshFor, c.settings.MinInterval, cost)
}

// fullEvery is how long after a reading of everything the next one is due; zero where every reading is one.
func (c *collection) fullEvery(v *view) time.Duration {
	if !c.tells {
		return 0
	}
	return c.pace() * max(c.settings.FullEvery, costFactor*v.took)
}

// kept gives the view's snapshot unless it has become too old to serve.
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

// result gives the view as it is to be seen now: data grows old by the clock alone.
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

// nextChange is when the state changes by the clock alone; zero when it will not.
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
