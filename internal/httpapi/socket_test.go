package httpapi_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/coder/websocket"
	"github.com/google/go-cmp/cmp"

	"roster/internal/access"
	"roster/internal/freshness"
	"roster/internal/httpapi"
)

// talk is a client that sends and expects raw messages.
type talk struct {
	t    *testing.T
	conn *websocket.Conn
}

// connect opens a WebSocket. The test fails if the server does not accept it.
func (s *served) connect(t *testing.T, header http.Header, protocols ...string) *talk {
	t.Helper()
	conn, resp, err := websocket.Dial(t.Context(), "ws://localhost/graphql", &websocket.DialOptions{
		HTTPClient: s.client, HTTPHeader: header, Subprotocols: protocols,
	})
	if err != nil {
		t.Fatal(err)
	}
	if resp.Header.Get("Content-Type") != "" {
		t.Errorf("the switch of protocols has the header %v", resp.Header)
	}
	conn.SetReadLimit(1 << 22)
	return &talk{t, conn}
}

func (c *talk) send(text string) {
	c.t.Helper()
	if err := c.conn.Write(c.t.Context(), websocket.MessageText, []byte(text)); err != nil {
		c.t.Errorf("sending %.80s: %v", text, err)
	}
}

// expect reads one message for each that is wanted, in that order.
func (c *talk) expect(want ...string) {
	c.t.Helper()
	for _, w := range want {
		_, got, err := c.conn.Read(c.t.Context())
		if err != nil {
			c.t.Errorf("%v in the place of %s", err, w)
			return
		}
		if diff := cmp.Diff(w, string(got)); diff != "" {
			c.t.Errorf("(-want +got):\n%s", diff)
		}
	}
}

// closed waits for the server to close, and checks code and reason.
func (c *talk) closed(code int, reason string) {
	c.t.Helper()
	for {
		_, _, err := c.conn.Read(c.t.Context())
		if err == nil {
			continue
		}
		if e, ok := errors.AsType[websocket.CloseError](err); !ok || int(e.Code) != code || !strings.Contains(e.Reason, reason) {
			c.t.Errorf("closed with %v, want %d %q", err, code, reason)
		}
		return
	}
}

const (
	wsInit  = `{"type":"connection_init"}`
	wsAck   = `{"type":"connection_ack"}`
	wsHello = `{"type":"subscribe","id":"1","payload":{"query":"{ hello }"}}`
	wsWorld = `{"type":"next","id":"1","payload":{"data":{"hello":"world"}}}`
	wsDone  = `{"type":"complete","id":"1"}`
	wsCount = `{"type":"subscribe","id":"1","payload":{"query":"subscription { count }"}}`
	gqlws   = "graphql-transport-ws"
)

// counting is a graph whose subscription counts the seconds, up to a number.
func counting(to int) api {
	return api{stream: func(context.Context) graphql.ResponseHandler {
		n := 0
		return func(ctx context.Context) *graphql.Response {
			if n == to {
				return nil
			}
			select {
			case <-time.After(time.Second):
			case <-ctx.Done():
				return nil
			}
			n++
			return &graphql.Response{Data: json.RawMessage(fmt.Sprintf(`{"count":%d}`, n))}
		}
	}}
}

// Each way in which a connection can end has its close code.
func TestSocketCloses(t *testing.T) {
	t.Parallel()
	limits := httpapi.DefaultLimits()
	limits.BodyBytes, limits.StreamIdle = 1000, time.Minute
	for name, tc := range map[string]struct {
		send   []string
		code   int
		reason string
	}{
		"silent from the start":          {nil, 4408, "Connection initialisation timeout"},
		"pings but does not begin":       {[]string{`{"type":"ping"}`}, 4408, "initialisation timeout"},
		"no JSON":                        {[]string{`hello`}, 4400, "Invalid message"},
		"no object":                      {[]string{`[]`}, 4400, "Invalid message"},
		"two values":                     {[]string{wsInit + wsInit}, 4400, "Invalid message"},
		"not UTF-8":                      {[]string{"{\"type\":\"\xff\"}"}, 4400, "Invalid message"},
		"no type":                        {[]string{`{}`}, 4400, "Invalid message"},
		"an unknown type":                {[]string{wsInit, `{"type":"start","id":"1","payload":{"query":"{ hello }"}}`}, 4400, "Invalid message"},
		"a type of the server":           {[]string{wsInit, `{"type":"next","id":"1","payload":{}}`}, 4400, "Invalid message"},
		"a payload that is none":         {[]string{`{"type":"connection_init","payload":5}`}, 4400, "Invalid message"},
		"credentials that are none":      {[]string{`{"type":"connection_init","payload":{"Authorization":5}}`}, 4400, "Invalid message"},
		"an invalid requirement":         {[]string{`{"type":"connection_init","payload":{"Cache-Control":"max-age=x"}}`}, 4400, "Cache-Control"},
		"an operation without an ID":     {[]string{wsInit, `{"type":"subscribe","payload":{"query":"{ hello }"}}`}, 4400, "Invalid message"},
		"an operation of an endless ID":  {[]string{wsInit, `{"type":"subscribe","id":"` + strings.Repeat("x", 129) + `","payload":{"query":"{ hello }"}}`}, 4400, "Invalid message"},
		"an operation without a payload": {[]string{wsInit, `{"type":"subscribe","id":"1"}`}, 4400, "Invalid message"},
		"variables in a list":            {[]string{wsInit, `{"type":"subscribe","id":"1","payload":{"query":"{ hello }","variables":[]}}`}, 4400, "Invalid message"},
		"an operation before the start":  {[]string{wsHello}, 4401, "Unauthorized"},
		"completes before the start":     {[]string{`{"type":"complete","id":"1"}`}, 4401, "Unauthorized"},
		"begins twice":                   {[]string{wsInit, wsInit}, 4429, "Too many initialisation requests"},
		"one ID twice":                   {[]string{wsInit, wsCount, wsCount}, 4409, "Subscriber for 1 already exists"},
		"a message that is too large":    {[]string{wsInit, `{"type":"ping","payload":{"x":"` + strings.Repeat("x", 1000) + `"}}`}, 1009, ""},
		"nothing runs":                   {[]string{wsInit, wsHello}, 1000, "nothing runs here"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				graph := counting(1000)
				s := serveOn(t, httpapi.Options{API: graph, Limits: limits})
				defer s.end(t)
				c := s.connect(t, nil, gqlws)
				for i, m := range tc.send {
					c.send(m)
					if m == wsInit && i == 0 { // a pipe holds nothing that is not read
						c.expect(wsAck)
					}
				}
				c.closed(tc.code, tc.reason)
			})
		})
	}
	t.Run("a binary message", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			s := serveOn(t, httpapi.Options{API: api{}})
			defer s.end(t)
			c := s.connect(t, nil, gqlws)
			if err := c.conn.Write(t.Context(), websocket.MessageBinary, []byte(wsInit)); err != nil {
				t.Error(err)
			}
			c.closed(4400, "Invalid message")
		})
	})
	for _, protocols := range [][]string{nil, {"graphql-ws"}, {"chat"}} {
		t.Run(fmt.Sprint("subprotocols ", protocols), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := serveOn(t, httpapi.Options{API: api{}})
				defer s.end(t)
				s.connect(t, nil, protocols...).closed(4406, "Subprotocol not acceptable")
			})
		})
	}
}

// The messages of operations over a WebSocket.
func TestSocketMessages(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		graph  api
		limits func(*httpapi.Limits)
		talk   func(*talk)
	}{
		"a query": {talk: func(c *talk) {
			c.send(wsHello)
			c.expect(wsWorld, wsDone)
			c.send(wsHello) // the ID is free again
			c.expect(wsWorld, wsDone)
		}},
		"a mutation": {talk: func(c *talk) {
			c.send(strings.Replace(wsHello, "{ hello }", "mutation { change }", 1))
			c.expect(wsWorld, wsDone)
		}},
		"a document that does not fit": {talk: func(c *talk) {
			c.send(strings.Replace(wsHello, "hello", "helo", 1))
			c.expect(`{"type":"error","id":"1","payload":[{"message":"Cannot query field \"helo\" on type \"Query\".","locations":[{"line":1,"column":3}],"extensions":{"code":"GRAPHQL_VALIDATION_FAILED"}}]}`)
			c.send(wsHello)
			c.expect(wsWorld, wsDone)
		}},
		"an error while it runs": {
			graph: api{exec: func(context.Context) *graphql.Response {
				return &graphql.Response{Data: json.RawMessage("null"), Errors: refusedList("no")}
			}},
			talk: func(c *talk) {
				c.send(wsHello)
				c.expect(`{"type":"next","id":"1","payload":{"errors":[{"message":"no"}],"data":null}}`, wsDone)
			},
		},
		"a panic": {graph: api{exec: func(context.Context) *graphql.Response { panic("secret") }}, talk: func(c *talk) {
			c.send(wsHello)
			c.expect(`{"type":"error","id":"1","payload":[{"message":"internal error"}]}`)
		}},
		"pings": {talk: func(c *talk) {
			c.send(`{"type":"ping","payload":{"x":1}}`)
			c.expect(`{"type":"pong","payload":{"x":1}}`)
			c.send(`{"type":"pong"}`)
			c.send(wsHello)
			c.expect(wsWorld, wsDone)
		}},
		"a subscription": {graph: counting(2), talk: func(c *talk) {
			c.send(wsCount)
			c.expect(`{"type":"next","id":"1","payload":{"data":{"count":1}}}`, `{"type":"next","id":"1","payload":{"data":{"count":2}}}`, wsDone)
		}},
		"a subscription that is longer than an operation": {graph: counting(30), talk: func(c *talk) {
			c.send(wsCount)
			for n := range 30 {
				c.expect(fmt.Sprintf(`{"type":"next","id":"1","payload":{"data":{"count":%d}}}`, n+1))
			}
			c.expect(wsDone)
		}},
		"a subscription that is called off": {graph: counting(1000), talk: func(c *talk) {
			c.send(wsCount)
			c.expect(`{"type":"next","id":"1","payload":{"data":{"count":1}}}`)
			c.send(`{"type":"complete","id":"1"}`)
			c.send(`{"type":"complete","id":"nobody's"}`)
			synctest.Wait()
			c.send(wsHello) // after which nothing is heard of the other, and its ID is free
			c.expect(wsWorld, wsDone)
		}},
		"side by side": {graph: counting(2), talk: func(c *talk) {
			c.send(wsCount)
			c.send(strings.Replace(wsHello, `"id":"1"`, `"id":"2"`, 1))
			c.expect(strings.Replace(wsWorld, `"id":"1"`, `"id":"2"`, 1), `{"type":"complete","id":"2"}`)
			c.expect(`{"type":"next","id":"1","payload":{"data":{"count":1}}}`, `{"type":"next","id":"1","payload":{"data":{"count":2}}}`, wsDone)
		}},
		"too many side by side": {graph: counting(1), limits: func(l *httpapi.Limits) { l.StreamOperations = 1 }, talk: func(c *talk) {
			c.send(wsCount)
			c.send(strings.Replace(wsHello, `"id":"1"`, `"id":"2"`, 1))
			c.expect(`{"type":"error","id":"2","payload":[{"message":"1 operations are under way on this connection, which is the limit","extensions":{"code":"LIMIT_EXCEEDED","limit":"stream_operations","maximum":1}}]}`)
			c.expect(`{"type":"next","id":"1","payload":{"data":{"count":1}}}`, wsDone)
		}},
		"too often": {limits: func(l *httpapi.Limits) { l.Requests, l.RequestsPer = 1, time.Hour }, talk: func(c *talk) {
			c.send(wsHello)
			c.expect(wsWorld, wsDone)
			c.send(wsHello)
			c.expect(`{"type":"error","id":"1","payload":[{"message":"more than 1 requests in 1h0m0s: ask again in 3600 s","extensions":{"code":"LIMIT_EXCEEDED","limit":"requests","maximum":1,"retryAfter":3600}}]}`)
		}},
		"too deep": {talk: func(c *talk) {
			c.send(`{"type":"subscribe","id":"1","payload":{"query":"` + strings.Repeat("{self", 12) + "{hello}" + strings.Repeat("}", 12) + `"}}`)
			c.expect(`{"type":"error","id":"1","payload":[{"message":"the document is 13 levels deep; the limit is 12","extensions":{"actual":13,"code":"LIMIT_EXCEEDED","limit":"depth","maximum":12}}]}`)
		}},
		"what takes too long": {
			graph: api{exec: func(ctx context.Context) *graphql.Response {
				<-ctx.Done()
				return &graphql.Response{Data: json.RawMessage("{}")}
			}},
			talk: func(c *talk) {
				c.send(wsHello)
				c.expect(`{"type":"error","id":"1","payload":[{"message":"the operation took too long","extensions":{"code":"TIMEOUT"}}]}`)
			},
		},
		"its cost": {talk: func(c *talk) {
			c.send(`{"type":"subscribe","id":"1","payload":{"query":"{ hello }","extensions":{"cost":true}}}`)
			c.expect(`{"type":"next","id":"1","payload":{"data":{"hello":"world"},"extensions":{"cost":{"maximum":500000,"requested":1}}}}`, wsDone)
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				limits := httpapi.DefaultLimits()
				if tc.limits != nil {
					tc.limits(&limits)
				}
				s := serveOn(t, httpapi.Options{API: tc.graph, Limits: limits})
				defer s.end(t)
				c := s.connect(t, nil, gqlws)
				c.send(wsInit)
				c.expect(wsAck)
				tc.talk(c)
				c.conn.Close(websocket.StatusNormalClosure, "") //nolint:errcheck // the test has seen what it wanted
			})
		})
	}
}

// The place of sources' errors is set once for the connection, or for one operation.
func TestSocketSourceErrors(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var places []freshness.Place
		s := serveOn(t, httpapi.Options{API: api{exec: func(ctx context.Context) *graphql.Response {
			places = append(places, freshness.FromContext(ctx).Place)
			return &graphql.Response{Data: json.RawMessage(`{"hello":"world"}`)}
		}}})
		defer s.end(t)
		const header = "X-Roster-Source-Errors"
		for _, init := range []string{wsInit, `{"type":"connection_init","payload":{"x-roster-source-errors":"errors"}}`} {
			c := s.connect(t, http.Header{header: {"extensions"}}, gqlws)
			c.send(init)
			c.expect(wsAck)
			c.send(wsHello)
			c.expect(wsWorld, wsDone)
			for _, said := range []string{`"extensions"`, `"x"`, `null`} {
				c.send(`{"type":"subscribe","id":"1","payload":{"query":"{ hello }","extensions":{"` + header + `":` + said + `}}}`)
				if said == `"extensions"` {
					c.expect(wsWorld, wsDone)
					continue
				}
				c.expect(`{"type":"error","id":"1","payload":[{"message":"X-Roster-Source-Errors can be errors or extensions","extensions":{"code":"BAD_REQUEST"}}]}`)
			}
			c.bye()
		}
		for name, tc := range map[string]struct {
			header http.Header
			init   string
		}{
			"in connection_init": {nil, `{"type":"connection_init","payload":{"X-Roster-Source-Errors":""}}`},
			"in the header":      {http.Header{header: {"x"}}, wsInit},
		} {
			c := s.connect(t, tc.header, gqlws)
			c.send(tc.init)
			c.closed(4400, "Invalid X-Roster-Source-Errors")
			t.Log(name)
		}
		if diff := cmp.Diff([]freshness.Place{"extensions", "extensions", "errors", "extensions"}, places); diff != "" {
			t.Errorf("places (-want +got):\n%s", diff)
		}
	})
}

// The freshness requirement is set once for the connection, or for one operation, and the answer states its age.
func TestSocketFreshness(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		read := time.Now()
		time.Sleep(20 * time.Second)
		var requirements []time.Duration
		s := serveOn(t, httpapi.Options{API: api{exec: func(ctx context.Context) *graphql.Response {
			e := freshness.FromContext(ctx)
			requirements = append(requirements, *e.Requirement.MaxAge)
			e.Answer = &freshness.Answer{OldestAt: read, FreshUntil: read.Add(time.Minute)}
			return &graphql.Response{Data: json.RawMessage(`{}`)}
		}}})
		defer s.end(t)
		c := s.connect(t, nil, gqlws)
		c.send(`{"type":"connection_init","payload":{"Cache-Control":"max-age=7"}}`)
		c.expect(wsAck)
		want := `{"type":"next","id":"1","payload":{"data":{},"extensions":{"Age":20,"Cache-Control":"private, max-age=60"}}}`
		c.send(wsHello)
		c.expect(want, wsDone)
		c.send(`{"type":"subscribe","id":"1","payload":{"query":"{ hello }","extensions":{"Cache-Control":"max-age=3"}}}`)
		c.expect(want, wsDone)
		c.send(`{"type":"subscribe","id":"1","payload":{"query":"{ hello }","extensions":{"Cache-Control":"max-age=x"}}}`)
		c.expect(`{"type":"error","id":"1","payload":[{"message":"the directive max-age of Cache-Control needs a number of whole seconds","extensions":{"code":"BAD_REQUEST"}}]}`)
		if diff := cmp.Diff([]time.Duration{7 * time.Second, 3 * time.Second}, requirements); diff != "" {
			t.Errorf("requirements (-want +got):\n%s", diff)
		}
		c.conn.Close(websocket.StatusNormalClosure, "") //nolint:errcheck // see above
	})
}

// onlyAnn accepts one caller, for a minute.
type onlyAnn struct{}

func (onlyAnn) Authenticate(_ context.Context, authorization string) (*access.Principal, error) {
	switch authorization {
	case "Bearer ann":
		return &access.Principal{Method: access.ByToken, Subject: "ann", Scopes: access.Scopes{access.ScopeRead}, Expires: time.Now().Add(time.Minute)}, nil
	case "Bearer soon":
		return nil, access.ErrUnavailable
	}
	return nil, access.ErrInvalid
}

// The credentials of a WebSocket reach the graph.
func TestSocketCaller(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := serveOn(t, httpapi.Options{Access: onlyAnn{}, API: api{exec: func(ctx context.Context) *graphql.Response {
			return &graphql.Response{Data: json.RawMessage(fmt.Sprintf("%q", access.FromContext(ctx).Subject+" "+access.SourceTokensOf(ctx).For("ws", "worksection").Reveal()))}
		}}})
		defer s.end(t)
		c := s.connect(t, nil, gqlws)
		c.send(`{"type":"connection_init","payload":{"Authorization":"Bearer ann","x-roster-worksection-token":" t1 "}}`)
		c.expect(wsAck)
		c.send(wsHello)
		c.expect(`{"type":"next","id":"1","payload":{"data":"ann t1"}}`, wsDone)
		c.conn.Close(websocket.StatusNormalClosure, "") //nolint:errcheck // see above
		later := s.connect(t, http.Header{"Authorization": {"Bearer soon"}}, gqlws)
		later.send(wsInit)
		later.closed(1013, "cannot be checked")
	})
}

// A caller may authenticate in connection_init or in the request. The connection is closed when the credentials expire.
func TestSocketAuthenticates(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		header http.Header
		init   string
		known  bool
	}{
		"in connection_init":       {nil, `{"type":"connection_init","payload":{"Authorization":"Bearer ann"}}`, true},
		"in small letters":         {nil, `{"type":"connection_init","payload":{"authorization":"Bearer ann","more":1}}`, true},
		"in the request":           {http.Header{"Authorization": {"Bearer ann"}}, wsInit, true},
		"nowhere":                  {nil, wsInit, false},
		"as somebody else":         {nil, `{"type":"connection_init","payload":{"Authorization":"Bearer bob"}}`, false},
		"with nothing at last":     {http.Header{"Authorization": {"Bearer ann"}}, `{"type":"connection_init","payload":{"Authorization":""}}`, false},
		"as somebody else at last": {http.Header{"Authorization": {"Bearer ann"}}, `{"type":"connection_init","payload":{"Authorization":"Bearer bob"}}`, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := serveOn(t, httpapi.Options{API: counting(1000), Access: onlyAnn{}})
				defer s.end(t)
				c := s.connect(t, tc.header, gqlws)
				c.send(tc.init)
				if !tc.known {
					c.closed(4403, "Forbidden")
					return
				}
				c.expect(wsAck)
				c.send(wsCount)
				began := time.Now()
				c.closed(4403, "The credentials have expired")
				if took := time.Since(began); took != time.Minute {
					t.Errorf("it was closed after %s, want a minute", took)
				}
			})
		})
	}
}

// A page of another origin cannot open a WebSocket.
func TestSocketOrigin(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := serveOn(t, httpapi.Options{API: api{}, Origins: []string{"https://people.example.com"}})
		defer s.end(t)
		for origin, ok := range map[string]bool{"https://evil.example": false, "null": false, "http://localhost": true, "https://people.example.com": true} {
			conn, resp, err := websocket.Dial(t.Context(), "ws://localhost/graphql", &websocket.DialOptions{
				HTTPClient: s.client, HTTPHeader: http.Header{"Origin": {origin}}, Subprotocols: []string{gqlws},
			})
			if (err == nil) != ok {
				t.Errorf("origin %s: %v", origin, err)
			}
			if err == nil {
				conn.CloseNow() //nolint:errcheck // it has only been opened to see whether it can be
			} else if resp.StatusCode != http.StatusForbidden {
				t.Errorf("origin %s: HTTP %d, want 403", origin, resp.StatusCode)
			}
		}
	})
}

// When the server stops, single answers are still sent, a subscription ends, and the connection is closed so that the client connects elsewhere.
func TestSocketDrains(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		graph := counting(1000)
		graph.exec = func(context.Context) *graphql.Response {
			time.Sleep(5 * time.Second)
			return &graphql.Response{Data: json.RawMessage(`{"hello":"world"}`)}
		}
		s := serveOn(t, httpapi.Options{API: graph})
		c := s.connect(t, nil, gqlws)
		c.send(wsInit)
		c.expect(wsAck)
		c.send(wsHello)
		c.send(strings.Replace(wsCount, `"id":"1"`, `"id":"2"`, 1))
		c.expect(`{"type":"next","id":"2","payload":{"data":{"count":1}}}`)
		s.stop()
		synctest.Wait()
		c.send(strings.Replace(wsHello, `"id":"1"`, `"id":"3"`, 1))
		c.expect(`{"type":"error","id":"3","payload":[{"message":"the server is stopping, or has changed: connect again","extensions":{"code":"TIMEOUT"}}]}`)
		c.expect(wsWorld, wsDone)
		c.closed(1001, "The server is stopping")
		s.end(t)
	})
}

// During DrainDelay, WebSockets still accept operations. After it, they are closed so that their clients connect elsewhere.
func TestSocketAcceptsInDrainDelay(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const delay = 5 * time.Second
		s := serveOnFor(t, httpapi.Options{API: counting(1000)}, delay)
		c := s.connect(t, nil, gqlws)
		c.send(wsInit)
		c.expect(wsAck)
		began := time.Now()
		s.stop()
		synctest.Wait()
		c.send(wsCount)
		c.expect(`{"type":"next","id":"1","payload":{"data":{"count":1}}}`)
		c.send(`{"type":"complete","id":"1"}`)
		late := s.connect(t, nil, gqlws)
		late.send(wsInit)
		late.expect(wsAck)
		for _, c := range []*talk{c, late} {
			c.closed(1001, "The server is stopping")
		}
		if took := time.Since(began); took < delay {
			t.Errorf("the clients were sent elsewhere after %s", took)
		}
		s.end(t)
	})
}

// A client that is gone without closing is noticed.
func TestSocketPings(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		gone := make(chan struct{})
		graph := api{stream: func(context.Context) graphql.ResponseHandler {
			return func(ctx context.Context) *graphql.Response {
				<-ctx.Done()
				close(gone)
				return nil
			}
		}}
		s := serveOn(t, httpapi.Options{API: graph})
		c := s.connect(t, nil, gqlws)
		c.send(wsInit)
		c.expect(wsAck)
		c.send(wsCount)
		began := time.Now()
		<-gone // the client does not read, so it does not answer the ping
		if took := time.Since(began); took > time.Minute {
			t.Errorf("it was noticed after %s", took)
		}
		c.conn.CloseNow() //nolint:errcheck // it is closed
		s.end(t)
	})
}
