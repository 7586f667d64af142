package redistest

import (
	"github.com/Shopify/toxiproxy/v2"
	"github.com/rs/zerolog"
	"go.uber.org/goleak"
)

// NewProxy gives a proxy before a server, which is not started yet. It does no harm until it is given a toxic.
func NewProxy(listen, upstream string) *toxiproxy.Proxy {
	return toxiproxy.NewProxy(toxiproxy.NewServer(toxiproxy.NewMetricsContainer(nil), zerolog.Nop()), "redis", listen, upstream)
}

// ProxyLeaks names the goroutines of a connection that a stopped proxy may leave behind. A toxic that holds data back when its connection
// is cut never ends, and then neither do the reader before it and the writer after it.
func ProxyLeaks() []goleak.Option {
	const proxy = "github.com/Shopify/toxiproxy/v2"
	return []goleak.Option{
		goleak.IgnoreAnyFunction(proxy + "/toxics.(*ToxicStub).Run"),
		goleak.IgnoreAnyFunction(proxy + ".(*ToxicLink).read"),
		goleak.IgnoreAnyFunction(proxy + ".(*ToxicLink).write"),
	}
}
