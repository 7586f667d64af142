package snapshot_test

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"roster/connectors"
	"roster/internal/snapshot"
)

const hour = time.Hour

func TestLoad(t *testing.T) {
	t.Parallel()
	down := fails(connectors.KindUnavailable)
	tests := map[string]struct {
		steps  []step
		idle   time.Duration // IdleAfter, if it is not an hour
		before time.Duration // from the start to the question
		want   string
		waits  time.Duration
		later  string // the result two seconds after the answer, if it differs
	}{
		"fresh: at once": {
			steps:  []step{{ids: []string{"1"}}},
			before: 30 * time.Second, want: "fresh[1]",
		},
		"absent, being read: until the end": {
			steps: []step{{ids: []string{"1"}, takes: time.Second}},
			want:  "fresh[1]", waits: time.Second,
		},
		"absent, read slowly: no longer than 2 s": {
			steps: []step{{takes: 10 * time.Second}},
			want:  "missing[]", waits: 2 * time.Second,
		},
		"absent, fails while waited for: then": {
			steps: []step{{err: down.err, takes: time.Second}},
			want:  "missing[] unavailable", waits: time.Second,
		},
		"absent and known to fail: at once": {
			steps:  []step{down},
			before: time.Second, want: "missing[] unavailable",
		},
		"absent, a retry hangs: at once": {
			steps:  []step{down, {hang: true}},
			before: 25 * time.Second, want: "missing[] unavailable",
		},
		"absent, failed hours ago: waits for retry": {
			steps: []step{down, {ids: []string{"1"}, takes: time.Second}},
			idle:  time.Second, before: 3 * hour, want: "fresh[1]", waits: time.Second,
		},
		"absent, failed hours ago, retry hangs": {
			steps: []step{down, {hang: true}},
			idle:  time.Second, before: 3 * hour, want: "missing[] unavailable", waits: 2 * time.Second,
		},
		"absent and shorter progress: what there is": {
			steps: []step{{ids: []string{"1", "2", "3", "4"}, pages: 4, takes: 6 * time.Second}},
			want:  "incomplete[1]", waits: 2 * time.Second,
		},
		"progress is there: at once": {
			steps:  []step{{ids: []string{"1", "2", "3", "4"}, pages: 4, takes: 8 * time.Second}},
			before: 5 * time.Second, want: "incomplete[1 2]",
		},
		"progress of a very long first reading: at once": {
			steps:  []step{{ids: numbered(4), pages: 2, takes: 2 * hour}},
			before: hour + 30*time.Minute, want: "incomplete[1000 1001]",
		},
		"older than fresh_for: at once, refreshed behind": {
			steps: []step{{ids: []string{"1"}}, {ids: []string{"2"}, takes: time.Second}},
			idle:  time.Second, before: 90 * time.Second, want: "fresh[1]", later: "fresh[2]",
		},
		"older than twice that: the same, and said": {
			steps: []step{{ids: []string{"1"}}, {ids: []string{"2"}, takes: time.Second}},
			idle:  time.Second, before: 5 * time.Minute, want: "stale[1]", later: "fresh[2]",
		},
		"older than ten times that: waits": {
			steps: []step{{ids: []string{"1"}}, {ids: []string{"2"}, takes: time.Second}},
			idle:  time.Second, before: hour, want: "fresh[2]", waits: time.Second,
		},
		"older than ten times that, read slowly: what there is": {
			steps: []step{{ids: []string{"1"}}, {ids: []string{"2"}, takes: 3 * time.Second}},
			idle:  time.Second, before: hour, want: "stale[1]", waits: 2 * time.Second, later: "fresh[2]",
		},
		"down: what there is, stale": {
			steps:  []step{{ids: []string{"1"}}, down},
			before: 70 * time.Second, want: "stale[1] unavailable",
		},
		"down for days: still at once": {
			steps: []step{{ids: []string{"1"}}, down},
			idle:  24 * 30 * hour, before: 6 * 24 * hour, want: "stale[1] unavailable",
		},
		"down for longer than keep_for: missing": {
			steps: []step{{ids: []string{"1"}}, down},
			idle:  24 * 30 * hour, before: 7 * 24 * hour, want: "missing[] unavailable",
		},
		"nobody asked for longer than keep_for: absent": {
			steps: []step{{ids: []string{"1"}}, {hang: true}},
			idle:  time.Second, before: 8 * 24 * hour, want: "missing[]", waits: 2 * time.Second,
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			opt := one(scripted(tt.steps...))
			opt.IdleAfter = tt.idle
			bubble(t, opt, func(t *testing.T, k *snapshot.Keeper) {
				pass(tt.before)
				r, waited := timed(t.Context(), k)
				if got := brief(r); got != tt.want || waited != tt.waits {
					t.Errorf("got %q after %v, want %q after %v", got, waited, tt.want, tt.waits)
				}
				if tt.later != "" {
					pass(2 * time.Second)
					if got := brief(k.Current()[0]); got != tt.later {
						t.Errorf("two seconds later %q, want %q", got, tt.later)
					}
				}
			})
		})
	}
}

func TestLoadWaitsForAllSideBySide(t *testing.T) {
	t.Parallel()
	slow, quick := scripted(step{hang: true}), scripted(step{ids: []string{"1"}, takes: time.Second})
	opt := snapshot.Options{Sources: []*connectors.Source{
		{Name: "a", Accounts: slow.accounts(), Teams: slow.teams()}, {Name: "b", Accounts: quick.accounts(), Teams: quick.teams()}}}
	bubble(t, opt, func(t *testing.T, k *snapshot.Keeper) {
		keys := []snapshot.Key{
			accounts, {Source: "b", Collection: connectors.Teams}, {Source: "a", Collection: connectors.Teams}, {Source: "b"}, {Source: "c"}}
		asked := time.Now()
		results := k.Load(t.Context(), keys)
		if waited := time.Since(asked); waited != 2*time.Second {
			t.Errorf("waited %v, want 2s in all", waited)
		}
		want := []snapshot.State{snapshot.Missing, snapshot.Fresh, snapshot.Missing, snapshot.Fresh, snapshot.Missing}
		for i, r := range results {
			if r.Status.Key != keys[i] || r.Status.State != want[i] || (r.Snapshot == nil) != (want[i] == snapshot.Missing) {
				t.Errorf("%v: got %v of %v, want %v", keys[i], r.Status.State, r.Status.Key, want[i])
			}
		}
		if e := results[4].Status.Err; e == nil || e.Kind != connectors.KindUnsupported || e.Source != "c" {
			t.Errorf("unknown source: got error %v", e)
		}
	})
}

func TestOldDataIsNotHeldBackByAReadingThatHangs(t *testing.T) {
	t.Parallel()
	opt := one(scripted(step{ids: []string{"1"}}, step{hang: true}))
	opt.IdleAfter = time.Second
	bubble(t, opt, func(t *testing.T, k *snapshot.Keeper) {
		pass(hour)
		for _, want := range []time.Duration{2 * time.Second, 0, 0} {
			if r, waited := timed(t.Context(), k); brief(r) != "stale[1]" || waited != want {
				t.Errorf("got %s after %v, want it after %v", brief(r), waited, want)
			}
		}
	})
}

func TestLoadEndsWithItsCaller(t *testing.T) {
	t.Parallel()
	bubble(t, one(scripted(step{hang: true})), func(t *testing.T, k *snapshot.Keeper) {
		ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
		defer cancel()
		if r, waited := timed(ctx, k); waited != 300*time.Millisecond || r.Status.State != snapshot.Missing {
			t.Errorf("got %v after %v", r.Status.State, waited)
		}
	})
}

func TestLoadsShareOneReading(t *testing.T) {
	t.Parallel()
	s := scripted(step{ids: []string{"1"}, takes: time.Second})
	bubble(t, one(s), func(t *testing.T, k *snapshot.Keeper) {
		var callers sync.WaitGroup
		for range 200 {
			callers.Go(func() {
				if r, _ := timed(t.Context(), k); r.Status.State != snapshot.Fresh {
					t.Errorf("got %v", r.Status.State)
				}
			})
		}
		callers.Wait()
		if n := len(s.reads()); n != 1 {
			t.Errorf("%d readings for 200 callers, want 1", n)
		}
	})
}

func TestMaxWaitBoundsEveryWait(t *testing.T) {
	t.Parallel()
	opt := one(scripted(step{hang: true}))
	opt.FirstWait, opt.MaxWait = 10*time.Second, 3*time.Second
	bubble(t, opt, func(t *testing.T, k *snapshot.Keeper) {
		if _, waited := timed(t.Context(), k); waited != 3*time.Second {
			t.Errorf("waited %v, want 3s", waited)
		}
	})
}

func TestNobodyWaitsAfterRun(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		k := snapshot.New(one(scripted(step{hang: true})))
		stop := start(t, k)
		time.AfterFunc(time.Second, stop)
		r, waited := timed(t.Context(), k)
		if waited != time.Second || r.Status.Err != nil || r.Status.Fetching {
			t.Errorf("waited %v for %+v, want to be let go at 1s, and being stopped is no failure", waited, r.Status)
		}
		if _, waited := timed(t.Context(), k); waited != 0 || begins(k.Refresh(accounts)) {
			t.Errorf("waited %v after the end", waited)
		}
	})
}

func TestLoadOfFreshDataAllocatesItsResultOnly(t *testing.T) { //nolint:paralleltest // AllocsPerRun does not allow it
	k, stop := ready(t)
	keys := []snapshot.Key{accounts, {Source: "a", Collection: connectors.Teams}}
	if n := testing.AllocsPerRun(100, func() { k.Load(t.Context(), keys) }); n > 1 {
		t.Errorf("%v allocations, want the result only", n)
	}
	stop()
}

// ready returns a keeper on the real clock that has fetched everything.
func ready(tb testing.TB) (k *snapshot.Keeper, stop func()) {
	tb.Helper()
	s := scripted(step{ids: numbered(100)})
	k = snapshot.New(snapshot.Options{Sources: []*connectors.Source{{Name: "a", Accounts: s.accounts(), Teams: s.teams()}}})
	ctx, cancel := context.WithCancel(tb.Context())
	over := make(chan error, 1)
	go func() { over <- k.Run(ctx) }()
	k.Load(ctx, []snapshot.Key{accounts, {Source: "a", Collection: connectors.Teams}})
	return k, func() {
		cancel()
		<-over
	}
}

func BenchmarkLoadFresh(b *testing.B) {
	k, stop := ready(b)
	defer stop()
	keys := []snapshot.Key{accounts, {Source: "a", Collection: connectors.Teams}}
	ctx := b.Context()
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			k.Load(ctx, keys)
		}
	})
}
