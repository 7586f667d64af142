//go:build unix

package writes_test

import (
	"path/filepath"
	"syscall"
	"testing"

	"roster/internal/writes"
)

// A pipe without a writer in the directory is skipped: opening it would block for ever.
func TestAPipeInTheDirectoryIsPassedOver(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := syscall.Mkfifo(filepath.Join(dir, "pipe.json"), 0o600); err != nil {
		t.Fatal(err)
	}
	d, err := writes.OpenDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	if err := d.Close(); err != nil {
		t.Error(err)
	}
}
