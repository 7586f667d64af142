package http1

import (
	"context"
	"log"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

// Server serves the plain requests of connections. Its fields must not change after Serve was called.
type Server struct {
	// Handler serves the plain requests of Path.
	Handler http.Handler
	Path    string
	// ConnContext returns the context for the requests of a connection.
	ConnContext func(Conn) context.Context
	// State is called when a connection is new, begins a request, or waits for the next one, as http.Server.ConnState is; it may be nil.
	State func(net.Conn, http.ConnState)
	// HeaderTime limits the wait for the first request of a connection, IdleTime for the next one, and AnswerTime each answer; zero means no limit.
	HeaderTime, IdleTime, AnswerTime time.Duration
	// HeaderBytes is the largest head of a plain request; zero means no limit but that of the buffer.
	HeaderBytes int
	ErrorLog    *log.Logger // nil for none

	dates    dates
	stopping atomic.Bool
	rest     rest

	mu    sync.Mutex
	conns map[*conn]struct{}
}

// New returns a server for connections of a listener with the address.
func New(address net.Addr) *Server {
	return &Server{
		conns: make(map[*conn]struct{}), rest: rest{address: address, conns: make(chan net.Conn), closed: make(chan struct{})},
	}
}

// Serve serves connections until accept returns an error, which it returns. An error that is temporary, such as too many open files, is one after which Serve
// waits, as net/http does.
func (s *Server) Serve(accept func() (Conn, error)) error {
	var wait time.Duration
	for {
		c, err := accept()
		if err == nil {
			wait = 0
			s.begin(c)
			continue
		}
		if ne, ok := err.(net.Error); !ok || !ne.Temporary() { //nolint:errorlint,staticcheck // as net/http does: no other method tells it
			return err
		}
		wait = min(max(2*wait, 5*time.Millisecond), time.Second)
		s.logf("http: Accept error: %v; retrying in %v", err, wait)
		time.Sleep(wait)
	}
}

// begin serves a connection in a goroutine of its own.
func (s *Server) begin(c Conn) {
	served := &conn{net: c, of: s, since: time.Now()}
	s.mu.Lock()
	s.conns[served] = struct{}{}
	s.mu.Unlock()
	go served.serve()
}

func (s *Server) remove(c *conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.conns, c)
}

// giveAway gives a connection to the server that accepts from Rest. It stays in the list until then, so that Shutdown waits.
func (s *Server) giveAway(c *conn) {
	defer s.remove(c)
	select {
	case s.rest.conns <- c.net:
	case <-s.rest.closed:
		c.net.Close() //nolint:errcheck // the program is about to end
	}
}

// Rest returns the listener of the connections whose requests are not plain.
func (s *Server) Rest() net.Listener { return &s.rest }

// A connection counts as new for newFor. As long as it has had no request, Shutdown waits: perhaps the request is on its way.
const newFor = 5 * time.Second

// Shutdown closes the connections that wait for a request, and waits for the others until ctx ends. The listener must have been closed before, and that of Rest
// must be open until Shutdown returns.
func (s *Server) Shutdown(ctx context.Context) error {
	s.stopping.Store(true)
	look := time.NewTicker(10 * time.Millisecond)
	defer look.Stop()
	for !s.closeIdle(time.Now().Add(-newFor)) {
		select {
		case <-look.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

// closeIdle closes idle connections, unless they are new since then. It returns true if none is left.
func (s *Server) closeIdle(since time.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	for c := range s.conns {
		if (c.served.Load() || c.since.Before(since)) && c.state.CompareAndSwap(idle, closed) {
			c.net.Close() //nolint:errcheck // nothing is to be done
		}
	}
	return len(s.conns) == 0
}

// Close closes all connections.
func (s *Server) Close() {
	s.stopping.Store(true)
	s.mu.Lock()
	defer s.mu.Unlock()
	for c := range s.conns {
		c.net.Close() //nolint:errcheck // nothing is to be done
	}
}

func (s *Server) connContext(c Conn) context.Context {
	if s.ConnContext != nil {
		return s.ConnContext(c)
	}
	return context.Background()
}

func (s *Server) noteState(c net.Conn, state http.ConnState) {
	if s.State != nil {
		s.State(c, state)
	}
}

func (s *Server) logf(format string, args ...any) {
	if s.ErrorLog != nil {
		s.ErrorLog.Printf(format, args...)
	}
}

// rest is the listener of the connections that net/http serves.
type rest struct {
	address net.Addr
	conns   chan net.Conn
	once    sync.Once
	closed  chan struct{}
}

// Accept implements net.Listener.
func (r *rest) Accept() (net.Conn, error) {
	select {
	case c := <-r.conns:
		return c, nil
	case <-r.closed:
		return nil, net.ErrClosed
	}
}

// Close implements net.Listener.
func (r *rest) Close() error {
	r.once.Do(func() { close(r.closed) })
	return nil
}

// Addr implements net.Listener.
func (r *rest) Addr() net.Addr { return r.address }
