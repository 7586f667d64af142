package httpapi_test

import (
	"context"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"testing"
	"time"

	"roster/internal/httpapi"
)

// pipes is a listener whose connections are pipes, so that a server can be tested with a clock of its own.
type pipes struct {
	conns  chan net.Conn
	closed chan struct{}
	once   sync.Once
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
		return here, nil
	case <-p.closed:
		return nil, net.ErrClosed
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// served is a server that runs until it is stopped.
type served struct {
	client *http.Client
	dial   func(ctx context.Context, network, address string) (net.Conn, error)
	stop   func()
	over   chan error
}

// serveOn serves a handler in a bubble. It is to be stopped, and awaited, before the bubble ends.
func serveOn(t *testing.T, opt httpapi.Options) *served {
	t.Helper()
	return serveOnFor(t, opt, 0)
}

// serveOnFor is serveOn where requests are still taken for a delay after the server is stopped.
func serveOnFor(t *testing.T, opt httpapi.Options, delay time.Duration) *served {
	t.Helper()
	if opt.Limits == (httpapi.Limits{}) {
		opt.Limits = httpapi.DefaultLimits()
	}
	p := newPipes()
	transport := &http.Transport{DialContext: p.dial}
	ctx, stop := context.WithCancel(t.Context())
	s := &served{client: &http.Client{Transport: transport}, dial: p.dial, over: make(chan error, 1)}
	s.stop = func() {
		transport.CloseIdleConnections()
		stop()
	}
	go func() {
		server := httpapi.Server{Handler: httpapi.New(opt), Limits: opt.Limits, DrainDelay: delay, Logger: slog.New(slog.DiscardHandler)}
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
