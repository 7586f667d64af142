package telemetry_test

import (
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"roster/internal/httpapi"
	"roster/internal/telemetry"
)

// sink is a client that accepts everything.
type sink struct{ header http.Header }

func (s sink) Header() http.Header         { return s.header }
func (s sink) WriteHeader(int)             {}
func (s sink) Write(b []byte) (int, error) { return len(b), nil }

// BenchmarkOperation measures the cost of observing one operation, without fetching or answering anything: without telemetry; with metrics and request
// IDs; and with an endpoint for traces of which none is sampled.
func BenchmarkOperation(b *testing.B) {
	run := func(b *testing.B, begin httpapi.Observer, wrap func(http.Handler) http.Handler) {
		b.Helper()
		handler := wrap(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if begin != nil {
				_, ended := begin.Begin(r.Context(), httpapi.Operation{Type: "query"})
				ended(httpapi.OutcomeOK)
			}
			_, _ = io.WriteString(w, "{}")
		}))
		req := httptest.NewRequestWithContext(b.Context(), http.MethodPost, "/graphql", strings.NewReader("{}"))
		w := sink{make(http.Header)}
		b.ReportAllocs()
		for b.Loop() {
			clear(w.header)
			handler.ServeHTTP(w, req)
		}
	}
	with := func(b *testing.B, tracing *telemetry.Tracing) {
		b.Helper()
		seen := telemetry.New(tracing)
		run(b, seen, func(h http.Handler) http.Handler { return seen.Handler(h, slog.New(slog.DiscardHandler)) })
	}
	b.Run("nothing", func(b *testing.B) { run(b, nil, func(h http.Handler) http.Handler { return h }) })
	b.Run("metrics", func(b *testing.B) { with(b, nil) })
	b.Run("traces", func(b *testing.B) {
		tracing, err := telemetry.OpenTracing(b.Context(), telemetry.TracingOptions{Endpoint: "http://127.0.0.1:1", Ratio: 0, Logger: slog.New(slog.DiscardHandler)})
		if err != nil {
			b.Fatal(err)
		}
		with(b, tracing)
		tracing.Close(b.Context())
	})
}
