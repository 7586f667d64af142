package writes_test

import (
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"roster/internal/filestore"
	"roster/internal/writes"
)

func TestStores(t *testing.T) {
	t.Parallel()
	for name, open := range map[string]func(*testing.T) writes.Store{
		"memory": func(*testing.T) writes.Store { return new(writes.Memory) },
		"dir": func(t *testing.T) writes.Store {
			d, err := writes.OpenDir(filepath.Join(t.TempDir(), "deep", "down"))
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = d.Close() })
			return d
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t // its temporary directory is created outside the bubble
			store := open(dir)
			synctest.Test(t, func(t *testing.T) { checkContract(t, store) })
		})
	}
}

// checkContract checks the contract of a store.
func checkContract(t *testing.T, s writes.Store) {
	t.Helper()
	for _, name := range []string{"a", writes.LockPrefix + "a"} {
		put := func(was writes.Held, value string, life time.Duration) (writes.Held, bool) {
			t.Helper()
			var b []byte
			if value != "" {
				b = []byte(value)
			}
			now, ok, err := s.Put(t.Context(), name, was, b, life)
			if err != nil {
				t.Fatal(err)
			}
			return now, ok
		}
		get := func() string {
			t.Helper()
			h, err := s.Get(t.Context(), name)
			if err != nil {
				t.Fatal(err)
			}
			return string(h.Value)
		}
		first, ok := put(writes.Held{}, "one", time.Minute)
		if !ok || get() != "one" {
			t.Errorf("%s: put: %t, %q", name, ok, get())
		}
		if now, ok := put(writes.Held{}, "two", time.Minute); ok || string(now.Value) != "one" || get() != "one" {
			t.Errorf("%s: put by one who has not seen what is there: %t, %q", name, ok, now.Value)
		}
		second, ok := put(first, "two", time.Minute)
		if !ok || get() != "two" {
			t.Errorf("%s: replaced: %t, %q", name, ok, get())
		}
		if _, ok := put(first, "", 0); ok || get() != "two" {
			t.Errorf("%s: removed by one who has seen what was before", name)
		}
		if _, ok := put(second, "", 0); !ok || get() != "" {
			t.Errorf("%s: not removed", name)
		}
		put(writes.Held{}, "three", time.Minute)
		time.Sleep(time.Minute)
		if got := get(); got != "" {
			t.Errorf("%s: %q has outlived its life", name, got)
		}
		var won atomic.Int32
		var racing sync.WaitGroup
		for range 8 {
			racing.Go(func() {
				if _, ok, err := s.Put(t.Context(), name, writes.Held{}, []byte("x"), time.Hour); ok && err == nil {
					won.Add(1)
				}
			})
		}
		if racing.Wait(); won.Load() != 1 {
			t.Errorf("%s: %d have put it, want one", name, won.Load())
		}
	}
}

// Values in a directory outlive the process, except locks. Half of a file counts as none.
func TestDirAfterARestart(t *testing.T) {
	t.Parallel()
	path := t.TempDir()
	open := func() *writes.Dir {
		d, err := writes.OpenDir(path)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = d.Close() })
		return d
	}
	d := open()
	for _, name := range []string{"a", "b", writes.LockPrefix + "a"} {
		if _, ok, err := d.Put(t.Context(), name, writes.Held{}, []byte("kept"), time.Hour); !ok || err != nil {
			t.Fatal(ok, err)
		}
	}
	files, err := filepath.Glob(filepath.Join(path, "*.json"))
	if err != nil || len(files) != 2 {
		t.Fatalf("%v, %v", files, err)
	}
	if info, err := os.Stat(files[0]); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v: others may read it", info.Mode(), err)
	}
	if err := d.Close(); err != nil { // as the end of a process does
		t.Fatal(err)
	}
	after := open()
	kept := func() (n int) {
		for _, name := range []string{"a", "b"} {
			if h, err := after.Get(t.Context(), name); err == nil && string(h.Value) == "kept" {
				n++
			}
		}
		return n
	}
	if kept() != 2 {
		t.Errorf("%d of 2 are there", kept())
	}
	if h, err := after.Get(t.Context(), writes.LockPrefix+"a"); err != nil || h.Value != nil {
		t.Errorf("the lock is there: %q, %v", h.Value, err)
	}
	if err := os.Truncate(files[0], 10); err != nil {
		t.Fatal(err)
	}
	if kept() != 1 {
		t.Errorf("%d are there, want the one that is whole", kept())
	}
}

// A directory has one process: a second one is refused until the first has ended.
func TestDirIsForOneProcess(t *testing.T) {
	t.Parallel()
	path := t.TempDir()
	first, err := writes.OpenDir(path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := writes.OpenDir(path); err == nil || !strings.Contains(err.Error(), "another process") {
		t.Errorf("the second: %v", err)
	}
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	after, err := writes.OpenDir(path)
	if err != nil {
		t.Fatalf("after the first has ended: %v", err)
	}
	defer func() { _ = after.Close() }()
	if filestore.AllowsOthers(path, 0o022) {
		t.Error("a directory of its owner is said to be others' too")
	}
	if err := os.Chmod(path, 0o770); err != nil {
		t.Fatal(err)
	}
	if !filestore.AllowsOthers(path, 0o022) {
		t.Error("a directory that a group may write to is not said to be")
	}
}
