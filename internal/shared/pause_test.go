package shared_test

import (
	"testing"
	"time"

	"roster/connectors"
	"roster/internal/shared/redistest"
	"roster/internal/snapshot"
)

// An earlier release may have stored that a source is to be left alone for a day. That is cut, can be forced, and goes with the cache.
func TestStoredPausesAreCut(t *testing.T) {
	t.Parallel()
	tier := open(t, at(redistest.Start(t)))
	for name, tt := range map[string]struct {
		blocked bool
		most    time.Duration
	}{"a pause": {false, connectors.MaxPause}, "a block": {true, time.Hour}} {
		day := time.Now().Add(24 * time.Hour)
		lease := claim(t, tier, 0)
		err := lease.Fail(t.Context(), snapshot.Failure{RetryAt: day, Floor: day,
			Err: &connectors.Error{Kind: connectors.KindRateLimited, RetryAfter: 24 * time.Hour, Blocked: tt.blocked}})
		if err != nil {
			t.Fatal(err)
		}
		lease.Release(t.Context())
		m := look(t, tier, item)
		if left := time.Until(m.Failure.RetryAt); left > tt.most || left < tt.most-time.Minute || m.Failure.Floor.After(m.Failure.RetryAt) {
			t.Errorf("%s: %s are left, want %s", name, left, tt.most)
		}
		if l, _, err := tier.Claim(t.Context(), snapshot.Claim{Item: item, Urgent: true}); l != nil || err != nil {
			t.Errorf("%s: it may be read: %v", name, err)
		}
		l, _, err := tier.Claim(t.Context(), snapshot.Claim{Item: item, Forced: true})
		if l == nil || err != nil {
			t.Fatalf("%s: it may not be read by force: %v", name, err)
		}
		if err := l.Fail(t.Context(), snapshot.Failure{RetryAt: day, Floor: day}); err != nil {
			t.Fatal(err)
		}
		l.Release(t.Context())
		if _, err := tier.Clear(t.Context(), item.Source); err != nil {
			t.Fatal(err)
		}
		if m := look(t, tier, item); !m.Failure.RetryAt.IsZero() {
			t.Errorf("%s: emptied, and there is still %+v", name, m.Failure)
		}
	}
}
