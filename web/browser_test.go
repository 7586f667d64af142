package web_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
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

	const query = "query Two { users(first: 2) { nodes { name } } }"
	page.Type(query)
	page.Run()
	page.WaitResult("Grace Hopper")
	if diff := cmp.Diff(query, <-queries); diff != "" {
		t.Errorf("the query that was sent (-want +got):\n%s", diff)
	}
	page.OpenDocs("Query")
	if dir := os.Getenv("SHOT"); dir != "" {
		os.WriteFile(dir, page.Screenshot(), 0o644)
	}
	if got := page.ConsoleErrors(); len(got) > 0 {
		t.Errorf("console:\n%s", strings.Join(got, "\n"))
	}
	if got := page.ForeignRequests(); len(got) > 0 {
		t.Errorf("requests to other hosts: %q", got)
	}
}
