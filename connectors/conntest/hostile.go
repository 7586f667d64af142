package conntest

import (
	"fmt"
	"math"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"roster/connectors"
	"roster/connectors/faults"
)

// hostile checks answers that are longer than allowed, or that state impossible numbers.
func (s Subject) hostile(t *testing.T, op operation) {
	t.Run("a long answer", func(t *testing.T) {
		t.Parallel()
		effect := faults.Reply(200, faults.JSON(strings.Repeat(" ", 2<<10)+"{}"))
		e := s.fails(t, op, effect, func(c *connectors.Config) { c.Bounds.Bytes = 1 << 10 })
		checkNames(t, e, "max_bytes")
	})
	s.pauses(t, op)
	if op.lists {
		s.tooManyRows(t, op)
		s.senselessTotals(t, op)
	}
}

// checkNames checks that the error for an exceeded bound names the setting. The error is nil if the operation reports it in its result.
func checkNames(t *testing.T, e *connectors.Error, setting string) {
	t.Helper()
	if e != nil && (e.Kind != connectors.KindBadResponse || !strings.Contains(e.Detail, setting)) {
		t.Errorf("got %v; want KindBadResponse because of %s", e, setting)
	}
}

// maxPause is the longest pause that the checks allow a source to demand.
const maxPause = 2 * time.Minute

// pauses checks that a demanded pause is limited, whatever its form, and that the source is called again after Resume.
func (s Subject) pauses(t *testing.T, op operation) {
	for name, after := range map[string]string{
		"a pause of 30,000 years": "999999999999", "a pause until 9999": "Fri, 31 Dec 9999 23:59:59 GMT",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			st := s.start(t)
			source := st.open(t, func(c *connectors.Config) { c.Runtime.MaxPause = maxPause })
			st.faults.Set(faults.Fault{Effect: tooMany(after)})
			got, err := perform(t, op, source, nil)
			if e := st.checkFailed(t, op, got, err); e != nil && (e.Kind != connectors.KindRateLimited || e.RetryAfter > maxPause) {
				t.Errorf("got %v; want it rate limited, with at most %s to wait", e, maxPause)
			}
			if h := source.Health(); h.Pause == nil || h.Pause.RetryAfter <= 0 || h.Pause.RetryAfter > maxPause {
				t.Errorf("it says %+v; want a pause of at most %s", h.Pause, maxPause)
			}
			if source.Resume == nil {
				return
			}
			source.Resume()
			st.faults.Clear()
			if got, err := perform(t, op, source, nil); err != nil || !got.complete {
				t.Errorf("after the pause was ended: complete %v, %v", got.complete, err)
			}
		})
	}
	// For these values, the connector pauses for some seconds by default. The test does not wait for the end of that pause.
	for name, after := range map[string]string{
		"a pause beyond any number": strings.Repeat("9", 40), "a pause that has ended": "Mon, 01 Jan 0001 00:00:00 GMT",
		"a pause that is not a time": "soon", "a negative pause": "-999999999999",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			st := s.start(t)
			limits := &countingLimits{}
			source := st.open(t, func(c *connectors.Config) { c.Runtime.MaxPause, c.Runtime.Limits = maxPause, limits })
			st.faults.Set(faults.Fault{Effect: tooMany(after)})
			got, err := perform(t, op, source, nil)
			_ = st.checkFailed(t, op, got, err)
			limits.mu.Lock()
			defer limits.mu.Unlock()
			if len(limits.pauses) == 0 || slices.Min(limits.pauses) <= 0 || slices.Max(limits.pauses) > maxPause {
				t.Errorf("it pauses for %v; want some time, and at most %s", limits.pauses, maxPause)
			}
		})
	}
}

func tooMany(after string) faults.Effect {
	return faults.Reply(http.StatusTooManyRequests, jsonError, "Retry-After", after)
}

// tooManyRows checks that a collection beyond max_rows is rejected, on whatever page the limit is reached.
func (s Subject) tooManyRows(t *testing.T, op operation) {
	t.Run("more rows than are allowed", func(t *testing.T) {
		t.Parallel()
		st := s.start(t)
		healthy, err := perform(t, op, st.open(t, nil), nil)
		if err != nil {
			t.Fatal(err)
		}
		rows := len(healthy.ids) - 1
		if rows < 1 {
			return // max_rows cannot be lower than that
		}
		got, err := perform(t, op, st.open(t, func(c *connectors.Config) { c.Bounds.Rows = rows }), nil)
		checkNames(t, st.checkFailed(t, op, got, err), "max_rows")
	})
}

// senselessTotals checks that a stated total of 2^62 records is ignored, and causes no further calls.
func (s Subject) senselessTotals(t *testing.T, op operation) {
	if len(s.Totals) == 0 {
		return
	}
	t.Run("totals of 2^62", func(t *testing.T) {
		t.Parallel()
		st := s.start(t)
		healthy, err := perform(t, op, st.open(t, nil), nil)
		if err != nil {
			t.Fatal(err)
		}
		calls := st.faults.Requests()
		var replaced atomic.Bool
		total := regexp.MustCompile(fmt.Sprintf(`((?:%s)"?[:>] ?)[0-9]+`, strings.Join(s.Totals, "|")))
		whole := st.faults.Next
		st.faults.Next = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			rec := httptest.NewRecorder()
			whole.ServeHTTP(rec, r)
			body := rec.Body.String()
			if total.MatchString(body) {
				replaced.Store(true)
				body = total.ReplaceAllString(body, "${1}4611686018427387904")
			}
			w.Header().Set("Content-Type", rec.Header().Get("Content-Type"))
			w.WriteHeader(rec.Code)
			_, _ = w.Write([]byte(body)) // fails if the client is gone
		})
		got, err := perform(t, op, st.open(t, nil), nil)
		if err != nil {
			_ = st.checkError(t, err)
		}
		if got.complete && replaced.Load() {
			t.Error("the result is marked as complete")
		}
		if got.expected != nil && (*got.expected < 0 || *got.expected > math.MaxInt32) {
			t.Errorf("%d records are expected", *got.expected)
		}
		if missing := without(healthy.ids, got.ids); err == nil && len(missing) > 0 {
			t.Errorf("%v are missing", missing)
		}
		if n := st.faults.Requests() - calls; n > 4*calls+20 {
			t.Errorf("%d requests; a whole listing takes %d", n, calls)
		}
	})
}
