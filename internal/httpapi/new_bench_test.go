package httpapi_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"roster/internal/httpapi"
	"roster/internal/responsecache"
)

// BenchmarkNew measures requests that are never repeated, without HTTP: one person by ID, and a page of 100 people. The operation gets another name when all
// people have been asked for, so that a document is planned once for that many requests.
func BenchmarkNew(b *testing.B) {
	graph, err := graphOf(500)
	if err != nil {
		b.Fatal(err)
	}
	limits := httpapi.DefaultLimits()
	limits.Requests = 1 << 30
	h := httpapi.New(httpapi.Options{Limits: limits, API: graph, Responses: responsecache.New(4<<20, nil)})
	var everyone struct {
		Data struct {
			Users struct {
				Edges []struct {
					Cursor string
					Node   struct{ ID string }
				}
			}
		}
	}
	all := do(h, post(`{"query":"{ users(first: 500) { edges { cursor node { id } } } }"}`)).Body.Bytes()
	if err := json.Unmarshal(all, &everyone); err != nil {
		b.Fatal(err)
	}
	edges := everyone.Data.Users.Edges
	round := 0 // of all runs, so that none of them repeats the requests of another
	b.Run("person", func(b *testing.B) {
		const document = `{"query":"query Person%07d($id: ID!) { user(by: { id: $id }) { id name email title active teams { name } } }","variables":{"id":%q}}`
		serveEach(b, h, &round, len(edges), func(serial, i int) string { return fmt.Sprintf(document, serial, edges[i].Node.ID) })
	})
	b.Run("page", func(b *testing.B) {
		const document = `{"query":"query People%07d($first: Int!, $after: String) { users(first: $first, after: $after) { totalCount pageInfo { hasNextPage endCursor } nodes { id name email title active teams { name } } } }","variables":{"after":%q,"first":100}}`
		serveEach(b, h, &round, len(edges)-100, func(serial, i int) string { return fmt.Sprintf(document, serial, edges[i].Cursor) })
	})
}

// serveEach sends each of n requests, again and again, with the serial number of the round.
func serveEach(b *testing.B, h http.Handler, round *int, n int, request func(serial, i int) string) {
	b.Helper()
	req := httptest.NewRequestWithContext(b.Context(), http.MethodPost, "/graphql", nil)
	req.Header.Set("Content-Type", "application/json")
	bodies := make([][]byte, n)
	for i := range bodies {
		bodies[i] = []byte(request(0, i))
	}
	const digits = "0000000"
	at := bytes.Index(bodies[0], []byte(digits))
	reader := bytes.NewReader(nil)
	s := &sink{header: make(http.Header)}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		if i%n == 0 {
			*round++
		}
		body := bodies[i%n]
		for at, serial := at+len(digits)-1, *round; serial > 0; at, serial = at-1, serial/10 {
			body[at] = byte('0' + serial%10)
		}
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
