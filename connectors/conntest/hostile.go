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

// hostile checks what a source sends that is more than is allowed, or than can be.
func (s Subject) hostile(t *testing.T, op operation) {
	t.Run("a long answer", func(t *testing.T) {
		t.Parallel()
		effect := faults.Reply(200, faults.JSON(strings.Repeat(" ", 2<<10)+"{}"))
		e := s.fails(t, op, effect, func(c *connectors.Config) { c.Bounds.Bytes = 1 << 10 })
		names(t, e, "max_bytes")
	})
	s.pauses(t, op)
	if op.lists {
		s.tooManyRows(t, op)
		s.senselessTotals(t, op)
	}
}

// names checks that what is beyond a bound is refused by an error that names the setting. The error is nil where the operation reports it otherwise.
func names(t *testing.T, e *connectors.Error, setting string) {
	t.Helper()
	if e != nil && (e.Kind != connectors.KindBadResponse || !strings.Contains(e.Detail, setting)) {
		t.Errorf("got %v; want an answer that is not understood because of %s", e, setting)
	}
}

// believed is how long a source may be left alone here because it says so.
const believed = 2 * time.Minute

// pauses checks that a source is left alone no longer than is allowed, however it asks for it, and that it is read again when the pause is ended.
func (s Subject) pauses(t *testing.T, op operation) {
	for name, after := range map[string]string{
		"a pause of 30,000 years": "999999999999", "a pause until 9999": "Fri, 31 Dec 9999 23:59:59 GMT",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			st := s.start(t)
			source := st.open(t, func(c *connectors.Config) { c.Runtime.MaxPause = believed })
			st.faults.Set(faults.Fault{Effect: tooMany(after)})
			got, err := ask(t, op, source, nil)
			if e := st.judge(t, op, got, err); e != nil && (e.Kind != connectors.KindRateLimited || e.RetryAfter > believed) {
				t.Errorf("got %v; want it rate limited, with at most %s to wait", e, believed)
			}
			if h := source.Health(); h.Pause == nil || h.Pause.RetryAfter <= 0 || h.Pause.RetryAfter > believed {
				t.Errorf("it says %+v; want a pause of at most %s", h.Pause, believed)
			}
			if source.Resume == nil {
				return
			}
			source.Resume()
			st.faults.Clear()
			if got, err := ask(t, op, source, nil); err != nil || !got.complete {
				t.Errorf("after the pause was ended: complete %v, %v", got.complete, err)
			}
		})
	}
	// Of these, the source's own guess of some seconds takes the place, which no test waits for.
	for name, after := range map[string]string{
		"a pause beyond any number": strings.Repeat("9", 40), "a pause that is over": "Mon, 01 Jan 0001 00:00:00 GMT",
		"a pause of no sense": "soon", "a pause below zero": "-999999999999",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			st := s.start(t)
			turns := &turns{}
			source := st.open(t, func(c *connectors.Config) { c.Runtime.MaxPause, c.Runtime.Limits = believed, turns })
			st.faults.Set(faults.Fault{Effect: tooMany(after)})
			got, err := ask(t, op, source, nil)
			_ = st.judge(t, op, got, err)
			turns.mu.Lock()
			defer turns.mu.Unlock()
			if len(turns.pauses) == 0 || slices.Min(turns.pauses) <= 0 || slices.Max(turns.pauses) > believed {
				t.Errorf("it pauses for %v; want some time, and at most %s", turns.pauses, believed)
			}
		})
	}
}

func tooMany(after string) faults.Effect {
	return faults.Reply(http.StatusTooManyRequests, problem, "Retry-After", after)
}

// tooManyRows checks that a collection beyond max_rows is refused, on whichever page it turns out to be.
func (s Subject) tooManyRows(t *testing.T, op operation) {
	t.Run("more rows than are allowed", func(t *testing.T) {
		t.Parallel()
		st := s.start(t)
		healthy, err := ask(t, op, st.open(t, nil), nil)
		if err != nil {
			t.Fatal(err)
		}
		rows := len(healthy.ids) - 1
		if rows < 1 {
			return // no fewer can be allowed
		}
		got, err := ask(t, op, st.open(t, func(c *connectors.Config) { c.Bounds.Rows = rows }), nil)
		names(t, st.judge(t, op, got, err), "max_rows")
	})
}

// senselessTotals checks that a source which says that it has 2^62 records is not believed, and is asked for no more than it has.
func (s Subject) senselessTotals(t *testing.T, op operation) {
	if len(s.Totals) == 0 {
		return
	}
	t.Run("totals of 2^62", func(t *testing.T) {
		t.Parallel()
		st := s.start(t)
		healthy, err := ask(t, op, st.open(t, nil), nil)
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
			_, _ = w.Write([]byte(body)) // a client may have gone
		})
		got, err := ask(t, op, st.open(t, nil), nil)
		if err != nil {
			_ = st.failure(t, err)
		}
		if got.complete && replaced.Load() {
			t.Error("the result calls itself complete")
		}
		if got.expected != nil && (*got.expected < 0 || *got.expected > math.MaxInt32) {
			t.Errorf("%d records are expected", *got.expected)
		}
		if missing := without(healthy.ids, got.ids); err == nil && len(missing) > 0 {
			t.Errorf("%v are missing", missing)
		}
		if n := st.faults.Requests() - calls; n > 4*calls+20 {
			t.Errorf("%d requests; a whole reading takes %d", n, calls)
		}
	})
}
