package httpapi

import (
	"net/http"
	"sync"
	"time"
)

// heldStream is the answer of an HTTP/2 stream. It waits for the stream's window, of which the connection knows nothing: a client may take all that comes on
// a connection, and keep one stream waiting. While the connection itself waits for the client, the stream's time does not pass: then the network is
// what is slow, streams share it, and the connection is held to the rate.
type heldStream struct {
	http.ResponseWriter // of the stream
	of                  *minRate
	control             *http.ResponseController
	conn                *countedConn

	// Of the goroutine that writes.
	left allowance
}

// Write writes a part of the answer.
func (s *heldStream) Write(b []byte) (n int, err error) {
	for {
		part := b[n:min(len(b), n+readStep)]
		end := s.watch()
		done, err := s.ResponseWriter.Write(part)
		n += done
		if slow := end(done); slow {
			return n, errSlowReader
		}
		if err != nil || n == len(b) {
			return n, err
		}
	}
}

// FlushError sends what there is.
func (s *heldStream) FlushError() error {
	end := s.watch()
	err := s.control.Flush()
	if slow := end(0); slow {
		return errSlowReader
	}
	return err
}

// Unwrap gives the writer below, for http.ResponseController.
func (s *heldStream) Unwrap() http.ResponseWriter { return s.ResponseWriter }

// watch resets the stream if what is written now has to wait for longer than the client may keep it waiting. What it gives says that it has been
// written, and is true where the stream was reset.
func (s *heldStream) watch() (end func(bytes int) (slow bool)) {
	var (
		mu         sync.Mutex
		over, slow bool
		timer      *time.Timer
	)
	from := time.Now()
	connWaited := s.conn.hasWaited(from)
	s.left.resume(from)
	waited := func() time.Duration {
		now := time.Now()
		return now.Sub(from) - (s.conn.hasWaited(now) - connWaited)
	}
	mu.Lock()
	defer mu.Unlock()
	left := s.left.left
	timer = time.AfterFunc(left, func() {
		mu.Lock()
		defer mu.Unlock()
		if over {
			return
		}
		if rest := left - waited(); rest > 0 {
			timer.Reset(rest)
			return
		}
		over, slow = true, true
		s.of.dropped(SlowReader)
		s.control.SetWriteDeadline(time.Unix(1, 0)) //nolint:errcheck // the stream is closed then
	})
	return func(bytes int) bool {
		mu.Lock()
		defer mu.Unlock()
		timer.Stop()
		over = true
		s.left.spend(waited(), bytes)
		s.left.idle = time.Now()
		return slow
	}
}
