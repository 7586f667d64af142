package web_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"roster/web"
	"roster/web/browsertest"
)

// newServer serves the playground over a graph that knows its own schema and two people, and calls seen with each other query.
func newServer(t *testing.T, seen func(query string)) *httptest.Server {
	t.Helper()
	introspection, err := os.ReadFile("testdata/introspection.json")
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.Handle("/", web.Handler())
	mux.HandleFunc("POST /graphql", func(w http.ResponseWriter, r *http.Request) {
		if got := r.Header.Get("Content-Type"); got != "application/json" {
			t.Errorf("the playground posts %q, want application/json", got)
		}
		var operation struct {
			Query         string `json:"query"`
			OperationName string `json:"operationName"`
		}
		if err := json.NewDecoder(r.Body).Decode(&operation); err != nil {
			t.Errorf("read the playground's request: %v", err)
		}
		w.Header().Set("Content-Type", "application/graphql-response+json")
		if operation.OperationName == "IntrospectionQuery" {
			_, _ = w.Write(introspection)
			return
		}
		seen(operation.Query)
		_, _ = w.Write([]byte(`{"data":{"users":{"nodes":[{"name":"Ada Lovelace"},{"name":"Grace Hopper"}]}}}`))
	})
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	return server
}

func TestPlayground(t *testing.T) {
	t.Parallel()
	queries := make(chan string, 1)
	page := browsertest.Open(t, newServer(t, func(query string) { queries <- query }).URL)
	if tabs := page.Tabs(); len(tabs) == 0 || slices.Contains(tabs, "<untitled>") {
		t.Errorf("a first visit shows the tabs %q, want examples, each with a name", tabs)
	}

	page.Type("query Two { users(first: 2) { nodes { nickname } } }")
	page.WaitMistake()
	const query = "query Two { users(first: 2) { nodes { name } } }"
	page.Type(query)
	page.Run()
	page.WaitResult("Grace Hopper")
	if diff := cmp.Diff(query, <-queries); diff != "" {
		t.Errorf("the query that was sent (-want +got):\n%s", diff)
	}
	page.OpenDocs("ContactFolder")

	tabs := page.Tabs()
	page.Reload()
	if diff := cmp.Diff(tabs, page.Tabs()); diff != "" {
		t.Errorf("the tabs of the next visit (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(query, page.Query()); diff != "" {
		t.Errorf("the query of the next visit (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string(nil), page.ConsoleErrors()); diff != "" {
		t.Errorf("the console (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string(nil), page.ForeignRequests()); diff != "" {
		t.Errorf("requests to other servers (-want +got):\n%s", diff)
	}
}

// A script that should not be on the page comes no further than the page.
func TestPlaygroundIsConfined(t *testing.T) {
	t.Parallel()
	server := newServer(t, func(string) {})
	other := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		t.Errorf("another server is asked for %s", r.URL)
	}))
	t.Cleanup(other.Close)
	page := browsertest.Open(t, server.URL)

	for name, script := range map[string]string{
		"ask another server": fmt.Sprintf(`fetch('%s')`, other.URL),
		"show another server's image": fmt.Sprintf(`new Promise((loaded, failed) => {
			Object.assign(new Image(), { onload: loaded, onerror: failed, src: '%s/avatar.png' })
		})`, other.URL),
		"load another server's module": fmt.Sprintf(`import('%s/module.js')`, other.URL),
		"run a string":                 `setTimeout.constructor('return 1')()`,
		"start a worker from a string": `new Promise((heard, failed) => {
			const worker = new Worker(URL.createObjectURL(new Blob(['postMessage(1)'])))
			Object.assign(worker, { onmessage: heard, onerror: failed })
		})`,
		"have a frame": `new Promise((loaded, failed) => {
			addEventListener('securitypolicyviolation', failed, { once: true })
			document.body.append(Object.assign(document.createElement('iframe'), { src: '/licenses.md', onload: loaded }))
		})`,
	} {
		if got := page.Try(script); got != "refused" {
			t.Errorf("a script may %s: %s", name, got)
		}
	}
	if got := page.Try(`fetch('/licenses.md').then((answer) => answer.status)`); got != "200" {
		t.Errorf("a script that asks its own server gets %s, want 200", got)
	}
	if len(page.ConsoleErrors()) == 0 {
		t.Error("the console says nothing of what was refused")
	}
}
