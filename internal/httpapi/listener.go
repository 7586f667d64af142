package httpapi

import (
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"roster/internal/admission"
)

// limitListener returns a listener that closes excess connections at once, in total or from one address. If they had to wait instead, a client with many
// connections could keep all others out.
func limitListener(l net.Listener, limits Limits, rate *minRate) *limitedListener {
	return &limitedListener{
		Listener: l, all: limits.Connections, each: limits.AddressConnections, rate: rate,
		open: make(map[netip.Addr]int), conns: make(map[*countedConn]struct{}),
	}
}

type limitedListener struct {
	net.Listener
	all, each int
	rate      *minRate // nil without a minimum rate
	accepted  atomic.Int64

	mu    sync.Mutex
	open  map[netip.Addr]int
	conns map[*countedConn]struct{}
}

// Accept returns the next connection within the limits.
func (b *limitedListener) Accept() (net.Conn, error) {
	for {
		c, err := b.Listener.Accept()
		if err != nil {
			return nil, err
		}
		b.accepted.Add(1)
		counted := &countedConn{
			Conn: c, from: addressOf(c), of: b, reads: deadline{apply: c.SetReadDeadline}, writes: deadline{apply: c.SetWriteDeadline},
		}
		if b.rate != nil {
			counted.left = b.rate.ofReader()
			counted.direct = newDirectWriter(c)
		}
		if b.add(counted) {
			boundBuffers(c)
			return counted, nil
		}
		c.Close() //nolint:errcheck // nothing has been sent
	}
}

func addressOf(c net.Conn) netip.Addr {
	if tcp, ok := c.RemoteAddr().(*net.TCPAddr); ok {
		return admission.At(tcp.AddrPort().Addr()).Address
	}
	return netip.Addr{}
}

func (b *limitedListener) add(c *countedConn) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.conns) >= b.all || b.open[c.from] >= b.each {
		return false
	}
	b.conns[c] = struct{}{}
	b.open[c.from]++
	return true
}

func (b *limitedListener) remove(c *countedConn) {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.conns, c)
	if b.open[c.from]--; b.open[c.from] <= 0 {
		delete(b.open, c.from)
	}
}

// countedConn is a connection that is counted until it is closed, and whose client must receive at the minimum rate; see Write.
type countedConn struct {
	net.Conn
	from  netip.Addr
	of    *limitedListener
	once  sync.Once
	quiet atomic.Int64 // since when there is no data and no request, in ns of the Unix epoch; 0 during a request

	writing sync.Mutex
	joins   bool          // see joinWrites
	head    []byte        // what was not written yet; nil for none
	left    allowance     // of the client
	direct  *directWriter // nil if the connection has none

	reads, writes deadline

	state      sync.Mutex
	body       *minRateBody // that is being read; nil for none
	waitsSince time.Time    // zero if nothing is being written
	waitedFor  time.Duration
}

// Read implements net.Conn.
func (c *countedConn) Read(b []byte) (n int, err error) {
	if body := c.bodyBeingRead(); body != nil {
		n, err = body.await(b)
	} else {
		n, err = c.read(b)
	}
	if since := c.quiet.Load(); since != 0 && n > 0 { // part of a request
		c.quiet.CompareAndSwap(since, time.Now().UnixNano())
	}
	return n, err
}

// read reads within the deadline.
func (c *countedConn) read(b []byte) (n int, err error) {
	for again := true; again; {
		c.reads.begin(time.Time{})
		n, err = c.Conn.Read(b)
		again = c.reads.end(err)
	}
	return n, err
}

// Close implements net.Conn.
func (c *countedConn) Close() error {
	c.once.Do(func() {
		c.writeHead()
		c.of.remove(c)
	})
	return c.Conn.Close()
}

// CloseWrite lets the client read the last answer before the connection is closed. net/http calls it.
func (c *countedConn) CloseWrite() error {
	if half, ok := c.Conn.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return nil
}
