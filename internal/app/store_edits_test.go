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
// process holds the directory at a time. Edits that cannot be read stop the start, because without them people would be shown under other IDs.
func TestEditsInADirectory(t *testing.T) {
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
		"made": {filepath.Join(t.TempDir(), "identity"), 0o700, false}, "a group's": {shared, 0o770, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var log bytes.Buffer
			cfg := &config.Config{Identity: config.Identity{Dir: tt.path}}
			open := func() (func(context.Context), error) {
				_, follow, err := openEdits(t.Context(), nil, cfg, slog.New(slog.NewTextHandler(&log, nil)))
				return follow, err
			}
			follow, err := open()
			if err != nil {
				t.Fatal(err)
			}
			if info, err := os.Stat(tt.path); err != nil || info.Mode().Perm() != tt.mode {
				t.Errorf("%v, %v, want %v", info.Mode(), err, tt.mode)
			}
			if said := strings.Contains(log.String(), "users other than the owner may write to identity.dir"); said != tt.said {
				t.Errorf("the log says %q", log.String())
			}
			if _, err := open(); err == nil || !strings.HasPrefix(err.Error(), "identity.dir: another process has the directory") {
				t.Errorf("the second: %v", err)
			}
			ctx, end := context.WithCancel(t.Context())
			end()
			follow(ctx)
			if follow, err = open(); err != nil {
				t.Fatalf("after the first: %v", err)
			}
			follow(ctx)
			if err := os.WriteFile(filepath.Join(tt.path, "identity-edits.json"), []byte("{"), 0o600); err != nil {
				t.Fatal(err)
			}
			if _, err := open(); err == nil || !strings.HasPrefix(err.Error(), "identity.dir: the stored identity edits cannot be read") {
				t.Errorf("damaged: %v", err)
			}
		})
	}
}
