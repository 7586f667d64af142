package conntest

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"

	"roster/connectors"
	"roster/connectors/faults"
)

var (
	// problem has the canary wherever vendors put their words.
	problem = faults.JSON(fmt.Sprintf(`{"success":false,"status":"error","error":%[1]q,"errorType":%[1]q,"message":%[1]q,"message_details":%[1]q,`+
		`"error_text":%[1]q,"error_description":%[1]q,"title":%[1]q,"detail":%[1]q,"reason":%[1]q,"details":{"method":%[1]q},`+
		`"validation-errors":[{"errors":[{"code":%[1]q,"path":%[1]q,"detail":%[1]q}]}]}`, canary))
	page  = faults.HTML("<!DOCTYPE html><html><title>" + canary + "</title></html>")
	words = faults.Plain(canary)

	statuses = []int{400, 401, 403, 404, 405, 409, 422, 429, 500, 502, 503, 504}
	bodies   = []struct {
		name string
		body faults.Body
	}{{"JSON", problem}, {"a page", page}, {"plain text", words}, {"no body", faults.Empty()}}

	// shapes are valid JSON that no source means anything by.
	shapes = []string{
		`null`, `42`, `"` + "vendor-canary" + `"`, `[]`, `{}`, `[{"vendor-canary":1}]`, `{"vendor-canary":{"data":[]}}`, `true`,
	}
)

// failing checks that an operation under which everything fails says so, and says it safely.
func (s Subject) failing(t *testing.T, op operation) {
	for _, status := range statuses {
		for _, b := range bodies {
			t.Run(fmt.Sprintf("status %d with %s", status, b.name), func(t *testing.T) {
				t.Parallel()
				e := s.fails(t, op, faults.Reply(status, b.body, "Retry-After", "3600"), nil)
				if e == nil {
					return
				}
				// Its own patience may have been the reason in the end.
				if e.Status != status && (e.Kind != connectors.KindRateLimited || e.Status != 0) {
					t.Errorf("the error has the status %d, want %d", e.Status, status)
				}
				if !plausible(status, b.body, e) {
					t.Errorf("taken for: %s", e.Kind)
				}
			})
		}
	}
	for name, effect := range map[string]faults.Effect{
		"success with a page":         faults.Reply(200, page),
		"success with plain text":     faults.Reply(200, words),
		"success with cut JSON":       faults.Truncate(),
		"a page that says it is JSON": faults.Reply(200, faults.JSON(page.Text)),
		"connection cut":              faults.Reset(),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_ = s.fails(t, op, effect, nil)
		})
	}
	for i, shape := range shapes {
		t.Run(fmt.Sprintf("success with another shape, %d", i+1), func(t *testing.T) {
			t.Parallel()
			if e := s.fails(t, op, faults.Reply(200, faults.JSON(shape)), nil); e == nil && !op.reports {
				t.Logf("the shape was %s", shape)
			}
		})
	}
	for name, effect := range map[string]faults.Effect{
		"success without a body": faults.Reply(200, faults.Empty()),
		"JSON without a body":    faults.Reply(200, faults.JSON("")),
		"no content":             faults.Reply(204, faults.Empty()),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s.empty(t, op, effect)
		})
	}
	for _, status := range []int{301, 302, 303, 307, 308} {
		t.Run(fmt.Sprintf("redirect %d to a foreign server", status), func(t *testing.T) {
			t.Parallel()
			var foreign atomic.Int32
			other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { foreign.Add(1) }))
			t.Cleanup(other.Close)
			_ = s.fails(t, op, faults.Redirect(status, other.URL+"/vendor-canary"), nil)
			if n := foreign.Load(); n > 0 {
				t.Errorf("the foreign server got %d requests, want none", n)
			}
		})
	}
	t.Run("too many calls", func(t *testing.T) {
		t.Parallel()
		s.tooMany(t, op)
	})
}

// fails performs the operation while every request meets the effect. The error is nil where the operation reports the fault otherwise.
func (s Subject) fails(t *testing.T, op operation, effect faults.Effect, change func(*connectors.Config)) *connectors.Error {
	t.Helper()
	st := s.start(t)
	source := st.open(t, change)
	st.faults.Set(faults.Fault{Effect: effect})
	got, err := ask(t, op, source, nil)
	if st.faults.Hits() == 0 {
		t.Error("no request was made")
	}
	return st.judge(t, op, got, err)
}

// judge checks a result that ought to be a failure.
func (st *stage) judge(t *testing.T, op operation, got reading, err error) *connectors.Error {
	t.Helper()
	if got.complete {
		t.Errorf("the result calls itself complete (error: %v)", err)
	}
	if op.reports {
		st.silent(t, "the finding", text(t, got.records))
		if err == nil {
			return nil
		}
	}
	if err == nil {
		t.Error("no error")
		return nil
	}
	return st.failure(t, err)
}

// empty checks a success that has nothing to say: an error, or no records where the vendor documents that meaning.
func (s Subject) empty(t *testing.T, op operation, effect faults.Effect) {
	t.Helper()
	st := s.start(t)
	source := st.open(t, nil)
	st.faults.Set(faults.Fault{Effect: effect})
	got, err := ask(t, op, source, nil)
	if err == nil && op.lists && s.NoBodyIsNone {
		if len(got.ids) > 0 {
			t.Errorf("records out of nothing: %v", got.ids)
		}
		return
	}
	_ = st.judge(t, op, got, err)
}

// tooMany checks that a source which asks to be left alone for an hour is, for as long as that is believed.
func (s Subject) tooMany(t *testing.T, op operation) {
	t.Helper()
	st := s.start(t)
	source := st.open(t, nil)
	effect := s.TooMany
	if effect == nil {
		effect = faults.Reply(http.StatusTooManyRequests, problem, "Retry-After", "3600")
	}
	st.faults.Set(faults.Fault{Effect: effect})
	got, err := ask(t, op, source, nil)
	e := st.judge(t, op, got, err)
	if e == nil {
		return
	}
	if e.Kind != connectors.KindRateLimited || e.RetryAfter != connectors.MaxPause {
		t.Errorf("got %v; want it rate limited, with %s to wait", e, connectors.MaxPause)
	}
	before := st.faults.Requests()
	got, err = ask(t, op, source, nil)
	if e := st.judge(t, op, got, err); e != nil && e.Kind != connectors.KindRateLimited {
		t.Errorf("asked again: %v; want it rate limited", e)
	}
	if n := st.faults.Requests() - before; n > 0 && !op.reports {
		t.Errorf("asked again within the hour, it made %d requests; want none", n)
	}
}

// plausible says whether an HTTP status may mean that. A proxy's page may hide any meaning.
func plausible(status int, body faults.Body, e *connectors.Error) bool {
	if e.Blocked {
		return status == http.StatusForbidden || status == http.StatusTooManyRequests
	}
	if e.Kind == connectors.KindBadResponse && status != http.StatusTooManyRequests {
		return status >= 500 || body != problem
	}
	switch status {
	case http.StatusUnauthorized, http.StatusForbidden:
		return e.Kind == connectors.KindUnauthorized || e.Kind == connectors.KindForbidden
	case http.StatusTooManyRequests:
		return e.Kind == connectors.KindRateLimited
	}
	switch e.Kind {
	case connectors.KindUnavailable, connectors.KindTimeout:
		return status >= 500
	case connectors.KindRateLimited:
		return status == http.StatusServiceUnavailable
	default:
		return status < 500
	}
}
