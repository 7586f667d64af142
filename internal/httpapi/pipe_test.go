package httpapi_test

import (
	"context"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"roster/internal/httpapi"
)

// pipes is a listener whose connections are pipes, for servers in a synctest bubble.
type pipes struct {
	conns  chan net.Conn
	closed chan struct{}
	once   sync.Once

	dialled atomic.Int64
	slow    atomic.Int64 // how many bytes in a second clients get; 0 for as many as there are
}

func newPipes() *pipes { return &pipes{conns: make(chan net.Conn), closed: make(chan struct{})} }

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.conns:
		return c, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Close() error {
	p.once.Do(func() { close(p.closed) })
	return nil
}

func (p *pipes) Addr() net.Addr { return &net.UnixAddr{Name: "pipe"} }

func (p *pipes) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	here, there := net.Pipe()
	select {
	case p.conns <- there:
		p.dialled.Add(1)
		return throttled{here, &p.slow}, nil
	case <-p.closed:
		return nil, net.ErrClosed
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// throttled is the client's end of a slow network.
type throttled struct {
	net.Conn
	rate *atomic.Int64
}

func (s throttled) Read(b []byte) (int, error) {
	n, err := s.Conn.Read(b)
	if rate := s.rate.Load(); rate > 0 {
		time.Sleep(time.Duration(n) * time.Second / time.Duration(rate))
	}
	return n, err
}

// SetWriteDeadline makes writes fail at once. TLS sets a deadline for its closing message, which would block on a pipe that the server does not read.
func (s throttled) SetWriteDeadline(time.Time) error {
	return s.Conn.SetWriteDeadline(time.Unix(1, 0))
}

// served is a server that runs until it is stopped.
type served struct {
	client *http.Client
	dial   func(ctx context.Context, network, address string) (net.Conn, error)
	stop   func()
	over   chan error

	dialled func() int64
	slow    *atomic.Int64 // of all connections; see pipes
}

// serveOn serves a handler in a synctest bubble. It must be stopped before the bubble ends.
func serveOn(t *testing.T, opt httpapi.Options) *served {
	t.Helper()
	return serveOnFor(t, opt, 0)
}

// serveOnFor is serveOn with a DrainDelay.
func serveOnFor(t *testing.T, opt httpapi.Options, delay time.Duration) *served {
	t.Helper()
	if opt.Limits == (httpapi.Limits{}) {
		opt.Limits = httpapi.DefaultLimits()
	}
	return serveServer(t, httpapi.Server{Handler: httpapi.New(opt), Limits: opt.Limits, DrainDelay: delay}, &http.Transport{})
}

// serveServer runs a server in a synctest bubble, with a client that uses the transport.
func serveServer(t *testing.T, server httpapi.Server, transport *http.Transport) *served {
	t.Helper()
	p := newPipes()
	transport.DialContext, transport.DisableCompression = p.dial, true // the length of an answer is what the test says
	ctx, stop := context.WithCancel(t.Context())
	s := &served{client: &http.Client{Transport: transport}, dial: p.dial, over: make(chan error, 1), dialled: p.dialled.Load, slow: &p.slow}
	s.stop = func() {
		transport.CloseIdleConnections()
		stop()
	}
	go func() {
		if server.Logger == nil {
			server.Logger = slog.New(slog.DiscardHandler)
		}
		s.over <- server.Serve(ctx, p)
	}()
	return s
}

// end stops the server and waits for its end.
func (s *served) end(t *testing.T) {
	t.Helper()
	s.stop()
	if err := <-s.over; err != nil {
		t.Errorf("the server ended with %v", err)
	}
}
