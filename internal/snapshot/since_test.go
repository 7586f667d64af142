package snapshot_test

import (
	"sync"
	"testing"
	"time"

	"roster/connectors"
	"roster/internal/snapshot"
)

func TestLoadSince(t *testing.T) {
	t.Parallel()
	const wait = 5 * time.Second
	tests := map[string]struct {
		steps  []step
		before time.Duration // from the start to the question
		since  time.Duration // how old the data may be
		want   string
		waits  time.Duration
	}{
		"young enough: at once":                           {[]step{{ids: []string{"1"}}}, 20 * time.Second, 30 * time.Second, "fresh[1]", 0},
		"too old: until it is read":                       {[]step{{ids: []string{"1"}}, {ids: []string{"2"}, takes: time.Second}}, 20 * time.Second, 5 * time.Second, "fresh[2]", time.Second},
		"read just now: until it may be read again":       {[]step{{ids: []string{"1"}}, {ids: []string{"2"}}}, 7 * time.Second, 0, "fresh[2]", 3 * time.Second},
		"may not be read again in time: at once":          {[]step{{ids: []string{"1"}}, {ids: []string{"2"}}}, time.Second, 0, "fresh[1]", 0},
		"read too slowly: what there is":                  {[]step{{ids: []string{"1"}}, {ids: []string{"2"}, takes: time.Minute}}, 20 * time.Second, 0, "fresh[1]", wait},
		"fails: what there is":                            {[]step{{ids: []string{"1"}}, {err: fails(connectors.KindTimeout).err, takes: time.Second}}, 20 * time.Second, 0, "fresh[1] timed out", time.Second},
		"absent: until it is read":                        {[]step{{ids: []string{"1"}, takes: 3 * time.Second}}, 0, 0, "fresh[1]", 3 * time.Second},
		"has failed since: at once":                       {[]step{{ids: []string{"1"}}, fails(connectors.KindTimeout)}, 65 * time.Second, 6 * time.Second, "stale[1] timed out", 0},
		"a reading under way began too early: at once":    {[]step{{ids: []string{"1"}, takes: 4 * time.Second}}, time.Second, 0, "missing[]", 0},
		"a reading under way will do: until it has ended": {[]step{{ids: []string{"1"}, takes: 4 * time.Second}}, time.Second, 2 * time.Second, "fresh[1]", 3 * time.Second},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			bubble(t, one(scripted(tt.steps...)), func(t *testing.T, k *snapshot.Keeper) {
				pass(tt.before)
				asked := time.Now()
				r := k.LoadSince(t.Context(), []snapshot.Key{accounts, {Source: "unknown"}}, asked.Add(-tt.since), wait)
				if got, waited := brief(r[0]), time.Since(asked); got != tt.want || waited != tt.waits {
					t.Errorf("got %q after %v, want %q after %v", got, waited, tt.want, tt.waits)
				}
				if r[1].Status.Err == nil {
					t.Error("an unknown source has no error")
				}
			})
		})
	}
}

func TestManyWhoWantTheNewestCostOneReadingPerInterval(t *testing.T) {
	t.Parallel()
	s := scripted(step{ids: []string{"1"}})
	replicas(t, 3, one(s), func(t *testing.T, ks []*snapshot.Keeper) {
		var asking sync.WaitGroup
		for i := range 600 {
			asking.Go(func() {
				<-time.After(time.Duration(i) * 100 * time.Millisecond)
				ks[i%3].LoadSince(t.Context(), []snapshot.Key{accounts}, time.Now(), 5*time.Second)
			})
		}
		asking.Wait()
		at := s.reads()
		for i := range at[1:] {
			if gap := at[i+1].Sub(at[i]); gap < 10*time.Second {
				t.Errorf("two readings within %v", gap)
			}
		}
		if len(at) < 6 {
			t.Errorf("read %d times in a minute", len(at))
		}
	})
}
