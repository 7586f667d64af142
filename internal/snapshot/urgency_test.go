package snapshot_test

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"roster/connectors"
	"roster/internal/snapshot"
)

func TestAReadingIsUrgentWhileSomebodyWaits(t *testing.T) {
	t.Parallel()
	var now atomic.Pointer[connectors.Urgency]
	opt := one(scripted(step{}))
	opt.Sources[0].Accounts = connectors.ListFunc[connectors.Account](
		func(ctx context.Context, _ connectors.Progress[connectors.Account]) (connectors.Listing[connectors.Account], error) {
			now.Store(connectors.UrgencyOf(ctx))
			return connectors.Listing[connectors.Account]{Records: []connectors.Account{{ID: "1"}}, Complete: true}, pause(ctx, time.Second)
		})
	bubble(t, opt, func(t *testing.T, k *snapshot.Keeper) {
		pass(time.Millisecond)
		first := now.Load()
		if first.Urgent() {
			t.Error("the reading at the start is urgent before anybody has asked")
		}
		var asking sync.WaitGroup
		asking.Go(func() { timed(t.Context(), k) })
		pass(time.Millisecond)
		if !first.Urgent() {
			t.Error("it is not although somebody waits")
		}
		asking.Wait()
		pass(time.Minute)
		if u := now.Load(); u == first || u.Urgent() {
			t.Error("a reading in the background is urgent, or there was none")
		}
		pass(20 * time.Second)
		k.Refresh(accounts)
		pass(time.Millisecond)
		if u := now.Load(); !u.Urgent() {
			t.Error("a reading that was asked for is not urgent")
		}
	})
}

// A source that asks for a pause of a few seconds is fetched again after it, however often that repeats: calls that were not made do not
// increase the keeper's own pauses.
func TestCallsThatWereNotMadeAreNoFurtherFailures(t *testing.T) {
	t.Parallel()
	leftAlone := step{err: &connectors.Error{Source: "a", Kind: connectors.KindUnavailable, Unsent: true, RetryAfter: 30 * time.Second}}
	steps := []step{fails(connectors.KindUnavailable)}
	for range 20 {
		steps = append(steps, leftAlone)
	}
	s := scripted(append(steps, step{ids: []string{"1"}})...)
	bubble(t, one(s), func(t *testing.T, _ *snapshot.Keeper) {
		pass(30 * time.Minute)
		reads := s.reads()
		if len(reads) < 22 {
			t.Fatalf("%d readings, want the source to be back", len(reads))
		}
		for i := 2; i < 22; i++ {
			if gap := reads[i].Sub(reads[i-1]); gap < 30*time.Second || gap > 41*time.Second {
				t.Errorf("reading %d came after %s, want what the source was left alone for and a little", i, gap)
			}
		}
	})
}
