package httpapi

import (
	"context"
	"net"
	"net/http"
	"time"
)

// connectionCloser ends connections while the server stops: each answer that begins after the signal is the last one of its connection. Clients then connect
// again, to another server if they know one, so that no client sends a request on a connection that is being closed. HTTP/2 sends GOAWAY with the answer.
type connectionCloser struct {
	stopping        <-chan struct{} // closed by the signal
	closing, closed chan struct{}   // the listener
}

func (l *connectionCloser) end(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		next.ServeHTTP(&closingWriter{ResponseWriter: w, of: l}, r)
	})
}

// closeListener closes the listener. No answer begins meanwhile: its client would connect again, and a connection that waits to be accepted when the
// listener closes is lost.
func (l *connectionCloser) closeListener(ctx context.Context, b *limitedListener) {
	close(l.closing)
	defer close(l.closed)
	b.awaitNoNewConnections(ctx)
	b.Close() //nolint:errcheck // the program is about to end
}

// closingWriter is a ResponseWriter whose answer may be the last one of its connection.
type closingWriter struct {
	http.ResponseWriter
	of    *connectionCloser
	begun bool
}

// WriteHeader implements http.ResponseWriter.
func (a *closingWriter) WriteHeader(status int) {
	a.begin(status)
	a.ResponseWriter.WriteHeader(status)
}

// Write implements http.ResponseWriter.
func (a *closingWriter) Write(b []byte) (int, error) {
	a.begin(http.StatusOK)
	return a.ResponseWriter.Write(b)
}

func (a *closingWriter) begin(status int) {
	if a.begun || status < http.StatusOK { // another status follows 1xx, and 101 is not HTTP any more
		return
	}
	a.begun = true
	select {
	case <-a.of.stopping:
	default:
		return
	}
	select {
	case <-a.of.closing:
		<-a.of.closed
	default:
	}
	a.Header().Set("Connection", "close")
}

// Unwrap returns the writer below, for http.ResponseController.
func (a *closingWriter) Unwrap() http.ResponseWriter { return a.ResponseWriter }

// The listener is closed when no client has connected for newConnectionGap, and after newConnectionWait in any case.
const (
	newConnectionGap  = 200 * time.Millisecond
	newConnectionWait = time.Second
)

// awaitNoNewConnections waits for a short time without new connections.
func (b *limitedListener) awaitNoNewConnections(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, newConnectionWait)
	defer cancel()
	look := time.NewTicker(newConnectionGap)
	defer look.Stop()
	for was := int64(-1); was != b.accepted.Load(); {
		was = b.accepted.Load()
		select {
		case <-look.C:
		case <-ctx.Done():
			return
		}
	}
}

// quietFor is how long a connection must be silent before it counts as unused.
const quietFor = time.Second

// noteState records for a connection since when it has no request, from net/http's state changes.
func noteState(c net.Conn, s http.ConnState) {
	counted := countedOf(c)
	switch {
	case counted == nil:
	case s == http.StateActive:
		counted.quiet.Store(0)
	default:
		counted.quiet.Store(time.Now().UnixNano())
	}
}

// awaitQuiet waits until no connection of the listener has a request, or until ctx ends. It must run before http.Server.Shutdown, which drops requests
// on new connections.
func (b *limitedListener) awaitQuiet(ctx context.Context) {
	look := time.NewTicker(10 * time.Millisecond)
	defer look.Stop()
	for !b.isQuiet(time.Now().Add(-quietFor)) {
		select {
		case <-look.C:
		case <-ctx.Done():
			return
		}
	}
}

func (b *limitedListener) isQuiet(since time.Time) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	for c := range b.conns {
		if at := c.quiet.Load(); at == 0 || at > since.UnixNano() {
			return false
		}
	}
	return true
}
