package redistest

import (
	"github.com/Shopify/toxiproxy/v2"
	"github.com/rs/zerolog"
	"go.uber.org/goleak"
)

// NewProxy returns a proxy for a server. The proxy is not started yet. Without a toxic, it passes all data on unchanged.
func NewProxy(listen, upstream string) *toxiproxy.Proxy {
	return toxiproxy.NewProxy(toxiproxy.NewServer(toxiproxy.NewMetricsContainer(nil), zerolog.Nop()), "redis", listen, upstream)
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
