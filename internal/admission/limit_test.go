package admission_test

import (
	"testing"
	"testing/synctest"
	"time"

	"roster/internal/admission"
)

// Whoever has used up their requests, or has operations under way, gains nothing by a change of the limits; and has what the new ones give beyond that.
func TestLimitsChange(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		to            admission.Limits
		used          int
		remaining     int
		full, another admission.Full
	}{
		"more requests":    {admission.Limits{Requests: 20, Per: time.Minute, PerCaller: 1}, 10, 9, admission.CallerAt, admission.Free},
		"in a longer time": {admission.Limits{Requests: 10, Per: time.Hour, PerCaller: 1}, 4, 5, admission.CallerAt, admission.Free},
		"fewer requests":   {admission.Limits{Requests: 5, Per: time.Minute, PerCaller: 1}, 10, -1, admission.CallerAt, admission.Free},
		"the same":         {admission.Limits{Requests: 10, Per: time.Minute, PerCaller: 1}, 10, -1, admission.CallerAt, admission.Free},
		"no bound on them": {admission.Limits{PerCaller: 1}, 10, 0, admission.CallerAt, admission.Free},
		"more at a time":   {admission.Limits{Requests: 10, Per: time.Minute, PerCaller: 2}, 0, 9, admission.Free, admission.Free},
		"fewer of all":     {admission.Limits{Requests: 10, Per: time.Minute, PerCaller: 2, Operations: 1}, 0, 9, admission.AllAt, admission.AllAt},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				g := admission.New(admission.Limits{Requests: 10, Per: time.Minute, PerCaller: 1})
				for range tc.used {
					g.Count(ann)
				}
				if _, full := g.Acquire(ann); full != admission.Free {
					t.Fatalf("the first: %v", full)
				}
				g.Limit(tc.to)
				rate, ok := g.Count(ann)
				if ok != (tc.remaining >= 0) || ok && rate.Remaining != tc.remaining {
					t.Errorf("%+v, %v; want that %d are left", rate, ok, tc.remaining)
				}
				if _, full := g.Acquire(ann); full != tc.full {
					t.Errorf("one more: %v, want %v", full, tc.full)
				}
				if _, full := g.Acquire(bob); full != tc.another {
					t.Errorf("another's: %v, want %v", full, tc.another)
				}
				time.Sleep(tc.to.Per)
				if _, ok := g.Count(ann); !ok {
					t.Error("it is not over when all requests have come back")
				}
			})
		})
	}
}
