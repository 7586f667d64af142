//go:build unix

package access_test

import (
	"bufio"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"roster/internal/access"
)

// A pipe without a reader blocks no operation: the log counts as failed until the pipe is read again.
func TestLogIntoAPipe(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "access.log")
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	if l, err := access.OpenLog(access.LogOptions{Path: path}); err == nil {
		t.Errorf("a pipe without a reader is opened: %v", l)
	}
	reader, err := os.OpenFile(path, os.O_RDWR, 0) // as a log shipper opens it
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = reader.Close() })
	l := openLog(t, access.LogOptions{Path: path, Refuse: true, Program: slog.New(slog.DiscardHandler)})
	for err = nil; err == nil; {
		err = l.Write(t.Context(), access.Entry{Name: "fills the pipe"})
	}
	if !errors.Is(err, access.ErrLog) || !l.Refuses() {
		t.Errorf("got %v, refuses %v", err, l.Refuses())
	}
	for range 1000 {
		if err := l.Write(t.Context(), access.Entry{}); !errors.Is(err, access.ErrLog) {
			t.Fatalf("an entry that nobody reads: %v", err)
		}
	}
	lines := bufio.NewReader(reader)
	for text := ""; !strings.Contains(text, `"missing":1001`); {
		if text, err = lines.ReadString('\n'); err != nil {
			t.Fatal(err)
		}
	}
	for err = access.ErrLog; err != nil; { // the line with the count is written a moment before the failure ends
		err = l.Write(t.Context(), access.Entry{Name: "written"})
	}
	if got := l.Stats(); got.Failing {
		t.Errorf("got %+v", got)
	}
	if err := l.Close(); err != nil {
		t.Error(err)
	}
}
