package writes_test

import (
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"testing/synctest"

	"roster/internal/writes"
)

// The disk is really full: half of a file may be written before the error.
func TestDirOnAFullDisk(t *testing.T) {
	t.Parallel()
	path := t.TempDir()
	if err := syscall.Mount("tmpfs", path, "tmpfs", 0, "size=64k"); err != nil {
		t.Skipf("a small disk cannot be had: %v", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(path, 0); err != nil {
			t.Error(err)
		}
	})
	d, err := writes.OpenDir(path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = d.Close() }()
	synctest.Test(t, func(t *testing.T) {
		v := newVendor()
		w, stop := newWorld(t, v, d, nil)
		defer stop()
		key, other := "k", "l"
		first := w.do("createTeam", writes.Request{Key: &key})
		filler := filepath.Join(path, "filler")
		if err := os.WriteFile(filler, make([]byte, 64<<10), 0o600); !errors.Is(err, syscall.ENOSPC) {
			t.Fatalf("the disk is not full: %v", err)
		}
		for name, key := range map[string]*string{"with a key": &other, "without": nil} {
			res, err := w.writer.CreateTeam(t.Context(), writes.Request{Source: "ws", Key: key}, writes.CreateTeam{Name: "Other"})
			if !errors.Is(err, writes.ErrUnavailable) || v.calls() != 1 {
				t.Errorf("%s: %+v, %v after %d calls", name, res, err, v.calls())
			}
		}
		if again := w.do("createTeam", writes.Request{Key: &key}); again.Outcome != writes.Done || *again.Ref != *first.Ref {
			t.Errorf("an answered key gives %+v", again)
		}
		if err := os.Remove(filler); err != nil {
			t.Fatal(err)
		}
		if res, err := w.writer.CreateTeam(t.Context(), writes.Request{Source: "ws", Key: &other}, writes.CreateTeam{Name: "Other"}); err != nil || res.Outcome != writes.Done {
			t.Errorf("with room again: %+v, %v", res, err)
		}
	})
}
