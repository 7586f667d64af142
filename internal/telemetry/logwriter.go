package telemetry

import (
	"errors"
	"io"
	"slices"
	"sync"
	"time"
)

// lineTime is how long the reader of the log may take for a line. RetryTime is the limit after the reader has taken longer.
const (
	lineTime  = time.Second
	retryTime = 10 * time.Millisecond
)

// errStalled is the error for a line that was not written because nobody reads the log.
var errStalled = errors.New("nobody reads the log")

// lineWriter writes the lines of the log to a file, which may be a pipe. A pipe without a reader would block each operation that logs. With a lineWriter,
// one line waits for lineTime, and the lines after it fail at once until the pipe is read again.
type lineWriter struct {
	lines   chan []byte // to the goroutine that writes
	written chan error  // from it, one for each line

	mu      sync.Mutex
	stalled bool // a line is still being written
	slow    bool // no line has been written in time since a line took too long
}

func newLineWriter(w io.Writer) *lineWriter {
	l := &lineWriter{lines: make(chan []byte, 1), written: make(chan error, 1)}
	go func() {
		for line := range l.lines {
			_, err := w.Write(line)
			l.written <- err
		}
	}()
	return l
}

// Write writes a line, or fails with errStalled.
func (l *lineWriter) Write(line []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.stalled {
		select {
		case <-l.written: //nolint:errcheck // the caller of that line has been told that it failed
			l.stalled = false
		default:
			return 0, errStalled
		}
	}
	l.lines <- slices.Clone(line)
	wait := lineTime
	if l.slow {
		wait = retryTime
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case err := <-l.written:
		if err != nil {
			return 0, err
		}
		l.slow = false
		return len(line), nil
	case <-timer.C:
		l.stalled, l.slow = true, true
		return 0, errStalled
	}
}
