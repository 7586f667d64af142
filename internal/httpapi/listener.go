package httpapi

import (
	"net"
	"net/netip"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"roster/internal/admission"
	"roster/internal/forwarded"
	"roster/internal/http1"
)

// limitListener returns a listener that refuses excess connections, in total or from one address. If they had to wait instead, a client with many
// connections could keep all others out. Connections of trusted proxies count in total only, because they are those of many clients.
func limitListener(l net.Listener, limits Limits, rate *minRate, proxies forwarded.Proxies, refuse func(net.Conn, connLimit)) *limitedListener {
	return &limitedListener{
		Listener: l, all: limits.Connections, each: limits.AddressConnections, rate: rate, headerTime: limits.HeaderTime, proxies: proxies, refuse: refuse,
		open: make(map[netip.Addr]int), conns: make(map[*countedConn]struct{}),
	}
}

type limitedListener struct {
	net.Listener
	all, each  int
	rate       *minRate // nil without a minimum rate
	headerTime time.Duration
	proxies    forwarded.Proxies
	refuse     func(net.Conn, connLimit) // takes over a connection beyond a limit
	accepted   atomic.Int64

	mu    sync.Mutex
	open  map[netip.Addr]int
	conns map[*countedConn]struct{}
}

// Accept implements net.Listener.
func (b *limitedListener) Accept() (net.Conn, error) { return b.acceptCounted() }

// acceptCounted returns the next connection within the limits.
func (b *limitedListener) acceptCounted() (http1.Conn, error) {
	for {
		c, err := b.Listener.Accept()
		if err != nil {
			return nil, err
		}
		b.accepted.Add(1)
		counted := &countedConn{Conn: c, of: b, reads: deadline{apply: c.SetReadDeadline}, writes: deadline{apply: c.SetWriteDeadline}}
		from := addressOf(c.RemoteAddr())
		if counted.proxied = b.proxies.Contain(from); !counted.proxied {
			counted.from = admission.At(from).Address
		}
		if b.rate != nil {
			counted.patience = b.rate.ofReader()
			counted.direct = newDirectWriter(c)
		}
		boundBuffers(c)
		if limit := b.add(counted); limit != noLimit {
			b.refuse(c, limit)
			continue
		}
		return counted, nil
	}
}

// addressOf returns the IP address of a network address; the zero address if it has none.
func addressOf(a net.Addr) netip.Addr {
	if tcp, ok := a.(*net.TCPAddr); ok {
		return tcp.AddrPort().Addr()
	}
	return netip.Addr{}
}

// add counts a connection, or returns the limit that it exceeds.
func (b *limitedListener) add(c *countedConn) connLimit {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.conns) >= b.all {
		return allConnections
	}
	if !c.proxied {
		if b.open[c.from] >= b.each {
			return addressConnections
		}
		b.open[c.from]++
	}
	b.conns[c] = struct{}{}
	return noLimit
}

// addClient counts a connection of a trusted proxy for the address of the client for whom the proxy has opened it. It returns false if that address has as
// many as it may have.
func (b *limitedListener) addClient(c *countedConn, client netip.Addr) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	client = admission.At(client).Address
	if _, counted := b.conns[c]; !counted || b.open[client] >= b.each {
		return !counted // it has been closed
	}
	b.open[client]++
	c.from = client
	return true
}

func (b *limitedListener) remove(c *countedConn) {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.conns, c)
	if c.proxied && !c.from.IsValid() {
		return
	}
	if b.open[c.from]--; b.open[c.from] <= 0 {
		delete(b.open, c.from)
	}
}

// countedConn is a connection that is counted until it is closed, and whose client must receive at the minimum rate; see Write.
type countedConn struct {
	net.Conn
	of      *limitedListener
	from    netip.Addr // the address for which it counts; see admission.At. Invalid if it counts for none
	proxied bool       // a trusted proxy has opened it
	once    sync.Once
	begun   beginning    // only if it is proxied
	quiet   atomic.Int64 // since when there is no data and no request, in ns of the Unix epoch; 0 during a request

	unread []byte // what the next reads return

	writing  sync.Mutex
	patience allowance     // of the client
	direct   *directWriter // nil if the connection has none

	reads, writes deadline

	body atomic.Pointer[minRateBody] // that is being read; nil for none

	state      sync.Mutex
	waitsSince time.Time // zero if nothing is being written
	waitedFor  time.Duration
}

// Read implements net.Conn.
func (c *countedConn) Read(b []byte) (n int, err error) {
	if body := c.body.Load(); body != nil {
		n, err = body.await(b)
	} else {
		n, err = c.read(b)
	}
	if since := c.quiet.Load(); since != 0 && n > 0 { // part of a request
		c.quiet.CompareAndSwap(since, time.Now().UnixNano())
	}
	return n, err
}

// read reads within the deadline what comes after a header of the PROXY protocol.
func (c *countedConn) read(b []byte) (n int, err error) {
	if len(c.unread) > 0 {
		n = copy(b, c.unread)
		c.unread = c.unread[n:]
		return n, nil
	}
	if c.proxied {
		c.begun.once.Do(c.begin)
		switch {
		case c.begun.err != nil:
			return 0, c.begun.err
		case c.begun.rest != nil:
			return drain(&c.begun.rest, b), nil
		}
	}
	if c.reads.isLongOver() { // the connection need not know
		return 0, os.ErrDeadlineExceeded
	}
	for again := true; again; {
		c.reads.begin(time.Time{})
		n, err = c.Conn.Read(b)
		again = c.reads.end(err)
	}
	return n, err
}

// Unread implements http1.Conn.
func (c *countedConn) Unread(b []byte) { c.unread = b }

// Close implements net.Conn.
func (c *countedConn) Close() error {
	c.once.Do(func() { c.of.remove(c) })
	if c.begun.refused.Load() { // the refuser closes it
		return nil
	}
	return c.Conn.Close()
}

// CloseWrite lets the client read the last answer before the connection is closed. net/http calls it.
func (c *countedConn) CloseWrite() error {
	if half, ok := c.Conn.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return nil
}
