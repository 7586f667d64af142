package redis_test

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"roster/connectors"
	"roster/internal/redis"
	"roster/internal/redis/redistest"
	"roster/internal/snapshot"
)

var item = snapshot.Item{Key: key("a", connectors.Accounts), Fingerprint: "0123456789abcdef0123456789abcdef"}

// stored is a snapshot of these parts, read at that time.
func stored(version string, readAt time.Time, complete bool, parts ...string) snapshot.Stored {
	return snapshot.Stored{Item: item, KeepFor: time.Hour,
		Meta: snapshot.Meta{ReadAt: readAt, Since: readAt.Add(-time.Second), Full: readAt.Add(-time.Hour), Version: version, Complete: complete, Took: time.Second, Count: len(parts)},
		Encode: func() ([][]byte, error) {
			out := make([][]byte, len(parts))
			for i, p := range parts {
				out[i] = []byte(p)
			}
			return out, nil
		}}
}

// tiers runs a test against each kind of tier, with two members of it.
func tiers(t *testing.T, test func(t *testing.T, a, b snapshot.Tier)) {
	t.Helper()
	t.Run("memory", func(t *testing.T) {
		t.Parallel()
		l := redis.NewLocal()
		test(t, l.Join(), l.Join())
	})
	t.Run("directory", func(t *testing.T) {
		t.Parallel()
		l, err := redis.OpenDir(t.TempDir(), nil)
		if err != nil {
			t.Fatal(err)
		}
		defer closeTier(t, l)
		test(t, l.Join(), l.Join())
	})
	t.Run("redis", func(t *testing.T) {
		t.Parallel()
		s := redistest.Start(t)
		test(t, open(t, at(s)), open(t, at(s)))
	})
	t.Run("redis, encrypted", func(t *testing.T) {
		t.Parallel()
		opt := at(redistest.Start(t))
		opt.Key = []byte("01234567890123456789012345678901")
		test(t, open(t, opt), open(t, opt))
	})
	t.Run("cluster", func(t *testing.T) {
		t.Parallel()
		opt := redis.Options{Addrs: redistest.StartCluster(t).Addrs()}
		test(t, open(t, opt), open(t, opt))
	})
}

func look(t *testing.T, tier snapshot.Tier, i snapshot.Item) snapshot.Info {
	t.Helper()
	marks, err := tier.Stat(t.Context(), []snapshot.Item{i})
	if err != nil {
		t.Fatal(err)
	}
	return marks[0]
}

func fetch(t *testing.T, tier snapshot.Tier, i snapshot.Item) []string {
	t.Helper()
	parts, err := tier.Fetch(t.Context(), i, look(t, tier, i).Meta)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, p := range parts {
		out = append(out, string(p))
	}
	return out
}

// claim gets the right to read, which must be given.
func claim(t *testing.T, tier snapshot.Tier, have int64) snapshot.Lease {
	t.Helper()
	lease, mark, err := tier.Acquire(t.Context(), snapshot.LeaseRequest{Item: item, Have: have, MaxAge: time.Minute})
	if err != nil || lease == nil {
		t.Fatalf("refused: %+v, %v", mark, err)
	}
	t.Cleanup(func() { lease.Release(t.Context()) })
	return lease
}

func TestTier(t *testing.T) {
	t.Parallel()
	tiers(t, func(t *testing.T, a, b snapshot.Tier) {
		if m := look(t, a, item); m.Stamp != 0 || m.Reading || !m.TriedAt.IsZero() {
			t.Errorf("in the beginning there is %+v", m)
		}
		lease := claim(t, a, 0)
		readAt := time.Now()
		if l, m, err := b.Acquire(t.Context(), snapshot.LeaseRequest{Item: item}); l != nil || !m.Reading || err != nil {
			t.Errorf("two read at once: %+v, %v", m, err)
		}
		seven := 7
		first := stored("v1", readAt, true, "one", "two")
		first.Expected = &seven
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
		m := look(t, b, item)
		if off := m.ReadAt.Sub(readAt).Abs(); off > time.Second || m.Stamp != stamp || !m.Complete || m.Version != "v1" || m.Count != 2 ||
			*m.Expected != 7 || m.Took != time.Second || m.ReadAt.Sub(m.Since) != time.Second || m.ReadAt.Sub(m.Full) != time.Hour || m.TriedAt.Sub(m.ReadAt) != 0 {
			t.Errorf("the other sees %+v", m)
		}
		if diff := cmp.Diff(first.Anomalies, m.Anomalies); diff != "" {
			t.Errorf("the other's anomalies (-want +got):\n%s", diff)
		}
		if diff := cmp.Diff([]string{"one", "two"}, fetch(t, b, item)); diff != "" {
			t.Errorf("the other fetches (-want +got):\n%s", diff)
		}
		other := item
		other.Fingerprint = "f"
		if m := look(t, b, other); m.Stamp != 0 || m.Reading {
			t.Errorf("another fingerprint sees %+v", m)
		}
		lease.Release(t.Context())

		// What is fresh is taken, and what was read lately is not read again.
		if l, m, err := b.Acquire(t.Context(), snapshot.LeaseRequest{Item: item, MaxAge: time.Minute}); l != nil || m.Stamp != stamp || err != nil {
			t.Errorf("was to take what is there: %+v, %v", m, err)
		}
		if l, _, err := b.Acquire(t.Context(), snapshot.LeaseRequest{Item: item, Have: stamp, MinInterval: time.Minute}); l != nil || err != nil {
			t.Errorf("was to leave the source alone: %v", err)
		}

		// What failed is told, and left alone, though less so for who is in a hurry.
		lease = claim(t, b, stamp)
		now := time.Now()
		fault := &connectors.Error{Source: "a", Op: "users", Kind: connectors.KindRateLimited, Status: 429, RetryAfter: time.Minute}
		if err := lease.Fail(t.Context(), snapshot.Failure{Err: fault, InARow: 3, RetryAt: now.Add(time.Minute), Floor: now.Add(-time.Second)}); err != nil {
			t.Fatal(err)
		}
		lease.Release(t.Context())
		m = look(t, a, item)
		if diff := cmp.Diff(fault, m.Failure.Err); diff != "" || m.Failure.InARow != 3 || m.Failure.RetryAt.Sub(now.Add(time.Minute)).Abs() > time.Second {
			t.Errorf("the failure came over as %+v", m.Failure)
		}
		if l, _, _ := a.Acquire(t.Context(), snapshot.LeaseRequest{Item: item, Have: stamp}); l != nil {
			t.Error("read in spite of the failure")
		}
		l, _, err := a.Acquire(t.Context(), snapshot.LeaseRequest{Item: item, Have: stamp, Urgent: true})
		if l == nil || err != nil {
			t.Fatalf("refused what is urgent: %v", err)
		}
		defer l.Release(t.Context())

		// Neither what is older nor what is incomplete takes the place of something better.
		if _, err := l.Save(t.Context(), stored("v2", time.Now(), false, "three")); !errors.Is(err, snapshot.ErrSuperseded) {
			t.Errorf("an incomplete one: %v", err)
		}
		later, err := l.Save(t.Context(), stored("v3", time.Now(), true, "four"))
		if err != nil || later <= stamp {
			t.Errorf("a later one: stamp %d after %d, %v", later, stamp, err)
		}
		if _, err := b.Put(t.Context(), stored("v1", readAt, true, "one", "two")); !errors.Is(err, snapshot.ErrSuperseded) {
			t.Errorf("an older one: %v", err)
		}
		if diff := cmp.Diff([]string{"four"}, fetch(t, b, item)); diff != "" {
			t.Errorf("in the end (-want +got):\n%s", diff)
		}
		if m := look(t, b, item); m.Failure.Err != nil {
			t.Error("after a complete reading the failure is still told")
		}
	})
}
