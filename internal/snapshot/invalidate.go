package snapshot

import "time"

// halfTheTime times the duration of a fetch is the shortest time between the beginnings of two fetches that follow from Invalidate, so that a
// source which reports changes without end is fetched for at most half of the time.
const halfTheTime = 2

// Invalidate reports that the source's records have changed: data of fetches that began earlier is outdated. If callers ask for the
// collection, the next fetch begins as soon as MinInterval, the pause after a failure and the duration of the last fetch allow; otherwise with
// the next question. Any number of calls before that fetch cause only one, and no call waits. Full says that incremental fetches do not show
// the change, as a removal that the source does not report: then a full fetch follows as soon as full fetches take at most a quarter of the
// time. Invalidate does nothing if the collection does not exist.
func (k *Keeper) Invalidate(key Key, full bool) {
	if next := k.next.Load(); next != nil { // which has taken over
		next.Invalidate(key, full)
		return
	}
	c := k.byKey[key]
	if c == nil {
		return
	}
	e := asked{outdated: time.Now()}
	if full {
		e.outdatedFull = e.outdated
	}
	c.ask(e)
	if next := k.next.Load(); next != nil { // which may have taken over just before the report was there
		next.Invalidate(key, full)
	}
}

// expedite makes the next fetch due as soon as it may begin if the data is outdated. The pauses after failures stay as they are.
func (t *step) expedite() {
	if at, ok := t.expedited(); ok && t.failures == 0 {
		t.next = earlier(t.next, later(at, t.floor))
	}
}

// expedited returns when the next fetch is due because the data is outdated. It returns false if the data is not.
func (t *step) expedited() (at time.Time, ok bool) {
	if t.snap == nil {
		return at, false
	}
	if t.snap.dueSince().Before(t.outdated) {
		took := t.took
		if t.reportsChanges {
			took = t.quick
		}
		return t.started.Add(t.pace() * halfTheTime * took), true
	}
	if t.fullOutdated() {
		return t.lastFull().Add(t.fullAgain()), true
	}
	return at, false
}

// fullOutdated reports whether the last full fetch is outdated, and incremental ones do not help.
func (t *step) fullOutdated() bool {
	return t.reportsChanges && t.lastFull().Before(t.outdatedFull)
}

// lastFull returns when the last full fetch in the data began. A full fetch that was held back counts as one.
func (t *step) lastFull() time.Time {
	if l := t.snap.Loss; l != nil {
		return later(t.snap.FullAt, l.At)
	}
	return t.snap.FullAt
}

// fullAgain returns the time from a full fetch to the next one if the first is outdated.
func (t *step) fullAgain() time.Duration { return t.pace() * costFactor * t.took }
