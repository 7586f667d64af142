package httpapi_test

import (
	"encoding/json"
	"log/slog"
	"net/http"
	"testing"

	"roster/internal/httpapi"
	"roster/internal/responsecache"
	"roster/internal/telemetry"
)

// BenchmarkRepeated measures a request whose answer is cached, without HTTP: a page of 100 people, and the same by GET when nothing has changed.
func BenchmarkRepeated(b *testing.B) {
	graph, err := graphOf(500)
	if err != nil {
		b.Fatal(err)
	}
	limits := httpapi.DefaultLimits()
	limits.Requests = 1 << 30
	seen := telemetry.New(nil)
	h := seen.Handler(httpapi.New(httpapi.Options{Limits: limits, API: graph, Responses: responsecache.New(64<<20, nil), Observer: seen}),
		slog.New(slog.DiscardHandler))
	const document = `query People($n: Int!) { users(first: $n) { nodes { id name email teams { id name } } } }`
	body, err := json.Marshal(map[string]any{"query": document, "variables": map[string]int{"n": 100}})
	if err != nil {
		b.Fatal(err)
	}
	b.Run("page", func(b *testing.B) { serve(b, h, body) })
	b.Run("unchanged", func(b *testing.B) {
		query := "query={users(first:100){nodes{id%20name}}}"
		r := get(query, "If-None-Match", do(h, get(query)).Header().Get("Etag"))
		s := &sink{header: make(http.Header)}
		b.ReportAllocs()
		for b.Loop() {
			clear(s.header)
			s.status = 0
			h.ServeHTTP(s, r)
		}
		if s.status != http.StatusNotModified {
			b.Fatalf("HTTP %d", s.status)
		}
	})
}
