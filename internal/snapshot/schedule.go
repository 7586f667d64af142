package snapshot

import (
	"time"

	"roster/connectors"
	"roster/internal/backoff"
)

const (
	// maxBackoff bounds the pauses between attempts of a source that fails.
	maxBackoff = 5 * time.Minute
	// longBackoff bounds the pauses if an attempt will hardly succeed before somebody has changed something.
	longBackoff = 2 * maxBackoff

	// progressEvery and progressShare space the publications of a first fetch's progress: by a second, and by a share of the time that the
	// fetch has taken so far. So the number of publications grows with the logarithm of that time, and their cost, which grows with the
	// records, stays in proportion to the cost of the fetch.
	progressEvery   = time.Second
	progressDivisor = 16
)

// due reports whether it is time for a fetch.
func (t *step) due() bool {
	s := &t.collectionState
	return t.requires() && !t.now.Before(t.earliest(s)) || !t.now.Before(t.next) && t.wanted()
}

// wanted reports whether a caller has asked within the idle time.
func (t *step) wanted() bool { return t.now.Sub(t.asked) < t.idleAfter }

// requires reports whether a caller requires a fetch that begins later than the last one did.
func (s *collectionState) requires() bool {
	return s.accept || !s.required.IsZero() && (s.started.IsZero() || s.required.After(s.started))
}

// earliest returns the earliest time of a fetch that a caller requires.
func (r *rules) earliest(s *collectionState) time.Time {
	if own := s.started.Add(r.minInterval()); s.forced && own.Before(s.floor) {
		return own
	}
	return s.floor
}

// nextWake returns when something changes because time passes; zero if nothing changes before another event.
func (t *step) nextWake() (at time.Time) {
	sooner := func(times ...time.Time) {
		for _, next := range times {
			if next.After(t.now) && (at.IsZero() || next.Before(at)) {
				at = next
			}
		}
	}
	if t.phase == over {
		return at
	}
	sooner(t.nextChange(&t.collectionState, t.now))
	switch {
	case t.phase == fetching && t.pending != nil:
		sooner(t.publishAt)
	case t.phase == idle || t.phase == joining:
		sooner(t.turn, t.askAt)
		if !t.fetching {
			sooner(t.next)
		}
		if t.requires() {
			sooner(t.earliest(&t.collectionState))
		}
	}
	return at
}

// schedule returns when the next fetch is due, and from when it is allowed, given the state at the end of the last one.
func (t *step) schedule(o *outcome) (next, floor time.Time) {
	floor = t.started.Add(t.minInterval())
	if t.err != nil {
		floor = later(floor, t.now.Add(t.err.RetryAfter))
	}
	freshFor := t.freshFor(&t.collectionState)
	switch {
	case o.loss != nil:
		next = earlier(t.started.Add(freshFor), t.acceptAt(o.loss))
	case o.complete:
		next = t.snap.OldestAt.Add(freshFor)
	case t.err == nil: // incomplete without an error, as when accounts change during the fetch: retry soon, but not more often than fresh_for if it lasts
		next = t.now.Add(min(t.pace()*t.backoff(), freshFor))
	case t.err.Unsent && t.err.RetryAfter > 0 && !t.err.Blocked: // the error states when calls are made again; all of the source's collections are fetched then
		next = floor.Add(t.jitter(t.settings.MinInterval))
	case hopeless(t.err):
		next = t.now.Add(t.pace() * max(t.jitter(longBackoff), t.settings.MinInterval))
	default:
		next = t.now.Add(t.pace() * t.backoff())
	}
	return later(next, floor), floor
}

// backoff doubles the pause with each failure in a row, from MinInterval up to maxBackoff.
func (t *step) backoff() time.Duration {
	return max(t.jitter(backoff.After(t.failures, t.settings.MinInterval, maxBackoff)), t.settings.MinInterval)
}

// hopeless reports that an early retry does not help.
func hopeless(e *connectors.Error) bool {
	switch e.Kind {
	case connectors.KindUnauthorized, connectors.KindForbidden, connectors.KindNotFound, connectors.KindUnsupported:
		return true
	default:
		return e.Blocked
	}
}

// reschedule schedules the next fetch after complete data, by the present pace.
func (t *step) reschedule() {
	t.paced = t.pace()
	t.floor = t.started.Add(t.minInterval())
	t.next = later(t.floor, t.snap.dueSince().Add(t.freshFor(&t.collectionState)))
}

// putOff schedules the next fetch: due at next, and allowed from floor.
func (t *step) putOff(floor, next time.Time) {
	t.floor, t.next, t.fetching = floor, next, false
	t.do(wakeCallers{}) // callers for whom that is too late need not wait
}

// postpone postpones the fetch, because the last attempt was too recent.
func (t *step) postpone(m *Info) {
	until := m.TriedAt.Add(t.settings.MinInterval)
	if m.Failure.RetryAt.After(until) && !t.forced {
		until = m.Failure.RetryAt
		if t.requires() {
			until = earlier(until, m.Failure.NotBefore)
		}
	}
	// The two clocks may differ a little: asking a moment too early must not become an endless loop.
	until = later(until, t.now.Add(50*time.Millisecond))
	t.applyFailure(m)
	t.putOff(until, later(t.next, until))
}

// mayFetchAlone reports whether a due fetch is due for this replica while the shared store is unavailable, and postpones it otherwise. A
// fetch that another replica began right before the loss is unknown to all others. So each replica takes its first turn by its rank after
// the loss, and later turns by the number of replicas.
func (t *step) mayFetchAlone() bool {
	t.paced = t.pace()
	if t.started.IsZero() {
		return true // no fetch is known
	}
	m := &t.membership
	turn, last := time.Duration(max(1, m.Size)), t.started
	if m.Connected {
		turn = 1 // the store failed just now; whether it is unavailable is not known yet
	} else if !t.alone || t.started.Before(m.Since) {
		turn, last = time.Duration(m.Rank+1), later(t.started, m.Since)
	}
	floor := last.Add(turn * t.settings.MinInterval)
	next := floor
	if t.snap != nil && t.err == nil {
		next = later(floor, t.started.Add(turn*t.freshFor(&t.collectionState)/t.pace()))
		if at, ok := t.expedited(); ok {
			next = earlier(next, later(at, floor))
		}
	}
	if t.requires() && !t.now.Before(floor) || !t.now.Before(next) {
		return true
	}
	t.putOff(floor, next)
	return false
}
