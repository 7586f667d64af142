package app

import (
	"bytes"
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"roster/internal/config"
)

// opener opens what is kept in a directory, and returns what closes it.
type opener func(t *testing.T, path string, logger *slog.Logger) (closing func(), err error)

func openWritesIn(_ *testing.T, path string, logger *slog.Logger) (func(), error) {
	_, follow, err := openLedger(nil, &config.Config{Writes: config.Writes{Dir: path}}, logger)
	return ended(follow), err
}

func openEditsIn(t *testing.T, path string, logger *slog.Logger) (func(), error) {
	_, follow, err := openEdits(t.Context(), nil, &config.Config{Identity: config.Identity{Dir: path}}, logger)
	return ended(follow), err
}

// ended returns what runs follow with a context that is over, so that it only closes.
func ended(follow func(context.Context)) func() {
	return func() {
		ctx, end := context.WithCancel(context.Background())
		end()
		follow(ctx)
	}
}

// A directory that is created belongs to its owner only. An existing directory keeps its permissions, and the log warns if others may write to it. One
// process holds the directory at a time.
func TestDirectoriesOfStores(t *testing.T) {
	t.Parallel()
	for setting, open := range map[string]opener{"writes.dir": openWritesIn, "identity.dir": openEditsIn} {
		shared := t.TempDir()
		if err := os.Chmod(shared, 0o770); err != nil {
			t.Fatal(err)
		}
		for name, tt := range map[string]struct {
			path string
			mode os.FileMode
			said bool
		}{
			"made": {filepath.Join(t.TempDir(), "made"), 0o700, false}, "a group's": {shared, 0o770, true},
		} {
			t.Run(setting+" "+name, func(t *testing.T) {
				t.Parallel()
				var log bytes.Buffer
				closing, err := open(t, tt.path, slog.New(slog.NewTextHandler(&log, nil)))
				if err != nil {
					t.Fatal(err)
				}
				if info, err := os.Stat(tt.path); err != nil || info.Mode().Perm() != tt.mode {
					t.Errorf("%v, %v, want %v", info.Mode(), err, tt.mode)
				}
				if said := strings.Contains(log.String(), "users other than the owner may write to "+setting); said != tt.said {
					t.Errorf("the log says %q", log.String())
				}
				if _, err := open(t, tt.path, slog.New(slog.DiscardHandler)); err == nil || !strings.HasPrefix(err.Error(), setting+": another process has the directory") {
					t.Errorf("the second: %v", err)
				}
				closing()
				closing, err = open(t, tt.path, slog.New(slog.DiscardHandler))
				if err != nil {
					t.Fatalf("after the first: %v", err)
				}
				closing()
			})
		}
	}
}

// Edits that cannot be read stop the start, because without them people would be shown under other IDs.
func TestDamagedEdits(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "identity-edits.json"), []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := openEditsIn(t, dir, slog.New(slog.DiscardHandler)); err == nil || !strings.HasPrefix(err.Error(), "identity.dir: the stored identity edits cannot be read") {
		t.Error(err)
	}
}
