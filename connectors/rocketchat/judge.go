package rocketchat

import (
	"errors"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"

	"roster/connectors"
	"roster/connectors/decode"
	"roster/connectors/rest"
	"roster/connectors/upstream"
)

// envelope is what a reply says about itself, in any of the two families of bodies: success with error and errorType, or status with
// message. Nothing here has a fixed type: error may be a number, and status is a user's in the flat reply of "me".
type envelope struct{ decode.Value }

// failed reports whether the reply calls itself a failure, whatever its status.
func (e envelope) failed() bool {
	if e.Has("success") {
		return e.Flag("success") != decode.Yes
	}
	return e.Text("status") == "error" || e.Text("error") != ""
}

// text is the server's explanation. It is searched for codes and numbers and never shown.
func (e envelope) text() string {
	if s := e.Text("error"); s != "" {
		return s
	}
	return e.Text("message")
}

var (
	trailingCode = regexp.MustCompile(`\[([A-Za-z-]{1,64})\]\s*$`)
	firstNumber  = regexp.MustCompile(`[0-9]{1,6}`)
)

// code is the server's own word for the failure: errorType, else the end of the text in brackets, else the whole text where that is a
// code. Only codes that are known pass: anything else could be anybody's words.
func (e envelope) code() string {
	candidates := []string{e.Text("errorType")}
	if m := trailingCode.FindStringSubmatch(e.text()); m != nil {
		candidates = append(candidates, m[1])
	}
	for _, c := range append(candidates, e.text()) {
		if _, known := meanings[c]; known {
			return c
		}
	}
	return ""
}

const (
	codeTeamGone = "team-does-not-exist"
	// userNotFound is the one text that has a meaning: users.info gives it without a code, in English on every server.
	userNotFound = "User not found."
)

// meanings of the codes that come with 400, or with 200 and without success: those of the documentation, the only ones that are ever shown.
// What is not here is our fault.
var meanings = map[string]connectors.ErrorKind{
	"error-field-unavailable":  connectors.KindInvalid,
	"error-invalid-date":       connectors.KindInvalid,
	"error-invalid-params":     connectors.KindInvalid,
	"error-invalid-sort":       connectors.KindInvalid,
	"error-param-not-provided": connectors.KindInvalid,
	"invalid-params":           connectors.KindInvalid,
	"error-invalid-user":       connectors.KindNotFound,
	codeTeamGone:               connectors.KindNotFound,
	"totp-required":            connectors.KindForbidden,
	"unauthorized":             connectors.KindUnauthorized,
	"error-unauthorized":       connectors.KindForbidden, // servers before 8 say so for want of a permission
	"error-forbidden":          connectors.KindForbidden,
	"error-not-allowed":        connectors.KindForbidden,
	"error-action-not-allowed": connectors.KindForbidden,
	"error-too-many-requests":  connectors.KindRateLimited,
}

// errForeign is the cause of a refusal that is not the server's own: a proxy's page, or half of an answer.
var errForeign = errors.New("not the server's own answer")

// judge returns what a reply means; nil for success.
func judge(resp *rest.Response) *connectors.Error {
	body, err := resp.Document()
	env := envelope{body}
	var cause error
	switch {
	case resp.Status >= 200 && resp.Status <= 299:
		if err != nil {
			return connectors.AsError("", err)
		}
		if !body.IsObject() {
			return resp.Fail(connectors.KindBadResponse, "not the JSON that was expected")
		}
		if !env.failed() {
			return nil
		}
	case !body.IsObject():
		cause = errForeign // the status alone must tell
	}
	e := resp.Fail(rest.StatusKind(resp.Status), "")
	e.Err = cause
	e.Code = env.code()
	switch status := resp.Status; {
	case status <= 299 || status == http.StatusBadRequest:
		e.Kind = connectors.KindInvalid
		if kind, ok := meanings[e.Code]; ok {
			e.Kind = kind
		} else if env.text() == userNotFound {
			e.Kind = connectors.KindNotFound
		}
	case status <= 399:
		e.Detail = "it redirects elsewhere; check url"
	}
	switch {
	case e.Kind == connectors.KindRateLimited:
		e.RetryAfter = wait(resp, env.text())
	case e.Kind == connectors.KindUnauthorized:
		e.Detail = "check user_id and auth_token"
	case e.Code == "totp-required":
		e.Detail = "a second factor is asked for; make the personal access token one that bypasses it"
	case resp.Status >= 500:
		e.RetryAfter = resp.RetryAfter()
	}
	return e
}

const maxWait = time.Minute

// wait is how long the server wants to be left alone. It says so by the end of the window on its own clock, which may be wrong, and in
// words. It sends no Retry-After: one that comes is a proxy's, and holds.
func wait(resp *rest.Response, text string) time.Duration {
	if d := resp.RetryAfter(); d > 0 {
		return d
	}
	left, said := reset(resp)
	if left > 0 {
		return left
	}
	if seconds, err := strconv.Atoi(firstNumber.FindString(text)); err == nil && seconds > 0 {
		return min(time.Duration(seconds)*time.Second, maxWait)
	}
	if said {
		return time.Second // the window is over already, by that clock
	}
	return maxWait
}

// reset is how long the window lasts that the reply was counted in, by the server's clock where it tells the time, else by ours. What is
// longer than any window that it has by default is a clock's fault.
func reset(resp *rest.Response) (left time.Duration, said bool) {
	at, err := strconv.ParseInt(strings.TrimSpace(resp.Header.Get("X-RateLimit-Reset")), 10, 64)
	if err != nil {
		return 0, false
	}
	now := time.Now()
	if date, err := http.ParseTime(resp.Header.Get("Date")); err == nil {
		now = date // whole seconds, rounded down: the window is taken for longer than it is
	}
	return max(0, min(time.UnixMilli(at).Sub(now), maxWait)), true
}

// told reads what the server says of its limit with each reply of a limited route: how many calls a window has, and how many are left.
// No headers at all may mean that the user bypasses the limit, or that a proxy drops them: nothing is made of that.
func told(resp *rest.Response) upstream.Told {
	var t upstream.Told
	if n, err := strconv.Atoi(strings.TrimSpace(resp.Header.Get("X-RateLimit-Limit"))); err == nil && n > 0 {
		t.Calls = n
	}
	if n, err := strconv.Atoi(strings.TrimSpace(resp.Header.Get("X-RateLimit-Remaining"))); err == nil && n <= 0 {
		t.Pause, _ = reset(resp)
	}
	return t
}
