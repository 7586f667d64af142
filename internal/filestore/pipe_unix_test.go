//go:build unix

package filestore_test

import (
	"context"
	"errors"
	"path/filepath"
	"syscall"
	"testing"

	"roster/internal/filestore"
)

// A pipe is never opened, because opening a pipe without a writer blocks for ever.
func TestPipes(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for _, name := range []string{"pipe", "in-use", "test-1.partial"} {
		if err := syscall.Mkfifo(filepath.Join(dir, name), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := filestore.Open(dir, testOptions); !errors.Is(err, filestore.ErrNotRegular) {
		t.Errorf("a pipe for a lock: %v", err)
	}
	d := open(t, dir, filestore.Options{For: "tests", Prefix: "test-"})
	if _, err := d.Get("pipe"); !errors.Is(err, filestore.ErrNotRegular) {
		t.Errorf("read: %v", err)
	}
	if _, err := d.Lock(context.Background(), "pipe"); !errors.Is(err, filestore.ErrNotRegular) {
		t.Errorf("locked: %v", err)
	}
	put(t, d, "content")
	if files := d.Files(); len(files) != 1 || files[0].Name() != name {
		t.Errorf("listed: %v", files)
	}
}
