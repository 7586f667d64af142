package admission_test

import (
	"testing"
	"testing/synctest"
	"time"

	"roster/internal/admission"
)

// A caller that has used up its requests gains nothing by a change of the limits, except what the new limits allow beyond the old ones.
func TestLimitsChange(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		to        admission.Limits
		used      int
		remaining int
	}{
		"more requests":    {admission.Limits{Requests: 20, Per: time.Minute}, 10, 9},
		"in a longer time": {admission.Limits{Requests: 10, Per: time.Hour}, 4, 5},
		"fewer requests":   {admission.Limits{Requests: 5, Per: time.Minute}, 10, -1},
		"the same":         {admission.Limits{Requests: 10, Per: time.Minute}, 10, -1},
		"no bound on them": {admission.Limits{}, 10, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				g := admission.New(admission.Limits{Requests: 10, Per: time.Minute})
				for range tc.used {
					g.Count(ann)
				}
				g.SetLimits(tc.to)
				rate, ok := g.Count(ann)
				if ok != (tc.remaining >= 0) || ok && rate.Remaining != tc.remaining {
					t.Errorf("%+v, %v; want that %d are left", rate, ok, tc.remaining)
				}
				time.Sleep(tc.to.Per)
				if _, ok := g.Count(ann); !ok {
					t.Error("it is not over when all requests have come back")
				}
			})
		})
	}
}
