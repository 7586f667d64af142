package httpapi

import (
	"context"
	"net"
	"net/http"
	"time"
)

// lastAnswers has every answer that begins after the signal to stop end its connection. A client then connects again, to another server as soon as it
// knows of one, and none is left that sends a request on a connection that is just being closed. HTTP/2 sends GOAWAY with the answer.
type lastAnswers struct {
	stopping        <-chan struct{} // the signal
	closing, closed chan struct{}   // the listener
}

func (l *lastAnswers) end(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		next.ServeHTTP(&lastAnswer{ResponseWriter: w, of: l}, r)
	})
}

// closeBetween closes the listener. No answer begins meanwhile: whoever has one connects again, and a connection that waits to be accepted when the
// listener closes is lost.
func (l *lastAnswers) closeBetween(ctx context.Context, b *bounded) {
	close(l.closing)
	defer close(l.closed)
	b.awaitNobody(ctx)
	b.Close() //nolint:errcheck // nothing can be done about it, and the program is about to end
}

// lastAnswer is a ResponseWriter that may be the last one of its connection.
type lastAnswer struct {
	http.ResponseWriter
	of    *lastAnswers
	begun bool
}

// WriteHeader begins the answer.
func (a *lastAnswer) WriteHeader(status int) {
	a.begin(status)
	a.ResponseWriter.WriteHeader(status)
}

// Write begins the answer where WriteHeader has not.
func (a *lastAnswer) Write(b []byte) (int, error) {
	a.begin(http.StatusOK)
	return a.ResponseWriter.Write(b)
}

func (a *lastAnswer) begin(status int) {
	if a.begun || status < http.StatusOK { // more comes after 1xx, and 101 is no longer HTTP
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

// Unwrap gives the writer below, for http.ResponseController.
func (a *lastAnswer) Unwrap() http.ResponseWriter { return a.ResponseWriter }

// Nobody is expected to connect who has not done so in nobodyFor, and nobody is waited for longer than nobodyWithin.
const (
	nobodyFor    = 200 * time.Millisecond
	nobodyWithin = time.Second
)

// awaitNobody waits until nobody has connected for a moment.
func (b *bounded) awaitNobody(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, nobodyWithin)
	defer cancel()
	look := time.NewTicker(nobodyFor)
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

// quietFor is for how long a connection has to be silent before nobody is expected to be about to send a request on it.
const quietFor = time.Second

// noteState keeps with a connection since when no request is under way on it, as net/http tells.
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

// awaitQuiet waits until no request is read or answered any more on the listener's connections, no longer than ctx lasts. http.Server.Shutdown must
// not come before: it drops requests that it finds on connections that are new.
func (b *bounded) awaitQuiet(ctx context.Context) {
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

func (b *bounded) isQuiet(since time.Time) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	for c := range b.conns {
		if at := c.quiet.Load(); at == 0 || at > since.UnixNano() {
			return false
		}
	}
	return true
}
