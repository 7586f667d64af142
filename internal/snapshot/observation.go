package snapshot

import "time"

// Observation is what a caller without a requirement gets of every collection, as long as nothing changes. It is immutable.
type Observation struct {
	// Results are in the order of the configuration.
	Results []Result
	// Waits reports for each of them whether the caller would wait for better data.
	Waits []bool
	// Until is when one of them changes because time passes; zero if none does.
	Until time.Time

	keeper     *Keeper
	views      []*view
	waits      *waits
	membership Membership
}

// Observe returns the observation of the present. It does not count as a question.
func (k *Keeper) Observe() *Observation {
	now := time.Now()
	o := &Observation{Results: make([]Result, len(k.ordered)), Waits: make([]bool, len(k.ordered)), keeper: k, views: make([]*view, len(k.ordered)),
		waits: k.waits(), membership: k.membership()}
	p := waiting{first: now.Add(o.waits.first), last: now.Add(o.waits.last)}
	for i, c := range k.ordered {
		r, v := rules{constants: &c.constants, waits: o.waits}, c.view.Load()
		if c.shared {
			r.membership = o.membership
		}
		s := &v.collectionState
		o.views[i], o.Results[i], o.Waits[i] = v, r.result(s, now), r.awaitUntil(s, now, p).After(now)
		for _, at := range [...]time.Time{r.nextChange(s, now), r.nextWait(s, now)} {
			if at.After(now) && (o.Until.IsZero() || at.Before(o.Until)) {
				o.Until = at
			}
		}
	}
	return o
}

// nextWait returns when callers begin or cease to wait because time passes; zero if they do not.
func (r *rules) nextWait(s *collectionState, now time.Time) time.Time {
	if snap := r.kept(s, now); snap != nil {
		if at := snap.asOf().Add(veryStale * r.freshFor(s)); at.After(now) {
			return at
		}
	}
	if ceases := s.started.Add(r.first); s.fetching && ceases.After(now) {
		return ceases
	}
	return s.next
}

// Current reports whether callers still get what was observed.
func (o *Observation) Current(now time.Time) bool {
	if !o.Until.IsZero() && !now.Before(o.Until) || o.keeper.waits() != o.waits {
		return false
	}
	for i, c := range o.keeper.ordered {
		if c.view.Load() != o.views[i] {
			return false
		}
	}
	return o.keeper.membership() == o.membership
}

// Ask counts as the question of a caller who gets these collections, by their places in Results, as they were observed: see TakeSince.
func (o *Observation) Ask(places []int, now time.Time) {
	lane := lane()
	for _, i := range places {
		c := o.keeper.ordered[i]
		c.asks(o.views[i], now)
		c.hits.count(lane, o.Results[i].Snapshot != nil && !o.Waits[i])
	}
}

func (k *Keeper) membership() Membership {
	if k.store == nil {
		return Membership{}
	}
	return k.store.Membership()
}
