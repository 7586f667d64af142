package web_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"roster/web"
	"roster/web/browsertest"
)

// source is what the graph says of a source with that name and these collections.
func source(name, collections string) string {
	return `{"name":"` + name + `","kind":"KOMMO","capabilities":[],"collections":` + collections + `}`
}

// schema is what the graph says of itself.
const schema = `type Query { users(first: Int): UserConnection folders: [ContactFolder] }
type UserConnection { totalCount: Int nodes: [User!]! }
type User { name: String! }
type ContactFolder { name: String! }`

// newServer serves the playground over a graph that knows its own schema, one source and two people, and calls seen with each other query.
func newServer(t *testing.T, seen func(query string)) *httptest.Server {
	t.Helper()
	server := httptest.NewServer(newGraph(t, func() string { return source("hr-east", `[{"kind":"ACCOUNTS"}]`) }, seen))
	t.Cleanup(server.Close)
	return server
}

func newGraph(t *testing.T, sources func() string, seen func(query string)) http.Handler {
	t.Helper()
	mux := http.NewServeMux()
	mux.Handle("/", web.Handler(""))
	mux.HandleFunc("GET /schema.graphql", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(schema)) })
	mux.HandleFunc("POST /graphql", func(w http.ResponseWriter, r *http.Request) {
		if got := r.Header.Get("Content-Type"); got != "application/json" {
			t.Errorf("the playground posts %q, want application/json", got)
		}
		var operation struct {
			Query string `json:"query"`
		}
		if err := json.NewDecoder(r.Body).Decode(&operation); err != nil {
			t.Errorf("read the playground's request: %v", err)
		}
		w.Header().Set("Content-Type", "application/graphql-response+json")
		if strings.HasPrefix(operation.Query, "query Playground") {
			_, _ = w.Write([]byte(`{"data":{"sources":[` + sources() + `],"viewer":{"scopes":[]}}}`))
			return
		}
		seen(operation.Query)
		_, _ = w.Write([]byte(`{"data":{"users":{"nodes":[{"name":"Ada Lovelace"},{"name":"Grace Hopper"}]}}}`))
	})
	return mux
}

func TestPlayground(t *testing.T) {
	t.Parallel()
	queries := make(chan string, 2)
	page := browsertest.Open(t, newServer(t, func(query string) { queries <- query }).URL+"/playground")
	if tabs := page.Tabs(); len(tabs) == 0 || slices.Contains(tabs, "<untitled>") {
		t.Errorf("a first visit shows the tabs %q, want examples, each with a name", tabs)
	}
	page.WaitResult("Grace Hopper")
	if first := <-queries; !strings.Contains(first, "query People {") {
		t.Errorf("the first visit runs %s, want the example that it shows", first)
	}

	page.Type("query Two { users(first: 2) { nodes { nickname } } }")
	page.WaitMistake()
	const query = "query Two { users(first: 2) { nodes { name } } }"
	page.Type(query)
	page.Run()
	if diff := cmp.Diff(query, <-queries); diff != "" {
		t.Errorf("the query that was sent (-want +got):\n%s", diff)
	}
	page.WaitResult("Grace Hopper")
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

// The examples are for the sources that there are now. What the visitor has written stays, whatever the sources are.
func TestPlaygroundFollowsSources(t *testing.T) {
	t.Parallel()
	var sources atomic.Value
	sources.Store(source("old", `[{"kind":"ACCOUNTS"}]`))
	server := httptest.NewServer(newGraph(t, func() string { return sources.Load().(string) }, func(string) {}))
	t.Cleanup(server.Close)
	page := browsertest.Open(t, server.URL+"/playground")
	page.WaitResult("Grace Hopper")
	page.Type("query Mine { users(first: 1) { totalCount } }")
	page.Reload()
	if diff := cmp.Diff([]string{"Mine", "Overview", "Person", "Search", "PeopleOf", "Sources"}, page.Tabs()); diff != "" {
		t.Errorf("the tabs of the second visit (-want +got):\n%s", diff)
	}
	sources.Store(source("new", `[{"kind":"ROLES"}]`))
	page.Reload()
	if diff := cmp.Diff([]string{"People", "Overview", "Person", "Search", "Administrators", "Sources", "Mine"}, page.Tabs()); diff != "" {
		t.Errorf("the tabs after the sources have changed (-want +got):\n%s", diff)
	}
	page.WaitResult("Grace Hopper")
}

// A script that should not be on the page comes no further than the page.
func TestPlaygroundIsConfined(t *testing.T) {
	t.Parallel()
	server := newServer(t, func(string) {})
	other := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		t.Errorf("another server is asked for %s", r.URL)
	}))
	t.Cleanup(other.Close)
	page := browsertest.Open(t, server.URL+"/playground")

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
