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

// A directory that is created belongs to its owner only. An existing directory keeps its permissions, and the log warns if others may write to it. One
// ledger holds the directory at a time.
func TestWritesInADirectory(t *testing.T) {
	t.Parallel()
	shared := t.TempDir()
	if err := os.Chmod(shared, 0o770); err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct {
		path string
		mode os.FileMode
		said bool
	}{
		"made": {filepath.Join(t.TempDir(), "writes"), 0o700, false}, "a group's": {shared, 0o770, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var log bytes.Buffer
			cfg := &config.Config{Writes: config.Writes{Dir: tt.path}}
			_, follow, err := openLedger(nil, cfg, slog.New(slog.NewTextHandler(&log, nil)))
			if err != nil {
				t.Fatal(err)
			}
			if info, err := os.Stat(tt.path); err != nil || info.Mode().Perm() != tt.mode {
				t.Errorf("%v, %v, want %v", info.Mode(), err, tt.mode)
			}
			if said := strings.Contains(log.String(), "users other than the owner may write to writes.dir"); said != tt.said {
				t.Errorf("the log says %q", log.String())
			}
			if _, _, err := openLedger(nil, cfg, slog.New(slog.DiscardHandler)); err == nil || !strings.HasPrefix(err.Error(), "writes.dir: another process has the directory") {
				t.Errorf("the second: %v", err)
			}
			ctx, end := context.WithCancel(t.Context())
			end()
			follow(ctx)
			_, follow, err = openLedger(nil, cfg, slog.New(slog.DiscardHandler))
			if err != nil {
				t.Fatalf("after the first: %v", err)
			}
			follow(ctx)
		})
	}
}
