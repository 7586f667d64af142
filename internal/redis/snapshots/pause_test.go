package snapshots_test

import (
	"strconv"
	"testing"
	"time"

	"roster/connectors"
	"roster/internal/redis/redistest"
	"roster/internal/snapshot"
	"roster/internal/snapshot/snapshottest"
)

// cuts are what is left of a pause of a day, by what the source is configured for.
var cuts = map[string]struct {
	blocked    bool
	configured time.Duration
	want       time.Duration
}{
	"a pause":                            {false, 0, connectors.MaxPause},
	"a pause, for a source with a bound": {false, time.Minute, time.Minute},
	"a bound above the most":             {false, time.Hour, connectors.MaxPause},
	"a block":                            {true, time.Minute, time.Hour},
}

// between says whether a time lies so long after an instant between two, in microseconds.
func between(at, before, after int64, want time.Duration) bool {
	return at >= before+want.Microseconds() && at <= after+want.Microseconds()
}

// An earlier release may have stored that a source is to be left alone for a day. That is cut in Redis, once, to what the source is configured for; it can
// be forced, and goes with the cache.
func TestStoredPausesAreCut(t *testing.T) {
	t.Parallel()
	for name, tt := range cuts {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := redistest.Start(t)
			store := open(t, redistest.At(server))
			item := snapshottest.Item
			item.MaxPause = tt.configured
			day := time.Now().Add(24*time.Hour - time.Minute) // what is beyond a day counts as garbage
			fail := func(lease snapshot.Lease) {
				t.Helper()
				err := lease.Fail(t.Context(), snapshot.Failure{RetryAt: day, NotBefore: day,
					Err: &connectors.Error{Kind: connectors.KindRateLimited, RetryAfter: 24 * time.Hour, Blocked: tt.blocked}})
				if err != nil {
					t.Fatal(err)
				}
				lease.Release(t.Context())
			}
			fail(snapshottest.Acquire(t, store, 0))
			before := server.Time()
			if m := snapshottest.Stat(t, store, item); m.Failure.RetryAt.IsZero() || m.Failure.NotBefore.After(m.Failure.RetryAt) {
				t.Errorf("the failure is %+v", m.Failure)
			}
			after := server.Time()
			stored := func() (ends []int64) {
				for _, field := range []string{"retry", "floor"} {
					end, err := strconv.ParseInt(server.Must("HGET", server.Key(":last"), field), 10, 64)
					if err != nil {
						t.Fatal(err)
					}
					ends = append(ends, end)
				}
				return ends
			}
			first := stored()
			for _, end := range first {
				if !between(end, before, after, tt.want) {
					t.Errorf("it ends %d us after the look, want %s", end-before, tt.want)
				}
			}
			if l, _, err := store.Acquire(t.Context(), snapshot.LeaseRequest{Item: item, Urgent: true}); l != nil || err != nil {
				t.Errorf("it may be read: %v", err)
			}
			if again := stored(); again[0] != first[0] || again[1] != first[1] {
				t.Errorf("a second look moves its end from %v to %v", first, again)
			}
			l, _, err := store.Acquire(t.Context(), snapshot.LeaseRequest{Item: item, Forced: true})
			if l == nil || err != nil {
				t.Fatalf("it may not be read by force: %v", err)
			}
			fail(l)
			if _, err := store.Clear(t.Context(), item.Source); err != nil {
				t.Fatal(err)
			}
			if m := snapshottest.Stat(t, store, item); !m.Failure.RetryAt.IsZero() {
				t.Errorf("emptied, and there is still %+v", m.Failure)
			}
		})
	}
}
