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
	// jsonError has the canary in every field in which vendors send texts.
	jsonError = faults.JSON(fmt.Sprintf(`{"success":false,"status":"error","error":%[1]q,"errorType":%[1]q,"message":%[1]q,"message_details":%[1]q,`+
		`"error_text":%[1]q,"error_description":%[1]q,"title":%[1]q,"detail":%[1]q,"reason":%[1]q,"details":{"method":%[1]q},`+
		`"validation-errors":[{"errors":[{"code":%[1]q,"path":%[1]q,"detail":%[1]q}]}]}`, canary))
	htmlPage = faults.HTML("<!DOCTYPE html><html><title>" + canary + "</title></html>")
	text     = faults.Plain(canary)

	statuses = []int{400, 401, 403, 404, 405, 409, 422, 429, 500, 502, 503, 504}
	bodies   = []struct {
		name string
		body faults.Body
	}{{"JSON", jsonError}, {"a page", htmlPage}, {"plain text", text}, {"no body", faults.Empty()}}

	// shapes are valid JSON without a meaning for any source.
	shapes = []string{
		`null`, `42`, `"` + "vendor-canary" + `"`, `[]`, `{}`, `[{"vendor-canary":1}]`, `{"vendor-canary":{"data":[]}}`, `true`,
	}
)

// failing checks that an operation fails safely if every call fails.
func (s Subject) failing(t *testing.T, op operation) {
	for _, status := range statuses {
		for _, b := range bodies {
			t.Run(fmt.Sprintf("status %d with %s", status, b.name), func(t *testing.T) {
				t.Parallel()
				e := s.fails(t, op, faults.Reply(status, b.body, "Retry-After", "3600"), nil)
				if e == nil {
					return
				}
				// The retries may have ended because the source's pause was too long.
				if e.Status != status && (e.Kind != connectors.KindRateLimited || e.Status != 0) {
					t.Errorf("the error has the status %d, want %d", e.Status, status)
				}
				if !plausible(status, b.body, e) {
					t.Errorf("its kind is %s", e.Kind)
				}
			})
		}
	}
	for name, effect := range map[string]faults.Effect{
		"success with a page":         faults.Reply(200, htmlPage),
		"success with plain text":     faults.Reply(200, text),
		"success with cut JSON":       faults.Truncate(),
		"a page that says it is JSON": faults.Reply(200, faults.JSON(htmlPage.Text)),
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

// fails performs the operation with a fault in every request. It returns nil if the operation reports the fault in its result.
func (s Subject) fails(t *testing.T, op operation, effect faults.Effect, change func(*connectors.Config)) *connectors.Error {
	t.Helper()
	st := s.start(t)
	source := st.open(t, change)
	st.faults.Set(faults.Fault{Effect: effect})
	got, err := perform(t, op, source, nil)
	if st.faults.Hits() == 0 {
		t.Error("no request was made")
	}
	return st.checkFailed(t, op, got, err)
}

// checkFailed checks a result that should be a failure.
func (st *fixture) checkFailed(t *testing.T, op operation, got result, err error) *connectors.Error {
	t.Helper()
	if got.complete {
		t.Errorf("the result is marked as complete (error: %v)", err)
	}
	if op.reports {
		st.checkSafe(t, "the finding", asText(t, got.records))
		if err == nil {
			return nil
		}
	}
	if err == nil {
		t.Error("no error")
		return nil
	}
	return st.checkError(t, err)
}

// empty checks the result of a success without content: an error, or no records if the vendor documents that meaning.
func (s Subject) empty(t *testing.T, op operation, effect faults.Effect) {
	t.Helper()
	st := s.start(t)
	source := st.open(t, nil)
	st.faults.Set(faults.Fault{Effect: effect})
	got, err := perform(t, op, source, nil)
	if err == nil && (op.lists || op.unusable != nil) && s.NoBodyIsNone {
		if len(got.ids) > 0 {
			t.Errorf("records from an empty answer: %v", got.ids)
		}
		return
	}
	_ = st.checkFailed(t, op, got, err)
}

// tooMany checks that a source which demands a pause of an hour is not called again within the longest pause that is allowed.
func (s Subject) tooMany(t *testing.T, op operation) {
	t.Helper()
	st := s.start(t)
	source := st.open(t, nil)
	effect := s.TooMany
	if effect == nil {
		effect = faults.Reply(http.StatusTooManyRequests, jsonError, "Retry-After", "3600")
	}
	st.faults.Set(faults.Fault{Effect: effect})
	got, err := perform(t, op, source, nil)
	e := st.checkFailed(t, op, got, err)
	if e == nil {
		return
	}
	if e.Kind != connectors.KindRateLimited || e.RetryAfter != connectors.MaxPause {
		t.Errorf("got %v; want it rate limited, with RetryAfter %s", e, connectors.MaxPause)
	}
	before := st.faults.Requests()
	got, err = perform(t, op, source, nil)
	if e := st.checkFailed(t, op, got, err); e != nil && e.Kind != connectors.KindRateLimited {
		t.Errorf("called again: %v; want it rate limited", e)
	}
	if n := st.faults.Requests() - before; n > 0 && !op.reports {
		t.Errorf("called again within the pause, it made %d requests; want none", n)
	}
}

// plausible reports whether an error may follow from an HTTP status. The page of a proxy may follow from any.
func plausible(status int, body faults.Body, e *connectors.Error) bool {
	if e.Blocked {
		return status == http.StatusForbidden || status == http.StatusTooManyRequests
	}
	if e.Kind == connectors.KindBadResponse && status != http.StatusTooManyRequests {
		return status >= 500 || body != jsonError
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
