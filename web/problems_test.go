package web_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"roster/web/browsertest"
)

// The page shows what the server says when it refuses, and what to do, and goes on once the server answers.
func TestPlaygroundShowsRefusals(t *testing.T) {
	t.Parallel()
	type refusal struct {
		status int
		body   string
		says   []string
	}
	var current atomic.Pointer[refusal]
	graph := newGraph(t, func() string { return source("hr", "[]") }, func(string) {})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		refused := current.Load()
		if refused == nil || r.URL.Path != "/graphql" {
			graph.ServeHTTP(w, r)
			return
		}
		if refused.status == 0 {
			panic(http.ErrAbortHandler) // the connection ends without an answer
		}
		w.WriteHeader(refused.status)
		_, _ = w.Write([]byte(refused.body))
	}))
	t.Cleanup(server.Close)
	page := browsertest.Open(t, server.URL+"/playground")
	page.WaitResult("Grace Hopper")

	for _, tt := range []refusal{
		{http.StatusForbidden, `{"errors":[{"message":"no scope directory:read","extensions":{"code":"FORBIDDEN"}}]}`, []string{"no scope directory:read", "scope that is missing"}},
		{http.StatusMisdirectedRequest, `{"errors":[{"message":"access.hosts lists the names"}]}`, []string{"access.hosts lists the names", "under a name"}},
		{http.StatusTooManyRequests, `{"errors":[{"message":"limits.requests is 3","extensions":{"retryAfter":7}}]}`, []string{"limits.requests is 3", "Wait 7 s"}},
		{http.StatusServiceUnavailable, `{"errors":[{"message":"the issuer is down"}]}`, []string{"the issuer is down", "Wait, then try again"}},
		{http.StatusBadGateway, `<html>nginx</html>`, []string{"502 Bad Gateway", "cannot reach Roster"}},
		{0, "", []string{"The server does not answer.", "Check that Roster runs"}},
	} {
		current.Store(&tt)
		page.Reload()
		for _, text := range tt.says {
			page.WaitProblem(text)
		}
		if tabs := page.Tabs(); len(tabs) < 2 {
			t.Errorf("status %d: the tabs are %q, want those of the last visit", tt.status, tabs)
		}
		current.Store(nil)
		page.TryAgain()
		page.WaitNoProblem()
		page.WaitResult("Grace Hopper")
	}

	current.Store(&refusal{http.StatusUnauthorized, `{"errors":[{"message":"the key is unknown"}]}`, nil})
	page.Reload()
	page.WaitDialog("the key is unknown")
	page.WaitProblem("Enter an API key or a token.")
	if foreign := page.ForeignRequests(); len(foreign) > 0 {
		t.Errorf("requests to other servers: %s", strings.Join(foreign, " "))
	}
}

// Two servers on one host and port, under paths of their own, are two: neither gets the other's credential or examples.
func TestPlaygroundKeepsServersApart(t *testing.T) {
	t.Parallel()
	mux := http.NewServeMux()
	var authorizations [2]atomic.Value
	paths := [...]string{"/hr", "/sales"}
	for i, path := range paths {
		authorizations[i].Store("")
		graph := newGraph(t, func() string { return source(path[1:], `[{"kind":"TEAMS"}]`) }, func(string) {})
		mux.Handle(path+"/", http.StripPrefix(path, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if got := r.Header.Get("Authorization"); got != "" {
				authorizations[i].Store(got)
			}
			graph.ServeHTTP(w, r)
		})))
	}
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	page := browsertest.Open(t, server.URL+paths[0]+"/playground")
	page.WaitResult("Grace Hopper")
	page.OpenDialog()
	page.EnterCredential("of-hr")
	page.WaitNoDialog()
	page.Visit(server.URL + paths[1] + "/playground")
	page.WaitResult("Grace Hopper")
	page.Run()
	page.WaitResult("Grace Hopper")
	if got := authorizations[1].Load(); got != "" {
		t.Errorf("%s gets the credential %q, want none", paths[1], got)
	}
	if shown := fmt.Sprint(page.Examples()); !strings.Contains(shown, "sales") || strings.Contains(shown, `"hr"`) {
		t.Errorf("the examples are not those of %s: %s", paths[1], shown)
	}
	page.Visit(server.URL + paths[0] + "/playground")
	page.WaitResult("Grace Hopper")
	if got := authorizations[0].Load(); got != "Bearer of-hr" {
		t.Errorf("%s gets the credential %q, want its own", paths[0], got)
	}
}
