package httpapi_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"testing"

	"github.com/pires/go-proxyproto"

	"roster/internal/forwarded"
	"roster/internal/httpapi"
)

// listening is a server on a TCP port of this machine, which ends with the test.
func listening(t *testing.T, server httpapi.Server) (address string) {
	t.Helper()
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if server.Logger == nil {
		server.Logger = slog.New(slog.DiscardHandler)
	}
	ctx, stop := context.WithCancel(context.Background())
	over := make(chan error, 1)
	go func() { over <- server.Serve(ctx, l) }()
	t.Cleanup(func() {
		stop()
		if err := <-over; err != nil {
			t.Errorf("the server ended with %v", err)
		}
	})
	return l.Addr().String()
}

// connect opens a connection that ends with the test.
func connect(t *testing.T, address string) net.Conn {
	t.Helper()
	c, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() }) //nolint:errcheck // the test is over
	return c
}

// remote answers with the address of the client.
var remote = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	fmt.Fprint(w, host, err)
})

// ask sends a request on a connection, and returns the status and the body. The status is 0 if there is no answer.
func ask(c net.Conn, fields string) (status int, body string) {
	if _, err := io.WriteString(c, "GET / HTTP/1.1\r\nHost: x\r\n"+fields+"\r\n"); err != nil {
		return 0, err.Error()
	}
	resp, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		return 0, err.Error()
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		return 0, err.Error()
	}
	return resp.StatusCode, strings.TrimSuffix(string(text), "<nil>")
}

// version2 is a header of the PROXY protocol, version 2.
func version2(t *testing.T, h proxyproto.Header) string {
	t.Helper()
	h.Version = 2
	text, err := h.Format()
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func tcp(address string) *net.TCPAddr {
	return net.TCPAddrFromAddrPort(netip.MustParseAddrPort(address))
}

// The client of a request is whom a trusted proxy names. Nobody else is believed.
func TestClientsBehindProxies(t *testing.T) {
	t.Parallel()
	ours := listening(t, httpapi.Server{Handler: remote, Limits: httpapi.DefaultLimits(), TrustedProxies: forwarded.Proxies{
		netip.MustParsePrefix("127.0.0.1/32"), netip.MustParsePrefix("10.0.0.0/8"),
	}})
	foreign := listening(t, httpapi.Server{Handler: remote, Limits: httpapi.DefaultLimits(), TrustedProxies: forwarded.Proxies{netip.MustParsePrefix("10.0.0.0/8")}})
	none := listening(t, httpapi.Server{Handler: remote, Limits: httpapi.DefaultLimits()})
	const (
		named   = "X-Forwarded-For: 198.51.100.1, 203.0.113.7\r\n"
		element = "Forwarded: for=\"[2001:db8::7]:4711\";proto=https\r\n"
		itself  = "127.0.0.1"
	)
	four := version2(t, proxyproto.Header{Command: proxyproto.PROXY, TransportProtocol: proxyproto.TCPv4, SourceAddr: tcp("203.0.113.9:1"), DestinationAddr: tcp("127.0.0.1:2")})
	six := version2(t, proxyproto.Header{Command: proxyproto.PROXY, TransportProtocol: proxyproto.TCPv6, SourceAddr: tcp("[2001:db8::9]:1"), DestinationAddr: tcp("[::1]:2")})
	socket := version2(t, proxyproto.Header{Command: proxyproto.PROXY, TransportProtocol: proxyproto.UnixStream,
		SourceAddr: &net.UnixAddr{Net: "unix", Name: "/a"}, DestinationAddr: &net.UnixAddr{Net: "unix", Name: "/b"}})
	for name, tc := range map[string]struct {
		address, before, fields string
		client                  string // "" if the connection is refused
	}{
		"no proxy":                         {none, "", "", itself},
		"no proxy, with a field":           {none, "", named, itself},
		"no proxy, with an element":        {none, "", element, itself},
		"no proxy, with version 1":         {none, "PROXY TCP4 203.0.113.9 127.0.0.1 1 2\r\n", "", ""},
		"no proxy, with version 2":         {none, four, "", ""},
		"another, with a field":            {foreign, "", named, itself},
		"another, with version 1":          {foreign, "PROXY TCP4 203.0.113.9 127.0.0.1 1 2\r\n", "", ""},
		"a proxy that says nothing":        {ours, "", "", itself},
		"a proxy, with a field":            {ours, "", named, "203.0.113.7"},
		"a proxy, with an element":         {ours, "", element, "2001:db8::7"},
		"a proxy, with garbage":            {ours, "", "X-Forwarded-For: \"',;,\r\nForwarded: =;\"\r\n", itself},
		"version 1":                        {ours, "PROXY TCP4 203.0.113.9 127.0.0.1 1 2\r\n", "", "203.0.113.9"},
		"version 1 with IPv6":              {ours, "PROXY TCP6 2001:db8::9 ::1 1 2\r\n", "", "2001:db8::9"},
		"version 1, a client with a field": {ours, "PROXY TCP4 203.0.113.9 127.0.0.1 1 2\r\n", named, "203.0.113.9"},
		"version 1, a proxy with a field":  {ours, "PROXY TCP4 10.0.0.2 127.0.0.1 1 2\r\n", named, "203.0.113.7"},
		"version 1, unknown":               {ours, "PROXY UNKNOWN\r\n", named, itself},
		"version 1, malformed":             {ours, "PROXY TCP4 203.0.113.9 1 2\r\n", "", ""},
		"version 1, without an end":        {ours, "PROXY TCP4 " + strings.Repeat("1", 600), "", ""},
		"version 2":                        {ours, four, "", "203.0.113.9"},
		"version 2 with IPv6":              {ours, six, named, "2001:db8::9"},
		"version 2, local":                 {ours, version2(t, proxyproto.Header{Command: proxyproto.LOCAL, TransportProtocol: proxyproto.UNSPEC}), named, itself},
		"version 2, a Unix socket":         {ours, socket, named, itself},
		"version 2, malformed":             {ours, four[:13] + "\xff" + four[14:], "", ""},
		"twice":                            {ours, four + "PROXY TCP4 198.51.100.1 127.0.0.1 1 2\r\n", "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := connect(t, tc.address)
			io.WriteString(c, tc.before) //nolint:errcheck // the server may have closed the connection
			if status, client := ask(c, tc.fields); (status == 200) != (tc.client != "") || status == 200 && client != tc.client {
				t.Errorf("HTTP %d, the client is %s; want %s", status, client, tc.client)
			}
		})
	}
	t.Run("several requests", func(t *testing.T) {
		t.Parallel()
		c := connect(t, ours)
		for _, want := range []string{"203.0.113.7", "203.0.113.8"} { // a proxy sends the requests of all clients on one connection
			if status, client := ask(c, "X-Forwarded-For: "+want+"\r\n"); status != 200 || client != want {
				t.Errorf("HTTP %d, the client is %s, want %s", status, client, want)
			}
		}
	})
}

// onlyHTTP2 returns a client that speaks only HTTP/2, with TLS or without, on a connection.
func onlyHTTP2(c net.Conn) *http.Transport {
	var protocols http.Protocols
	protocols.SetHTTP2(true)
	protocols.SetUnencryptedHTTP2(true)
	return &http.Transport{Protocols: &protocols, DialContext: func(context.Context, string, string) (net.Conn, error) { return c, nil }}
}

// The PROXY protocol comes before TLS, and before HTTP/2.
func TestProxyProtocolBeforeOthers(t *testing.T) {
	t.Parallel()
	withTLS, trusted := httpapi.Certificates(t)
	trusted.ServerName = "127.0.0.1"
	for name, secure := range map[string]bool{"with TLS": true, "without TLS": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := httpapi.Server{Handler: remote, Limits: httpapi.DefaultLimits(), TrustedProxies: forwarded.Proxies{netip.MustParsePrefix("127.0.0.1/32")}}
			scheme := "http://"
			if secure {
				server.TLS, scheme = withTLS, "https://"
			}
			c := connect(t, listening(t, server))
			fmt.Fprint(c, "PROXY TCP4 203.0.113.9 127.0.0.1 1 2\r\n")
			transport := onlyHTTP2(c)
			transport.TLSClientConfig = trusted.Clone()
			req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, scheme+"127.0.0.1/", nil)
			if err != nil {
				t.Fatal(err)
			}
			resp, err := transport.RoundTrip(req)
			if err != nil {
				t.Fatal(err)
			}
			defer resp.Body.Close()
			if body, err := io.ReadAll(resp.Body); err != nil || string(body) != "203.0.113.9<nil>" {
				t.Errorf("the client is %s %v", body, err)
			}
		})
	}
}
