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

// envelope is an answer with the members that report its success, in one of two forms: success with error and errorType, or status with message.
// No member has a fixed type: error may be a number, and in the flat answer of "me" status is that of the user.
type envelope struct{ decode.Value }

// failed reports whether the body reports a failure, whatever the HTTP status.
func (e envelope) failed() bool {
	if e.Has("success") {
		return e.Flag("success") != decode.Yes
	}
	return e.Text("status") == "error" || e.Text("error") != ""
}

// text returns the server's explanation. It is searched for codes and numbers, and never shown.
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

// code returns the server's code of the failure: errorType, or the end of the text in brackets, or the whole text. It returns only known codes,
// because any other text may come from anybody.
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
	// userNotFound is the only text with a meaning: users.info sends it without a code, in English on every server.
	userNotFound = "User not found."
)

// meanings has the documented codes of answers with status 400, or with 200 and without success. No other code is shown, and any other means that
// our request was wrong.
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
	"error-unauthorized":       connectors.KindForbidden, // servers before 8 send it for a missing permission
	"error-forbidden":          connectors.KindForbidden,
	"error-not-allowed":        connectors.KindForbidden,
	"error-action-not-allowed": connectors.KindForbidden,
	"error-too-many-requests":  connectors.KindRateLimited,
}

// errForeign is the cause of a failure that is not from Rocket.Chat itself: a proxy's page, or half of an answer.
var errForeign = errors.New("not the server's own answer")

// judge returns what an answer means; nil for success.
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
		cause = errForeign // only the status has a meaning
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

// wait returns the pause that the server asks for. The server sends the end of the window by its own clock, which may be wrong, and a text with
// seconds. A Retry-After is from a proxy, and takes precedence.
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
		return time.Second // the window has ended, by that clock
	}
	return maxWait
}

// reset returns the time until the end of the window, by the server's clock if the answer has a Date, or else by ours. It is at most maxWait:
// anything longer comes from a wrong clock.
func reset(resp *rest.Response) (left time.Duration, said bool) {
	at, err := strconv.ParseInt(strings.TrimSpace(resp.Header.Get("X-RateLimit-Reset")), 10, 64)
	if err != nil {
		return 0, false
	}
	now := time.Now()
	if date, err := http.ParseTime(resp.Header.Get("Date")); err == nil {
		now = date // whole seconds, rounded down, so the window seems longer than it is
	}
	return max(0, min(time.UnixMilli(at).Sub(now), maxWait)), true
}

// told returns the rate limit in the headers of an answer: the calls in a window, and a pause if none is left. Missing headers have no meaning:
// the user may bypass the limit, or a proxy may remove them.
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
