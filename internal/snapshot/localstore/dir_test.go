package localstore_test

import (
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"roster/connectors"
	"roster/internal/seal"
	"roster/internal/snapshot"
	"roster/internal/snapshot/localstore"
	"roster/internal/snapshot/snapshottest"
)

// keepIn runs a keeper on a directory, as a process after a restart would.
func keepIn(t *testing.T, dir, key string, src *snapshottest.Source) (*snapshot.Keeper, func()) {
	t.Helper()
	l, err := localstore.Open(dir, []byte(key))
	if err != nil {
		t.Fatal(err)
	}
	k, stop := snapshottest.Keep(t, l.Join(), nil, src.Open("f"))
	closed := sync.OnceFunc(func() { closeStore(t, l) })
	t.Cleanup(func() { stop(); closed() })
	return k, func() { stop(); closed() } // as the end of the process does
}

func closeStore(t *testing.T, l *localstore.Store) {
	t.Helper()
	if err := l.Close(); err != nil {
		t.Error(err)
	}
}

func TestRestartServesFromTheDirectory(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "made", "when missing")
	src := snapshottest.NewSource("a", "1", "2")
	k, stop := keepIn(t, dir, "", src)
	snapshottest.Settled(t, "fresh[1 2]", "a", k)
	snapshottest.Await(t, func() bool { return k.Statuses()[1].State == snapshot.Fresh }, "teams")
	readAt := k.Statuses()[0].SyncedAt
	stop()
	k, stop = keepIn(t, dir, "", src)
	snapshottest.Settled(t, "fresh[1 2]", "a", k)
	if got := k.Statuses()[0].SyncedAt; got.Sub(readAt).Abs() > time.Millisecond || src.Count(connectors.Accounts) != 1 {
		t.Errorf("read at %v and %v, %d times", readAt, got, src.Count(connectors.Accounts))
	}
	stop()
	files, err := os.ReadDir(dir)
	if err != nil || len(files) != 7 {
		t.Errorf("%d files, want three of each collection and the lock, %v", len(files), err)
	}
	for _, f := range files {
		info, err := f.Info()
		if err != nil || info.Mode().Perm() != 0o600 || f.Name() != "roster-cache.lock" && !info.ModTime().After(time.Now().Add(24*time.Hour)) {
			t.Errorf("%s: %v, to be kept until %v, %v", f.Name(), info.Mode(), info.ModTime(), err)
		}
	}
	if info, err := os.Stat(dir); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
}

func TestDamagedFilesAreReadAnew(t *testing.T) {
	t.Parallel()
	for _, ext := range []string{".manifest", ".parts"} {
		for name, spoil := range map[string]func(data []byte) []byte{
			"a bit":   func(d []byte) []byte { d[len(d)/2] ^= 4; return d },
			"cut off": func(d []byte) []byte { return d[:len(d)-5] },
			"empty":   func([]byte) []byte { return nil },
		} {
			t.Run(name+ext, func(t *testing.T) {
				t.Parallel()
				dir := t.TempDir()
				k, stop := keepIn(t, dir, "", snapshottest.NewSource("a", "1"))
				snapshottest.Settled(t, "fresh[1]", "a", k)
				stop()
				files, _ := filepath.Glob(filepath.Join(dir, "*accounts*"+ext))
				data, err := os.ReadFile(files[0])
				if err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(files[0], spoil(data), 0o600); err != nil {
					t.Fatal(err)
				}
				opt := func(o *snapshot.Options) {
					o.Settings = map[snapshot.Key]snapshot.Settings{snapshottest.Key("a", connectors.Accounts): {MinInterval: time.Millisecond}}
				}
				src := snapshottest.NewSource("a", "2")
				l, err := localstore.Open(dir, nil)
				if err != nil {
					t.Fatal(err)
				}
				k, stop = snapshottest.Keep(t, l.Join(), opt, src.Open("f"))
				snapshottest.Settled(t, "fresh[2]", "a", k)
				stop()
				closeStore(t, l)
				k, _ = keepIn(t, dir, "", snapshottest.NewSource("a", "3"))
				snapshottest.Settled(t, "fresh[2]", "a", k)
			})
		}
	}
}

func TestDirectoryIsSwept(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	old := time.Now().Add(-time.Minute)
	for name, goes := range map[string]bool{
		"crm-accounts-0123456789ab.v1.manifest": true, "crm-accounts-0123456789ab.v1.7.parts": true, "roster-1.partial": true,
		"mine.txt": false, "app.manifest": false, "movie.parts": false, "download.partial": false,
	} {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(path, old, old); err != nil {
			t.Fatal(err)
		}
		l, err := localstore.Open(dir, nil)
		if err != nil {
			t.Fatal(err)
		}
		closeStore(t, l)
		if _, err := os.Stat(path); os.IsNotExist(err) != goes {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Who comes second is refused, and leaves what the first has begun to write.
func TestDirectoryIsForOneProcess(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	l, err := localstore.Open(dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	begun := filepath.Join(dir, "roster-7.partial")
	if err := os.WriteFile(begun, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := localstore.Open(dir, nil); err == nil || !strings.Contains(err.Error(), "another process has the directory") {
		t.Errorf("the second: %v", err)
	}
	if _, err := os.Stat(begun); err != nil {
		t.Errorf("what the first has begun: %v", err)
	}
	closeStore(t, l)
	if l, err = localstore.Open(dir, nil); err != nil {
		t.Fatalf("after the first has ended: %v", err)
	}
	closeStore(t, l)
}

func TestDirectoryIsEncrypted(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	k, stop := keepIn(t, dir, strings.Repeat("k", seal.KeySize), snapshottest.NewSource("a", "1"))
	snapshottest.Settled(t, "fresh[1]", "a", k)
	stop()
	files, _ := filepath.Glob(filepath.Join(dir, "*"))
	for _, f := range files {
		if data, err := os.ReadFile(f); err != nil || strings.Contains(string(data), "Person") {
			t.Errorf("%s is in clear, or %v", f, err)
		}
	}
}

func TestDirectoryThatCannotBe(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "a file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := localstore.Open(filepath.Join(file, "below"), nil); err == nil || strings.Contains(err.Error(), file) {
		t.Errorf("got %v", err)
	}
	if _, err := localstore.Open(t.TempDir(), []byte("short")); err == nil {
		t.Error("took a short key")
	}
}

// A check beside a process that has the directory reads what is there.
func TestLookDirBesideAProcess(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "cache")
	if marks := localstore.Stat(dir, []snapshot.StoreKey{snapshottest.Item}); len(marks) != 1 || marks[0].Stamp != 0 {
		t.Errorf("where there is no directory: %+v", marks)
	}
	k, _ := keepIn(t, dir, "", snapshottest.NewSource("a", "1", "2"))
	snapshottest.Settled(t, "fresh[1 2]", "a", k)
	of := snapshot.StoreKey{Key: snapshottest.Key("a", connectors.Accounts), Fingerprint: "f"}
	snapshottest.Await(t, func() bool { // it is stored after it is served
		marks := localstore.Stat(dir, []snapshot.StoreKey{of})
		return marks[0].Count == 2 && marks[0].Complete
	}, "it sees what is stored")
}
