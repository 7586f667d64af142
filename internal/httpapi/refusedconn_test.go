package httpapi_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"

	"roster/internal/forwarded"
	"roster/internal/httpapi"
	"roster/internal/logtest"
)

// fullServer is a server of which as many connections are open as the limit allows.
func fullServer(t *testing.T, limit string, server httpapi.Server) (address string, log *logtest.Buffer, refused func() int) {
	t.Helper()
	var mu sync.Mutex
	n := 0
	log = &logtest.Buffer{}
	server.Handler, server.Limits, server.Logger = remote, httpapi.DefaultLimits(), slog.New(slog.NewTextHandler(log, nil))
	server.Limits.HeaderTime, server.Limits.BodyTime, server.Limits.IdleTime = time.Hour, time.Hour, time.Hour // connections stay open
	server.Refused = func(name string) {
		mu.Lock()
		defer mu.Unlock()
		if n++; name != limit {
			t.Errorf("refused because of %s", name)
		}
	}
	if limit == "connections" {
		server.Limits.Connections = 2
	} else {
		server.Limits.AddressConnections = 2
	}
	address = listening(t, server)
	for range 2 {
		c := connect(t, address)
		if server.TLS == nil {
			if status, body := ask(c, ""); status != 200 {
				t.Fatalf("HTTP %d %s", status, body)
			}
		}
	}
	return address, log, func() int {
		mu.Lock()
		defer mu.Unlock()
		return n
	}
}

// A connection beyond a limit is told so, by any protocol, and the operator is told once.
func TestConnectionsBeyondALimit(t *testing.T) {
	t.Parallel()
	for _, limit := range httpapi.ConnectionLimits {
		t.Run(limit, func(t *testing.T) {
			t.Parallel()
			address, log, refused := fullServer(t, limit, httpapi.Server{})
			wants := func(t *testing.T, resp *http.Response) {
				t.Helper()
				var body struct {
					Errors []struct{ Extensions map[string]any }
				}
				if err := json.NewDecoder(resp.Body).Decode(&body); err != nil || resp.StatusCode != http.StatusServiceUnavailable || resp.Header.Get("Retry-After") != "1" ||
					len(body.Errors) != 1 || body.Errors[0].Extensions["code"] != "LIMIT_EXCEEDED" || body.Errors[0].Extensions["limit"] != limit {
					t.Errorf("HTTP %d %v %+v %v", resp.StatusCode, resp.Header, body, err)
				}
			}
			client := &http.Client{Transport: &http.Transport{}}
			for name, body := range map[string]string{"a query": hello, "a long body": strings.Repeat(" ", 200<<10) + hello} {
				req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://"+address+"/graphql", strings.NewReader(body))
				if err != nil {
					t.Fatal(err)
				}
				resp, err := client.Do(req)
				if err != nil {
					t.Fatalf("%s: %v", name, err)
				}
				wants(t, resp)
				if resp.Body.Close(); !resp.Close {
					t.Errorf("%s: the connection stays open", name)
				}
			}
			req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+address+"/", nil)
			if err != nil {
				t.Fatal(err)
			}
			resp, err := onlyHTTP2(connect(t, address)).RoundTrip(req)
			if err != nil {
				t.Fatalf("HTTP/2: %v", err)
			}
			wants(t, resp)
			resp.Body.Close()
			conn, _, err := websocket.Dial(t.Context(), "ws://"+address+"/graphql", &websocket.DialOptions{HTTPClient: client, Subprotocols: []string{"graphql-transport-ws"}})
			if err != nil {
				t.Fatalf("a WebSocket: %v", err)
			}
			if _, _, err := conn.Read(t.Context()); websocket.CloseStatus(err) != websocket.StatusTryAgainLater {
				t.Errorf("a WebSocket ends with %v", err)
			}
			conn.CloseNow() //nolint:errcheck // it is closed already
			// An orchestrator need not restart a server that has many connections.
			if req, err = http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+address+"/healthz", nil); err != nil {
				t.Fatal(err)
			}
			if resp, err = client.Do(req); err != nil {
				t.Fatalf("/healthz: %v", err)
			}
			if resp.Body.Close(); resp.StatusCode != http.StatusOK || !resp.Close {
				t.Errorf("/healthz: HTTP %d, and the connection stays open: %t", resp.StatusCode, !resp.Close)
			}
			if n := refused(); n != 5 {
				t.Errorf("%d connections were refused, want 5", n)
			}
			if said := log.String(); strings.Count(said, "level=WARN") != 1 || !strings.Contains(said, "setting=limits."+limit+" maximum=2 ") {
				t.Errorf("the log has:\n%s", said)
			}
		})
	}
}

// With TLS, a connection beyond a limit is closed before the handshake.
func TestConnectionsBeyondALimitWithTLS(t *testing.T) {
	t.Parallel()
	secure, _ := httpapi.Certificates(t)
	address, _, refused := fullServer(t, "connections", httpapi.Server{TLS: secure})
	c := connect(t, address)
	if n, err := c.Read(make([]byte, 1)); n != 0 || !errors.Is(err, io.EOF) {
		t.Errorf("it gets %d bytes and %v", n, err)
	}
	if n := refused(); n != 1 {
		t.Errorf("%d connections were refused, want 1", n)
	}
}

// A trusted proxy may open any number of connections, but not for one client.
func TestConnectionsOfProxies(t *testing.T) {
	t.Parallel()
	address, log, refused := fullServer(t, "address_connections", httpapi.Server{TrustedProxies: forwarded.Proxies{netip.MustParsePrefix("127.0.0.1/32")}})
	begin := func(client string) net.Conn {
		c := connect(t, address)
		if client != "" {
			fmt.Fprintf(c, "PROXY TCP4 %s 127.0.0.1 1 2\r\n", client)
		}
		return c
	}
	var first net.Conn
	for client, wants := range map[string][]int{"": {200, 200, 200}, "203.0.113.7": {200, 200, 503, 503}, "203.0.113.8": {200}, "127.0.0.1": {200, 200, 200}} {
		for i, want := range wants {
			c := begin(client)
			if status, body := ask(c, ""); status != want {
				t.Errorf("connection %d for %q: HTTP %d %s, want %d", i, client, status, body, want)
			}
			if client == "203.0.113.7" && i == 0 {
				first = c
			}
		}
	}
	if n := refused(); n != 2 {
		t.Errorf("%d connections were refused, want 2", n)
	}
	if said := log.String(); !strings.Contains(said, "trusted_proxies") {
		t.Errorf("the log has:\n%s", said)
	}
	first.Close() //nolint:errcheck // it makes room for another
	for {
		if status, _ := ask(begin("203.0.113.7"), ""); status == 200 {
			break
		}
	}
}
