package snapshot_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"roster/connectors"
	"roster/internal/snapshot"
)

// timedSince is timed for a caller with a requirement that counts from now.
func timedSince(ctx context.Context, k *snapshot.Keeper, maxAge time.Duration, w snapshot.Requirement) (string, time.Duration) {
	asked := time.Now()
	if maxAge >= 0 {
		w.NotBefore = asked.Add(-maxAge)
	}
	r := k.LoadSince(ctx, []snapshot.Key{accounts}, w)[0]
	s := brief(r)
	if r.Older() {
		s += fmt.Sprintf(" older, again in %v", time.Until(r.NextAt))
	}
	return s, time.Since(asked)
}

func TestLoadSince(t *testing.T) {
	t.Parallel()
	const (
		none = -1
		s    = time.Second
	)
	down := fails(connectors.KindUnavailable)
	old, young := step{ids: []string{"1"}}, step{ids: []string{"2"}}
	slow := func(d time.Duration) step { return step{ids: []string{"2"}, takes: d} }
	tests := map[string]struct {
		steps       []step
		idle        time.Duration // IdleAfter, if it is not an hour
		before      time.Duration // from the start to the question
		maxAge      time.Duration
		requirement snapshot.Requirement
		want        string
		waits       time.Duration
		reads       int // the number of fetches two seconds after the answer
	}{
		"no wish: what there is":      {steps: []step{old, young}, before: 30 * s, maxAge: none, want: "fresh[1]", reads: 1},
		"young enough: at once":       {steps: []step{old, young}, before: 30 * s, maxAge: 30 * s, want: "fresh[1]", reads: 1},
		"too old: read anew":          {steps: []step{old, slow(3 * s)}, before: 30 * s, maxAge: 29 * s, want: "fresh[2]", waits: 3 * s, reads: 2},
		"no-cache: read anew":         {steps: []step{old, young}, before: 30 * s, want: "fresh[2]", reads: 2},
		"no-cache: at most max_wait":  {steps: []step{old, slow(6 * s)}, before: 30 * s, want: "fresh[1] older, again in 5s", waits: 5 * s, reads: 2},
		"min_interval is near":        {steps: []step{old, slow(s)}, before: 7 * s, want: "fresh[2]", waits: 4 * s, reads: 2},
		"min_interval is far":         {steps: []step{old, young}, before: 4 * s, want: "fresh[1] older, again in 6s", reads: 1},
		"max-age within min_interval": {steps: []step{old, young}, before: 4 * s, maxAge: s, want: "fresh[1] older, again in 6s", reads: 1},
		"a reading under way will do": {steps: []step{old, slow(4 * s)}, before: 62 * s, maxAge: 5 * s, want: "fresh[2]", waits: 2 * s, reads: 2},
		"one under way is too early":  {steps: []step{old, slow(4 * s)}, before: 62 * s, maxAge: s, want: "fresh[1] older, again in 8s", reads: 2},
		"it fails meanwhile":          {steps: []step{old, {err: down.err, takes: s}}, before: 30 * s, want: "fresh[1] unavailable older", waits: s, reads: 2},
		"it fails: tolerated": {steps: []step{old, {err: down.err, takes: s}}, before: 30 * s, requirement: snapshot.Requirement{IfError: 30 * s},
			want: "fresh[1] unavailable", waits: s, reads: 2},
		"it fails: not tolerated for so long": {steps: []step{old, down}, before: 30 * s, requirement: snapshot.Requirement{IfError: 29 * s},
			want: "fresh[1] unavailable older", reads: 2},
		"it is not known to fail: not tolerated": {steps: []step{old, slow(6 * s)}, before: 30 * s, requirement: snapshot.Requirement{IfError: hour},
			want: "fresh[1] older, again in 5s", waits: 5 * s, reads: 2},
		"it is left alone":                     {steps: []step{old, fails(connectors.KindForbidden)}, before: 90 * s, want: "stale[1] forbidden older", reads: 2},
		"nothing there: as long as for a wish": {steps: []step{slow(4 * s)}, want: "fresh[2]", waits: 4 * s, reads: 1},
		"nothing there, only kept":             {steps: []step{slow(4 * s)}, maxAge: none, requirement: snapshot.Requirement{OnlyKept: true}, want: "missing[]", reads: 1},
		"very old, only kept": {steps: []step{old, young}, idle: s, before: hour, maxAge: none, requirement: snapshot.Requirement{OnlyKept: true},
			want: "stale[1]", reads: 1},
		"too old, only kept": {steps: []step{old, young}, idle: s, before: hour, maxAge: s, requirement: snapshot.Requirement{OnlyKept: true},
			want: "stale[1] older, again in -59m50s", reads: 1},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			src := scripted(tt.steps...)
			opt := one(src)
			opt.IdleAfter = tt.idle
			bubble(t, opt, func(t *testing.T, k *snapshot.Keeper) {
				pass(tt.before)
				got, waits := timedSince(t.Context(), k, tt.maxAge, tt.requirement)
				if strings.HasSuffix(tt.want, "older") { // the length of the pause is random
					got, _, _ = strings.Cut(got, ", again")
				}
				if got != tt.want || waits != tt.waits {
					t.Errorf("%s after %v, want %s after %v", got, waits, tt.want, tt.waits)
				}
				pass(2 * time.Second)
				if n := len(src.reads()); n != tt.reads {
					t.Errorf("%d readings, want %d", n, tt.reads)
				}
			})
		})
	}
}

// However many callers require the newest data, fetches are no more frequent than min_interval allows. No caller waits for longer than
// max_wait, and older data than required is marked.
func TestManyWishes(t *testing.T) {
	t.Parallel()
	src := scripted(step{ids: []string{"1"}, takes: 500 * time.Millisecond})
	bubble(t, one(src), func(t *testing.T, k *snapshot.Keeper) {
		var asking sync.WaitGroup
		met := 0
		var mu sync.Mutex
		pass(time.Second)
		for range 20 * 1000 {
			time.Sleep(time.Millisecond)
			asking.Go(func() {
				asked := time.Now()
				r := k.LoadSince(t.Context(), []snapshot.Key{accounts}, snapshot.Requirement{NotBefore: asked})[0]
				if took := time.Since(asked); took > 5*time.Second {
					t.Errorf("somebody waited %v", took)
				}
				if r.Older() != r.Snapshot.FetchedAt.Before(asked) {
					t.Errorf("read %v before it was asked for, and older: %v", asked.Sub(r.Snapshot.FetchedAt), r.Older())
				}
				mu.Lock()
				defer mu.Unlock()
				if !r.Older() {
					met++
				}
			})
		}
		asking.Wait()
		reads := src.reads()
		for i := 1; i < len(reads); i++ {
			if gap := reads[i].Sub(reads[i-1]); gap < 10*time.Second {
				t.Errorf("readings %v apart", gap)
			}
		}
		if len(reads) != 3 || met < 9000 || met > 11000 {
			t.Errorf("%d readings, and %d of 20000 wishes met; want 3, and those of the 5 s before two of them", len(reads), met)
		}
	})
}

// A caller whose ctx ends stops waiting.
func TestWishOfOneWhoGoes(t *testing.T) {
	t.Parallel()
	bubble(t, one(scripted(step{ids: []string{"1"}}, step{hang: true})), func(t *testing.T, k *snapshot.Keeper) {
		pass(30 * time.Second)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if got, waits := timedSince(ctx, k, 0, snapshot.Requirement{}); waits != time.Second {
			t.Errorf("%s after %v, want it after a second", got, waits)
		}
	})
}

// A caller waits for several collections concurrently, and each result states whether it meets the requirement.
func TestWishForSeveral(t *testing.T) {
	t.Parallel()
	people, groups := scripted(step{ids: []string{"1"}, takes: 3 * time.Second}), scripted(step{ids: []string{"2"}, takes: 4 * time.Second})
	opt := snapshot.Options{Sources: []*connectors.Source{
		{Name: "a", Accounts: people.accounts()}, {Name: "b", Teams: groups.teams()},
	}}
	bubble(t, opt, func(t *testing.T, k *snapshot.Keeper) {
		pass(40 * time.Second)
		asked := time.Now()
		var got []bool
		for _, r := range k.LoadSince(t.Context(), []snapshot.Key{accounts, {Source: "b", Collection: connectors.Teams}, {Source: "nobody"}},
			snapshot.Requirement{NotBefore: asked}) {
			got = append(got, r.Snapshot != nil && !r.Older())
		}
		if diff := cmp.Diff([]bool{true, true, false}, got); diff != "" || time.Since(asked) != 4*time.Second {
			t.Errorf("after %v, whether they are as wished (-want +got):\n%s", time.Since(asked), diff)
		}
	})
}

// Replicas with a shared store share the fetches that their callers require, and data from the store meets the caller's requirement, too.
func TestWishesOfReplicas(t *testing.T) {
	t.Parallel()
	src := scripted(step{ids: []string{"1"}, takes: 500 * time.Millisecond})
	replicas(t, 3, one(src), func(t *testing.T, ks []*snapshot.Keeper) {
		pass(7 * time.Second)
		var asking sync.WaitGroup
		for range 200 {
			time.Sleep(50 * time.Millisecond)
			for i, k := range ks {
				asking.Go(func() {
					asked := time.Now()
					r := k.LoadSince(t.Context(), []snapshot.Key{accounts}, snapshot.Requirement{NotBefore: asked})[0]
					if took := time.Since(asked); took > 5*time.Second {
						t.Errorf("replica %d: somebody waited %v", i, took)
					}
					if early := asked.Before(src.reads()[1]); early && r.Older() {
						t.Errorf("replica %d: what was asked for %v before the second reading is older", i, src.reads()[1].Sub(asked))
					}
				})
			}
		}
		asking.Wait()
		reads := src.reads()
		for i := 1; i < len(reads); i++ {
			if gap := reads[i].Sub(reads[i-1]); gap < 10*time.Second {
				t.Errorf("readings %v apart", gap)
			}
		}
		if len(reads) != 3 {
			t.Errorf("%d readings, want 3", len(reads))
		}
	})
}

// A source that has just refused is paused, however many callers required newer data while it was refusing.
func TestWishesDoNotShortenThePauseAfterAFailure(t *testing.T) {
	t.Parallel()
	refuses := fails(connectors.KindUnauthorized)
	refuses.takes = 8 * time.Second
	src := scripted(refuses)
	bubble(t, one(src), func(t *testing.T, k *snapshot.Keeper) {
		for range 4 * 60 {
			pass(time.Second)
			k.TakeSince([]snapshot.Key{accounts}, snapshot.Requirement{NotBefore: time.Now()})
		}
		if n := len(src.reads()); n != 1 {
			t.Errorf("%d readings within 4 min, want 1", n)
		}
	})
}
