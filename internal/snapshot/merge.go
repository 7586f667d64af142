package snapshot

import (
	"cmp"
	"slices"
	"time"

	"roster/connectors"
)

// outcome is the outcome of a fetch.
type outcome struct {
	fetchResult
	err *connectors.Error
	// loss is set if the fetch was complete and is held back; err then reports the loss too.
	loss *Loss
	// apart is true if replicas without a shared store took turns during the fetch.
	apart bool
}

// took returns the duration of the fetch, given that of the last one. The wait for a turn among replicas without a shared store is not a
// property of the source, and the pace includes it already. So the wait makes nothing count as fresh for longer.
func (o *outcome) took(start, now time.Time, before time.Duration) time.Duration {
	took := o.spent + now.Sub(start)
	if o.apart && before > 0 {
		return min(took, before)
	}
	return took
}

// start returns when the fetch began, given the beginning of the call that ended it.
func (r *fetchResult) start(call time.Time) time.Time {
	if r.began.IsZero() {
		return call
	}
	return earlier(r.began, call)
}

// snapshot makes a snapshot of the fetched records. Incomplete records are merged into the previous snapshot, unless that is too old to
// keep.
func (t *step) snapshot(r fetchResult) (*Snapshot, error) {
	was, began := t.snap, r.start(t.started)
	snap := &Snapshot{Key: t.key, FetchedAt: t.started, Complete: r.complete, Expected: r.expected, Anomalies: r.anomalies, OldestAt: began, FullAt: began, State: r.state,
		Fields: t.fields}
	var base Records
	switch {
	case r.since != nil:
		if !r.complete {
			snap.Known = r.since.known()
		}
		snap.Loss, snap.Anomalies = r.since.Loss, connectors.MergeAnomalies(r.since.Anomalies, r.anomalies)
		snap.Fields = t.fieldsWith(r.since.Fields)
		if base, snap.FullAt = r.since.Records, r.since.FullAt; len(r.gone) == 0 && t.kind.same(base, r.records) {
			snap.Records, snap.Version, snap.Size = base, r.since.Version, r.since.Size
			snap.Times = t.times(base, &r, snap.Version)
			return snap, nil
		}
	case was != nil && !r.complete && (was.Loss != nil || t.started.Sub(was.OldestAt) < t.settings.KeepFor):
		snap.Loss, snap.Known = was.Loss, was.known()
		base, snap.OldestAt, snap.FullAt = was.Records, earlier(was.OldestAt, snap.OldestAt), was.FullAt
		snap.Anomalies, snap.Fields = connectors.MergeAnomalies(was.Anomalies, r.anomalies), t.fieldsWith(was.Fields)
		if snap.Expected == nil {
			snap.Expected = was.Expected
		}
	}
	if !r.complete {
		r.records.Accounts = completed(base.Accounts, r.records.Accounts)
	}
	snap.Records = t.kind.merge(base, r.records, r.gone)
	version, err := t.kind.version(snap.Records)
	if err != nil {
		return nil, err
	}
	if snap.Version = version; was != nil && was.Version == version {
		snap.Records, snap.Size = was.Records, was.Size // sharing the slices avoids a rebuild, and frees the new records
	} else {
		snap.Size = t.kind.size(snap.Records)
	}
	snap.Times = t.times(base, &r, version)
	return snap, nil
}

// completed returns the accounts of an incomplete fetch, with what they lack of their details and the older accounts have. The older are in order. It
// does not change the slices.
func completed(older, newer []connectors.Account) []connectors.Account {
	cloned := false
	for i := range newer {
		partial, ok := newer[i].Details.(connectors.PartialDetails)
		if !ok {
			continue
		}
		at, found := slices.BinarySearchFunc(older, newer[i].ID, func(a connectors.Account, id string) int { return cmp.Compare(a.ID, id) })
		if !found {
			continue
		}
		details := partial.Completed(older[at].Details)
		if details == newer[i].Details {
			continue
		}
		if !cloned {
			newer, cloned = slices.Clone(newer), true
		}
		newer[i].Details = details
	}
	return newer
}

// failure returns an error of the collection.
func (c *constants) failure(kind connectors.ErrorKind, detail string) *connectors.Error {
	return &connectors.Error{Source: c.key.Source, Op: c.key.Collection.String(), Kind: kind, Detail: detail}
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
