package redistest

import (
	"fmt"
	"strings"
	"testing"

	"github.com/Shopify/toxiproxy/v2"
	"github.com/rs/zerolog"
	"go.uber.org/goleak"
)

// NewProxy returns a proxy for a server. The proxy is not started yet. Without a toxic, it passes all data on unchanged.
func NewProxy(listen, upstream string) *toxiproxy.Proxy {
	return toxiproxy.NewProxy(toxiproxy.NewServer(toxiproxy.NewMetricsContainer(nil), zerolog.Nop()), "redis", listen, upstream)
}

// Leaks returns the goroutines that a test may leave behind: those of ProxyLeaks, and a dial of the client, which ends within a second of Close.
func Leaks() []goleak.Option {
	return append(ProxyLeaks(), goleak.IgnoreAnyFunction("github.com/redis/go-redis/v9/internal/pool.(*ConnPool).tryDial"))
}

// ProxyLeaks returns the goroutines of a connection that a stopped proxy may leave behind. If a toxic holds data back when its connection is cut, the
// toxic never ends, and neither do the reader before it and the writer after it.
func ProxyLeaks() []goleak.Option {
	const proxy = "github.com/Shopify/toxiproxy/v2"
	return []goleak.Option{
		goleak.IgnoreAnyFunction(proxy + "/toxics.(*ToxicStub).Run"),
		goleak.IgnoreAnyFunction(proxy + ".(*ToxicLink).read"),
		goleak.IgnoreAnyFunction(proxy + ".(*ToxicLink).write"),
	}
}

// Proxied returns a started proxy for a server, and its URL.
func Proxied(tb testing.TB, s *Server) (p *toxiproxy.Proxy, url string) {
	tb.Helper()
	p = NewProxy("127.0.0.1:0", s.Addr)
	if err := p.Start(); err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(p.Stop)
	return p, "redis://" + p.Listen + "/0"
}

// Toxic has a proxy do harm to all connections, also to the existing ones. The stream to the client comes first: while a toxic is put in place, its
// stream must not end, and it is the client that closes connections on which it has waited in vain.
func Toxic(tb testing.TB, p *toxiproxy.Proxy, kind, attributes string) {
	tb.Helper()
	for _, stream := range []string{"downstream", "upstream"} {
		_, err := p.Toxics.AddToxicJson(strings.NewReader(
			fmt.Sprintf(`{"name": "%s-%s", "type": "%s", "stream": "%s", "attributes": {%s}}`, kind, stream, kind, stream, attributes)))
		if err != nil {
			tb.Fatal(err)
		}
	}
}

// Replace cuts the connections of a proxy, and starts one without toxics in its place. A toxic cannot be removed from a living connection: toxiproxy
// then waits, under a lock, until the toxic has passed on its data, and if the other side has closed the connection, nobody takes the data any more.
func Replace(tb testing.TB, p *toxiproxy.Proxy) {
	tb.Helper()
	p.Stop()
	harmless := NewProxy(p.Listen, p.Upstream)
	Await(tb, func() bool { return harmless.Start() == nil }, "%s is free", p.Listen)
	tb.Cleanup(harmless.Stop)
}
