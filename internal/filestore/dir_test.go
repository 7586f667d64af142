package filestore_test

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"roster/internal/filestore"
)

var testOptions = filestore.Options{For: "tests", Prefix: "test-", LockFile: "in-use"}

func TestModes(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "made", "when missing")
	d := open(t, dir, testOptions)
	put(t, d, "content")
	until := time.Now().Add(time.Hour).Truncate(time.Second)
	if err := d.Put("dated", nil, until); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]fs.FileMode{".": 0o700, name: 0o600, "dated": 0o600, "in-use": 0o600} {
		if info, err := os.Stat(filepath.Join(dir, name)); err != nil || info.Mode().Perm() != want {
			t.Errorf("%s: %v, %v; want %v", name, info.Mode(), err, want)
		}
	}
	info, err := os.Stat(filepath.Join(dir, "dated"))
	if err != nil || !info.ModTime().Equal(until) {
		t.Errorf("modified at %v, %v; want %v", info.ModTime(), err, until)
	}
	for mode, read := range map[fs.FileMode]bool{0o700: false, 0o711: false, 0o750: true, 0o704: true} {
		if err := os.Chmod(dir, mode); err != nil {
			t.Fatal(err)
		}
		if got := filestore.AllowsOthers(dir, 0o044); got != read {
			t.Errorf("%v: others may read it: %t", mode, got)
		}
	}
	if err := os.Chmod(filepath.Join(dir, name), 0o644); err != nil {
		t.Fatal(err)
	}
	if data, err := d.Get(name); err != nil || string(data) != "content" {
		t.Errorf("a file that others may read: %q, %v", data, err)
	}
	if info, err := os.Stat(filepath.Join(dir, name)); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("it stays so: %v, %v", info.Mode(), err)
	}
}

// A name cannot lead out of the directory or into another one, and only regular files are opened.
func TestNames(t *testing.T) {
	t.Parallel()
	outside := t.TempDir()
	dir := filepath.Join(outside, "dir")
	d := open(t, dir, testOptions)
	if err := os.Mkdir(filepath.Join(dir, "sub"), 0o700); err != nil {
		t.Fatal(err)
	}
	secret := filepath.Join(outside, "secret")
	if err := os.WriteFile(secret, []byte("secret"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(secret, filepath.Join(dir, "link")); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("in-use", filepath.Join(dir, "inner link")); err != nil {
		t.Fatal(err)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	for _, name := range []string{"../secret", "sub/file", "..", "", secret, "sub", "link", "inner link"} {
		if data, err := d.Get(name); err == nil || data != nil || strings.Contains(err.Error(), outside) {
			t.Errorf("%q: read %q, %v", name, data, err)
		}
		if _, err := d.Lock(ended, name); err == nil || errors.Is(err, filestore.ErrLocked) {
			t.Errorf("%q: locked", name)
		}
		if err := d.Put(name, []byte("x"), time.Time{}); (err == nil) != strings.HasSuffix(name, "link") { // a link is replaced by the file
			t.Errorf("%q: written: %v", name, err)
		}
	}
	put(t, d, "content")
	if data, err := os.ReadFile(secret); err != nil || string(data) != "secret" {
		t.Errorf("the file outside: %q, %v", data, err)
	}
	var names []string
	for _, f := range d.Files() {
		names = append(names, f.Name())
	}
	if slices.Sort(names); !slices.Equal(names, []string{"in-use", "inner link", "link", "value"}) {
		t.Errorf("files %q", names)
	}
}

// Open removes the temporary files of a crash and expired files, and nothing else. In a shared directory, young temporary files stay.
func TestSweep(t *testing.T) {
	t.Parallel()
	for what, lock := range map[string]string{"alone": "in-use", "shared": ""} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			for name, age := range map[string]time.Duration{
				"test-young.partial": time.Minute, "test-old.partial": 2 * time.Hour, "other-old.partial": 2 * time.Hour,
				"test-old": 2 * time.Hour, "young.value": time.Minute, "old.value": 2 * time.Hour,
			} {
				path := filepath.Join(dir, name)
				if err := os.WriteFile(path, nil, 0o600); err != nil {
					t.Fatal(err)
				}
				if err := os.Chtimes(path, time.Time{}, time.Now().Add(-age)); err != nil {
					t.Fatal(err)
				}
			}
			open(t, dir, filestore.Options{For: "tests", Prefix: "test-", LockFile: lock, Expired: func(f fs.FileInfo) bool {
				return strings.HasSuffix(f.Name(), ".value") && time.Since(f.ModTime()) > time.Hour
			}})
			var got []string
			for name := range stateOf(t, dir) {
				if name != "in-use" {
					got = append(got, name)
				}
			}
			want := []string{"other-old.partial", "test-old", "young.value"}
			if lock == "" {
				want = []string{"other-old.partial", "test-old", "test-young.partial", "young.value"}
			}
			if slices.Sort(got); !slices.Equal(got, want) {
				t.Errorf("left %q, want %q", got, want)
			}
		})
	}
}

// A locked directory rejects a second process, can still be read with At, and accepts nothing after it is closed.
func TestOneProcessAtATime(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	first := open(t, dir, testOptions)
	put(t, first, "content")
	begun := filepath.Join(dir, "test-begun.partial")
	if err := os.WriteFile(begun, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := filestore.Open(dir, testOptions); err == nil || !strings.Contains(err.Error(), "another process has the directory; each needs its own") {
		t.Errorf("the second: %v", err)
	}
	if _, err := os.Stat(begun); err != nil {
		t.Errorf("what the first has begun: %v", err)
	}
	if data, err := filestore.At(dir, testOptions).Get(name); err != nil || string(data) != "content" {
		t.Errorf("looked at: %q, %v", data, err)
	}
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	if err := first.Put(name, nil, time.Time{}); err == nil {
		t.Error("a closed directory accepts a value")
	}
	open(t, dir, testOptions)
}

// A locked directory that is moved stays the same; a shared one is found by its path.
func TestMovedDirectory(t *testing.T) {
	t.Parallel()
	for _, lock := range []string{"in-use", ""} {
		parent := t.TempDir()
		path, away := filepath.Join(parent, "dir"), filepath.Join(parent, "away")
		d := open(t, path, filestore.Options{For: "tests", Prefix: "test-", LockFile: lock})
		if err := os.Rename(path, away); err != nil {
			t.Fatal(err)
		}
		if err := os.Mkdir(path, 0o700); err != nil {
			t.Fatal(err)
		}
		put(t, d, "content")
		written := path
		if lock != "" {
			written = away
		}
		if stateOf(t, written)[name] != "content" {
			t.Errorf("with the lock %q it is not in %s", lock, filepath.Base(written))
		}
	}
}

// The error for an unusable directory is one line that says what is wrong and what to do, without the path.
func TestUnusableDirectories(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "a file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	locked := t.TempDir()
	if err := os.Mkdir(filepath.Join(locked, "in-use"), 0o700); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{
		filepath.Join(file, "below"): "the directory for tests cannot be made (not a directory): it must be one that this user can write to",
		file:                         "the directory for tests cannot be made (not a directory)",
		locked:                       "the directory for tests cannot be locked (not a regular file)",
	} {
		_, err := filestore.Open(path, testOptions)
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), path) || strings.Contains(err.Error(), "\n") {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}

// A directory has the same content as a map after the same calls, even if it is closed and opened between them.
func TestLikeAMap(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		dir := t.TempDir()
		d := open(t, dir, testOptions)
		want := map[string]string{}
		names := rapid.SampledFrom([]string{"a", "b", "test-c", "d.partial", "ü"})
		rt.Repeat(map[string]func(*rapid.T){
			"put": func(rt *rapid.T) {
				name, data := names.Draw(rt, "name"), rapid.SliceOfN(rapid.Byte(), 0, 100).Draw(rt, "data")
				if err := d.Put(name, data, time.Time{}); err != nil {
					rt.Fatal(err)
				}
				want[name] = string(data)
			},
			"remove": func(rt *rapid.T) {
				name := names.Draw(rt, "name")
				if err := d.Remove(name); err != nil {
					rt.Fatal(err)
				}
				delete(want, name)
			},
			"open again": func(rt *rapid.T) {
				if err := d.Close(); err != nil {
					rt.Fatal(err)
				}
				d = open(t, dir, testOptions)
			},
			"": func(rt *rapid.T) {
				for _, name := range []string{"a", "b", "test-c", "d.partial", "ü"} {
					data, err := d.Get(name)
					content, there := want[name]
					if err != nil || string(data) != content || (data != nil) != there {
						rt.Fatalf("%s: %q, %v; want %q, %t", name, data, err, content, there)
					}
				}
			},
		})
		if err := d.Close(); err != nil {
			rt.Fatal(err)
		}
	})
}
