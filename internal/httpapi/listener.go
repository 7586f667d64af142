package httpapi

import (
	"net"
	"net/netip"
	"sync"

	"roster/internal/admission"
)

// Bound gives a listener that closes connections at once that are one too many, in all or from one address. To wait with them instead would let
// whoever opens enough connections keep everybody out.
func Bound(l net.Listener, limits Limits) net.Listener {
	return &bounded{Listener: l, all: limits.Connections, each: limits.AddressConnections, open: make(map[netip.Addr]int)}
}

type bounded struct {
	net.Listener
	all, each int

	mu    sync.Mutex
	total int
	open  map[netip.Addr]int
}

// Accept gives the next connection that is not one too many.
func (b *bounded) Accept() (net.Conn, error) {
	for {
		c, err := b.Listener.Accept()
		if err != nil {
			return nil, err
		}
		from := addressOf(c)
		if b.take(from) {
			return &countedConn{Conn: c, done: func() { b.give(from) }}, nil
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

func (b *bounded) take(from netip.Addr) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.total >= b.all || b.open[from] >= b.each {
		return false
	}
	b.total++
	b.open[from]++
	return true
}

func (b *bounded) give(from netip.Addr) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.total--
	if b.open[from]--; b.open[from] <= 0 {
		delete(b.open, from)
	}
}

// countedConn is a connection that counts until it is closed.
type countedConn struct {
	net.Conn
	once sync.Once
	done func()
}

// Close closes it.
func (c *countedConn) Close() error {
	c.once.Do(c.done)
	return c.Conn.Close()
}

// CloseWrite lets the client read the last answer before the connection is closed; net/http asks for it.
func (c *countedConn) CloseWrite() error {
	if half, ok := c.Conn.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return nil
}
