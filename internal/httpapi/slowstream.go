package httpapi

import (
	"net/http"
	"sync"
	"time"
)

// minRateStream is the answer of an HTTP/2 stream. It enforces the rate for the stream's window, which the connection does not know: a client may read everything
// on the connection, but let one stream wait. While the connection itself waits for the client, the stream's time does not pass. Then the network is slow,
// the streams share it, and the connection enforces the rate.
type minRateStream struct {
	http.ResponseWriter // of the stream
	of                  *minRate
	control             *http.ResponseController
	conn                *countedConn

	// Used only by the goroutine that writes.
	patience allowance
	dropped  bool // the stream was reset, and was counted once
}

// Write implements http.ResponseWriter.
func (s *minRateStream) Write(b []byte) (n int, err error) {
	for !s.dropped {
		part := b[n:min(len(b), n+readStep)]
		end := s.watch()
		done, err := s.ResponseWriter.Write(part)
		n += done
		if end(done); !s.dropped && (err != nil || n == len(b)) {
			return n, err
		}
	}
	return n, errSlowReader
}

// FlushError implements the interface of http.ResponseController.
func (s *minRateStream) FlushError() error {
	if s.dropped {
		return errSlowReader
	}
	end := s.watch()
	err := s.control.Flush()
	if end(0); s.dropped {
		return errSlowReader
	}
	return err
}

// Unwrap returns the writer below, for http.ResponseController.
func (s *minRateStream) Unwrap() http.ResponseWriter { return s.ResponseWriter }

// watch resets the stream if the next write has to wait longer than the client's allowance. End must be called after the write: it sets dropped if the stream was
// reset.
func (s *minRateStream) watch() (end func(bytes int)) {
	var (
		mu         sync.Mutex
		over, slow bool
		timer      *time.Timer
	)
	from := time.Now()
	connWaited := s.conn.hasWaited(from)
	s.patience.resume(from)
	waited := func() time.Duration {
		now := time.Now()
		return now.Sub(from) - (s.conn.hasWaited(now) - connWaited)
	}
	mu.Lock()
	defer mu.Unlock()
	left := s.patience.remaining
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
		s.control.SetWriteDeadline(time.Unix(1, 0)) //nolint:errcheck // fails only if the stream is closed
	})
	return func(bytes int) {
		mu.Lock()
		defer mu.Unlock()
		timer.Stop()
		over = true
		s.patience.spend(waited(), bytes)
		s.patience.idleSince = time.Now()
		s.dropped = slow
	}
}
