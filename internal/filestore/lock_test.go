package filestore_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"roster/internal/filestore"
)

// pathEnv has the path of the file that the other process locks.
const pathEnv = "ROSTER_TEST_LOCK"

func TestMain(m *testing.M) {
	if path := os.Getenv(pathEnv); path != "" {
		_, err := tryLock(path)
		fmt.Fprintln(os.Stdout, err)
		_, _ = io.Copy(io.Discard, os.Stdin)
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func tryLock(path string) (*filestore.Lock, error) {
	now, cancel := context.WithCancel(context.Background())
	cancel()
	return filestore.At(filepath.Dir(path), filestore.Options{}).Lock(now, filepath.Base(path))
}

// other starts a process that takes the lock, and returns its result.
func other(t *testing.T, path string) (said string, kill func()) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), pathEnv+"="+path)
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	lines.Scan()
	kill = func() {
		_ = in.Close()
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	}
	t.Cleanup(kill)
	return lines.Text(), kill
}

func TestOneProcessHasTheLock(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "lock")
	said, kill := other(t, path)
	if said != "<nil>" {
		t.Fatalf("the first: %s", said)
	}
	if _, err := tryLock(path); !errors.Is(err, filestore.ErrLocked) {
		t.Errorf("while another process has it: %v", err)
	}
	kill() // the operating system releases the lock
	l, err := tryLock(path)
	if err != nil {
		t.Fatalf("after the other has ended: %v", err)
	}
	if _, err := tryLock(path); !errors.Is(err, filestore.ErrLocked) {
		t.Errorf("while this process has it: %v", err)
	}
	if said, _ := other(t, path); said != filestore.ErrLocked.Error() {
		t.Errorf("the other: %s", said)
	}
	l.Unlock()
	l.Unlock()
	if said, _ := other(t, path); said != "<nil>" {
		t.Errorf("the other, after the lock was released: %s", said)
	}
}

func TestFileThatCannotBeLocked(t *testing.T) {
	t.Parallel()
	if _, err := tryLock(filepath.Join(t.TempDir(), "none", "lock")); err == nil || errors.Is(err, filestore.ErrLocked) {
		t.Errorf("got %v", err)
	}
}
