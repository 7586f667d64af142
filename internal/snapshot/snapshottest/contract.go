// Package snapshottest is the contract of snapshot.SharedStore as tests, for each of its implementations, and a source and a keeper to test them with. The
// package knows no implementation.
package snapshottest

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"roster/connectors"
	"roster/internal/snapshot"
)

// Item is an item to store.
var Item = snapshot.StoreKey{Key: Key("a", connectors.Accounts), Fingerprint: "0123456789abcdef0123456789abcdef"}

// Stored returns a snapshot of these parts, fetched at that time.
func Stored(version string, readAt time.Time, complete bool, parts ...string) snapshot.Stored {
	return snapshot.Stored{Item: Item, KeepFor: time.Hour,
		Meta: snapshot.Meta{FetchedAt: readAt, Since: readAt.Add(-time.Second), Full: readAt.Add(-time.Hour), Version: version, Complete: complete, Took: time.Second, Count: len(parts)},
		Encode: func() ([][]byte, error) {
			out := make([][]byte, len(parts))
			for i, p := range parts {
				out[i] = []byte(p)
			}
			return out, nil
		}}
}

// Contract tests a store with two members of it, which open returns.
func Contract(t *testing.T, open func(t *testing.T) (a, b snapshot.SharedStore)) {
	t.Helper()
	for name, test := range map[string]func(t *testing.T, a, b snapshot.SharedStore){"what is saved is shared": sharesSnapshots, "a loss travels with the snapshot": sharesLosses,
		"times travel with the snapshot": sharesTimes} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a, b := open(t)
			test(t, a, b)
		})
	}
}

// Stat returns what a store knows of an item.
func Stat(t *testing.T, store snapshot.SharedStore, item snapshot.StoreKey) snapshot.Info {
	t.Helper()
	marks, err := store.Stat(t.Context(), []snapshot.StoreKey{item})
	if err != nil {
		t.Fatal(err)
	}
	return marks[0]
}

// Fetch returns the parts of the snapshot that a store has.
func Fetch(t *testing.T, store snapshot.SharedStore, item snapshot.StoreKey) []string {
	t.Helper()
	parts, err := store.Load(t.Context(), item, Stat(t, store, item).Meta)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, p := range parts {
		out = append(out, string(p))
	}
	return out
}

// Acquire gets the lease to fetch Item, which must be granted. The test releases it at its end.
func Acquire(t *testing.T, store snapshot.SharedStore, have int64) snapshot.Lease {
	t.Helper()
	lease, mark, err := store.Acquire(t.Context(), snapshot.LeaseRequest{Item: Item, Have: have, MaxAge: time.Minute})
	if err != nil || lease == nil {
		t.Fatalf("refused: %+v, %v", mark, err)
	}
	t.Cleanup(func() { lease.Release(t.Context()) })
	return lease
}

func sharesSnapshots(t *testing.T, a, b snapshot.SharedStore) {
	t.Helper()
	if m := Stat(t, a, Item); m.Stamp != 0 || m.Fetching || !m.TriedAt.IsZero() {
		t.Errorf("in the beginning there is %+v", m)
	}
	lease := Acquire(t, a, 0)
	readAt := time.Now()
	if l, m, err := b.Acquire(t.Context(), snapshot.LeaseRequest{Item: Item}); l != nil || !m.Fetching || err != nil {
		t.Errorf("two read at once: %+v, %v", m, err)
	}
	seven := 7
	first := Stored("v1", readAt, true, "one", "two")
	first.Expected, first.State = &seven, "s1"
	first.Anomalies = []connectors.Anomaly{{Field: "name", Count: 3, Example: "object"}}
	stamp, err := lease.Save(t.Context(), first)
	if err != nil {
		t.Fatal(err)
	}
	select {
	case <-b.Changed():
	case <-time.After(10 * time.Second):
		t.Error("the other was not told")
	}
	m := Stat(t, b, Item)
	if off := m.FetchedAt.Sub(readAt).Abs(); off > time.Second || m.Stamp != stamp || !m.Complete || m.Version != "v1" || m.Count != 2 ||
		*m.Expected != 7 || m.State != "s1" || m.Took != time.Second || m.FetchedAt.Sub(m.Since) != time.Second || m.FetchedAt.Sub(m.Full) != time.Hour || m.TriedAt.Sub(m.FetchedAt) != 0 {
		t.Errorf("the other sees %+v", m)
	}
	if diff := cmp.Diff(first.Anomalies, m.Anomalies); diff != "" {
		t.Errorf("the other's anomalies (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"one", "two"}, Fetch(t, b, Item)); diff != "" {
		t.Errorf("the other fetches (-want +got):\n%s", diff)
	}
	other := Item
	other.Fingerprint = "f"
	if m := Stat(t, b, other); m.Stamp != 0 || m.Fetching {
		t.Errorf("another fingerprint sees %+v", m)
	}
	lease.Release(t.Context())

	// What is fresh is taken, and what was read lately is not read again.
	if l, m, err := b.Acquire(t.Context(), snapshot.LeaseRequest{Item: Item, MaxAge: time.Minute}); l != nil || m.Stamp != stamp || err != nil {
		t.Errorf("was to take what is there: %+v, %v", m, err)
	}
	if l, _, err := b.Acquire(t.Context(), snapshot.LeaseRequest{Item: Item, Have: stamp, MinInterval: time.Minute}); l != nil || err != nil {
		t.Errorf("was to leave the source alone: %v", err)
	}

	// What failed is told, and left alone, though less so for who is in a hurry.
	lease = Acquire(t, b, stamp)
	now := time.Now()
	fault := &connectors.Error{Source: "a", Op: "users", Kind: connectors.KindRateLimited, Status: 429, RetryAfter: time.Minute}
	if err := lease.Fail(t.Context(), snapshot.Failure{Err: fault, InARow: 3, RetryAt: now.Add(time.Minute), NotBefore: now.Add(-time.Second)}); err != nil {
		t.Fatal(err)
	}
	lease.Release(t.Context())
	m = Stat(t, a, Item)
	if diff := cmp.Diff(fault, m.Failure.Err); diff != "" || m.Failure.InARow != 3 || m.Failure.RetryAt.Sub(now.Add(time.Minute)).Abs() > time.Second {
		t.Errorf("the failure came over as %+v", m.Failure)
	}
	if l, _, _ := a.Acquire(t.Context(), snapshot.LeaseRequest{Item: Item, Have: stamp}); l != nil {
		t.Error("read in spite of the failure")
	}
	l, _, err := a.Acquire(t.Context(), snapshot.LeaseRequest{Item: Item, Have: stamp, Urgent: true})
	if l == nil || err != nil {
		t.Fatalf("refused what is urgent: %v", err)
	}
	defer l.Release(t.Context())

	// Neither what is older nor what is incomplete takes the place of something better.
	if _, err := l.Save(t.Context(), Stored("v2", time.Now(), false, "three")); !errors.Is(err, snapshot.ErrSuperseded) {
		t.Errorf("an incomplete one: %v", err)
	}
	later, err := l.Save(t.Context(), Stored("v3", time.Now(), true, "four"))
	if err != nil || later <= stamp {
		t.Errorf("a later one: stamp %d after %d, %v", later, stamp, err)
	}
	if _, err := b.Put(t.Context(), Stored("v1", readAt, true, "one", "two")); !errors.Is(err, snapshot.ErrSuperseded) {
		t.Errorf("an older one: %v", err)
	}
	if diff := cmp.Diff([]string{"four"}, Fetch(t, b, Item)); diff != "" {
		t.Errorf("in the end (-want +got):\n%s", diff)
	}
	if m := Stat(t, b, Item); m.Failure.Err != nil {
		t.Error("after a complete reading the failure is still told")
	}
}

// What is held back travels with the snapshot, its times too, and the snapshot keeps its own.
func sharesLosses(t *testing.T, a, b snapshot.SharedStore) {
	t.Helper()
	lease := Acquire(t, a, 0)
	s := Stored("v1", time.Now().Add(-2*time.Hour), true, "one") // of the last fetch that was believed
	s.Loss = &snapshot.Loss{Since: time.Now().Add(-time.Hour), At: time.Now(), Known: 441, Found: 12, Lost: 430}
	stamp, err := lease.Save(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	m := Stat(t, b, Item)
	if m.Loss == nil || m.Stamp != stamp || m.Loss.Known != 441 || m.Loss.Found != 12 || m.Loss.Lost != 430 {
		t.Fatalf("the other sees %+v, %+v", m, m.Loss)
	}
	for what, off := range map[string]time.Duration{
		"the snapshot's reading": m.FetchedAt.Sub(s.FetchedAt), "its oldest records": m.Since.Sub(s.Since), "its last reading of everything": m.Full.Sub(s.Full),
		"the first loss": m.Loss.Since.Sub(s.Loss.Since), "the latest": m.Loss.At.Sub(s.Loss.At), "the beginning": m.Began().Sub(s.Began()),
	} {
		if off.Abs() > time.Second {
			t.Errorf("%s is %v off", what, off)
		}
	}
	lease.Release(t.Context())
	if l, _, err := b.Acquire(t.Context(), snapshot.LeaseRequest{Item: Item, MaxAge: time.Minute}); l != nil || err != nil {
		t.Errorf("a reading that was just held back is to be taken, not made again: %v", err)
	}
	lease = Acquire(t, b, stamp)
	if _, err := lease.Save(t.Context(), Stored("v2", time.Now(), true, "two")); err != nil {
		t.Fatal(err)
	}
	if m := Stat(t, a, Item); m.Loss != nil || m.Version != "v2" {
		t.Errorf("after the next reading there is %+v", m)
	}
}

// sharesTimes saves the same records with other times, and other records with the same times.
func sharesTimes(t *testing.T, a, b snapshot.SharedStore) {
	t.Helper()
	for i, s := range []struct{ version, times string }{{"v1", "t1"}, {"v1", "t1"}, {"v1", "t2"}, {"v2", "t2"}, {"v2", ""}, {"v2", "t3"}} {
		lease := Acquire(t, a, 1<<62)
		snap := Stored(s.version, time.Now(), true, "of "+s.version)
		snap.Times = s.times
		snap.EncodeTimes = func() [][]byte { return [][]byte{[]byte("of " + s.times), []byte("more")} }
		if _, err := lease.Save(t.Context(), snap); err != nil {
			t.Fatal(err)
		}
		lease.Release(t.Context())
		m := Stat(t, b, Item)
		if got := Fetch(t, b, Item); m.Times != s.times || !cmp.Equal(got, []string{"of " + s.version}) {
			t.Errorf("save %d: the other has %q and the times %q", i, got, m.Times)
		}
		if s.times == "" {
			continue
		}
		m.Parts = m.TimesParts
		parts, err := b.Load(t.Context(), Item, m.Meta)
		if err != nil || len(parts) != 2 || string(parts[0]) != "of "+s.times {
			t.Errorf("save %d: the other reads the times %q, %v", i, parts, err)
		}
	}
}
