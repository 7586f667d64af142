package httpapi

import (
	"context"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/coder/websocket"
)

// connLimit is a limit of the number of connections.
type connLimit uint8

// The limits. noLimit means that none is exceeded.
const (
	noLimit connLimit = iota
	allConnections
	addressConnections
)

// ConnectionLimits are the names of the limits because of which connections are refused.
var ConnectionLimits = [...]string{"connections", "address_connections"}

// String returns the name of the limit.
func (l connLimit) String() string { return ConnectionLimits[l-1] }

// maximum returns the number of connections that the limit allows.
func (l connLimit) maximum(of *Limits) int {
	if l == allConnections {
		return of.Connections
	}
	return of.AddressConnections
}

const (
	// maxRefused is the number of refused connections that are answered at a time. Others are closed without an answer.
	maxRefused = 1024
	// refusalTime is the time in which a refused client must send its request and read its answer.
	refusalTime = 2 * time.Second
)

// refuser answers the first request of each connection beyond a limit with 503, or closes its WebSocket with 1013, so that clients and proxies know that they
// may try again. It has a server of its own, whose connections take no place of the others.
//
// With TLS it closes the connection instead: a handshake costs more processor time than a request, and whoever is refused could cause any number of them.
type refuser struct {
	limits  Limits
	log     *slog.Logger
	observe func(limit string) // may be nil
	server  *http.Server       // nil with TLS
	queue   chan net.Conn      // has room for all
	done    chan struct{}      // closed by close

	mu     sync.Mutex
	closed bool
	open   map[*refusedConn]struct{}
	told   [len(ConnectionLimits)]seldom
	since  [len(ConnectionLimits)]int
}

// newRefuser returns the refuser of a server. Close must be called.
func (s *Server) newRefuser(address net.Addr) *refuser {
	r := &refuser{limits: s.Limits, log: s.Logger, observe: s.Refused, queue: make(chan net.Conn, maxRefused), done: make(chan struct{}),
		open: make(map[*refusedConn]struct{})}
	if s.TLS != nil {
		return r
	}
	r.server = &http.Server{
		Handler: http.HandlerFunc(r.answer), Protocols: protocols(), MaxHeaderBytes: s.Limits.HeaderBytes,
		ConnContext: func(ctx context.Context, c net.Conn) context.Context { return context.WithValue(ctx, refusedKey{}, c) },
		ErrorLog:    slog.NewLogLogger(s.Logger.Handler(), slog.LevelDebug), ReadHeaderTimeout: refusalTime,
	}
	go r.server.Serve(&refusedListener{r, address}) //nolint:errcheck // it ends with the listener
	return r
}

type refusedKey struct{}

// refuse takes over a connection, and answers and closes it without waiting for its client.
func (r *refuser) refuse(c net.Conn, limit connLimit) {
	r.count(limit)
	refused := &refusedConn{Conn: c, of: r, limit: limit}
	if !r.add(refused) {
		c.Close() //nolint:errcheck // nothing has been sent
		return
	}
	r.queue <- refused
}

// count counts a refused connection.
func (r *refuser) count(limit connLimit) {
	if r.observe != nil {
		r.observe(limit.String())
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.since[limit-1]++
	if !r.told[limit-1].due() {
		return
	}
	attrs := []slog.Attr{
		slog.String("setting", "limits."+limit.String()), slog.Int("maximum", limit.maximum(&r.limits)), slog.Int("refused", r.since[limit-1]),
	}
	if limit == addressConnections {
		attrs = append(attrs, slog.String("advice", "if a proxy opens them for its clients, name it in trusted_proxies"))
	}
	r.log.LogAttrs(context.Background(), slog.LevelWarn, "connections are refused, because as many are open as the limit allows", attrs...)
	r.since[limit-1] = 0
}

// add registers a connection to be answered. It returns false if it cannot be answered.
func (r *refuser) add(c *refusedConn) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.server == nil || r.closed || len(r.open) >= maxRefused {
		return false
	}
	r.open[c] = struct{}{}
	c.end = time.AfterFunc(refusalTime, func() { c.Close() }) //nolint:errcheck // its time is over
	return true
}

func (r *refuser) remove(c *refusedConn) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.open, c)
	c.end.Stop()
}

// answer answers a request of a refused connection. The process lives, however many connections there are.
func (r *refuser) answer(w http.ResponseWriter, req *http.Request) {
	if req.URL.Path == healthPath && req.Method == http.MethodGet {
		w.Header().Set("Connection", "close")
		alive(w, req)
		return
	}
	limit := allConnections
	if c, ok := req.Context().Value(refusedKey{}).(*refusedConn); ok {
		limit = c.limit
	}
	maximum := limit.maximum(&r.limits)
	e := exceeded(limit.String(), maximum, -1, tooManyConnections[limit-1], maximum).withStatus(http.StatusServiceUnavailable).retryIn(retryAfterFull)
	header(w, req, asJSON)
	w.Header().Set("Connection", "close")
	if isUpgrade(req) {
		conn, err := websocket.Accept(&handshake{ResponseWriter: w}, req, &websocket.AcceptOptions{
			Subprotocols: []string{subprotocol}, InsecureSkipVerify: true, // it tells nothing
			CompressionMode: websocket.CompressionDisabled,
		})
		if err == nil {
			conn.Close(websocket.StatusTryAgainLater, e.message) //nolint:errcheck // the client may be gone
			return
		}
	}
	refuse(w, asJSON, e)
}

// tooManyConnections are the messages for each limit.
var tooManyConnections = [len(ConnectionLimits)]string{
	"%d connections are open, which is the limit of this server", "%d connections from one address are open, which is the limit",
}

// close closes all connections, and ends the server.
func (r *refuser) close() {
	r.mu.Lock()
	r.closed = true
	var open []*refusedConn
	for c := range r.open {
		open = append(open, c)
	}
	r.mu.Unlock()
	for _, c := range open {
		c.Close() //nolint:errcheck // the program is about to end
	}
	close(r.done)
	if r.server != nil {
		r.server.Close() //nolint:errcheck // as above
	}
}

// refusedConn is a refused connection.
type refusedConn struct {
	net.Conn
	of    *refuser
	limit connLimit
	end   *time.Timer // closes it
}

// Close implements net.Conn.
func (c *refusedConn) Close() error {
	c.of.remove(c)
	return c.Conn.Close()
}

// CloseWrite lets the client read the answer before the connection is closed. net/http calls it.
func (c *refusedConn) CloseWrite() error {
	if half, ok := c.Conn.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return nil
}

// refusedListener has a server serve the connections of a refuser.
type refusedListener struct {
	of      *refuser
	address net.Addr
}

// Accept implements net.Listener.
func (l *refusedListener) Accept() (net.Conn, error) {
	select {
	case c := <-l.of.queue:
		return c, nil
	case <-l.of.done:
		return nil, net.ErrClosed
	}
}

// Close implements net.Listener. The refuser ends it.
func (*refusedListener) Close() error { return nil }

// Addr implements net.Listener.
func (l *refusedListener) Addr() net.Addr { return l.address }
