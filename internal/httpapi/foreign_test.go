package httpapi_test

import (
	"context"
	"encoding/json"
	"maps"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/99designs/gqlgen/graphql"
	"github.com/coder/websocket"

	"roster/internal/httpapi"
)

// No page of another site can make a browser change something: neither by requests without preflight, whatever headers the browser sends, nor with one.
func TestNoForeignPageChangesAnything(t *testing.T) {
	t.Parallel()
	const foe, body, address = "https://evil.example", `{"query":"mutation { change }"}`, "query=mutation{change}"
	browsers := map[string]http.Header{
		"a browser":                       {"Origin": {foe}, "Sec-Fetch-Site": {"cross-site"}},
		"one of a page next door":         {"Origin": {"http://wiki.example.com"}, "Sec-Fetch-Site": {"same-site"}},
		"one of a sandboxed page":         {"Origin": {"null"}, "Sec-Fetch-Site": {"cross-site"}},
		"an old one":                      {"Origin": {foe}},
		"an old one in a sandbox":         {"Origin": {"null"}},
		"one so old that it says nothing": {},
	}
	requests := map[string]func() *http.Request{
		"a link, picture or form": func() *http.Request { return get(address) },
		"that wants events":       func() *http.Request { return get(address, "Accept", "text/event-stream") },
		"JSON, named twice": func() *http.Request {
			r := post(body, "Content-Type", "text/plain")
			r.Header.Add("Content-Type", "application/json")
			return r
		},
		"named twice, and JSON first": func() *http.Request {
			r := post(body)
			r.Header.Add("Content-Type", "text/plain")
			return r
		},
		"asking first": func() *http.Request {
			r := post("", "Access-Control-Request-Method", "POST", "Access-Control-Request-Headers", "content-type")
			r.Method = http.MethodOptions
			return r
		},
	}
	for _, kind := range []string{
		"", "text/plain", "text/plain; application/json", "text/plain;charset=application/json", "application/x-www-form-urlencoded",
		"multipart/form-data; boundary=x", "application/json+x", "text/plain, application/json", "application/json, text/plain",
	} {
		requests["a form of "+kind] = func() *http.Request { return post(body, "Content-Type", kind) }
		requests["a form of "+kind+" that wants events"] = func() *http.Request {
			return post(body, "Content-Type", kind, "Accept", "text/event-stream")
		}
	}
	requests["an upload"] = func() *http.Request { // as graphql-multipart-request-spec has it
		return post("--x\r\nContent-Disposition: form-data; name=\"operations\"\r\n\r\n"+body+"\r\n--x--\r\n", "Content-Type", "multipart/form-data; boundary=x")
	}
	var changed atomic.Int32
	graph := api{exec: func(context.Context) *graphql.Response {
		changed.Add(1)
		return &graphql.Response{Data: json.RawMessage(`{}`)}
	}}
	h := httpapi.New(httpapi.Options{API: graph, Origins: []string{"https://people.example.com"}})
	for who, says := range browsers {
		for what, request := range requests {
			r := request()
			maps.Copy(r.Header, says)
			rec := do(h, r)
			if n := changed.Swap(0); n != 0 {
				t.Errorf("%s sends %s: something is changed, HTTP %d", who, what, rec.Code)
			}
			if r.Method != http.MethodOptions && rec.Code != 403 && rec.Code != 405 && rec.Code != 415 {
				t.Errorf("%s sends %s: HTTP %d", who, what, rec.Code)
			}
			if rec.Header().Get("Access-Control-Allow-Origin") != "" {
				t.Errorf("%s sends %s: it is allowed to read the answer, and to ask on", who, what)
			}
		}
	}
	if rec := do(h, post(body)); changed.Load() != 1 {
		t.Errorf("nobody can change anything: HTTP %d %s", rec.Code, rec.Body)
	}
}

// The same holds for WebSockets, for which browsers always send the Origin header.
func TestNoForeignPageOpensASocket(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := serveOn(t, httpapi.Options{API: api{}, Origins: []string{"https://people.example.com"}})
		defer s.end(t)
		for name, header := range map[string]http.Header{
			"another site":           {"Origin": {"https://evil.example"}, "Sec-Fetch-Site": {"cross-site"}},
			"in an old browser":      {"Origin": {"https://evil.example"}},
			"a sandboxed page":       {"Origin": {"null"}},
			"a neighbour":            {"Origin": {"http://wiki.localhost"}, "Sec-Fetch-Site": {"same-site"}},
			"another port":           {"Origin": {"http://localhost:3000"}},
			"the same, says another": {"Origin": {"http://localhost"}, "Sec-Fetch-Site": {"cross-site"}},
		} {
			conn, resp, err := websocket.Dial(t.Context(), "ws://localhost/graphql", &websocket.DialOptions{
				HTTPClient: s.client, HTTPHeader: header, Subprotocols: []string{gqlws},
			})
			if err == nil {
				t.Errorf("%s: it is open", name)
				conn.CloseNow() //nolint:errcheck // it should not be there
			} else if resp == nil || resp.StatusCode != http.StatusForbidden {
				t.Errorf("%s: %v", name, err)
			}
		}
	})
}

// Of two headers with one name, it is unknown which one counts, so the request is rejected. The same holds for two credentials.
func TestRepeatedHeaders(t *testing.T) {
	t.Parallel()
	twice := func(name, second string, header ...string) *http.Request {
		r := post(hello, header...)
		r.Header.Add(name, second)
		return r
	}
	h := httpapi.New(httpapi.Options{API: api{}, Access: guard{}})
	for name, tc := range map[string]struct {
		request *http.Request
		status  int
	}{
		"the same type":    {twice("Content-Type", "application/json", "Authorization", "Bearer ann"), 415},
		"another type":     {twice("Content-Type", "text/plain", "Authorization", "Bearer ann"), 415},
		"a key and a JWT":  {twice("Authorization", "Bearer eyJ.x.y", "Authorization", "Bearer roster_x"), 400},
		"the same key":     {twice("Authorization", "Bearer roster_x", "Authorization", "Bearer roster_x"), 400},
		"an empty one too": {twice("Authorization", "", "Authorization", "Bearer roster_x"), 400},
	} {
		rec := do(h, tc.request)
		if rec.Code != tc.status || strings.Contains(rec.Body.String(), "world") {
			t.Errorf("%s: HTTP %d %s, want %d", name, rec.Code, rec.Body, tc.status)
		}
	}
	if rec := do(h, post(hello, "Authorization", "Bearer ann")); rec.Code != 200 {
		t.Errorf("said once: HTTP %d %s", rec.Code, rec.Body)
	}
}
