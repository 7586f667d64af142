package limit_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"
	"pgregory.net/rapid"

	"roster/connectors"
	"roster/connectors/limit"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const patience = 90 * time.Second

// visit is one call: planned, then what became of it.
type visit struct {
	buckets []string
	arrives time.Duration // after the beginning
	takes   time.Duration
	cancel  time.Duration // after the arrival; 0 for never
	idle    bool          // nobody waits for it
	raise   time.Duration // after the arrival somebody does; 0 for never

	started time.Duration // -1 if it never was
	ended   time.Duration
	err     *connectors.Error
}

// run sends all visits through one account of the limits, in a time of its own.
func run(t *testing.T, rates map[string]connectors.RateLimit, visits []visit) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		l := limit.New(nil)
		begin := time.Now()
		var all sync.WaitGroup
		for i := range visits {
			v := &visits[i]
			all.Go(func() {
				time.Sleep(v.arrives)
				ctx := t.Context()
				if v.idle {
					u := connectors.NewUrgency()
					ctx = connectors.WithUrgency(ctx, u)
					if v.raise > 0 {
						defer time.AfterFunc(v.raise, u.Raise).Stop()
					}
				}
				if v.cancel > 0 {
					var cancel context.CancelFunc
					ctx, cancel = context.WithCancel(ctx)
					defer time.AfterFunc(v.cancel, cancel).Stop()
				}
				var budgets []connectors.Budget
				for _, b := range v.buckets {
					budgets = append(budgets, connectors.Budget{Key: b, Limit: rates[b]})
				}
				pass, e := l.Acquire(ctx, budgets, time.Minute)
				if v.started, v.err = time.Since(begin), e; e != nil {
					v.ended, v.started = v.started, -1
					return
				}
				time.Sleep(v.takes)
				v.ended = time.Since(begin)
				pass.Release(true)
			})
		}
		all.Wait()
	})
}

// made gives the visits that came to be and count in a bucket, in the order of their starts.
func made(visits []visit, bucket string) []visit {
	var out []visit
	for _, v := range visits {
		if v.started >= 0 && slices.Contains(v.buckets, bucket) {
			out = append(out, v)
		}
	}
	slices.SortStableFunc(out, func(a, b visit) int { return cmp.Or(cmp.Compare(a.started, b.started), cmp.Compare(a.ended, b.ended)) })
	return out
}

func starts(visits []visit, bucket string) []time.Duration {
	var at []time.Duration
	for _, v := range made(visits, bucket) {
		at = append(at, v.started)
	}
	return at
}

// tooEarly says which call of a bucket came too early, by the plainest account there is: whenever within their times calls arrived, a call
// that starts has fewer than Calls before it that may have arrived within the window before, and fewer than Parallel under way.
func tooEarly(visits []visit, rate connectors.RateLimit) string {
	for i, v := range visits {
		near, under := 0, 0
		for _, o := range visits[:i] {
			if o.ended+rate.Per > v.started {
				near++
			}
			if o.ended > v.started {
				under++
			}
		}
		if rate.Calls > 0 && near >= rate.Calls {
			return fmt.Sprintf("%d calls may have arrived within %s of one that started at %s", near, rate.Per, v.started)
		}
		if rate.Parallel > 0 && under >= rate.Parallel {
			return fmt.Sprintf("%d calls under way when one started at %s", under, v.started)
		}
	}
	return ""
}

func TestNoWindowHasTooManyCalls(t *testing.T) {
	t.Parallel()
	millis := func(lo, hi int) *rapid.Generator[time.Duration] {
		return rapid.Map(rapid.IntRange(lo, hi), func(n int) time.Duration { return time.Duration(n) * time.Millisecond })
	}
	rate := rapid.Custom(func(rt *rapid.T) connectors.RateLimit {
		return connectors.RateLimit{Calls: rapid.IntRange(0, 4).Draw(rt, "calls"), Per: millis(1, 1000).Draw(rt, "per"),
			Parallel: rapid.IntRange(0, 3).Draw(rt, "parallel")}
	})
	rapid.Check(t, func(rt *rapid.T) {
		rates := map[string]connectors.RateLimit{"a": rate.Draw(rt, "a"), "b": rate.Draw(rt, "b"), "both": rate.Draw(rt, "both")}
		visits := rapid.SliceOfN(rapid.Custom(func(rt *rapid.T) visit {
			v := visit{
				buckets: rapid.SampledFrom([][]string{{"a"}, {"a", "both"}, {"b", "both"}}).Draw(rt, "buckets"),
				arrives: millis(0, 2000).Draw(rt, "arrives"), takes: millis(0, 500).Draw(rt, "takes"), idle: rapid.Bool().Draw(rt, "idle"),
			}
			switch rapid.IntRange(0, 5).Draw(rt, "patient") {
			case 0:
				v.cancel = millis(1, 1000).Draw(rt, "cancel")
			case 1:
				v.raise = millis(1, 1000).Draw(rt, "raise")
			}
			return v
		}), 1, 25).Draw(rt, "visits")
		run(t, rates, visits)
		for b, rate := range rates {
			if fault := tooEarly(made(visits, b), rate); fault != "" {
				rt.Errorf("bucket %q, %+v: %s", b, rate, fault)
			}
		}
		for i, v := range visits {
			switch {
			case v.started < 0 && v.cancel == 0:
				rt.Errorf("visit %d was refused: %v", i, v.err)
			case v.started < 0 && (!errors.Is(v.err, context.Canceled) || v.ended != v.arrives+v.cancel):
				rt.Errorf("visit %d was cancelled at %s and got %v at %s", i, v.arrives+v.cancel, v.err, v.ended)
			}
		}
	})
}

func TestNobodyWaitsLongerThanNeeded(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		rate   connectors.RateLimit
		visits int
		takes  time.Duration
		want   []time.Duration
	}{
		"no limit":               {connectors.RateLimit{}, 4, time.Second, []time.Duration{0, 0, 0, 0}},
		"one per second":         {connectors.RateLimit{Calls: 1, Per: time.Second}, 3, 0, []time.Duration{0, 1e9, 2e9}},
		"a burst, then a window": {connectors.RateLimit{Calls: 2, Per: time.Second}, 5, 0, []time.Duration{0, 0, 1e9, 1e9, 2e9}},
		"one at a time":          {connectors.RateLimit{Parallel: 1}, 3, time.Second, []time.Duration{0, 1e9, 2e9}},
		"a window counts from a call's end": {connectors.RateLimit{Calls: 1, Per: time.Second, Parallel: 1}, 3, 3 * time.Second,
			[]time.Duration{0, 4e9, 8e9}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			visits := make([]visit, tt.visits)
			for i := range visits {
				visits[i].takes, visits[i].buckets = tt.takes, []string{"a"}
			}
			run(t, map[string]connectors.RateLimit{"a": tt.rate}, visits)
			if got := starts(visits, "a"); !slices.Equal(got, tt.want) {
				t.Errorf("started at %v, want %v", got, tt.want)
			}
		})
	}
}

func TestWhoeverIsWaitedForGoesFirst(t *testing.T) {
	t.Parallel()
	slow := map[string]connectors.RateLimit{"a": {Calls: 1, Per: 10 * time.Second}, "elsewhere": {Calls: 1, Per: time.Hour}}
	var visits []visit
	for i := range 4 { // the background comes first: at 0, then 10 s after one another
		visits = append(visits, visit{buckets: []string{"a"}, arrives: time.Duration(i), idle: true})
	}
	visits = append(visits,
		visit{buckets: []string{"a"}, arrives: 5 * time.Second},
		visit{buckets: []string{"a"}, arrives: 6 * time.Second},
		visit{buckets: []string{"a"}, arrives: 7 * time.Second, idle: true, raise: 8 * time.Second})
	run(t, slow, visits)
	var got []time.Duration
	for _, v := range visits {
		got = append(got, v.started)
	}
	want := []time.Duration{0, 40e9, 50e9, 60e9, 10e9, 20e9, 30e9}
	if !slices.Equal(got, want) {
		t.Errorf("started at %v, want %v", got, want)
	}
}

func TestTheBackgroundIsNotStarved(t *testing.T) {
	t.Parallel()
	visits := []visit{{buckets: []string{"a"}, arrives: 1, idle: true}}
	for i := range 200 { // two come for each that may go
		visits = append(visits, visit{buckets: []string{"a"}, arrives: time.Duration(i) * time.Second / 2})
	}
	run(t, map[string]connectors.RateLimit{"a": {Calls: 1, Per: time.Second}}, visits)
	if at := visits[0].started; at < 30*time.Second || at > 62*time.Second {
		t.Errorf("the background went at %s, want it after a minute", at)
	}
}

// A spare call takes a turn that nobody else wants, or is refused at once where it would have to wait for others of its kind.
func TestSpareCalls(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := limit.New(nil)
		whole := connectors.Budget{Key: "whole", Limit: connectors.RateLimit{Calls: 1, Per: time.Second}}
		both := []connectors.Budget{whole, {Key: "spare", Limit: connectors.RateLimit{Calls: 1, Per: 10 * time.Second}, Spare: true}}
		var order []string
		var mu sync.Mutex
		enter := func(name string, budgets []connectors.Budget) *connectors.Error {
			pass, e := l.Acquire(t.Context(), budgets, time.Minute)
			if e == nil {
				mu.Lock()
				order = append(order, name)
				mu.Unlock()
				pass.Release(true)
			}
			return e
		}
		if e := enter("first", both[:1]); e != nil {
			t.Fatal(e)
		}
		var calls sync.WaitGroup
		calls.Go(func() {
			if e := enter("spare", both); e != nil {
				t.Errorf("the spare call gets %v", e)
			}
		})
		synctest.Wait()
		for range 1000 { // one waits already
			if e := enter("spare", both); e == nil || !e.Unsent || e.Kind != connectors.KindRateLimited {
				t.Fatalf("another spare call gets %v", e)
			}
		}
		for range 3 {
			calls.Go(func() {
				background := connectors.WithUrgency(t.Context(), connectors.NewUrgency())
				pass, e := l.Acquire(background, both[:1], time.Minute)
				if e != nil {
					t.Error(e)
					return
				}
				mu.Lock()
				order = append(order, "background")
				mu.Unlock()
				pass.Release(true)
			})
		}
		calls.Wait()
		if got, want := fmt.Sprint(order), "[first background background background spare]"; got != want {
			t.Errorf("they went in the order %s, want %s", got, want)
		}
		begin := time.Now()
		if e := enter("spare", both); e == nil || e.RetryAfter != 10*time.Second || time.Since(begin) > 0 {
			t.Errorf("beyond its part, a spare call gets %v after %s", e, time.Since(begin))
		}
	})
}

func TestBucketsDoNotWaitForEachOther(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := limit.New(nil)
		rate := connectors.RateLimit{Calls: 1, Per: time.Minute}
		whole := connectors.Budget{Key: "whole", Limit: connectors.RateLimit{Parallel: 1}}
		l.Pause("slow", &connectors.Error{RetryAfter: time.Minute})
		go func() {
			if pass, e := l.Acquire(t.Context(), []connectors.Budget{whole, {Key: "slow", Limit: rate}}, time.Minute); e == nil {
				pass.Release(true)
			}
		}()
		synctest.Wait() // it waits for its pause by now
		begin := time.Now()
		pass, e := l.Acquire(t.Context(), []connectors.Budget{whole, {Key: "quick", Limit: rate}}, time.Minute)
		if e != nil {
			t.Fatal(e)
		}
		pass.Release(true)
		if waited := time.Since(begin); waited != 0 {
			t.Errorf("waited %s for another bucket's pause", waited)
		}
		time.Sleep(2 * time.Minute)
	})
}

func TestPause(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		pauses  []time.Duration
		blocked bool
		wait    time.Duration // until the next call starts; -1 if it is refused
		after   time.Duration // what the refusal says
	}{
		"for as long as asked":            {[]time.Duration{10 * time.Second}, false, 10 * time.Second, 0},
		"a shorter one shortens nothing":  {[]time.Duration{time.Minute, time.Second}, false, time.Minute, 0},
		"up to the limit of patience":     {[]time.Duration{patience}, false, patience, 0},
		"beyond patience it is refused":   {[]time.Duration{patience + time.Second}, false, -1, patience + time.Second},
		"an hour is refused, at once too": {[]time.Duration{time.Hour}, false, -1, connectors.MaxPause},
		"a block refuses what is short":   {[]time.Duration{time.Minute, time.Second}, true, -1, time.Minute},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				l := limit.New(nil)
				for _, d := range tt.pauses {
					l.Pause("b", &connectors.Error{Kind: connectors.KindRateLimited, RetryAfter: d, Blocked: tt.blocked, Status: 403})
				}
				begin := time.Now()
				pass, e := l.Acquire(t.Context(), []connectors.Budget{{Key: "a"}, {Key: "b"}}, time.Minute)
				waited := time.Since(begin)
				if e != nil {
					if tt.wait >= 0 || waited != 0 || e.Kind != connectors.KindRateLimited || e.RetryAfter != tt.after || !e.Unsent || e.Blocked != tt.blocked {
						t.Fatalf("after %s: %v (retry after %s)", waited, e, e.RetryAfter)
					}
					time.Sleep(tt.after)
					if _, e := l.Acquire(t.Context(), []connectors.Budget{{Key: "b"}}, time.Minute); e != nil {
						t.Errorf("after that: %v", e)
					}
					return
				}
				pass.Release(true)
				if waited != tt.wait {
					t.Errorf("waited %s, want %s", waited, tt.wait)
				}
			})
		})
	}
}

func TestACallThatWasGivenUpMayStillArrive(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := limit.New(nil)
		budgets := []connectors.Budget{{Key: "a", Limit: connectors.RateLimit{Calls: 1, Per: time.Second}}}
		for _, answered := range []bool{false, true} {
			pass, e := l.Acquire(t.Context(), budgets, time.Minute)
			if e != nil {
				t.Fatal(e)
			}
			pass.Release(answered)
			pass.Release(true) // once is enough
		}
		if pass, e := l.Acquire(t.Context(), budgets, time.Minute); e == nil {
			pass.Release(true)
		}
	})
}

func TestGivingUp(t *testing.T) {
	t.Parallel()
	for name, rate := range map[string]connectors.RateLimit{"for want of a window": {Calls: 1, Per: time.Minute}, "for want of a place": {Parallel: 1}} {
		budgets := []connectors.Budget{{Key: "a", Limit: rate}}
		t.Run("a caller that has gone, "+name, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithCancel(t.Context())
			cancel()
			_, e := limit.New(nil).Acquire(ctx, budgets, time.Minute)
			if e == nil || e.Kind != connectors.KindTimeout || !errors.Is(e, context.Canceled) {
				t.Errorf("got %v", e)
			}
		})
		t.Run("a deadline that comes first, "+name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				l := limit.New(nil)
				pass, e := l.Acquire(t.Context(), budgets, time.Minute)
				if e != nil {
					t.Fatal(e)
				}
				want := 30 * time.Second // a call's end is not known; a window's is
				if rate.Calls > 0 {
					pass.Release(true)
					want = 0
				}
				begin := time.Now()
				ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
				defer cancel()
				_, e = l.Acquire(ctx, budgets, time.Minute)
				if e == nil || e.Kind != connectors.KindRateLimited || !errors.Is(e, context.DeadlineExceeded) || !e.Unsent {
					t.Errorf("got %v", e)
				}
				if waited := time.Since(begin); waited != want {
					t.Errorf("came back after %s, want %s", waited, want)
				}
			})
		})
	}
}
