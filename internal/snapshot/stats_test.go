package snapshot_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"roster/connectors"
	"roster/internal/snapshot"
)

// tally is the statistics of a tier, without what it holds.
func tally(u snapshot.TierStats) [4]int64 { return [4]int64{u.Hits, u.Misses, u.Fills, u.Waits} }

func TestUseOfMemoryAndSource(t *testing.T) {
	t.Parallel()
	s := scripted(step{ids: []string{"1", "2"}, takes: time.Second}, fails(connectors.KindForbidden), step{ids: []string{"1"}, short: true}, step{hang: true})
	bubble(t, one(s), func(t *testing.T, k *snapshot.Keeper) {
		key := []snapshot.Key{{Source: "a", Collection: connectors.Accounts}}
		k.Load(t.Context(), key) // waits for the first fetch
		k.Load(t.Context(), key)
		if _, wait := k.Take(key); wait {
			t.Fatal("what is there has to be waited for")
		}
		pass(2 * time.Minute) // the second fetch fails
		k.Load(t.Context(), key)
		pass(20 * time.Minute) // and the third is incomplete
		got := k.Stats()[0]
		memory, source := got.Tiers[0], got.Tiers[1]
		if diff := cmp.Diff([4]int64{3, 1, 2, 1}, tally(memory)); diff != "" {
			t.Errorf("hits, misses, fills and waits of memory (-want +got):\n%s", diff)
		}
		if memory.Tier != snapshot.TierMemory || memory.Count != 2 || memory.Bytes == 0 || memory.SyncedAt.IsZero() {
			t.Errorf("memory is said to hold %+v", memory)
		}
		if diff := cmp.Diff([4]int64{1, 2, 0, 0}, tally(source)); diff != "" {
			t.Errorf("hits, misses, fills and waits of the source (-want +got):\n%s", diff)
		}
		want := map[connectors.ErrorKind]int64{connectors.KindForbidden: 1}
		if diff := cmp.Diff(want, got.Failures); diff != "" || got.Fetches != 4 || got.Short != 1 || got.Took != time.Second {
			t.Errorf("%d readings, %d short, %s long, failures (-want +got):\n%s", got.Fetches, got.Short, got.Took, diff)
		}
	})
}

func TestUseOfATier(t *testing.T) {
	t.Parallel()
	opt := one(scripted(step{ids: []string{"1", "2", "3"}, takes: time.Second}))
	opt.TierKind = snapshot.TierRedis
	replicas(t, 2, opt, func(t *testing.T, ks []*snapshot.Keeper) {
		synctest.Wait()
		pass(5 * time.Second)
		var filled, taken int64
		for _, k := range ks {
			tiers := k.Stats()[0].Tiers
			if len(tiers) != 3 || tiers[1].Tier != snapshot.TierRedis {
				t.Fatalf("the tiers are %+v", tiers)
			}
			filled, taken = filled+tiers[1].Fills, taken+tiers[1].Hits
			if tiers[1].Count != 3 || tiers[1].Bytes == 0 || !tiers[1].SyncedAt.Equal(tiers[0].SyncedAt) {
				t.Errorf("the tier is said to hold %+v", tiers[1])
			}
			if readings := k.Stats()[0].Fetches; tiers[1].Misses != readings || tiers[1].Waits+readings != 1 {
				t.Errorf("a replica with %d readings has missed the tier %d times, and waited %d times", readings, tiers[1].Misses, tiers[1].Waits)
			}
		}
		if filled != 1 || taken != 1 {
			t.Errorf("the tier was filled %d times and taken from %d times; want once each", filled, taken)
		}
	})
}
