package access

import (
	"errors"
	"os"
	"sync"
	"syscall"
	"time"
)

// writeTime is how long the reader of a pipe may take for a line. RetryTime is the limit after it has taken longer.
const (
	writeTime = time.Second
	retryTime = 10 * time.Millisecond
)

var errStalled = errors.New("nobody reads the pipe")

// logFile appends lines to a file, which may be a pipe and which can be opened again.
type logFile struct {
	path string

	mu      sync.Mutex
	file    *os.File
	partial bool // the last line was written in part
	stalled bool // the last line took too long: no line is written before the file is opened again
	slow    bool // and no line has been written since
}

// reopen opens the path again: after a failed write, the path may name another file. On an error the current file stays open.
func (f *logFile) reopen() error {
	// With O_NONBLOCK, opening a pipe without a reader is an error; without the flag, it would block for ever. The flag has no effect on a file.
	file, err := os.OpenFile(f.path, os.O_APPEND|os.O_CREATE|os.O_WRONLY|syscall.O_NONBLOCK, 0o600)
	if err != nil {
		return err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.file != nil {
		f.file.Close() //nolint:errcheck // each line was written when it was made
	}
	f.file, f.stalled = file, false
	return nil
}

// Write appends a line. If the last line was written in part, Write begins a new line first, so that one entry is lost and not two.
func (f *logFile) Write(line []byte) (int, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.stalled {
		return 0, errStalled
	}
	wait := writeTime
	if f.slow {
		wait = retryTime
	}
	f.file.SetWriteDeadline(time.Now().Add(wait)) //nolint:errcheck // a file has no deadlines
	n, err := f.write(line)
	f.stalled = errors.Is(err, os.ErrDeadlineExceeded)
	f.slow = f.stalled || f.slow && err != nil
	return n, err
}

func (f *logFile) write(line []byte) (int, error) {
	if f.partial {
		if _, err := f.file.WriteString("\n"); err != nil {
			return 0, err
		}
		f.partial = false
	}
	n, err := f.file.Write(line)
	f.partial = n > 0 && n < len(line)
	return n, err
}

// Close closes the file.
func (f *logFile) Close() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.file.Close()
}
