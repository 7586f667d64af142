package httpapi_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/99designs/gqlgen/graphql"
	"github.com/coder/websocket"
	"github.com/vektah/gqlparser/v2/ast"

	"roster/internal/access"
	"roster/internal/admission"
	"roster/internal/httpapi"
)

// routed returns the router its own limits.
type routed struct{}

func (routed) Authenticate(_ context.Context, name string) (*access.Principal, error) {
	p := &access.Principal{Method: access.ByKey, Subject: name, Scopes: access.Scopes{access.ScopeRead}}
	if name == "router" {
		p.Limits = &access.Limits{BodyBytes: 5000, VariablesBytes: 4000, Cost: 50, Requests: 100, ListItems: 20, AnswerBytes: 30}
	}
	return p, nil
}

func TestOwnLimits(t *testing.T) {
	t.Parallel()
	limits := httpapi.DefaultLimits()
	limits.BodyBytes, limits.VariablesBytes, limits.Cost, limits.Requests = 2000, 1000, 5, 10
	limits.ListItems, limits.AnswerBytes = 2, 20
	answers := api{exec: func(ctx context.Context) *graphql.Response {
		data := `{"hello":"world"}`
		for _, f := range graphql.GetOperationContext(ctx).Operation.SelectionSet {
			if f, ok := f.(*ast.Field); ok && f.Name == "nickname" {
				data = `{"nickname":"` + strings.Repeat("w", 10*len(graphql.GetOperationContext(ctx).Operation.SelectionSet)) + `"}`
			}
		}
		return &graphql.Response{Data: []byte(data)}
	}}
	limiter := httpapi.NewLimiter(limits, func(c admission.Caller) int {
		if c == httpapi.Named(access.ByKey, "router") {
			return 100
		}
		return 0
	})
	h := httpapi.New(httpapi.Options{API: answers, Limits: limits, Access: routed{}, Limiter: limiter})
	long := func(n int) string {
		return fmt.Sprintf(`{"query":"{ hello }","variables":{"x":"%s"}}`, strings.Repeat("x", n))
	}
	items := func(n int) string {
		return fmt.Sprintf(`{"query":"{ hello }","variables":{"x":[%s]}}`, strings.TrimSuffix(strings.Repeat("1,", n), ","))
	}
	expensive := `{"query":"{` + strings.Repeat(" self { hello }", 10) + `}","extensions":{"cost":true}}`
	dearest := `{"query":"{` + strings.Repeat(" self { hello }", 60) + `}"}`
	for name, tc := range map[string]struct{ body, other, router string }{ // the limit that is exceeded
		"within both":         {hello, "", ""},
		"variables":           {long(1500), "variables_bytes", ""},
		"variables too long":  {long(4500), "body_bytes", "variables_bytes"},
		"a body":              {long(2500), "body_bytes", ""},
		"a body too long":     {long(6000), "body_bytes", "body_bytes"},
		"items of lists":      {items(3), "list_items", ""},
		"too many items":      {items(21), "list_items", "list_items"},
		"a longer answer":     {`{"query":"{ nickname }"}`, "answer_bytes", ""},
		"an answer too long":  {`{"query":"{ nickname hello }"}`, "answer_bytes", "answer_bytes"},
		"what it costs":       {expensive, "cost", ""},
		"what costs too much": {dearest, "cost", "cost"},
	} {
		for caller, want := range map[string]string{"other " + name: tc.other, "router": tc.router} {
			rec := do(h, post(tc.body, "Authorization", caller))
			got := ""
			if errs := refusalsOf(t, rec.Body.Bytes()); len(errs) > 0 {
				got = errs[0].Extensions.Limit
			}
			if got != want {
				t.Errorf("%s of %s: exceeds %q, want %q: %s", name, caller, got, want, rec.Body)
			}
			var left int
			fmt.Sscanf(rec.Header().Get("RateLimit"), `"caller";r=%d;`, &left) //nolint:errcheck // zero fails too
			if caller == "router" && (left < 50 || left >= 100) {
				t.Errorf("the router has %d requests left of its 100", left)
			}
		}
	}
}

// An answer that is too long for a WebSocket is one message with one error, and the operation ends.
func TestAnswerBytesOfASocket(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		limits := httpapi.DefaultLimits()
		limits.AnswerBytes = 16
		s := serveOn(t, httpapi.Options{API: api{}, Limits: limits})
		defer s.end(t)
		c := s.connect(t, nil, gqlws)
		c.send(`{"type":"connection_init"}`)
		c.expect(wsAck)
		c.send(`{"type":"subscribe","id":"1","payload":{"query":"{ hello }"}}`)
		c.expect(`{"type":"next","id":"1","payload":{"errors":[{"message":"the answer is longer than the limit of 16 bytes: ask for fewer fields, or smaller pages",`+
			`"extensions":{"code":"LIMIT_EXCEEDED","limit":"answer_bytes","maximum":16}}],"data":null}}`, wsDone)
		c.conn.Close(websocket.StatusNormalClosure, "") //nolint:errcheck // nothing comes after it
	})
}

// The limits of a caller apply to a WebSocket from connection_init on.
func TestOwnLimitsOfASocket(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		limits := httpapi.DefaultLimits()
		limits.Cost = 5
		s := serveOn(t, httpapi.Options{API: api{}, Limits: limits, Access: routed{}})
		defer s.end(t)
		for caller, want := range map[string][]string{
			"router": {`{"type":"next","id":"1","payload":{"data":{"hello":"world"}}}`, wsDone},
			"other": {`{"type":"error","id":"1","payload":[{"message":"the operation may cost 20; the limit is 5: ask for smaller pages, or fewer within each other",` +
				`"extensions":{"actual":20,"code":"LIMIT_EXCEEDED","limit":"cost","maximum":5}}]}`},
		} {
			c := s.connect(t, nil, gqlws)
			c.send(`{"type":"connection_init","payload":{"Authorization":"` + caller + `"}}`)
			c.expect(wsAck)
			c.send(`{"type":"subscribe","id":"1","payload":{"query":"{` + strings.Repeat(" self { hello }", 10) + `}"}}`)
			c.expect(want...)
			c.conn.Close(websocket.StatusNormalClosure, "") //nolint:errcheck // nothing comes after it
		}
	})
}
