package httpapi_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"

	"roster/connectors"
	"roster/connectors/registry"
	"roster/internal/generation"
	"roster/internal/httpapi"
	"roster/internal/presence"
	"roster/internal/sandbox"
	"roster/internal/snapshot"
	"roster/resolvers"
)

// benchPeople is the size of a company with about 10,000 accounts.
const benchPeople = 4500

var bench = sync.OnceValues(func() (http.Handler, error) { return serverOf(benchPeople, nil) })

// serverOf returns the whole server without its listener, over a company that has been fetched and is not fetched again. Change may set other limits.
func serverOf(size int, change func(*httpapi.Limits)) (http.Handler, error) {
	api, err := graphOf(size)
	if err != nil {
		return nil, err
	}
	limits := httpapi.DefaultLimits()
	limits.Requests = 1 << 30
	if change != nil {
		change(&limits)
	}
	return httpapi.New(httpapi.Options{Limits: limits, API: api}), nil
}

// graphOf returns the graph over such a company.
func graphOf(size int) (*resolvers.Resolver, error) {
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	company, err := sandbox.Start(ctx, sandbox.Options{People: size, Seed: 1})
	if err != nil {
		return nil, err
	}
	defer company.Close() //nolint:errcheck // nothing in it is worth keeping
	var sources []*connectors.Source
	var trusted []generation.Source
	for _, c := range company.Sources() {
		s, err := registry.Open(c)
		if err != nil {
			return nil, err
		}
		sources, trusted = append(sources, s), append(trusted, generation.Source{Source: s})
	}
	return graphOver(ctx, sources, trusted), nil
}

// graphOver returns the graph over sources that have been fetched and are not fetched again.
func graphOver(ctx context.Context, sources []*connectors.Source, trusted []generation.Source) *resolvers.Resolver {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	keeper := snapshot.New(snapshot.Options{Sources: sources})
	people := generation.New(generation.Options{Keeper: keeper, Sources: trusted})
	var running sync.WaitGroup
	running.Go(func() { _ = keeper.Run(ctx) })
	running.Go(func() { _ = people.Run(ctx) })
	people.AwaitFirst(ctx)
	stop()
	running.Wait()
	return &resolvers.Resolver{Publisher: people, Keeper: keeper, Presence: presence.New(sources, presence.Options{})}
}

// sink is a client that counts bytes.
type sink struct {
	header http.Header
	status int
	n      int
}

func (s *sink) Header() http.Header         { return s.header }
func (s *sink) WriteHeader(status int)      { s.status = status }
func (s *sink) Write(b []byte) (int, error) { s.n += len(b); return len(b), nil }

// serve sends the same request repeatedly.
func serve(b *testing.B, h http.Handler, body []byte) {
	b.Helper()
	req := httptest.NewRequestWithContext(b.Context(), http.MethodPost, "/graphql", nil)
	req.Header.Set("Content-Type", "application/json")
	reader := bytes.NewReader(body)
	s := &sink{header: make(http.Header)}
	b.ReportAllocs()
	for b.Loop() {
		reader.Reset(body)
		req.Body, req.ContentLength = io.NopCloser(reader), int64(len(body))
		clear(s.header)
		s.status, s.n = 200, 0
		h.ServeHTTP(s, req)
	}
	if s.status != 200 {
		b.Fatalf("HTTP %d", s.status)
	}
	b.ReportMetric(float64(s.n), "B/answer")
}

// overHTTP sends the same request repeatedly over one loopback connection.
func overHTTP(b *testing.B, h http.Handler, body []byte) {
	b.Helper()
	server := httptest.NewServer(h)
	defer server.Close()
	client := server.Client()
	b.ReportAllocs()
	for b.Loop() {
		req, err := http.NewRequestWithContext(b.Context(), http.MethodPost, server.URL+"/graphql", bytes.NewReader(body))
		if err != nil {
			b.Fatal(err)
		}
		req.Header.Set("Content-Type", "application/json")
		resp, err := client.Do(req)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := io.Copy(io.Discard, resp.Body); err != nil || resp.StatusCode != 200 {
			b.Fatalf("HTTP %d, %v", resp.StatusCode, err)
		}
		resp.Body.Close()
	}
}

// BenchmarkHandler measures requests from their first byte to the last byte of their answers: the handler alone, and over HTTP on loopback. For comparison it
// measures a handler that reads the same request and returns a prepared answer, which is the cost of HTTP and the client.
func BenchmarkHandler(b *testing.B) {
	h, err := bench()
	if err != nil {
		b.Fatal(err)
	}
	ask := func(document string, variables map[string]any) (request, answer []byte) {
		body, err := json.Marshal(map[string]any{"query": document, "variables": variables})
		if err != nil {
			b.Fatal(err)
		}
		rec := httptest.NewRecorder()
		req := httptest.NewRequestWithContext(b.Context(), http.MethodPost, "/graphql", bytes.NewReader(body))
		req.Header.Set("Content-Type", "application/json")
		h.ServeHTTP(rec, req)
		if rec.Code != 200 || strings.Contains(rec.Body.String(), `"errors"`) {
			b.Fatalf("HTTP %d %.300s", rec.Code, rec.Body)
		}
		return body, rec.Body.Bytes()
	}
	_, first := ask(`{ users(first: 1) { nodes { id name accounts { id } } } contacts(first: 1) { totalCount } }`, nil)
	var known struct {
		Data struct {
			Users struct{ Nodes []struct{ ID, Name string } }
		}
	}
	if err := json.Unmarshal(first, &known); err != nil {
		b.Fatal(err)
	}
	one := known.Data.Users.Nodes[0]
	for _, bm := range []struct {
		name, document string
		variables      map[string]any
	}{
		{"page of 100 with teams and roles", `query People($n: Int!) { users(first: $n) {
			totalCount pageInfo { hasNextPage endCursor } completeness { complete asOf missing { name } stale { name } }
			nodes { id name email title department avatarUrl active accessLevel teams { id name } roles { id name } }
		} }`, map[string]any{"n": 100}},
		{"page of 100 with accounts", `query People($n: Int!) { users(first: $n) { nodes { id name accounts { id active source { id name kind } } } } }`,
			map[string]any{"n": 100}},
		{"lookup by ID", `query Person($id: ID!) { user(by: { id: $id }) { id name email title department active accessLevel teams { id name } roles { id name } } }`,
			map[string]any{"id": one.ID}},
		{"search", `query Find($q: String!) { users(first: 10, filter: { search: $q }) { totalCount nodes { id name email } } }`,
			map[string]any{"q": firstLetters(one.Name, 3)}},
		{"overview with facets", `query Overview {
			users(first: 0, filter: { bot: false }) {
				totalCount
				overlap: facets(by: SOURCE_SET, first: 15) { value label count } levels: facets(by: ACCESS_LEVEL) { value label count }
				departments: facets(by: DEPARTMENT, first: 10) { value label count } largestTeams: facets(by: TEAM, first: 10) { value label count }
				completeness { complete asOf missing { id name } }
			}
			active: users(first: 0, filter: { bot: false, active: true }) { totalCount }
			newest: users(first: 5, filter: { bot: false }, orderBy: { field: CREATED_AT, direction: DESC }) { nodes { id name createdAt } }
			teams(first: 0) { totalCount }
			contacts(first: 0) { totalCount }
		}`, nil},
	} {
		request, answer := ask(bm.document, bm.variables)
		plain := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if _, err := io.Copy(io.Discard, r.Body); err != nil {
				b.Fatal(err)
			}
			w.Header().Set("Content-Type", "application/json")
			w.Header().Set("Content-Length", strconv.Itoa(len(answer)))
			w.Write(answer) //nolint:errcheck // the client reads it
		})
		b.Run(bm.name+"/handler", func(b *testing.B) { serve(b, h, request) })
		b.Run(bm.name+"/http", func(b *testing.B) { overHTTP(b, h, request) })
		b.Run(bm.name+"/plain-http", func(b *testing.B) { overHTTP(b, plain, request) })
	}
}

func firstLetters(s string, n int) string {
	r := []rune(s)
	return string(r[:min(n, len(r))])
}
