package admission_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"roster/internal/admission"
)

// ledger remembers what it was told.
type spent map[string]time.Duration

func (s spent) Spend(_ context.Context, debts map[string]time.Duration) (map[string]time.Duration, error) {
	for key, debt := range debts {
		s[key] += debt
	}
	return debts, nil
}

// A caller with limits of their own has those, whatever the others have, and keeps what they have used up when they change.
func TestOwn(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		own := admission.Own{PerCaller: 3, Requests: 600}
		limits := admission.Limits{Requests: 60, Per: time.Minute, PerCaller: 1, Own: func(c admission.Caller) admission.Own {
			if c == ann {
				return own
			}
			return admission.Own{}
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
		acquire := func(c admission.Caller) (n int) {
			for {
				if _, full := g.Acquire(c); full != admission.Free {
					return n
				}
				n++
			}
		}
		if a, b := count(ann), count(bob); a != 600 || b != 60 {
			t.Errorf("%d and %d requests, want 600 and 60", a, b)
		}
		if a, b := acquire(ann), acquire(bob); a != 3 || b != 1 {
			t.Errorf("%d and %d at a time, want 3 and 1", a, b)
		}
		own = admission.Own{Requests: 1200, PerCaller: 5}
		limits.Own = func(admission.Caller) admission.Own { return own } // for bob too
		g.Limit(limits)
		if a := count(ann); a != 600 && a != 0 {
			t.Errorf("after the change %d requests at once", a)
		}
		if a, b := acquire(ann), acquire(bob); a != 2 || b != 4 {
			t.Errorf("after the change %d and %d more at a time, want 2 and 4", a, b)
		}
		time.Sleep(time.Second)
		if a := count(ann); a != 20 {
			t.Errorf("in a second %d come back, want 20", a)
		}
	})
}

// Replicas are told what requests are worth to the one who sent them.
func TestOwnIsSettled(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := admission.New(admission.Limits{Requests: 60, Per: time.Minute, Own: func(c admission.Caller) admission.Own {
			if c == ann {
				return admission.Own{Requests: 600}
			}
			return admission.Own{}
		}})
		told := make(spent)
		ctx, stop := context.WithCancel(t.Context())
		go g.Settle(ctx, told)
		synctest.Wait()
		g.Count(ann)
		g.Count(bob)
		time.Sleep(2 * time.Second)
		synctest.Wait()
		stop()
		synctest.Wait()
		if a, b := told["name "+ann.Name], told["name "+bob.Name]; a != 100*time.Millisecond || b != time.Second {
			t.Errorf("told %v", told)
		}
	})
}
