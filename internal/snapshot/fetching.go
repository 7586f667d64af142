package snapshot

import (
	"time"

	"roster/connectors"
)

// The part of the transition that is about fetches from the source.

// begin begins a fetch from the source.
func (t *step) begin(leased bool) {
	f := fetch{progress: t.snap == nil || !t.snap.Complete, urgent: t.requires()}
	if t.changesAreEnough() {
		f.since = t.snap
	}
	t.phase, t.fetching, t.started, t.leased = fetching, true, t.now, leased // a requirement that comes after this joins the fetch
	t.forced, t.attempts, t.turn, t.publishAt = false, 0, time.Time{}, t.now.Add(progressEvery)
	t.counts.begun++
	t.do(f)
}

// apply ignores progress that arrives after the end of its fetch: it would make the data of a complete fetch incomplete.
func (e progressed) apply(t *step) {
	if t.phase == fetching {
		t.pending = &e.result
	}
}

// publishProgress publishes the records that a first fetch has so far.
func (t *step) publishProgress() {
	if t.pending == nil || t.now.Before(t.publishAt) {
		return
	}
	r := *t.pending
	r.complete = false
	t.pending, t.publishAt = nil, t.now.Add(max(progressEvery, t.now.Sub(t.started)/progressDivisor))
	snap, err := t.snapshot(r)
	if err != nil {
		return // the end of the fetch reports the error
	}
	t.from = TierSource
	t.serve(snap)
	if t.leased && t.now.Sub(t.started) >= shareProgressAfter {
		t.do(saveProgress{t.stored()})
	}
}

func (e fetched) apply(t *step) {
	o := &e.outcome
	interrupted := t.stopping && !o.complete // by us: that is not a failure, and the partial result is of no use
	if !interrupted {
		t.guard(o)
	}
	t.do(endFetch{Records: o.records.Len(), Complete: o.complete, Err: o.err})
	o.apart = t.shared && (!t.leased || t.pace() > 1)
	t.phase, t.fetching, t.tried, t.pending = idle, false, true, nil
	if !interrupted {
		t.finish(o)
	}
	if !t.leased {
		t.stamp, t.alone = 0, true
		return
	}
	t.leased = false
	if !interrupted {
		t.saveFetch(o)
	}
	t.do(release{})
}

// finish serves the result of a fetch, and schedules the next fetch.
func (t *step) finish(o *outcome) {
	snap := t.snap
	// The present data is complete as of its time. Adding only some changes would make it neither complete nor newer.
	useless := o.since != nil && !o.complete
	if o.loss != nil {
		held := *snap
		held.Loss, snap = o.loss, &held
	} else if !useless && (o.err == nil || o.records.Len() > 0) {
		read, err := t.snapshot(o.fetchResult)
		if err != nil {
			*o = outcome{err: t.failure(connectors.KindBadResponse, "a record holds a value that has no place")}
		} else {
			snap = read
		}
	}
	t.counts.ended(o)
	switch {
	case o.complete || o.loss != nil:
		t.failures = 0
	case o.err != nil && o.err.Unsent: // the source was not called, so that this is not a further failure
		t.required, t.failures = time.Time{}, max(t.failures, 1)
	default: // a caller's requirement does not shorten the pause after a failure
		t.required, t.failures = time.Time{}, t.failures+1
	}
	switch {
	case o.complete || o.loss != nil:
		t.forced = false
	case t.forced: // see Keeper.Force
		t.required = t.now
	}
	t.err, t.short = o.err, t.shortError(o)
	switch {
	case o.since != nil && (o.complete || o.loss != nil):
		t.quick = o.took(t.started, t.now, t.quick)
	case o.complete || o.loss != nil:
		t.took = o.took(t.started, t.now, t.took)
	}
	if snap != t.snap {
		t.from = TierSource
	}
	t.serve(snap)
	t.next, t.floor = t.schedule(o)
	if t.err == nil && snap != nil && snap.Loss != nil { // changes or an incomplete full fetch: the loss remains
		t.err = t.lossError(snap.Loss)
	}
	t.reportAnomalies()
	t.do(wakeCallers{})
}

// saveFetch stores the result of a fetch that had a lease.
func (t *step) saveFetch(o *outcome) {
	if t.snap != nil && t.snap.Began().Equal(t.started) {
		t.phase, t.stamp = saving, 0 // our present data is not from the shared store
		// The store has a better snapshot if this replica stood still for too long, and another has fetched after it.
		t.do(save{t.stored(), o.complete})
	}
	if !o.complete && o.loss == nil { // a held-back loss is stored with the snapshot
		t.do(fail{Failure{Err: o.err, RetryAt: t.next, NotBefore: t.floor, InARow: t.failures}})
	}
}

// serve serves a snapshot from now on.
func (t *step) serve(snap *Snapshot) {
	if snap != t.snap {
		t.counts.fills++
	}
	t.changed = t.changed || snap != nil && (t.snap == nil || t.snap.Version != snap.Version || t.snap.Times.Version() != snap.Times.Version())
	t.snap = snap
}
