package httpapi

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"
)

// drainFor is how long answers under way may still take after the listener has closed.
const drainFor = 20 * time.Second

// serving is what requests know of the server that they came to. Its WebSockets are counted here: net/http knows nothing of them once they are opened.
type serving struct {
	stopping <-chan struct{}
	rate     *minRate // nil where clients may be as slow as they like

	mu     sync.Mutex
	open   int           // WebSockets
	closed chan struct{} // closed when no WebSocket is open and none will be; nil until the server stops
}

type servingKey struct{}

// servingOf gives the server that a request came to; one that never stops where there is none.
func servingOf(ctx context.Context) *serving {
	if s, ok := ctx.Value(servingKey{}).(*serving); ok {
		return s
	}
	return &serving{}
}

// opens counts a WebSocket, which has to be counted before it is opened. It is false where the server stops: no other is opened then.
func (s *serving) opens() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed != nil {
		return false
	}
	s.open++
	return true
}

// closes says that a WebSocket is closed.
func (s *serving) closes() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.open--
	if s.open == 0 && s.closed != nil {
		close(s.closed)
	}
}

// stop lets no other WebSocket open. What it gives is closed when none is open any more.
func (s *serving) stop() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = make(chan struct{})
	if s.open == 0 {
		close(s.closed)
	}
	return s.closed
}

// onStop calls f when the server stops, or the handler is retired, unless it is called off before. What it gives calls it off.
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
	// TLS is nil where the server speaks in clear.
	TLS *tls.Config
	// DrainDelay is how long the server still takes requests after it has been told to stop, so that whoever sends them learns of it first.
	DrainDelay time.Duration
	Logger     *slog.Logger
	// Dropped is told of each client that is dropped since it is too slow; nil for nobody.
	Dropped func(Drop)

	drainFor time.Duration // zero means drainFor
}

// Serve serves until ctx ends. It goes on for DrainDelay, with answers that tell clients to connect again; then it takes no more requests, and lets
// those under way finish.
func (s *Server) Serve(ctx context.Context, l net.Listener) error {
	stopping := make(chan struct{})
	at := &serving{stopping: stopping, rate: s.minRate()}
	requests, endAll := context.WithCancel(context.WithValue(context.WithoutCancel(ctx), servingKey{}, at))
	defer endAll()
	answers := &lastAnswers{stopping: ctx.Done(), closing: make(chan struct{}), closed: make(chan struct{})}
	server := &http.Server{
		Handler:           answers.end(at.rate.hold(s.Handler, s.Limits.BodyTime)),
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
		ErrorLog:          slog.NewLogLogger(s.Logger.Handler(), slog.LevelDebug),
	}
	listener := bound(l, s.Limits, at.rate)
	failed := make(chan error, 1)
	go func() {
		defer close(failed)
		if s.TLS != nil {
			failed <- server.ServeTLS(listener, "", "")
			return
		}
		failed <- server.Serve(listener)
	}()
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	patience := cmp.Or(s.drainFor, drainFor)
	s.Logger.InfoContext(ctx, "stopping: takes requests for the delay, then finishes those under way", "address", l.Addr().String(),
		"delay", s.DrainDelay.String(), "at_most", patience.String())
	if s.DrainDelay > 0 {
		select {
		case err := <-failed:
			return err
		case <-time.After(s.DrainDelay):
		}
	}
	close(stopping)
	closed := at.stop()
	drain, cancel := context.WithTimeout(context.WithoutCancel(ctx), patience)
	defer cancel()
	if s.DrainDelay > 0 {
		answers.closeBetween(drain, listener)
		<-failed //nolint:errcheck // it says that the listener was closed
		listener.awaitQuiet(drain)
	}
	err := server.Shutdown(drain)
	<-failed //nolint:errcheck // it says that the server was shut down
	select {
	case <-closed:
	case <-drain.Done():
		endAll()
		<-closed
		err = errors.Join(err, drain.Err())
	}
	if err != nil {
		server.Close() //nolint:errcheck // what is still open has had its time
		return fmt.Errorf("some requests were still open after %s: %w", patience, err)
	}
	return nil
}

// minRate is how fast clients have to be; nil where they may be as slow as they like.
func (s *Server) minRate() *minRate {
	if s.Limits.MinRate == 0 {
		return nil
	}
	told := &drops{observe: s.Dropped, log: s.Logger}
	return &minRate{s.Limits.MinRate, s.Limits.MinRateGrace, told.add}
}

// What one HTTP/2 connection may have under way: as many requests as RFC 9113 has for the least that makes sense, and bytes of bodies that have come and
// nobody has read yet, of one request and of all.
const (
	http2Streams      = 100
	http2StreamBytes  = 128 << 10
	http2UnreadBodies = 512 << 10
)

// overHTTP2 bounds an HTTP/2 connection. One on which nothing at all can be written is given up after as long as a client may take for an answer, also
// where there is no minimum rate.
func overHTTP2(l Limits) *http.HTTP2Config {
	return &http.HTTP2Config{
		MaxConcurrentStreams: http2Streams, MaxReceiveBufferPerStream: http2StreamBytes, MaxReceiveBufferPerConnection: http2UnreadBodies,
		WriteByteTimeout: l.AnswerTime,
	}
}
