package httpapi

import (
	"bufio"
	"errors"
	"io"
	"net"
	"net/http"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pires/go-proxyproto"

	"roster/internal/access"
)

// beginning is what is known of a connection of a trusted proxy since its first bytes. They may be a header of the PROXY protocol, which names the client
// for whom the proxy has opened the connection.
type beginning struct {
	once sync.Once
	// remote is the address of the client or, if it is unknown, of the proxy.
	remote net.Addr
	// trusted is true if remote is a trusted proxy, so that the header fields of requests say who the client is.
	trusted bool
	rest    *bufio.Reader // what has been received after the header; nil for nothing
	err     error         // why nothing can be read
	refused atomic.Bool   // the refuser has taken over the connection
}

// proxyHeaderBuffer is more than the first packet of the PROXY protocol usually has.
const proxyHeaderBuffer = 512

// begin waits for the first bytes of the connection, and reads the header of the PROXY protocol if there is one. A header that cannot be read ends the
// connection with status 400. If the header names no client, requests count for the proxy, and their own header fields count for nothing, because
// the proxy passes on what the client sends.
func (c *countedConn) begin() {
	b := &c.begun
	b.remote, b.trusted = c.Conn.RemoteAddr(), true
	reader := bufio.NewReaderSize(c.Conn, proxyHeaderBuffer)
	if c.of.headerTime > 0 {
		c.Conn.SetReadDeadline(time.Now().Add(c.of.headerTime)) //nolint:errcheck // the read will fail
	}
	header, err := proxyproto.Read(reader)
	c.Conn.SetReadDeadline(time.Time{}) //nolint:errcheck // as above
	if reader.Buffered() > 0 {
		b.rest = reader
	}
	switch {
	case errors.Is(err, proxyproto.ErrNoProxyProtocol):
		return
	case err != nil:
		b.err = err
		return
	}
	client := addressOf(header.SourceAddr)
	if header.Command.IsLocal() || !client.IsValid() {
		b.trusted = false
		return
	}
	b.remote, b.trusted = header.SourceAddr, c.of.proxies.Contain(client)
	if !b.trusted && !c.of.addClient(c, client) {
		b.err = io.EOF
		b.refused.Store(true)
		c.of.refuse(&startedConn{c.Conn, b.rest}, addressConnections)
	}
}

// startedConn is a connection from which something has been read already.
type startedConn struct {
	net.Conn
	rest *bufio.Reader // nil for nothing
}

// Read implements net.Conn.
func (c *startedConn) Read(b []byte) (int, error) {
	if c.rest != nil {
		return drain(&c.rest, b), nil
	}
	return c.Conn.Read(b)
}

// drain reads what is left in a buffer, and sets the buffer to nil when nothing is.
func drain(rest **bufio.Reader, b []byte) int {
	n, _ := (*rest).Read(b) // it reads from nothing else while it has something
	if (*rest).Buffered() == 0 {
		*rest = nil
	}
	return n
}

// RemoteAddr returns the address of the client, as far as the connection says it. For a connection of a trusted proxy it waits for the first bytes; net/http
// calls it in the goroutine of the connection.
func (c *countedConn) RemoteAddr() net.Addr {
	if !c.proxied {
		return c.Conn.RemoteAddr()
	}
	c.begun.once.Do(c.begin)
	return c.begun.remote
}

// client returns the address of the client, as far as the connection says it.
func (c *countedConn) client() netip.Addr { return addressOf(c.RemoteAddr()) }

// unproxied has the requests of trusted proxies appear as those of their clients.
func (s *Server) unproxied(next http.Handler) http.Handler {
	if len(s.TrustedProxies) == 0 {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		conn, ok := r.Context().Value(connKey{}).(*countedConn)
		if !ok || !conn.begun.trusted {
			next.ServeHTTP(w, r)
			return
		}
		client := s.TrustedProxies.Client(conn.client(), r.Header)
		r = r.WithContext(access.WithAddress(r.Context(), func() netip.Addr { return client }))
		r.RemoteAddr = netip.AddrPortFrom(client, 0).String() // the port is unknown
		next.ServeHTTP(w, r)
	})
}
