package rest

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/coder/websocket"

	"roster/connectors"
)

// echo answers each message with itself.
func echo(w http.ResponseWriter, r *http.Request) {
	conn, err := websocket.Accept(w, r, nil)
	if err != nil {
		return
	}
	defer conn.CloseNow() //nolint:errcheck // it is over
	conn.SetReadLimit(maxMessage)
	for {
		kind, message, err := conn.Read(r.Context())
		if err != nil || conn.Write(r.Context(), kind, message) != nil {
			return
		}
	}
}

func noGreeting(context.Context, *Socket) error { return nil }

// A WebSocket needs HTTP/1.1, also where the server and this client could speak HTTP/2. It outlives the call that opens it.
func TestSocket(t *testing.T) {
	t.Parallel()
	for name, secure := range map[string]bool{"plain": false, "TLS with HTTP/2": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := httptest.NewUnstartedServer(http.HandlerFunc(echo))
			opt := Options{Source: "chat"}
			if secure {
				server.EnableHTTP2 = true
				server.StartTLS()
				opt.Transport = server.Client().Transport
			} else {
				server.Start()
			}
			t.Cleanup(server.Close)
			opt.Base, opt.Judge = server.URL, func(*Response) *connectors.Error { return nil }
			c, err := New(opt)
			if err != nil {
				t.Fatal(err)
			}
			s, err := c.OpenSocket(t.Context(), Request{Op: "socket", Path: "live"}, noGreeting)
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			for _, text := range []string{"one", strings.Repeat("x", maxMessage)} {
				if err := s.Send(t.Context(), []byte(text)); err != nil {
					t.Fatal(err)
				}
				if got, err := s.Receive(t.Context()); err != nil || string(got) != text {
					t.Errorf("%d bytes back, error %v", len(got), err)
				}
			}
		})
	}
}

// Whatever is no WebSocket is an error, and a redirect is not followed.
func TestNoSocket(t *testing.T) {
	t.Parallel()
	var followed atomic.Int64
	elsewhere := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { followed.Add(1); echo(w, r) }))
	t.Cleanup(elsewhere.Close)
	for name, tc := range map[string]struct {
		serve http.HandlerFunc
		judge *connectors.Error
		kind  connectors.ErrorKind
	}{
		"a redirect":                {func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, elsewhere.URL, http.StatusFound) }, nil, connectors.KindUnsupported},
		"an answer":                 {func(w http.ResponseWriter, _ *http.Request) { w.Write([]byte("canary")) }, nil, connectors.KindUnsupported}, //nolint:errcheck // a test
		"what the kind makes of it": {http.NotFound, &connectors.Error{Kind: connectors.KindNotFound}, connectors.KindNotFound},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := httptest.NewServer(tc.serve)
			t.Cleanup(server.Close)
			c, err := New(Options{Source: "chat", Base: server.URL, Judge: func(*Response) *connectors.Error { return tc.judge }})
			if err != nil {
				t.Fatal(err)
			}
			_, err = c.OpenSocket(t.Context(), Request{Op: "socket", Path: "live"}, noGreeting)
			if !connectors.IsKind(err, tc.kind) || strings.Contains(err.Error(), "canary") {
				t.Errorf("%v, want %s", err, tc.kind)
			}
		})
	}
	t.Cleanup(func() {
		if n := followed.Load(); n > 0 {
			t.Errorf("%d requests to another place", n)
		}
	})
}

// A failure to open is not repeated, because who wants a connection tries again later.
func TestSocketIsNotRepeated(t *testing.T) {
	t.Parallel()
	var requests atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		requests.Add(1)
		w.WriteHeader(http.StatusServiceUnavailable)
	}))
	t.Cleanup(server.Close)
	c, err := New(Options{Source: "chat", Base: server.URL, Judge: func(*Response) *connectors.Error {
		return &connectors.Error{Kind: connectors.KindUnavailable}
	}})
	if err != nil {
		t.Fatal(err)
	}
	_, err = c.OpenSocket(t.Context(), Request{Op: "socket", Path: "live"}, noGreeting)
	if n := requests.Load(); n != 1 || !connectors.IsKind(err, connectors.KindUnavailable) {
		t.Errorf("%d requests, error %v", n, err)
	}
}
