//go:build linux

package e2e_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"

	"roster/connectors/faults"
	"roster/internal/sandbox"
)

// behindProxy are the settings of a server behind a proxy on the same machine, as docs/deploy.md has them.
func behindProxy(access map[string]any, sources ...map[string]any) map[string]any {
	settings := settingsOf(sources...)
	settings["trusted_proxies"] = []string{"127.0.0.1"}
	settings["access"] = map[string]any{"hosts": []string{siteName}}
	maps.Copy(settings["access"].(map[string]any), access) //nolint:forcetypeassert // it is the one above
	return settings
}

// post sends a query through a proxy.
func (p *proxyServer) post(t *testing.T, client *http.Client, query string, header http.Header) (status int, body string, err error) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, p.url()+"/graphql", strings.NewReader(`{"query":"`+query+`"}`))
	if err != nil {
		t.Fatal(err)
	}
	maps.Copy(r.Header, header)
	r.Header.Set("Content-Type", "application/json")
	resp, err := client.Do(r)
	if err != nil {
		return 0, "", err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	return resp.StatusCode, string(text), err
}

// Behind each proxy, a client is who it is, whatever it says: for the limits, and for the access log. WebSockets and streams of events work.
func TestProxies(t *testing.T) {
	t.Parallel()
	log := filepath.Join(t.TempDir(), "access.log")
	settings := behindProxy(map[string]any{"log": log}, sourceSettings(system(t, sandbox.Altcraft, 25).Sources()[0]))
	settings["limits"] = map[string]any{"requests": 5, "requests_per": "1h"}
	roster := serve(t, settings)
	roster.awaitFirstReading(t)
	for number, name := range slices.Sorted(maps.Keys(proxyServers)) {
		client := func(i byte) netip.Addr { return netip.AddrFrom4([4]byte{127, 9, byte(number), i}) }
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := proxyServers[name](t, hostOf(roster))
			one, two := p.from(t, client(1), false), p.from(t, client(2), true)
			spoofed := http.Header{"X-Forwarded-For": {"198.51.100.1"}, "Forwarded": {"for=198.51.100.1"}, "X-Real-Ip": {"198.51.100.1"}}
			for range 5 {
				if status, body, err := p.post(t, one, "query By"+name+" { users { totalCount } }", spoofed); status != 200 || err != nil {
					t.Fatalf("HTTP %d %s %v", status, body, err)
				}
			}
			if status, body, err := p.post(t, one, "{ __typename }", spoofed); status != 429 {
				t.Errorf("beyond the limit of requests: HTTP %d %s %v", status, body, err)
			}
			if status, body, err := p.post(t, two, "{ __typename }", nil); status != 200 {
				t.Errorf("another client: HTTP %d %s %v", status, body, err)
			}
			entries := 0
			data, err := os.ReadFile(log)
			if err != nil {
				t.Fatal(err)
			}
			for line := range strings.Lines(string(data)) {
				if entry := (struct{ Name, Address string }{}); json.Unmarshal([]byte(line), &entry) == nil && entry.Name == "By"+name {
					if entries++; entry.Address != client(1).String() {
						t.Errorf("the access log has the address %s, want %s", entry.Address, client(1))
					}
				}
			}
			if entries != 5 {
				t.Errorf("the access log has %d entries, want 5", entries)
			}
			p.overSocket(t, p.from(t, client(3), false))
			p.asEvents(t, p.from(t, client(4), true))
		})
	}
}

// overSocket sends an operation on a WebSocket.
func (p *proxyServer) overSocket(t *testing.T, client *http.Client) {
	t.Helper()
	conn, _, err := websocket.Dial(t.Context(), p.url()+"/graphql", &websocket.DialOptions{HTTPClient: client, Subprotocols: []string{"graphql-transport-ws"}})
	if err != nil {
		t.Fatalf("a WebSocket: %v", err)
	}
	defer conn.CloseNow() //nolint:errcheck // the test is over
	for _, m := range [][2]string{
		{`{"type":"connection_init"}`, `"connection_ack"`}, {`{"id":"1","type":"subscribe","payload":{"query":"{ users { totalCount } }"}}`, `"next"`},
	} {
		if err := conn.Write(t.Context(), websocket.MessageText, []byte(m[0])); err != nil {
			t.Fatal(err)
		}
		if _, message, err := conn.Read(t.Context()); err != nil || !strings.Contains(string(message), m[1]) {
			t.Errorf("the WebSocket answers %s with %s %v", m[0], message, err)
		}
	}
}

// asEvents sends an operation whose answer is a stream of events.
func (p *proxyServer) asEvents(t *testing.T, client *http.Client) {
	t.Helper()
	status, body, err := p.post(t, client, "{ users { totalCount } }", http.Header{"Accept": {"text/event-stream"}})
	if err != nil || status != 200 || !strings.HasPrefix(body, "event: next\ndata: {") || !strings.HasSuffix(body, "event: complete\ndata: \n\n") {
		t.Errorf("a stream of events: HTTP %d %s %v", status, body, err)
	}
}

// A stream of events reaches the client while it goes on: no proxy keeps the first event until there are more.
func TestProxiesDoNotBufferEvents(t *testing.T) {
	t.Parallel()
	slow := system(t, sandbox.Kommo, 25)
	settings := behindProxy(nil, reading(sourceSettings(slow.Sources()[0]), "1s", "1s"))
	settings["max_wait"], settings["limits"] = "1m", map[string]any{"operation_time": "10m"}
	roster := serve(t, settings)
	roster.awaitFirstReading(t)
	slow.Fault(sandbox.Kommo).Set(faults.Fault{Effect: faults.Slow(1, 10*patience)})
	defer slow.Fault(sandbox.Kommo).Clear()
	var all sync.WaitGroup
	defer all.Wait()
	for _, start := range proxyServers {
		p := start(t, hostOf(roster))
		client := p.from(t, netip.MustParseAddr("127.0.0.1"), false)
		all.Go(func() {
			r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, p.url()+"/graphql", strings.NewReader(`{"query":"{ users { totalCount } }"}`))
			if err != nil {
				t.Error(err)
				return
			}
			r.Header = http.Header{"Content-Type": {"application/json"}, "Accept": {"text/event-stream"}, "Cache-Control": {"no-cache"}}
			resp, err := client.Do(r)
			if err != nil {
				t.Error(err)
				return
			}
			defer resp.Body.Close()
			first := make([]byte, 3)
			if _, err := io.ReadFull(resp.Body, first); err != nil || string(first) != ":\n\n" {
				t.Errorf("before the answer comes %q %v, want a comment", first, err)
			}
		})
	}
}

// Any number of clients, each within its own limits, gets all answers, although they come from one proxy.
func TestManyClientsBehindProxies(t *testing.T) {
	t.Parallel()
	settings := behindProxy(nil, sourceSettings(system(t, sandbox.Altcraft, 300).Sources()[0]))
	delete(settings, "limits") // the usual ones
	roster := serve(t, settings)
	roster.awaitFirstReading(t)
	for number, name := range slices.Sorted(maps.Keys(proxyServers)) {
		t.Run(name, func(t *testing.T) {
			for _, clients := range proxyClients(t) {
				p := proxyServers[name](t, hostOf(roster))
				all := p.load(t, clients, byte(10+number))
				t.Logf("%d clients: %v", clients, all)
				if all["HTTP 200"] < clients || len(all) != 1 {
					t.Errorf("%d clients get %v, want HTTP 200 only", clients, all)
				}
				p.allIsWell(t)
			}
		})
	}
	if strings.Contains(roster.log.String(), "level=WARN") {
		t.Errorf("the log has warnings:\n%s", &roster.log)
	}
}

// If the proxy is not trusted, its connections beyond the limit get an answer that clients and operators understand.
func TestProxyThatIsNotTrusted(t *testing.T) {
	t.Parallel()
	settings := behindProxy(nil, sourceSettings(system(t, sandbox.Altcraft, 25).Sources()[0]))
	delete(settings, "trusted_proxies")
	settings["limits"] = map[string]any{"address_connections": 2, "idle_time": "1h"}
	roster := serve(t, settings)
	roster.awaitFirstReading(t)
	for range 2 {
		c, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", hostOf(roster))
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close() //nolint:errcheck // the test is over
		if _, err := io.WriteString(c, "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"); err != nil {
			t.Fatal(err)
		}
		if resp := readResponse(t, bufio.NewReader(c)); resp.StatusCode != http.StatusOK {
			t.Fatalf("HTTP %d", resp.StatusCode)
		}
	}
	p := nginx(t, hostOf(roster))
	all := p.load(t, 50, 20)
	if all["HTTP 503"] < 50 || len(all) != 1 {
		t.Errorf("clients get %v, want HTTP 503 only", all)
	}
	p.allIsWell(t)
	status, body, err := p.post(t, p.from(t, netip.MustParseAddr("127.0.0.1"), false), "{ __typename }", nil)
	if status != 503 || !strings.Contains(body, `"limit":"address_connections"`) {
		t.Errorf("HTTP %d %s %v", status, body, err)
	}
	if log := roster.log.String(); !strings.Contains(log, "connections are refused") || !strings.Contains(log, "setting=limits.address_connections") ||
		!strings.Contains(log, "trusted_proxies") {
		t.Errorf("the log has:\n%s", log)
	}
}

// proxyClients returns the numbers of clients of the load: those of PROXY_CLIENTS, such as 300,1000.
func proxyClients(t *testing.T) (numbers []int) {
	t.Helper()
	given := os.Getenv("PROXY_CLIENTS")
	if given == "" {
		return []int{100}
	}
	for text := range strings.SplitSeq(given, ",") {
		n, err := strconv.Atoi(text)
		if err != nil {
			t.Fatal(err)
		}
		numbers = append(numbers, n)
	}
	return numbers
}

// load has many clients with addresses of their own ask for PROXY_TIME, or five times each. It returns how often there was which result.
func (p *proxyServer) load(t *testing.T, clients int, net byte) map[string]int {
	t.Helper()
	goOn := func(asked int) bool { return asked < 5 }
	if given := os.Getenv("PROXY_TIME"); given != "" {
		long, err := time.ParseDuration(given)
		if err != nil {
			t.Fatal(err)
		}
		end := time.Now().Add(long)
		goOn = func(int) bool { return time.Now().Before(end) }
	}
	var (
		mu      sync.Mutex
		all     = make(map[string]int)
		running sync.WaitGroup
	)
	for i := range clients {
		client := p.from(t, netip.AddrFrom4([4]byte{127, net, byte(i / 200), byte(i%200 + 1)}), false)
		running.Go(func() {
			for asked := 0; goOn(asked); asked++ {
				status, _, err := p.post(t, client, "{ users(first: 20) { totalCount nodes { name } } }", nil)
				result := fmt.Sprintf("HTTP %d", status)
				if err != nil {
					result = err.Error()
				}
				mu.Lock()
				all[result]++
				mu.Unlock()
			}
		})
	}
	running.Wait()
	return all
}

// allIsWell checks that the proxy's log has no errors, such as connections that were reset.
func (p *proxyServer) allIsWell(t *testing.T) {
	t.Helper()
	for line := range strings.Lines(p.log.String()) {
		for _, word := range []string{"[error]", "[crit]", "[alert]", "[emerg]", `"level":"error"`, "[ALERT]"} {
			if strings.Contains(line, word) {
				t.Errorf("the proxy's log has %.500s", line)
			}
		}
	}
}
