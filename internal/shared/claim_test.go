package shared_test

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"roster/internal/shared"
	"roster/internal/shared/redistest"
	"roster/internal/snapshot"
)

// began is a reading of the item that has begun and ended.
func began(t *testing.T, r *shared.Redis, minInterval time.Duration) {
	t.Helper()
	lease, mark, err := r.Claim(t.Context(), snapshot.Claim{Item: item, MinInterval: minInterval})
	if err != nil || lease == nil {
		t.Fatalf("refused: %+v, %v", mark, err)
	}
	lease.Release(t.Context())
}

// refusedFor fails unless a reading is refused for about so long.
func refusedFor(t *testing.T, r *shared.Redis, minInterval, want time.Duration) {
	t.Helper()
	lease, mark, err := r.Claim(t.Context(), snapshot.Claim{Item: item, MinInterval: minInterval})
	if lease != nil {
		lease.Release(t.Context())
	}
	if got := time.Until(mark.NotBefore); err != nil || lease != nil || got > want || got < want-30*time.Second {
		t.Errorf("granted: %v, or refused for %v, %v; want it to be refused for %v", lease != nil, got, err, want)
	}
}

// A failover of the item's node may lose when it was read last, and not what the budgets' node knows.
func TestAReadingIsKnownWhereItsItemHasForgottenIt(t *testing.T) {
	t.Parallel()
	s := redistest.Start(t)
	one, another := open(t, lively(s)), open(t, lively(s))
	began(t, one, time.Hour)
	s.Must("DEL", "roster:snapshot:{a:"+item.Fingerprint+":accounts}:last")
	refusedFor(t, another, time.Hour, time.Hour)
	refusedFor(t, one, time.Hour, time.Hour)
}

// A Redis that comes back empty knows of no reading, and grants none that could be the second within min_interval.
func TestARedisThatHasForgottenGrantsNoReadingAtOnce(t *testing.T) {
	t.Parallel()
	s := redistest.Start(t)
	r := open(t, lively(s))
	redistest.Await(t, func() bool { return r.Agreed() == 1 }, "it knows that it is there")
	began(t, r, time.Hour)
	s.Kill()
	connected(t, false, r)
	s.Restart()
	connected(t, true, r)
	another := open(t, lively(s))
	refusedFor(t, another, time.Hour, time.Hour+time.Second)
}

// Of those who claim at the same moment, one is granted the reading, and the others' asking costs nothing.
func TestOneOfManyClaimsIsGranted(t *testing.T) {
	t.Parallel()
	s := redistest.Start(t)
	tiers := []*shared.Redis{open(t, lively(s)), open(t, lively(s)), open(t, lively(s))}
	for i := range 20 {
		it := item
		it.Fingerprint = fmt.Sprint("f", i)
		var leases atomic.Int64
		var claiming sync.WaitGroup
		for _, r := range tiers {
			claiming.Go(func() {
				lease, _, err := r.Claim(t.Context(), snapshot.Claim{Item: it, MinInterval: time.Hour})
				if err != nil {
					t.Error(err)
				}
				if lease != nil {
					leases.Add(1)
					lease.Release(t.Context())
				}
			})
		}
		claiming.Wait()
		if n := leases.Load(); n != 1 {
			t.Fatalf("item %d: %d may read", i, n)
		}
	}
}
