package conntest

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"roster/connectors"
	"roster/connectors/faults"
)

// limits checks retries, the breaker and the limiter of a source.
func (s Subject) limits(t *testing.T, op operation) {
	withRetries := func(c *connectors.Config) { c.Retries = nil }
	for name, effect := range map[string]faults.Effect{
		"connection cut once": faults.Reset(), "status 503 once": faults.Reply(503, jsonError), "cut JSON once": faults.Truncate(),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			st := s.start(t)
			source := st.open(t, withRetries)
			st.faults.Set(faults.Fault{Effect: effect, Times: 1})
			got, err := perform(t, op, source, nil)
			if err != nil || !got.complete {
				t.Errorf("complete %v, %v; want a complete result without an error", got.complete, err)
			}
			if st.faults.Hits() != 1 {
				t.Errorf("the fault applied to %d requests", st.faults.Hits())
			}
		})
	}
	t.Run("down for long", func(t *testing.T) {
		t.Parallel()
		st := s.start(t)
		source := st.open(t, withRetries)
		if source.Health == nil {
			t.Fatal("it has no health")
		}
		if h := source.Health(); h.Breaker != connectors.BreakerClosed || h.Err != nil {
			t.Errorf("before any call its health is %+v", h)
		}
		st.faults.Set(faults.Fault{Effect: faults.Reply(500, jsonError)})
		for range 4 {
			got, err := perform(t, op, source, nil)
			_ = st.checkFailed(t, op, got, err)
		}
		n := st.faults.Requests()
		if h := source.Health(); h.Breaker == connectors.BreakerClosed || h.Err == nil {
			t.Fatalf("after %d failures its health is %+v; want its breaker open", n, h)
		} else {
			st.noSecret(t, "its health", h.Err.Error())
		}
		got, err := perform(t, op, source, nil)
		if e := st.checkFailed(t, op, got, err); e != nil && (!e.Unsent || e.RetryAfter <= 0) {
			t.Errorf("got %v; want that the call is not sent, with a RetryAfter", e)
		}
		if more := st.faults.Requests() - n; more > 0 {
			t.Errorf("%d requests while the breaker is open", more)
		}
	})
	t.Run("each call acquires its budgets", func(t *testing.T) {
		t.Parallel()
		st := s.start(t)
		limits := &countingLimits{}
		source := st.open(t, func(c *connectors.Config) { c.Runtime.Limits = limits })
		if _, err := perform(t, op, source, nil); err != nil {
			t.Fatal(err)
		}
		if n := int64(st.faults.Requests()); limits.entered.Load() != n || limits.left.Load() != n {
			t.Errorf("%d requests, %d calls of Enter, %d of Leave", n, limits.entered.Load(), limits.left.Load())
		}
		limits.mu.Lock()
		defer limits.mu.Unlock()
		for key := range limits.keys {
			st.noSecret(t, "a budget's key", key)
		}
	})
}

// countingLimits allows every call, and counts the calls.
type countingLimits struct {
	entered, left atomic.Int64
	mu            sync.Mutex
	keys          map[string]bool
	pauses        []time.Duration
}

func (c *countingLimits) Acquire(_ context.Context, budgets []connectors.Budget, _ time.Duration) (connectors.Permit, *connectors.Error) {
	c.entered.Add(1)
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, b := range budgets {
		if c.keys == nil {
			c.keys = make(map[string]bool)
		}
		c.keys[b.Key] = true
	}
	return c, nil
}

func (c *countingLimits) Release(bool) { c.left.Add(1) }

func (c *countingLimits) Pause(_ string, e *connectors.Error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.pauses = append(c.pauses, e.RetryAfter)
}

func (c *countingLimits) Paused(string) *connectors.Error { return nil }

func (c *countingLimits) Resume(string) {}
