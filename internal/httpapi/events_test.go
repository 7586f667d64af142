package httpapi_test

import (
	"bufio"
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/google/go-cmp/cmp"

	"roster/internal/freshness"
	"roster/internal/httpapi"
)

const (
	eventWorld = "event: next\ndata: {\"data\":{\"hello\":\"world\"}}\n\n"
	eventDone  = "event: complete\ndata: \n\n"
	events     = "text/event-stream"
)

func TestEvents(t *testing.T) {
	t.Parallel()
	read := time.Now()
	for name, tc := range map[string]struct {
		graph   api
		request *http.Request
		status  int
		kind    string
		body    string
	}{
		"a query":               {api{}, post(hello, "Accept", events), 200, events, eventWorld + eventDone},
		"a query by GET":        {api{}, get("query={hello}", "Accept", events), 200, events, eventWorld + eventDone},
		"a mutation":            {api{}, post(`{"query":"mutation { change }"}`, "Accept", events), 200, events, eventWorld + eventDone},
		"one by GET":            {api{}, get("query=mutation{change}", "Accept", events), 405, "application/json", ""},
		"a subscription by GET": {counting(0), get("query=subscription{count}", "Accept", events), 200, events, eventDone},
		"one that does not end": {counting(0), get("query=subscription{count}"), 405, "application/json", ""},
		"named last":            {api{}, post(hello, "Accept", "application/json, "+events), 200, "application/json", `{"data":{"hello":"world"}}`},
		"liked best":            {api{}, post(hello, "Accept", "application/json;q=0.9, "+events), 200, events, eventWorld + eventDone},
		"one with an age": {api{exec: func(ctx context.Context) *graphql.Response {
			freshness.FromContext(ctx).Answer = &freshness.Answer{OldestAt: read.Add(time.Hour), FreshUntil: read}
			return &graphql.Response{Data: json.RawMessage("{\n\"hello\":\r\n\"world\"}")}
		}}, post(hello, "Accept", events), 200, events,
			"event: next\ndata: {\"data\":{ \"hello\":  \"world\"},\"extensions\":{\"Age\":0,\"Cache-Control\":\"private, max-age=0\"}}\n\n" + eventDone},
		"a document that does not fit": {api{}, post(`{"query":"{ helo }"}`, "Accept", events), 200, events,
			"event: next\ndata: {\"errors\":[{\"message\":\"Cannot query field \\\"helo\\\" on type \\\"Query\\\".\",\"locations\":[{\"line\":1,\"column\":3}]," +
				"\"extensions\":{\"code\":\"GRAPHQL_VALIDATION_FAILED\"}}]}\n\n" + eventDone},
		"no GraphQL": {api{}, post("secret", "Accept", events), 400, "application/json", ""},
		"a panic": {api{exec: func(context.Context) *graphql.Response { panic("secret") }}, post(hello, "Accept", events), 200, events,
			"event: next\ndata: {\"errors\":[{\"message\":\"internal error\"}]}\n\n" + eventDone},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			rec := do(httpapi.New(httpapi.Options{API: tc.graph}), tc.request)
			if rec.Code != tc.status || rec.Header().Get("Content-Type") != tc.kind {
				t.Errorf("HTTP %d %s, want %d %s: %s", rec.Code, rec.Header().Get("Content-Type"), tc.status, tc.kind, rec.Body)
			}
			if tc.body != "" {
				if diff := cmp.Diff(tc.body, rec.Body.String()); diff != "" {
					t.Errorf("(-want +got):\n%s", diff)
				}
			}
		})
	}
}

// A subscription continues beyond the limits of a single answer, with comments while there are no events, until it or the server ends.
func TestEventStream(t *testing.T) {
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
		s := serveOn(t, httpapi.Options{API: graph})
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
		lines, beats, answers := bufio.NewScanner(resp.Body), 0, 0
		for answers < 3 && lines.Scan() {
			switch line := lines.Text(); {
			case line == ":":
				beats++
			case strings.HasPrefix(line, "data: {"):
				answers++
			}
		}
		if answers != 3 || beats < 6 {
			t.Errorf("%d answers and %d signs of life in 150 s", answers, beats)
		}
		stopped := make(chan struct{})
		go func() {
			s.end(t)
			close(stopped)
		}()
		last := ""
		for lines.Scan() {
			if lines.Text() != "" {
				last = lines.Text()
			}
		}
		if last != "data: " {
			t.Errorf("the stream ends with %q, want that it is complete", last)
		}
		<-stopped
	})
}
