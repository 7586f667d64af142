package access

import (
	"os"
	"sync"
)

// logFile appends lines to a file, which it can open again.
type logFile struct {
	path string

	mu   sync.Mutex
	file *os.File
	torn bool // the last line was written in part
}

// reopen opens the path again: where a write has failed, something else may be there by now. An error leaves the file that is open.
func (f *logFile) reopen() error {
	file, err := os.OpenFile(f.path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.file != nil {
		f.file.Close() //nolint:errcheck // each line was written when it was made
	}
	f.file = file
	return nil
}

// Write appends a line. After one that was written in part it begins a new line first, so that one entry is lost and not two.
func (f *logFile) Write(line []byte) (int, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.torn {
		if _, err := f.file.WriteString("\n"); err != nil {
			return 0, err
		}
		f.torn = false
	}
	n, err := f.file.Write(line)
	f.torn = n > 0 && n < len(line)
	return n, err
}

// Close closes the file.
func (f *logFile) Close() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.file.Close()
}
