package conntest

import (
	"fmt"
	"net/http"
	"slices"
	"sync"
	"testing"

	"roster/connectors/faults"
)

// failingLater checks that a listing which fails after some good answers is not taken for a complete one.
func (s Subject) failingLater(t *testing.T, op operation) {
	st := s.start(t)
	healthy, err := perform(t, op, st.open(t, nil), nil)
	if err != nil {
		t.Errorf("healthy: %v", err)
		return
	}
	calls := st.faults.Requests()
	for _, good := range slices.Compact([]int{1, calls / 2, calls - 1}) {
		if good < 1 || good >= calls {
			continue
		}
		for name, effect := range map[string]faults.Effect{
			"status 503": faults.Reply(503, htmlPage), "status 500": faults.Reply(500, jsonError), "cut JSON": faults.Truncate(), "connection cut": faults.Reset(),
		} {
			t.Run(fmt.Sprintf("%s after %d good answers of %d", name, good, calls), func(t *testing.T) {
				t.Parallel()
				st := s.start(t)
				source := st.open(t, nil)
				st.faults.Set(faults.Fault{Skip: good, Effect: effect})
				got, err := perform(t, op, source, nil)
				if st.faults.Hits() == 0 {
					t.Skip("this time there were fewer calls")
				}
				if got.complete {
					t.Errorf("the result is marked as complete (error: %v)", err)
				}
				if err != nil {
					_ = st.checkError(t, err)
				}
				if strange := without(got.ids, healthy.ids); len(strange) > 0 {
					t.Errorf("records that the source does not have: %v", strange)
				}
			})
		}
	}
	if !op.lists || calls < 2 {
		return
	}
	t.Run("the same page repeated", func(t *testing.T) {
		t.Parallel()
		st := s.start(t)
		st.faults.Next = repeatFirst(st.faults.Next)
		got, err := perform(t, op, st.open(t, nil), nil)
		if got.complete {
			t.Errorf("the result is marked as complete (error: %v)", err)
		}
		if err != nil {
			_ = st.checkError(t, err)
		}
		if n := st.faults.Requests(); n > 4*calls+20 {
			t.Errorf("gave up after %d requests; a whole listing takes %d", n, calls)
		}
	})
}

// repeatFirst returns a handler that answers every request like the first one.
func repeatFirst(next http.Handler) http.Handler {
	var mu sync.Mutex
	var first *http.Request
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		if first == nil {
			first = r.Clone(r.Context())
		}
		repeated := first.Clone(r.Context())
		mu.Unlock()
		repeated.Body = r.Body
		next.ServeHTTP(w, repeated)
	})
}
