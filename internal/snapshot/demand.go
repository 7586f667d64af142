package snapshot

import "time"

// Refresh starts a fetch of a collection now, whether or not a caller asks for the collection, and does not wait. It returns when that
// fetch has begun or begins. Refresh returns false and does nothing if the last fetch is younger than MinInterval, the source has asked
// for a pause, Run is over, or the collection does not exist.
func (k *Keeper) Refresh(key Key) (startsAt time.Time, ok bool) { return k.demand(key, asked{}) }

// Force is Refresh for a collection that is paused after a failure: its fetch begins as soon as MinInterval allows. The caller must first
// end what holds back the source's calls: see connectors.Source.Resume. If a fetch is in progress and fails, because it had begun before that, another one
// follows.
func (k *Keeper) Force(key Key) (startsAt time.Time, ok bool) {
	return k.demand(key, asked{force: true})
}

// AcceptLoss starts a fetch of the collection as soon as its limits allow, and accepts the result, however many of the known records it
// lacks. The acceptance applies to one fetch of this replica; a failed fetch ends it. AcceptLoss returns the earliest time of that fetch.
// It returns false and does nothing if Run is over or the collection does not exist.
func (k *Keeper) AcceptLoss(key Key) (startsAt time.Time, ok bool) {
	return k.demand(key, asked{accept: true})
}

// demand passes to the loop what a caller requires, and returns when the fetch begins.
func (k *Keeper) demand(key Key, e asked) (startsAt time.Time, ok bool) {
	c, now := k.byKey[key], time.Now()
	if c == nil {
		return startsAt, false
	}
	r, s := c.rules(), c.view.Load().collectionState
	s.forced = s.forced || e.force
	starts := r.earliest(&s)
	switch {
	case s.phase == over:
		return startsAt, false
	case e.accept: // a fetch in progress may be the one
	case s.fetching && e.force: // if the fetch in progress fails, another one follows
		c.ask(e)
		return s.started, true
	case s.fetching:
		return s.started, true
	case !e.force && now.Before(starts):
		return startsAt, false
	default:
		e.since = now
	}
	c.ask(e)
	return later(now, starts), true
}

// require makes the loop fetch as soon as it may, unless a fetch has begun at that time or later.
func (c *collection) require(v *view, since time.Time) {
	if since.After(v.required) {
		c.ask(asked{since: since})
	}
}
