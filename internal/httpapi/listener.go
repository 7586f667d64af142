package httpapi

import (
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"roster/internal/admission"
)

// bound gives a listener that closes connections at once that are one too many, in all or from one address. To wait with them instead would let
// whoever opens enough connections keep everybody out.
func bound(l net.Listener, limits Limits, rate *minRate) *bounded {
	return &bounded{
		Listener: l, all: limits.Connections, each: limits.AddressConnections, rate: rate,
		open: make(map[netip.Addr]int), conns: make(map[*countedConn]struct{}),
	}
}

type bounded struct {
	net.Listener
	all, each int
	rate      *minRate // nil where clients may be as slow as they like
	accepted  atomic.Int64

	mu    sync.Mutex
	open  map[netip.Addr]int
	conns map[*countedConn]struct{}
}

// Accept gives the next connection that is not one too many.
func (b *bounded) Accept() (net.Conn, error) {
	for {
		c, err := b.Listener.Accept()
		if err != nil {
			return nil, err
		}
		b.accepted.Add(1)
		counted := &countedConn{Conn: c, from: addressOf(c), of: b}
		if b.rate != nil {
			counted.left = b.rate.ofReader()
		}
		if b.take(counted) {
			boundBuffers(c)
			return counted, nil
		}
		c.Close() //nolint:errcheck // it has only just been opened
	}
}

func addressOf(c net.Conn) netip.Addr {
	if tcp, ok := c.RemoteAddr().(*net.TCPAddr); ok {
		return admission.At(tcp.AddrPort().Addr()).Address
	}
	return netip.Addr{}
}

func (b *bounded) take(c *countedConn) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.conns) >= b.all || b.open[c.from] >= b.each {
		return false
	}
	b.conns[c] = struct{}{}
	b.open[c.from]++
	return true
}

func (b *bounded) give(c *countedConn) {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.conns, c)
	if b.open[c.from]--; b.open[c.from] <= 0 {
		delete(b.open, c.from)
	}
}

// countedConn is a connection that counts until it is closed, and whose client has to read fast enough; see Write.
type countedConn struct {
	net.Conn
	from  netip.Addr
	of    *bounded
	once  sync.Once
	quiet atomic.Int64 // since when nothing has come and no request is under way, in ns of the Unix epoch; 0 while one is

	writing sync.Mutex
	left    allowance // of the client

	deadlines       sync.Mutex
	readBy, writeBy time.Time // as they were set; zero for none
	stepEnd         time.Time // when what is being written comes back to look at it; zero while nothing is
	waitsSince      time.Time // zero while nothing is being written
	waitedFor       time.Duration
}

// Read reads from it.
func (c *countedConn) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	if since := c.quiet.Load(); since != 0 && n > 0 { // a part of a request
		c.quiet.CompareAndSwap(since, time.Now().UnixNano())
	}
	return n, err
}

// Close closes it.
func (c *countedConn) Close() error {
	c.once.Do(func() { c.of.give(c) })
	return c.Conn.Close()
}

// CloseWrite lets the client read the last answer before the connection is closed; net/http asks for it.
func (c *countedConn) CloseWrite() error {
	if half, ok := c.Conn.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return nil
}
