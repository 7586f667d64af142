package access_test

import (
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"roster/internal/access"
)

// fullDisk returns a path that cannot be written until emptied is called.
func fullDisk(t *testing.T) (path string, emptied func()) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "access.log")
	if err := os.Symlink("/dev/full", path); err != nil {
		t.Fatal(err)
	}
	return path, func() {
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
	}
}

func openLog(t *testing.T, opt access.LogOptions) *access.Log {
	t.Helper()
	l, err := access.OpenLog(opt)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// A log that cannot be written reports that once and counts entries. When it can be written again, its file has the number of missing entries.
func TestLogThatCannotBeWritten(t *testing.T) {
	t.Parallel()
	path, emptied := fullDisk(t)
	synctest.Test(t, func(t *testing.T) {
		var program strings.Builder
		l := openLog(t, access.LogOptions{Path: path, Refuse: true, Program: slog.New(slog.NewTextHandler(&program, nil))})
		if l.Refuses() {
			t.Error("it refuses before anything has failed")
		}
		for range 3 {
			if err := l.Write(t.Context(), access.Entry{Name: "lost"}); !errors.Is(err, access.ErrLog) {
				t.Errorf("an entry that was not written: %v", err)
			}
		}
		time.Sleep(time.Minute) // it retries meanwhile
		if got, want := l.Stats(), (access.LogStats{Failing: true, Failures: 3}); got != want || !l.Refuses() {
			t.Errorf("got %+v, refuses %v; want %+v", got, l.Refuses(), want)
		}
		if n := strings.Count(program.String(), "\n"); n != 1 || !strings.Contains(program.String(), "level=ERROR") || !strings.Contains(program.String(), "no space left") {
			t.Errorf("%d lines:\n%s", n, &program)
		}
		next := openLog(t, access.LogOptions{Path: path, Program: slog.New(slog.DiscardHandler), Before: l})
		if got, want := next.Stats(), l.Stats(); got != want {
			t.Errorf("after a reload: %+v, want %+v", got, want)
		}
		if err := next.Close(); err != nil {
			t.Error(err)
		}
		emptied()
		time.Sleep(2 * time.Second)
		if got, want := l.Stats(), (access.LogStats{Failures: 3}); got != want || l.Refuses() {
			t.Errorf("got %+v, refuses %v; want %+v", got, l.Refuses(), want)
		}
		if err := l.Write(t.Context(), access.Entry{Name: "written"}); err != nil {
			t.Error(err)
		}
		if err := l.Close(); err != nil {
			t.Error(err)
		}
		if err := l.Write(t.Context(), access.Entry{Name: "for the next log"}); !errors.Is(err, access.ErrLog) || l.Stats() != (access.LogStats{Failures: 3}) {
			t.Errorf("a log that was closed: %v, %+v", err, l.Stats())
		}
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		lines := strings.Split(strings.TrimSpace(string(text)), "\n")
		if len(lines) != 2 || !strings.Contains(lines[0], `"missing":3`) || !strings.Contains(lines[1], `"name":"written"`) {
			t.Errorf("the file holds:\n%s", text)
		}
		if n := strings.Count(program.String(), "\n"); n != 2 || !strings.Contains(program.String(), "can be written again") {
			t.Errorf("%d lines:\n%s", n, &program)
		}
	})
}
