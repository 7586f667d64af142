package snapshot_test

import (
	"testing"
	"testing/synctest"
	"time"

	"roster/connectors"
	"roster/internal/snapshot"
)

// Force during a fetch returns that the fetch is in progress. If the fetch then fails, whatever pause follows a failure, another one follows at once, so that
// the caller gets what was promised. If the fetch succeeds, no other follows.
func TestForceDuringAFetch(t *testing.T) {
	t.Parallel()
	paused := &connectors.Error{Kind: connectors.KindRateLimited, RetryAfter: 15 * time.Minute}
	for name, tc := range map[string]struct {
		err  error
		want []time.Duration
	}{
		"that fails":    {err: paused, want: []time.Duration{0, 20 * time.Second}},
		"that succeeds": {want: []time.Duration{0}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := scripted(step{takes: 20 * time.Second, ids: []string{"1"}, err: tc.err}, step{ids: []string{"1"}})
			opt := one(s)
			opt.Settings = map[snapshot.Key]snapshot.Settings{accounts: hours}
			bubble(t, opt, func(t *testing.T, k *snapshot.Keeper) {
				began := time.Now()
				time.Sleep(5 * time.Second)
				if at, ok := k.Force(accounts); !ok || !at.Equal(began) {
					t.Errorf("%v, %s after the beginning of the fetch; want that it is in progress", ok, at.Sub(began))
				}
				time.Sleep(25 * time.Second)
				synctest.Wait()
				var got []time.Duration
				for _, at := range s.reads() {
					got = append(got, at.Sub(began))
				}
				if len(got) != len(tc.want) || got[len(got)-1] != tc.want[len(got)-1] {
					t.Errorf("fetches begin at %v, want %v", got, tc.want)
				}
			})
		})
	}
}
