package conntest

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"roster/connectors"
)

// canary is in every wrong answer. It must not appear in errors, because a source's text must not be passed on.
const canary = "vendor-canary-7F3A <b>of Ada</b>"

// code matches vendors' error codes: values of a closed set, not free text.
var code = regexp.MustCompile(`^([0-9]{1,6}|[a-z][a-z0-9_-]{0,63})?$`)

// checkError checks that err is safe to log and to show, and returns it.
func (st *fixture) checkError(t *testing.T, err error) *connectors.Error {
	t.Helper()
	e, ok := errors.AsType[*connectors.Error](err)
	if !ok {
		t.Fatalf("got the error %v (%T), want a *connectors.Error", err, err)
	}
	if e.Source != name {
		t.Errorf("the error is of source %q, want %q", e.Source, name)
	}
	if e.Op == "" {
		t.Error("the error does not name the call")
	}
	if !code.MatchString(e.Code) {
		t.Errorf("the error has the code %q, which is not of a closed set", e.Code)
	}
	st.checkSafe(t, "the error", fmt.Sprintf("%v %+v", err, err))
	return e
}

// checkSafe checks that a text contains no secret, no URL, and no text of the source.
func (st *fixture) checkSafe(t *testing.T, what, text string) {
	t.Helper()
	st.noSecret(t, what, text)
	low := strings.ToLower(text)
	for _, part := range []string{"://", strings.TrimPrefix(st.server.URL, "http://"), Prefix} {
		if strings.Contains(low, part) {
			t.Errorf("%s shows a part of a URL (%s): %s", what, part, text)
		}
	}
	if strings.Contains(low, "canary") {
		t.Errorf("%s shows the source's text: %s", what, text)
	}
}

// noSecret checks that a text contains no credential in any encoding.
func (st *fixture) noSecret(t *testing.T, what, text string) {
	t.Helper()
	for _, secret := range st.subject.secrets() {
		for _, form := range []string{secret, url.QueryEscape(secret), url.PathEscape(secret)} {
			if strings.Contains(text, form) {
				t.Errorf("%s shows a secret: %s", what, text)
				break
			}
		}
	}
}

func (s Subject) secrets() []string {
	all := s.Secrets
	for _, c := range credentials(s.Config) {
		if c.secret {
			all = append(all[:len(all):len(all)], c.value(s.Config))
		}
	}
	return all
}

// asText returns records as text.
func asText(t *testing.T, records any) string {
	t.Helper()
	b, err := json.Marshal(records)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// quiet returns a logger that discards the servers' errors about broken connections.
func quiet() *log.Logger { return log.New(io.Discard, "", 0) }
