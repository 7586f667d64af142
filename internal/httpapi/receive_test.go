package httpapi_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/coder/websocket"

	"roster/internal/httpapi"
)

// long is a message of an operation whose payload has that many bytes and is invalid.
func long(id string, n int) string {
	return `{"id":"` + id + `","type":"subscribe","payload":{"query":"` + strings.Repeat("x", n) + `","variables":!}}`
}

// A message is counted, and acquires a large body, before it is parsed. If it is refused for that, its invalid payload does not matter.
func TestSocketMessageIsCountedFirst(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		message, answer string
		closed          int
	}{
		"a small one": {wsHello, `{"type":"error","id":"1","payload":[{"message":"more than 1 requests in 1h0m0s: ask again in 3600 s","extensions":{"code":"LIMIT_EXCEEDED","limit":"requests","maximum":1,"retryAfter":3600}}]}`, 0},
		"a small one whose payload cannot be read": {`{"type":"subscribe","id":"1","payload":{"variables":[]}}`,
			`{"type":"error","id":"1","payload":[{"message":"more than 1 requests in 1h0m0s: ask again in 3600 s","extensions":{"code":"LIMIT_EXCEEDED","limit":"requests","maximum":1,"retryAfter":3600}}]}`, 0},
		"a long one": {long("1", 2000),
			`{"type":"error","id":"1","payload":[{"message":"more than 1 requests in 1h0m0s: ask again in 3600 s","extensions":{"code":"LIMIT_EXCEEDED","limit":"requests","maximum":1,"retryAfter":3600}}]}`, 0},
		"a long one that names itself last": {`{"payload":{"query":"` + strings.Repeat("x", 2000) + `"},"id":"1","type":"subscribe"}`, "", 1013},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				limits := httpapi.DefaultLimits()
				limits.Requests, limits.RequestsPer = 1, time.Hour
				s := serveOn(t, httpapi.Options{API: api{}, Limits: limits})
				defer s.end(t)
				c := s.connect(t, nil, gqlws)
				c.send(wsInit)
				c.expect(wsAck)
				c.send(wsHello)
				c.expect(wsWorld, wsDone)
				c.send(tc.message)
				if tc.closed != 0 {
					c.closed(tc.closed, "Too much at present")
					return
				}
				c.expect(tc.answer)
				c.conn.Close(websocket.StatusNormalClosure, "") //nolint:errcheck // the test has seen what it wanted
			})
		})
	}
}

// The number of large messages that are read at the same time is that of large bodies. A client that sends one too slowly loses the connection.
func TestSocketLargeMessages(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		limits := httpapi.DefaultLimits()
		limits.CallerShare = 100
		s := serveOn(t, httpapi.Options{API: api{}, Limits: limits})
		defer s.end(t)
		slow := make([]*talk, 32)
		for n := range slow {
			c := s.connect(t, nil, gqlws)
			slow[n] = c
			c.send(wsInit)
			c.expect(wsAck)
			w, err := c.conn.Writer(t.Context(), websocket.MessageText)
			if err != nil {
				t.Fatal(err)
			}
			// It never ends, and is longer than what is read at first and what the library buffers.
			if _, err := w.Write([]byte(long("1", 80<<10))); err != nil {
				t.Fatal(err)
			}
		}
		synctest.Wait()
		began := time.Now()
		c := s.connect(t, nil, gqlws)
		c.send(wsInit)
		c.expect(wsAck)
		c.send(long("7", 80<<10))
		c.expect(`{"type":"error","id":"7","payload":[{"message":"32 requests of more than 65536 bytes are being read, which is the limit","extensions":{"code":"LIMIT_EXCEEDED","limit":"large_bodies","maximum":32,"retryAfter":1}}]}`)
		c.send(wsHello) // the connection is as good as before
		c.expect(wsWorld, wsDone)
		for _, c := range slow {
			c.closed(1008, "comes too slowly")
		}
		if took := time.Since(began); took > httpapi.DefaultLimits().MinRateGrace+10*time.Second {
			t.Errorf("slow messages were borne for %s", took)
		}
		c.send(`{"type":"subscribe","id":"8","payload":{"query":"{ hello }","operationName":null,"x":"` + strings.Repeat("x", 80<<10) + `"}}`)
		c.expect(strings.Replace(wsWorld, `"id":"1"`, `"id":"8"`, 1), `{"type":"complete","id":"8"}`)
		c.conn.Close(websocket.StatusNormalClosure, "") //nolint:errcheck // the test has seen what it wanted
	})
}

// Before connection_init, only small messages are accepted.
func TestSocketFirstMessageIsSmall(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := serveOn(t, httpapi.Options{API: api{}})
		defer s.end(t)
		c := s.connect(t, nil, gqlws)
		c.send(`{"type":"connection_init","payload":{"x":"` + strings.Repeat("x", 64<<10) + `"}}`)
		c.closed(1009, "")
	})
}

// Over a network, a client that sends a message beyond the limit gets the close code while it is still sending. A client that disconnects during a message has
// nothing run. The code is sent at once, and then the connection is reset. A client whose system then discards received data sees code 1006.
func TestSocketMessageIsCut(t *testing.T) {
	t.Parallel()
	var ran atomic.Int32
	graph := api{exec: func(context.Context) *graphql.Response {
		ran.Add(1)
		return &graphql.Response{Data: json.RawMessage(`{"hello":"world"}`)}
	}}
	left := make(chan struct{}, 10)
	limits := httpapi.DefaultLimits()
	limits.BodyTime = time.Hour // the machine may be busy
	handler := httpapi.New(httpapi.Options{API: graph, Limits: limits})
	server := httptest.NewServer(leaving(handler, left))
	defer server.Close()
	open := func() *talk {
		conn, _, err := websocket.Dial(t.Context(), "ws"+strings.TrimPrefix(server.URL, "http")+"/graphql", &websocket.DialOptions{Subprotocols: []string{gqlws}})
		if err != nil {
			t.Fatal(err)
		}
		c := &talk{t, conn}
		c.send(wsInit)
		c.expect(wsAck)
		return c
	}
	for n := range 3 {
		t.Run(fmt.Sprint("too large ", n), func(t *testing.T) {
			c := open()
			c.conn.Write(t.Context(), websocket.MessageText, []byte(long("1", 2<<20))) //nolint:errcheck // it may be told before it is through
			_, _, err := c.conn.Read(t.Context())
			if e, ok := errors.AsType[websocket.CloseError](err); !ok || e.Code != websocket.StatusMessageTooBig {
				t.Errorf("%v, want that it is closed with 1009", err)
			}
			<-left
		})
	}
	c := open()
	w, err := c.conn.Writer(t.Context(), websocket.MessageText)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write([]byte(wsHello + strings.Repeat(" ", 100<<10))); err != nil {
		t.Fatal(err)
	}
	c.conn.CloseNow() //nolint:errcheck // that is what it does
	<-left
	if n := ran.Load(); n != 0 {
		t.Errorf("%d operations ran of messages that did not come whole", n)
	}
}

// leaving reports the end of each request.
func leaving(next http.Handler, left chan<- struct{}) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() { left <- struct{}{} }()
		next.ServeHTTP(w, r)
	})
}
