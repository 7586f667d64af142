package httpapi_test

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/99designs/gqlgen/graphql"

	"roster/internal/httpapi"
)

// A stream may be silent for longer than an answer may take.
func TestSilentEventStream(t *testing.T) {
	t.Parallel()
	for way, how := range ways {
		t.Run(way, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				graph := api{stream: func(context.Context) graphql.ResponseHandler {
					return func(ctx context.Context) *graphql.Response {
						select {
						case <-time.After(50 * time.Second):
							return &graphql.Response{Data: json.RawMessage(`{"count":1}`)}
						case <-ctx.Done():
							return nil
						}
					}
				}}
				limits := httpapi.DefaultLimits()
				limits.AnswerTime = 2 * time.Second
				s, _ := serveRated(t, graph, how.secure, how.http2, limits)
				defer s.end(t)
				ctx, leave := context.WithCancel(t.Context())
				defer leave()
				resp, err := s.ask(ctx, t, how.secure, strings.NewReader(`{"query":"subscription { count }"}`), "Accept", events)
				if err != nil {
					t.Fatal(err)
				}
				defer resp.Body.Close()
				lines, n := bufio.NewScanner(resp.Body), 0
				for n < 3 && lines.Scan() {
					if lines.Text() == "event: next" {
						n++
					}
				}
				if n != 3 {
					t.Errorf("%d events, and then %v", n, lines.Err())
				}
			})
		})
	}
}

// A retired handler sends no change any more: its data may be older than the change.
func TestStreamsOfARetiredHandlerEndAtOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		retired := make(chan struct{})
		s := serveOn(t, httpapi.Options{Retired: retired, API: api{stream: func(context.Context) graphql.ResponseHandler {
			return func(context.Context) *graphql.Response {
				close(retired)
				return &graphql.Response{Data: json.RawMessage(`{"count":1}`)}
			}
		}}})
		defer s.end(t)
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://localhost/graphql", strings.NewReader(`{"query":"subscription { count }"}`))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("Accept", events)
		resp, err := s.client.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		if body, err := io.ReadAll(resp.Body); err != nil || string(body) != eventDone {
			t.Errorf("%s %v, want only the end", body, err)
		}
	})
}
