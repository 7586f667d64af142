package lockfile_test

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"roster/internal/lockfile"
)

// pathEnv names the file that the other process locks.
const pathEnv = "ROSTER_TEST_LOCK"

func TestMain(m *testing.M) {
	if path := os.Getenv(pathEnv); path != "" {
		_, err := lockfile.Take(path)
		fmt.Fprintln(os.Stdout, err)
		_, _ = io.Copy(io.Discard, os.Stdin)
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// other starts a process that takes the lock, and says how that went.
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
	if _, err := lockfile.Take(path); !errors.Is(err, lockfile.ErrTaken) {
		t.Errorf("while another process has it: %v", err)
	}
	kill() // the system ends the lock
	l, err := lockfile.Take(path)
	if err != nil {
		t.Fatalf("after the other has ended: %v", err)
	}
	if _, err := lockfile.Take(path); !errors.Is(err, lockfile.ErrTaken) {
		t.Errorf("while this process has it: %v", err)
	}
	if said, _ := other(t, path); said != lockfile.ErrTaken.Error() {
		t.Errorf("the other: %s", said)
	}
	if err := errors.Join(l.Release(), l.Release()); err != nil {
		t.Error(err)
	}
	if said, _ := other(t, path); said != "<nil>" {
		t.Errorf("the other, after the lock was given back: %s", said)
	}
}

func TestFileThatCannotBeLocked(t *testing.T) {
	t.Parallel()
	if _, err := lockfile.Take(filepath.Join(t.TempDir(), "none", "lock")); err == nil || errors.Is(err, lockfile.ErrTaken) {
		t.Errorf("got %v", err)
	}
}
