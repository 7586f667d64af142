package app

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// Close waits for requests that have begun, and no request begins afterwards.
func TestTrafficIsWaitedFor(t *testing.T) {
	t.Parallel()
	var traffic traffic
	var inside, refused atomic.Int64
	var closed atomic.Bool
	var requests sync.WaitGroup
	for range 8 {
		requests.Go(func() {
			for range 5_000 {
				if !traffic.acquire() {
					refused.Add(1)
					continue
				}
				inside.Add(1)
				if closed.Load() {
					t.Error("let in after the end")
				}
				inside.Add(-1)
				traffic.release()
			}
		})
	}
	traffic.close(t.Context())
	closed.Store(true)
	if n := inside.Load(); n != 0 {
		t.Errorf("%d are still inside", n)
	}
	requests.Wait()
	if traffic.acquire() {
		t.Error("let in after the end")
	}
}

func TestTrafficIsNotWaitedForForEver(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var traffic traffic
		traffic.acquire()
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		traffic.close(ctx)
		if ctx.Err() == nil {
			t.Error("somebody is inside, and was not waited for")
		}
		traffic.release()
		traffic.close(t.Context())
	})
}
