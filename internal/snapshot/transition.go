package snapshot

import (
	"time"

	"roster/connectors"
)

// step is one transition of a collection: from a state, by an event, at a time, to the next state. It does nothing by itself: the actions
// are for the loop.
type step struct {
	*rules
	collectionState
	now     time.Time
	actions []action
	changed bool // the records have changed
}

// transition returns the state after an event, and what the loop has to do.
func (r *rules) transition(s collectionState, e event, now time.Time) (collectionState, []action) {
	t := &step{rules: r, collectionState: s, now: now}
	e.apply(t)
	t.publishProgress()
	t.applyStat()
	t.expedite()
	t.settle()
	t.proceed()
	t.wake = t.nextWake()
	return t.collectionState, t.actions
}

func (t *step) do(a ...action) { t.actions = append(t.actions, a...) }

// proceed begins what is due, if nothing is in progress.
func (t *step) proceed() {
	switch {
	case t.phase != idle && t.phase != joining:
	case t.stopping:
		t.phase, t.fetching = over, false
		t.do(wakeCallers{}) // nothing more comes, so that nobody needs to wait for it
	case !t.due():
		t.rest()
	case t.now.Before(t.turn), t.now.Before(t.askAt):
	case !t.shared:
		t.begin(false)
	case t.membership.Connected && t.now.Before(t.membership.Since.Add(t.settings.MinInterval)):
		// A replica that has just regained the shared store does not know what others fetched without it. So each replica waits for
		// MinInterval first.
		allowed := t.membership.Since.Add(t.settings.MinInterval)
		t.putOff(allowed, allowed)
		t.rest()
	default:
		t.phase, t.askAt = asking, time.Time{}
		t.do(requestLease{t.leaseRequest()})
	}
}

// rest ends the attempt to get data: none is due.
func (t *step) rest() {
	t.phase, t.attempts, t.turn, t.askAt = idle, 0, time.Time{}, time.Time{}
	if t.fetching {
		t.fetching = false
		t.do(wakeCallers{})
	}
}

func (ticked) apply(*step) {}

func (e asked) apply(t *step) {
	t.required = later(t.required, e.since)
	t.forced, t.accept = t.forced || e.force, t.accept || e.accept
	t.outdated, t.outdatedFull = later(t.outdated, e.outdated), later(t.outdatedFull, e.outdatedFull)
	if e.wanted || e.accept || e.force || !e.since.IsZero() { // a report alone is no reason to hurry
		t.turn = time.Time{}
		t.stopJoining()
	}
}

func (previousTried) apply(t *step) { t.turn = time.Time{} }

func (stopped) apply(t *step) { t.stopping = true }

func (e statted) apply(t *step) {
	t.offered, t.there = e.info, e.info
	t.stopJoining()
}

// stopJoining requests the lease again, without waiting longer for another replica's fetch.
func (t *step) stopJoining() {
	if t.phase == joining {
		t.askAt = time.Time{}
	}
}

// settle drops a snapshot that is too old to serve, and notifies of changes: of the records, and of the condition.
func (t *step) settle() {
	if t.snap != nil && t.kept(&t.collectionState, t.now) == nil {
		t.snap = nil
	}
	is := condition{state: t.state(&t.collectionState, t.now), failing: t.err != nil, short: t.err == nil && t.short != nil}
	if is.failing {
		if is.kind = t.err.Kind; is.kind == connectors.KindTimeout {
			is.kind = connectors.KindUnavailable // an unavailable source alternates between the two
		}
	}
	was := t.logged
	t.logged = is
	if t.changed || is != was {
		t.do(notify{})
	}
	if is != was {
		t.reportCondition(was)
	}
}
