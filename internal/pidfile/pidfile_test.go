package pidfile

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
)

func TestPIDFile(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "roster.pid")
	if _, err := Read(path); !errors.Is(err, ErrNobody) {
		t.Errorf("no file: %v", err)
	}
	remove, err := Write(path)
	if err != nil {
		t.Fatal(err)
	}
	if p, err := Read(path); err != nil || p.Pid != os.Getpid() {
		t.Errorf("it reads %v, %v; want this process", p, err)
	}
	if _, err := Write(path); err == nil {
		t.Error("a second server gets the same file")
	}
	if err := remove(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the file stays: %v", err)
	}
}

// The file of a server that was killed names a process that may be another program by now.
func TestOldFile(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "roster.pid")
	if err := os.WriteFile(path, []byte("1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if p, err := Read(path); !errors.Is(err, ErrNobody) {
		t.Errorf("it reads %v, %v", p, err)
	}
	remove, err := Write(path)
	if err != nil {
		t.Fatalf("the next server cannot use it: %v", err)
	}
	if err := remove(); err != nil {
		t.Fatal(err)
	}
}
