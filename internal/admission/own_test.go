package admission_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"roster/internal/admission"
)

// spent records the debts that the limiter reports.
type spent map[string]time.Duration

func (s spent) Spend(_ context.Context, debts map[string]time.Duration) (map[string]time.Duration, error) {
	for key, debt := range debts {
		s[key] += debt
	}
	return debts, nil
}

// A caller with its own limit has that limit, whatever the others have, and keeps what it has used up when the limits change.
func TestOwn(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		limits := admission.Limits{Requests: 60, Per: time.Minute, Own: func(c admission.Caller) int {
			if c == ann {
				return 600
			}
			return 0
		}}
		g := admission.New(limits)
		count := func(c admission.Caller) (n int) {
			for {
				if _, ok := g.Count(c); !ok {
					return n
				}
				n++
			}
		}
		if a, b := count(ann), count(bob); a != 600 || b != 60 {
			t.Errorf("%d and %d requests, want 600 and 60", a, b)
		}
		limits.Own = func(admission.Caller) int { return 1200 } // for bob too
		g.SetLimits(limits)
		if a := count(ann); a != 600 && a != 0 {
			t.Errorf("after the change %d requests at once", a)
		}
		time.Sleep(time.Second)
		if a := count(ann); a != 20 {
			t.Errorf("in a second %d come back, want 20", a)
		}
	})
}

// The gate reports each request with the weight that the caller's own limit gives it.
func TestOwnIsSettled(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := admission.New(admission.Limits{Requests: 60, Per: time.Minute, Own: func(c admission.Caller) int {
			if c == ann {
				return 600
			}
			return 0
		}})
		report := make(spent)
		ctx, stop := context.WithCancel(t.Context())
		go g.Sync(ctx, report)
		synctest.Wait()
		g.Count(ann)
		g.Count(bob)
		time.Sleep(2 * time.Second)
		synctest.Wait()
		stop()
		synctest.Wait()
		if a, b := report["name "+ann.Name], report["name "+bob.Name]; a != 100*time.Millisecond || b != time.Second {
			t.Errorf("report %v", report)
		}
	})
}
