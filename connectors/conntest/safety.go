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

// canary is planted in every wrong answer: whatever a source says is its own, and must not come out at our end.
const canary = "vendor-canary-7F3A <b>of Ada</b>"

// code is what a vendor's own code may look like: of a closed set, never free text.
var code = regexp.MustCompile(`^([0-9]{1,6}|[a-z][a-z0-9_-]{0,63})?$`)

// failure checks that err may be logged and shown, and gives it.
func (st *stage) failure(t *testing.T, err error) *connectors.Error {
	t.Helper()
	e, ok := errors.AsType[*connectors.Error](err)
	if !ok {
		t.Fatalf("got the error %v (%T), want a *connectors.Error", err, err)
	}
	if e.Source != name {
		t.Errorf("the error is of source %q, want %q", e.Source, name)
	}
	if e.Op == "" {
		t.Error("the error does not say which call it was")
	}
	if !code.MatchString(e.Code) {
		t.Errorf("the error has the code %q: not one of a closed set", e.Code)
	}
	st.silent(t, "the error", fmt.Sprintf("%v %+v", err, err))
	return e
}

// silent checks that a text gives away no secret, no URL, and nothing of what the source said.
func (st *stage) silent(t *testing.T, what, text string) {
	t.Helper()
	st.noSecret(t, what, text)
	low := strings.ToLower(text)
	for _, part := range []string{"://", strings.TrimPrefix(st.server.URL, "http://"), Prefix} {
		if strings.Contains(low, part) {
			t.Errorf("%s shows a part of a URL (%s): %s", what, part, text)
		}
	}
	if strings.Contains(low, "canary") {
		t.Errorf("%s shows the source's own words: %s", what, text)
	}
}

// noSecret checks that a text gives away no credential, however it is written.
func (st *stage) noSecret(t *testing.T, what, text string) {
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

// text gives records as text, to look for what must not be in them.
func text(t *testing.T, records any) string {
	t.Helper()
	b, err := json.Marshal(records)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// quiet is where servers log the broken connections that a check asks for.
func quiet() *log.Logger { return log.New(io.Discard, "", 0) }
