package filestore_test

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"roster/internal/filestore"
)

var steps = []string{"file half written", "file written", "file synced", "file in place", "directory synced"}

const (
	name       = "value"
	oldContent = "the old content"
	newContent = "the new content, which is longer"
)

// state is the contents of a directory, by file name.
type state map[string]string

func stateOf(t *testing.T, dir string) state {
	t.Helper()
	s := state{}
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		data, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		s[e.Name()] = string(data)
	}
	return s
}

// write creates a directory with this state. Its files are older than any temporary file of a running process.
func (s state) write(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for name, content := range s {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(path, time.Time{}, time.Now().Add(-2*time.Hour)); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// machineCrash returns the states in which a crash of the machine can leave a directory. Content that is not synced may be lost in whole or in part, and a
// rename may be lost until the directory is synced.
func machineCrash(before, now state, done []string) []state {
	kept := []state{now}
	if slices.Contains(done, "directory synced") {
		return kept
	}
	if !slices.Contains(done, "file synced") {
		for changed, content := range now {
			if content == before[changed] {
				continue
			}
			for _, rest := range []string{"", content[:len(content)/2]} {
				damaged := state{}
				for name, content := range now {
					damaged[name] = content
				}
				damaged[changed] = rest
				kept = append(kept, damaged)
			}
		}
	}
	return append(kept, before)
}

// If a process ends after any step of Put, the file has the old content or the new. The same holds for a crash of the machine if the directory is durable.
// After Put has returned, the file has the new content. After Open, the directory has no temporary file, and accepts values.
func TestCrashAfterEachStep(t *testing.T) {
	t.Parallel()
	for _, durable := range []bool{true, false} {
		for _, lockFile := range []string{"", "in-use"} {
			for what, old := range map[string]string{"first": "", "replaced": oldContent} {
				t.Run(fmt.Sprintf("durable %t, lock %q, %s", durable, lockFile, what), func(t *testing.T) {
					t.Parallel()
					opt := filestore.Options{For: "tests", Prefix: "test-", LockFile: lockFile, Durable: durable}
					crashAfterEachStep(t, opt, old)
				})
			}
		}
	}
}

func crashAfterEachStep(t *testing.T, opt filestore.Options, old string) {
	t.Helper()
	dir := t.TempDir()
	d := open(t, dir, opt)
	if old != "" {
		put(t, d, old)
	}
	before := stateOf(t, dir)
	var done []string
	check := func(after string, want ...string) {
		t.Helper()
		now := stateOf(t, dir)
		left := []state{now}
		if opt.Durable {
			left = machineCrash(before, now, done)
		}
		for _, s := range left {
			again := s.write(t)
			d := open(t, again, opt)
			data, err := d.Get(name)
			if err != nil || !slices.Contains(want, string(data)) {
				t.Errorf("a crash after %q that leaves %q: %q, %v; want one of %q", after, s, data, err, want)
			}
			for left := range stateOf(t, again) {
				if strings.HasPrefix(left, opt.Prefix) {
					t.Errorf("a crash after %q: %s stays", after, left)
				}
			}
			put(t, d, "taken again")
			if err := d.Close(); err != nil {
				t.Error(err)
			}
		}
	}
	d.Step = func(step string) error {
		done = append(done, step)
		check(step, old, newContent)
		return nil
	}
	put(t, d, newContent)
	check("Put", newContent)
	want := slices.Clone(steps)
	if !opt.Durable {
		want = slices.DeleteFunc(want, func(s string) bool { return strings.HasSuffix(s, "synced") })
	}
	if !slices.Equal(done, want) {
		t.Errorf("steps %q, want %q", done, want)
	}
}

// If a step fails, the file has the old content, and there is no temporary file. After a failure behind the rename, it has the new content.
func TestFailureAtEachStep(t *testing.T) {
	t.Parallel()
	for _, failing := range steps {
		t.Run(failing, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			d := open(t, dir, filestore.Options{For: "tests", Prefix: "test-", Durable: true})
			put(t, d, oldContent)
			fault := errors.New("no room")
			d.Step = func(step string) error {
				if step == failing {
					return &fs.PathError{Op: "write", Path: dir, Err: fault}
				}
				return nil
			}
			err := d.Put(name, []byte(newContent), time.Time{})
			if !errors.Is(err, fault) || strings.Contains(err.Error(), dir) || !strings.Contains(err.Error(), "the directory for tests cannot be written to (no room)") {
				t.Errorf("got %v", err)
			}
			want := oldContent
			if failing == "directory synced" || failing == "file in place" {
				want = newContent
			}
			if got := stateOf(t, dir); len(got) != 1 || got[name] != want {
				t.Errorf("left %q, want %q only", got, want)
			}
		})
	}
}

func open(t *testing.T, dir string, opt filestore.Options) *filestore.Dir {
	t.Helper()
	d, err := filestore.Open(dir, opt)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = d.Close() })
	return d
}

func put(t *testing.T, d *filestore.Dir, content string) {
	t.Helper()
	if err := d.Put(name, []byte(content), time.Time{}); err != nil {
		t.Fatal(err)
	}
}
