package snapshot

import (
	"errors"
	"log/slog"
	"time"
)

// The part of the transition that is about the shared store.

const (
	// joinEvery is how often a loop that waits for another replica's fetch checks that the other replica is alive.
	joinEvery = 4 * time.Second
	// askAgain is the time after which a failed call of a connected shared store is retried, and maxRetries the number of retries.
	askAgain   = 200 * time.Millisecond
	maxRetries = 20
	// clockSlack is the largest difference between two translations of one time.
	clockSlack = 250 * time.Millisecond
	// shareProgressAfter is the duration after which the progress of a first fetch is shared.
	shareProgressAfter = 5 * time.Second
)

func (e leaseAnswered) apply(t *step) {
	t.phase = idle
	switch m := e.info; {
	case t.stopping && !e.granted:
	case e.err != nil && t.membership.Connected && t.attempts < maxRetries:
		t.retry()
	case e.err != nil:
		if t.mayFetchAlone() {
			t.begin(false)
		}
	case e.granted && t.stopping:
		t.do(release{})
	case e.granted:
		t.counts.absent++
		t.begin(true)
	case t.better(m):
		t.takeStored(m)
	case m.Fetching:
		t.join(m)
	case m.Stamp > t.stamp && !t.unusable.is(m):
		t.unusable = unusable{m.Stamp, m.Version} // no improvement for us: request the lease without it
	default:
		t.postpone(m)
	}
}

// retry repeats the request to the shared store soon.
func (t *step) retry() {
	t.attempts++
	t.askAt = t.now.Add(t.jitter(askAgain))
}

// join waits for the fetch of another replica: for its notification, or until it is time to ask again.
func (t *step) join(m *Info) {
	t.phase, t.askAt = joining, t.now.Add(t.jitter(joinEvery))
	if !t.fetching {
		t.counts.joined++
		t.fetching, t.started = true, later(t.started, m.TriedAt)
	}
}

func (e saved) apply(t *step) {
	t.phase = idle
	switch {
	case e.err == nil:
		t.stamp, t.alone, t.damaged = e.meta.Stamp, false, false
		t.counts.stored++
		there := Info{Meta: e.meta}
		if there.Bytes = e.encoded; e.encoded == 0 && t.there != nil && t.there.Version == e.meta.Version {
			there.Bytes = t.there.Bytes
		}
		t.there = &there
	case errors.Is(e.err, ErrSuperseded):
		if e.catchUp {
			t.do(stat{})
		}
		return
	}
	t.reportStoring(e.err)
}

// applyStat applies what a stat has found, if nothing else is in progress.
func (t *step) applyStat() {
	m := t.offered
	if m == nil || t.stopping || t.phase != idle && t.phase != joining {
		return
	}
	t.offered = nil
	switch {
	case t.better(m):
		// Data that no caller asks for stays in the shared store until a caller does, unless taking it costs nothing.
		if t.wanted() || t.snap != nil && t.snap.Version == m.Version {
			t.takeStored(m)
			return
		}
	case t.lacks(m):
		t.phase = saving
		t.do(offer{t.stored()})
	}
	t.afterStat(m)
}

// afterStat applies what the shared store knows besides its data.
func (t *step) afterStat(m *Info) {
	t.applyFailure(m)
	if t.paced != t.pace() && t.err == nil && t.snap != nil && t.snap.Complete {
		t.reschedule()
	}
}

// better reports whether the data of the shared store should replace ours.
func (t *step) better(m *Info) bool {
	if m.Stamp == 0 || t.unusable.is(m) || !t.now.Before(t.expires(m.FetchedAt, m.Loss, &t.collectionState)) {
		return false
	}
	switch ours := t.snap; {
	case ours == nil:
		return true
	case ours.Complete && !m.Complete:
		return false
	case t.covers(ours.Fields) && !t.covers(m.Fields) && (ours.Complete || !m.Complete): // from a replica with other settings
		return false
	case t.stamp != 0 && m.Stamp != t.stamp:
		return m.Stamp > t.stamp
	case t.stamp != 0: // the same fetch, which may have progressed
		return !ours.Complete && (m.Complete || m.Count > ours.Records.Len())
	default:
		return m.Began().After(ours.Began())
	}
}

// lacks reports whether the shared store has lost, or never had, our data.
func (t *step) lacks(m *Info) bool {
	ours := t.snap
	if ours == nil || !ours.Complete || m.Fetching {
		return false
	}
	return m.Stamp == 0 || t.stamp == 0 && ours.Began().After(m.Began()) || m.Stamp < t.stamp
}

// takeStored takes the data of the shared store, without its records if they are ours.
func (t *step) takeStored(m *Info) {
	if t.snap == nil || t.snap.Version != m.Version || m.Times != "" && m.Times != t.snap.Times.Version() {
		t.phase = taking
		t.do(take{m, t.snap})
		return
	}
	t.adopt(m, m.snapshot(t.key, t.snap.Records, t.snap.Size))
}

// snapshot returns a stored snapshot.
func (m *Meta) snapshot(key Key, records Records, size int) *Snapshot {
	return &Snapshot{Key: key, Records: records, Size: size, Version: m.Version, FetchedAt: m.FetchedAt, Complete: m.Complete, Expected: m.Expected,
		Anomalies: m.Anomalies, OldestAt: m.Since, FullAt: m.Full, State: m.State, Loss: m.Loss, Fields: m.Fields}
}

func (e taken) apply(t *step) {
	t.phase = idle
	switch {
	case e.snap != nil:
		t.adopt(e.info, e.snap)
		return
	case e.damaged:
		t.unusable, t.damaged = unusable{e.info.Stamp, e.info.Version}, true
		t.report(slog.LevelWarn, "stored snapshot is gone or damaged, and not used")
	case t.attempts >= maxRetries:
		t.unusable = unusable{e.info.Stamp, e.info.Version}
	default:
		t.retry()
	}
	t.afterStat(e.info)
}

// adopt replaces our data by that of the shared store.
func (t *step) adopt(m *Info, snap *Snapshot) {
	t.noteAnomalies(snap)
	snap.Times = t.timesAfter(&m.Meta, snap.Records, snap.Times)
	t.stamp, t.alone, t.failures, t.there = m.Stamp, false, m.Failure.InARow, m
	t.counts.taken++
	t.from = t.tier
	t.serve(snap)
	t.fetching, t.tried, t.err, t.short = false, true, nil, nil
	if snap.Loss != nil {
		t.err = t.lossError(snap.Loss)
	}
	t.started = later(t.started, m.Began())
	if m.Took > 0 {
		t.took = m.Took
	}
	t.reschedule()
	if !snap.Complete {
		t.next = t.floor
	}
	t.checkFields()
	t.do(wakeCallers{})
	t.afterStat(m)
}

// applyFailure applies the time and the failure of another replica's attempt.
func (t *step) applyFailure(m *Info) {
	if !m.Failure.RetryAt.After(t.now) || m.TriedAt.Before(t.started.Add(-clockSlack)) {
		return
	}
	t.failures, t.tried = m.Failure.InARow, true
	t.started, t.err, t.next, t.floor = m.TriedAt, m.Failure.Err, m.Failure.RetryAt, m.Failure.NotBefore
	t.do(wakeCallers{})
}

func (t *step) leaseRequest() LeaseRequest {
	request := LeaseRequest{Item: t.item, Have: max(t.stamp, t.unusable.stamp), MaxAge: t.freshFor(&t.collectionState),
		MinInterval: t.settings.MinInterval, Urgent: t.requires(), Forced: t.forced}
	switch {
	case t.accept:
		request.MaxAge = 0 // no other replica's fetch is sufficient
	case request.Urgent:
		request.MaxAge = max(0, t.now.Sub(t.required))
	}
	return request
}

// stored returns the present data for the shared store.
func (t *step) stored() Stored {
	snap := t.snap
	return Stored{
		Item: t.item, KeepFor: t.expires(snap.FetchedAt, snap.Loss, &t.collectionState).Sub(snap.FetchedAt), Rewrite: t.damaged,
		Meta: Meta{FetchedAt: snap.FetchedAt, Since: snap.OldestAt, Full: snap.FullAt, Version: snap.Version, Complete: snap.Complete, Expected: snap.Expected,
			Anomalies: snap.Anomalies, State: snap.State, Took: t.took, Loss: snap.Loss, Count: snap.Records.Len(), Times: snap.Times.Version(), Fields: snap.Fields},
		Encode:      func() ([][]byte, error) { return t.kind.encode(snap.Records) },
		EncodeTimes: func() [][]byte { return encodeTimes(snap.Times) },
	}
}
