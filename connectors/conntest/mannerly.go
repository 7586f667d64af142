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

// mannerly checks how a source treats its vendor on a bad day, and that all it sends is counted.
func (s Subject) mannerly(t *testing.T, op operation) {
	patient := func(c *connectors.Config) { c.Retries = nil }
	for name, effect := range map[string]faults.Effect{
		"cut off once": faults.Reset(), "down for a moment": faults.Reply(503, problem), "garbled once": faults.Truncate(),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			st := s.start(t)
			source := st.open(t, patient)
			st.faults.Set(faults.Fault{Effect: effect, Times: 1})
			got, err := ask(t, op, source, nil)
			if err != nil || !got.complete {
				t.Errorf("complete %v, %v; want nobody to notice", got.complete, err)
			}
			if st.faults.Hits() != 1 {
				t.Errorf("the fault met %d requests", st.faults.Hits())
			}
		})
	}
	t.Run("down for long", func(t *testing.T) {
		t.Parallel()
		st := s.start(t)
		source := st.open(t, patient)
		if source.Health == nil {
			t.Fatal("it does not say how its calls have gone")
		}
		if h := source.Health(); h.Breaker != connectors.BreakerClosed || h.Err != nil {
			t.Errorf("before any call it says %+v", h)
		}
		st.faults.Set(faults.Fault{Effect: faults.Reply(500, problem)})
		for range 4 {
			got, err := ask(t, op, source, nil)
			_ = st.judge(t, op, got, err)
		}
		n := st.faults.Requests()
		if h := source.Health(); h.Breaker == connectors.BreakerClosed || h.Err == nil {
			t.Fatalf("after %d failures it says %+v; want its breaker open", n, h)
		} else {
			st.noSecret(t, "its health", h.Err.Error())
		}
		got, err := ask(t, op, source, nil)
		if e := st.judge(t, op, got, err); e != nil && (!e.Unsent || e.RetryAfter <= 0) {
			t.Errorf("got %v; want it left alone for some time", e)
		}
		if more := st.faults.Requests() - n; more > 0 {
			t.Errorf("%d requests while it is left alone", more)
		}
	})
	t.Run("each call has its turn", func(t *testing.T) {
		t.Parallel()
		st := s.start(t)
		turns := &turns{}
		source := st.open(t, func(c *connectors.Config) { c.Runtime.Limits = turns })
		if _, err := ask(t, op, source, nil); err != nil {
			t.Fatal(err)
		}
		if n := int64(st.faults.Requests()); turns.given.Load() != n || turns.left.Load() != n {
			t.Errorf("%d requests with %d turns, of which %d were given back", n, turns.given.Load(), turns.left.Load())
		}
		turns.mu.Lock()
		defer turns.mu.Unlock()
		for key := range turns.keys {
			st.noSecret(t, "a budget's key", key)
		}
	})
}

// turns gives every call its turn, and counts.
type turns struct {
	given, left atomic.Int64
	mu          sync.Mutex
	keys        map[string]bool
	pauses      []time.Duration
}

func (c *turns) Enter(_ context.Context, budgets []connectors.Budget, _ time.Duration) (connectors.Pass, *connectors.Error) {
	c.given.Add(1)
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

func (c *turns) Leave(bool) { c.left.Add(1) }

func (c *turns) Pause(_ string, e *connectors.Error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.pauses = append(c.pauses, e.RetryAfter)
}

func (c *turns) Paused(string) *connectors.Error { return nil }

func (c *turns) Resume(string) {}
