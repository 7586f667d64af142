package httpapi

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"

	"roster/internal/forwarded"
	"roster/internal/http1"
)

// drainFor limits how long running requests may still take after the listener has closed.
const drainFor = 20 * time.Second

// serving is the state of the server for its requests. It counts WebSockets, which net/http does not track after they are opened.
type serving struct {
	stopping <-chan struct{}
	rate     *minRate // nil without a minimum rate

	mu     sync.Mutex
	open   int           // WebSockets
	closed chan struct{} // closed when no WebSocket is open and none will be; nil until the server stops
}

type servingKey struct{}

// servingOf returns the server of a request, or one that never stops.
func servingOf(ctx context.Context) *serving {
	if s, ok := ctx.Value(servingKey{}).(*serving); ok {
		return s
	}
	return &serving{}
}

// opens counts a WebSocket that is about to be opened. It returns false if the server is stopping; then it must not be opened.
func (s *serving) opens() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed != nil {
		return false
	}
	s.open++
	return true
}

// closes records that a WebSocket is closed.
func (s *serving) closes() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.open--
	if s.open == 0 && s.closed != nil {
		close(s.closed)
	}
}

// stop prevents further WebSockets. The returned channel is closed when none is open.
func (s *serving) stop() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = make(chan struct{})
	if s.open == 0 {
		close(s.closed)
	}
	return s.closed
}

// onStop calls f when the server stops or the handler is retired, unless off is called first.
func (s *serving) onStop(retired <-chan struct{}, f func()) (off func()) {
	over := make(chan struct{})
	var waiting sync.WaitGroup
	waiting.Go(func() {
		select {
		case <-s.stopping:
			f()
		case <-retired:
			f()
		case <-over:
		}
	})
	return func() {
		close(over)
		waiting.Wait()
	}
}

// Server serves a handler on a listener.
type Server struct {
	Handler http.Handler
	Limits  Limits
	// TLS is nil for plain HTTP.
	TLS *tls.Config
	// DrainDelay is how long the server still accepts requests after the signal to stop, so that load balancers and clients can react.
	DrainDelay time.Duration
	Logger     *slog.Logger
	// TrustedProxies are the networks of proxies that may say who their clients are: by a header of the PROXY protocol, or by the header fields of
	// requests.
	TrustedProxies forwarded.Proxies
	// Dropped is called for each client that is dropped because it is too slow, and Refused, with the name of a limit, for each connection that is refused;
	// both may be nil.
	Dropped func(Drop)
	Refused func(limit string)

	drainFor time.Duration // zero means drainFor
}

// Serve serves until ctx ends. It then continues for DrainDelay, with answers that close their connections. After that it accepts no more requests, and waits
// for running ones.
func (s *Server) Serve(ctx context.Context, l net.Listener) error {
	stopping := make(chan struct{})
	at := &serving{stopping: stopping, rate: s.minRate()}
	requests, endAll := context.WithCancel(context.WithValue(context.WithoutCancel(ctx), servingKey{}, at))
	defer endAll()
	answers := &connectionCloser{stopping: ctx.Done(), closing: make(chan struct{}), closed: make(chan struct{})}
	handler := s.unproxied(s.Handler)
	server := &http.Server{
		Handler:           answers.end(at.rate.enforce(handler, s.Limits.BodyTime)),
		BaseContext:       func(net.Listener) context.Context { return requests },
		ReadHeaderTimeout: s.Limits.HeaderTime,
		ReadTimeout:       s.Limits.BodyTime,
		WriteTimeout:      s.Limits.AnswerTime,
		IdleTimeout:       s.Limits.IdleTime,
		MaxHeaderBytes:    s.Limits.HeaderBytes,
		TLSConfig:         s.TLS,
		ConnState:         noteState,
		ConnContext:       withConn,
		HTTP2:             overHTTP2(s.Limits),
		Protocols:         protocols(),
		ErrorLog:          slog.NewLogLogger(s.Logger.Handler(), slog.LevelDebug),
	}
	refuser := s.newRefuser(l.Addr())
	defer refuser.close()
	listener := limitListener(l, s.Limits, at.rate, s.TrustedProxies, refuser.refuse)
	plain := s.plain(requests, answers.end(handler), listener, server.ErrorLog)
	if plain != nil {
		defer plain.Rest().Close() //nolint:errcheck // it cannot fail
	}
	failed := make(chan error, 1)
	go func() {
		defer close(failed)
		if plain == nil {
			failed <- server.ServeTLS(listener, "", "")
			return
		}
		go server.Serve(plain.Rest()) //nolint:errcheck // it ends with Shutdown or Close
		failed <- plain.Serve(listener.acceptCounted)
	}()
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	timeout := cmp.Or(s.drainFor, drainFor)
	s.Logger.InfoContext(ctx, "stopping: accepts requests during drain_delay, then finishes those in progress", "address", l.Addr().String(),
		"delay", s.DrainDelay.String(), "at_most", timeout.String())
	if s.DrainDelay > 0 {
		select {
		case err := <-failed:
			return err
		case <-time.After(s.DrainDelay):
		}
	}
	close(stopping)
	closed := at.stop()
	drain, cancel := context.WithTimeout(context.WithoutCancel(ctx), timeout)
	defer cancel()
	if s.DrainDelay > 0 {
		answers.closeListener(drain, listener)
		<-failed //nolint:errcheck // the listener was closed
		listener.awaitQuiet(drain)
	}
	err := shutdown(drain, listener, plain, server)
	<-failed //nolint:errcheck // the server was shut down
	select {
	case <-closed:
	case <-drain.Done():
		endAll()
		<-closed
		err = errors.Join(err, drain.Err())
	}
	if err != nil {
		if plain != nil {
			plain.Close()
		}
		server.Close() //nolint:errcheck // the remaining connections have had their time
		return fmt.Errorf("some requests were still open after %s: %w", timeout, err)
	}
	return nil
}

// plain returns the server of plain requests to the graph; nil with TLS, for which net/http serves all requests.
func (s *Server) plain(requests context.Context, handler http.Handler, l *limitedListener, errors *log.Logger) *http1.Server {
	if s.TLS != nil {
		return nil
	}
	p := http1.New(l.Addr())
	p.Handler, p.Path, p.State, p.ErrorLog = handler, graphPath, noteState, errors
	p.ConnContext = func(c http1.Conn) context.Context { return withConn(requests, c) }
	p.HeaderTime, p.IdleTime, p.AnswerTime, p.HeaderBytes = s.Limits.HeaderTime, s.Limits.IdleTime, s.Limits.AnswerTime, s.Limits.HeaderBytes
	return p
}

// shutdown ends both servers; plain may be nil. The server of plain requests is first, because it may still give connections to the other one.
func shutdown(ctx context.Context, l net.Listener, plain *http1.Server, server *http.Server) error {
	l.Close() //nolint:errcheck // perhaps it is closed already
	if plain == nil {
		return server.Shutdown(ctx)
	}
	return errors.Join(plain.Shutdown(ctx), server.Shutdown(ctx))
}

// minRate returns the minimum rate of clients, or nil.
func (s *Server) minRate() *minRate {
	if s.Limits.MinRate == 0 {
		return nil
	}
	d := &drops{observe: s.Dropped, log: s.Logger}
	return &minRate{s.Limits.MinRate, s.Limits.MinRateGrace, d.add}
}

// The limits of one HTTP/2 connection: the number of concurrent requests, which is the least that RFC 9113 recommends, and the bytes of bodies that have been
// received and not yet read, of one request and of all.
const (
	http2Streams      = 100
	http2StreamBytes  = 128 << 10
	http2UnreadBodies = 512 << 10
)

// protocols returns the protocols of the server: HTTP/1.1 and HTTP/2, the latter also without TLS, for proxies in front that know that the server has it.
func protocols() *http.Protocols {
	var p http.Protocols
	p.SetHTTP1(true)
	p.SetHTTP2(true)
	p.SetUnencryptedHTTP2(true)
	return &p
}

// overHTTP2 limits an HTTP/2 connection. If nothing at all can be written for AnswerTime, the connection is closed, even without a minimum rate.
func overHTTP2(l Limits) *http.HTTP2Config {
	return &http.HTTP2Config{
		MaxConcurrentStreams: http2Streams, MaxReceiveBufferPerStream: http2StreamBytes, MaxReceiveBufferPerConnection: http2UnreadBodies,
		WriteByteTimeout: l.AnswerTime,
	}
}
