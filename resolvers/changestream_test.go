package resolvers_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"runtime"
	"strings"
	"testing"
	"time"
	"weak"

	"roster/connectors"
	"roster/internal/changes"
	"roster/internal/httpapi"
)

// limited serves the company with other limits.
func (c *company) limited(t *testing.T, limits httpapi.Limits) {
	t.Helper()
	c.handler = httpapi.New(httpapi.Options{API: c.api, Access: callers{}, Changes: c.log, Limits: limits})
	server := httptest.NewServer(c.handler)
	t.Cleanup(server.Close)
	c.url = server.URL
}

// Whoever does not get a change, because its answer is too long, gets none of the later ones either, so that the last cursor is before it.
func TestAChangeThatIsTooLongEndsTheStream(t *testing.T) {
	t.Parallel()
	c := newCompany(t, plenty)
	limits := httpapi.DefaultLimits()
	limits.AnswerBytes = 1000
	c.limited(t, limits)
	from := url.Values{"after": {c.cursor(t)}, "kinds": {"USER"}}
	ann := (*c.ws.Load())[0]
	ann.Name = strings.Repeat("Ann ", 500)
	c.ws.Store(&[]connectors.Account{ann})
	for c.roster.Directory().Everything().Users[0].Name == "Ann Lee" {
		runtime.Gosched()
	}
	ann.Name = "Ann"
	c.ws.Store(&[]connectors.Account{ann})
	lines, _, _ := open(t, c.changesRequest(t, from, ""), onlyRead)
	var kinds []string
	for lines.Scan() {
		if kind, ok := strings.CutPrefix(lines.Text(), "event: "); ok && lines.Text() != "" {
			kinds = append(kinds, kind)
		}
		if len(kinds) > 0 && kinds[len(kinds)-1] == "change" {
			break // the stream goes on
		}
	}
	if got := strings.Join(kinds, " "); got != "ready problem" {
		t.Errorf("%s, want an error and the end of the stream", got)
	}
}

// A client whose stream is refused is told so by the status, before the stream begins.
func TestARefusedStreamHasNotBegun(t *testing.T) {
	t.Parallel()
	c := newCompany(t, plenty)
	limits := httpapi.DefaultLimits()
	limits.Streams = 1
	c.limited(t, limits)
	for range 3 {
		_, status, code := open(t, c.changesRequest(t, nil, ""), onlyRead)
		if status == http.StatusOK {
			continue
		}
		if code != "LIMIT_EXCEEDED" {
			t.Errorf("HTTP %d, %s", status, code)
		}
		return
	}
	t.Error("there are three streams, and there may be one")
}

// A stream that waits does not keep old data in memory.
func TestAStreamKeepsNoDirectory(t *testing.T) {
	t.Parallel()
	c := newCompany(t, plenty)
	next, _ := bySocket(c, t, onlyRead, `(kinds: [USER])`)
	deadline := time.Now().Add(time.Minute)
	wait := func(what string, until func() bool) {
		t.Helper()
		for !until() {
			if time.Now().After(deadline) {
				t.Fatal(what)
			}
			runtime.GC()
			<-time.After(time.Millisecond)
		}
	}
	wait("nobody subscribes", func() bool { return c.log.Stats().Readers == 1 })
	title := ""
	rename := func() {
		title += "x"
		ann := (*c.ws.Load())[0]
		ann.Title = title
		c.ws.Store(&[]connectors.Account{ann})
		wait("the title is not there", func() bool { return string(c.roster.Directory().Everything().Users[0].Title) == title })
	}
	opened := weak.Make(c.roster.Directory())
	rename()
	for next().Reset {
	}
	wait("the directory of the stream's beginning stays", func() bool { return opened.Value() == nil })
}

// A browser never connects again after a status other than 200. So one that comes with an expired cursor, or while there are no changes, is told so by a stream.
func TestEventSourceComesAgain(t *testing.T) {
	t.Parallel()
	c := newCompany(t, plenty)
	ask := func(accept string, query url.Values) (*http.Response, string) {
		t.Helper()
		req := c.changesRequest(t, query, "")
		req.Header.Set("Authorization", "."+onlyRead)
		req.Header.Set("Accept", accept)
		resp, err := (&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}).Do(req.WithContext(t.Context()))
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		body, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Fatal(err)
		}
		return resp, string(body)
	}
	const events = "text/event-stream"
	problem := func(name, code, id string, query url.Values) {
		t.Helper()
		resp, body := ask(events, query)
		want := regexp.MustCompile(`^retry: [2-6]\d{3}\n` + id + `event: problem\ndata: .*"code":"` + code + `".*\n\n$`)
		if resp.StatusCode != http.StatusOK || resp.Header.Get("Content-Type") != events || !want.MatchString(body) {
			t.Errorf("%s: HTTP %d, %s, %s, want a match for %s", name, resp.StatusCode, resp.Header.Get("Content-Type"), body, want)
		}
	}
	expired := url.Values{"after": {"elsewhere.1"}}
	problem("expired cursor", "CURSOR_EXPIRED", `id: [a-z0-9]+\.\d+\n`, expired)
	for name, refused := range map[string]struct {
		accept string
		query  url.Values
		status int
	}{
		"expired cursor, any type": {"*/*", expired, http.StatusGone},
		"expired cursor, JSON":     {"application/json", expired, http.StatusGone},
		"what helps nobody again":  {events, url.Values{"kinds": {"PERSON"}}, http.StatusBadRequest},
	} {
		if resp, body := ask(refused.accept, refused.query); resp.StatusCode != refused.status {
			t.Errorf("%s: HTTP %d, %s", name, resp.StatusCode, body)
		}
	}

	c.log = changes.NewSharedLog(plenty, nil) // which was never read
	c.limited(t, httpapi.DefaultLimits())
	problem("without the log", "CHANGES_UNAVAILABLE", "", nil)
	if resp, body := ask("", nil); resp.StatusCode != http.StatusServiceUnavailable || resp.Header.Get("Retry-After") == "" {
		t.Errorf("without the log: HTTP %d, %s", resp.StatusCode, body)
	}
}
