package rest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"roster/connectors"
)

// visit is one call's passage through the limiter: planned, then what became of it.
type visit struct {
	bucket  string
	arrives time.Duration // after the beginning
	takes   time.Duration
	cancel  time.Duration // after the arrival; 0 for never

	started time.Duration // -1 if it never was
	ended   time.Duration
	err     *connectors.Error
}

// run sends all visits through one limiter in a time of its own.
func run(t *testing.T, limit connectors.RateLimit, visits []visit) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		l := newLimiter(limit)
		begin := time.Now()
		var all sync.WaitGroup
		for i := range visits {
			v := &visits[i]
			all.Go(func() {
				time.Sleep(v.arrives)
				ctx := t.Context()
				if v.cancel > 0 {
					var cancel context.CancelFunc
					ctx, cancel = context.WithCancel(ctx)
					defer time.AfterFunc(v.cancel, cancel).Stop()
				}
				release, e := l.acquire(ctx, v.bucket)
				v.started, v.err = time.Since(begin), e
				if e != nil {
					v.ended, v.started = v.started, -1
					return
				}
				time.Sleep(v.takes)
				v.ended = time.Since(begin)
				release()
			})
		}
		all.Wait()
	})
}

func starts(visits []visit, bucket string) []time.Duration {
	var at []time.Duration
	for _, v := range visits {
		if v.bucket == bucket && v.started >= 0 {
			at = append(at, v.started)
		}
	}
	slices.Sort(at)
	return at
}

func TestLimiterKeepsEveryWindow(t *testing.T) {
	t.Parallel()
	millis := func(lo, hi int) *rapid.Generator[time.Duration] {
		return rapid.Map(rapid.IntRange(lo, hi), func(n int) time.Duration { return time.Duration(n) * time.Millisecond })
	}
	rapid.Check(t, func(rt *rapid.T) {
		limit := connectors.RateLimit{
			Calls:    rapid.IntRange(1, 4).Draw(rt, "calls"),
			Per:      millis(1, 1000).Draw(rt, "per"),
			Parallel: rapid.IntRange(0, 3).Draw(rt, "parallel"),
		}
		visits := rapid.SliceOfN(rapid.Custom(func(rt *rapid.T) visit {
			v := visit{
				bucket:  rapid.SampledFrom([]string{"", "users.list"}).Draw(rt, "bucket"),
				arrives: millis(0, 2000).Draw(rt, "arrives"),
				takes:   millis(0, 500).Draw(rt, "takes"),
			}
			if rapid.IntRange(0, 3).Draw(rt, "patient") == 0 {
				v.cancel = millis(1, 1000).Draw(rt, "cancel")
			}
			return v
		}), 1, 25).Draw(rt, "visits")
		run(t, limit, visits)

		for _, bucket := range []string{"", "users.list"} {
			at := starts(visits, bucket)
			for i := limit.Calls; i < len(at); i++ {
				if at[i]-at[i-limit.Calls] < limit.Per {
					rt.Errorf("bucket %q: %d calls started within %s, from %s to %s", bucket, limit.Calls+1, limit.Per, at[i-limit.Calls], at[i])
				}
			}
		}
		for i, v := range visits {
			under := 0 // calls under way at the moment when v starts, itself included
			for _, o := range visits {
				if o.started >= 0 && o.started <= v.started && v.started < o.ended {
					under++
				}
			}
			switch {
			case v.started < 0 && v.cancel == 0:
				rt.Errorf("visit %d was refused: %v", i, v.err)
			case v.started < 0 && !errors.Is(v.err, context.Canceled):
				rt.Errorf("visit %d was cancelled and got %v", i, v.err)
			case v.started < 0 && v.ended != v.arrives+v.cancel:
				rt.Errorf("visit %d was cancelled at %s and came back at %s", i, v.arrives+v.cancel, v.ended)
			case v.started >= 0 && limit.Parallel > 0 && under > limit.Parallel:
				rt.Errorf("%d calls at a time when visit %d started", under, i)
			}
		}
	})
}

func TestLimiterWaitsNoLongerThanItMust(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		limit  connectors.RateLimit
		visits int
		takes  time.Duration
		want   []time.Duration
	}{
		"no limit":                {connectors.RateLimit{}, 4, time.Second, []time.Duration{0, 0, 0, 0}},
		"one per second":          {connectors.RateLimit{Calls: 1, Per: time.Second}, 3, 0, []time.Duration{0, 1e9, 2e9}},
		"a burst, then a window":  {connectors.RateLimit{Calls: 2, Per: time.Second}, 5, 0, []time.Duration{0, 0, 1e9, 1e9, 2e9}},
		"one at a time":           {connectors.RateLimit{Parallel: 1}, 3, time.Second, []time.Duration{0, 1e9, 2e9}},
		"slower than its windows": {connectors.RateLimit{Calls: 1, Per: time.Second, Parallel: 1}, 3, 3 * time.Second, []time.Duration{0, 3e9, 6e9}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			visits := make([]visit, tt.visits)
			for i := range visits {
				visits[i].takes = tt.takes
			}
			run(t, tt.limit, visits)
			if got := starts(visits, ""); !slices.Equal(got, tt.want) {
				t.Errorf("started at %v, want %v", got, tt.want)
			}
		})
	}
}

func TestLimiterBucketsDoNotWaitForEachOther(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := newLimiter(connectors.RateLimit{Calls: 1, Per: time.Minute, Parallel: 1})
		l.pause("slow", &connectors.Error{RetryAfter: time.Minute})
		go func() {
			if release, e := l.acquire(t.Context(), "slow"); e == nil {
				release()
			}
		}()
		synctest.Wait() // it waits for its pause by now
		begin := time.Now()
		release, e := l.acquire(t.Context(), "quick")
		if e != nil {
			t.Fatal(e)
		}
		release()
		if waited := time.Since(begin); waited != 0 {
			t.Errorf("waited %s for another bucket's pause", waited)
		}
		time.Sleep(2 * time.Minute)
	})
}

func TestLimiterPause(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		pauses []time.Duration
		wait   time.Duration // until the next call starts; -1 if it is refused
		after  time.Duration // what the refusal says
	}{
		"for as long as asked":            {[]time.Duration{10 * time.Second}, 10 * time.Second, 0},
		"a default without a word":        {[]time.Duration{0}, defaultPause, 0},
		"a shorter one shortens nothing":  {[]time.Duration{time.Minute, time.Second}, time.Minute, 0},
		"up to the limit of patience":     {[]time.Duration{patience}, patience, 0},
		"beyond patience it is refused":   {[]time.Duration{patience + time.Second}, -1, patience + time.Second},
		"an hour is refused, at once too": {[]time.Duration{time.Hour}, -1, time.Hour},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				l := newLimiter(connectors.RateLimit{})
				for _, d := range tt.pauses {
					l.pause("b", &connectors.Error{Kind: connectors.KindRateLimited, RetryAfter: d})
				}
				begin := time.Now()
				release, e := l.acquire(t.Context(), "b")
				waited := time.Since(begin)
				if e != nil {
					if tt.wait >= 0 || waited != 0 || e.Kind != connectors.KindRateLimited || e.RetryAfter != tt.after {
						t.Fatalf("after %s: %v (retry after %s)", waited, e, e.RetryAfter)
					}
					return
				}
				release()
				if waited != tt.wait {
					t.Errorf("waited %s, want %s", waited, tt.wait)
				}
			})
		})
	}
}

func TestLimiterBlock(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := newLimiter(connectors.RateLimit{Calls: 1, Per: time.Second, Parallel: 1})
		l.block(&connectors.Error{Kind: connectors.KindForbidden, Status: 403, Blocked: true})
		l.block(&connectors.Error{Kind: connectors.KindForbidden, Status: 403, Blocked: true, RetryAfter: time.Second}) // shortens nothing
		for _, left := range []time.Duration{time.Hour, 30 * time.Minute} {
			for _, bucket := range []string{"", "other"} {
				_, e := l.acquire(t.Context(), bucket)
				if e == nil || !e.Blocked || e.Kind != connectors.KindForbidden || e.RetryAfter != left {
					t.Fatalf("bucket %q: got %v; want it blocked for another %s", bucket, e, left)
				}
			}
			time.Sleep(30 * time.Minute)
		}
		release, e := l.acquire(t.Context(), "")
		if e != nil {
			t.Fatalf("after the block: %v", e)
		}
		release()
	})
}

func TestLimiterGivesUpAtOnce(t *testing.T) {
	t.Parallel()
	limits := map[string]connectors.RateLimit{
		"for want of a window": {Calls: 1, Per: time.Minute},
		"for want of a place":  {Parallel: 1},
	}
	for name, limit := range limits {
		t.Run("a caller that has gone, "+name, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithCancel(t.Context())
			cancel()
			_, e := newLimiter(limit).acquire(ctx, "")
			if e == nil || e.Kind != connectors.KindTimeout || !errors.Is(e, context.Canceled) {
				t.Errorf("got %v", e)
			}
		})
		t.Run("a deadline that comes first, "+name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				l := newLimiter(limit)
				release, e := l.acquire(t.Context(), "")
				if e != nil {
					t.Fatal(e)
				}
				defer release()
				begin := time.Now()
				ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
				defer cancel()
				_, e = l.acquire(ctx, "")
				if e == nil || e.Kind != connectors.KindRateLimited || !errors.Is(e, context.DeadlineExceeded) {
					t.Errorf("got %v", e)
				}
				want := time.Duration(0) // a window's end is known; a call's is not
				if limit.Parallel > 0 {
					want = 30 * time.Second
				}
				if waited := time.Since(begin); waited != want {
					t.Errorf("came back after %s, want %s", waited, want)
				}
			})
		})
	}
}

func TestLimiterForgetsWhoGaveUp(t *testing.T) {
	t.Parallel()
	visits := []visit{{}, {arrives: 1, cancel: 100 * time.Millisecond}, {arrives: 200 * time.Millisecond}}
	run(t, connectors.RateLimit{Calls: 1, Per: time.Second}, visits)
	if got, want := fmt.Sprint(starts(visits, "")), "[0s 1s]"; got != want {
		t.Errorf("started at %s, want %s: the one that gave up must not count", got, want)
	}
}
