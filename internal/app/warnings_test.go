package app

import (
	"bytes"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"roster/internal/config"
)

func TestWarnings(t *testing.T) {
	t.Parallel()
	dir := func(mode os.FileMode) string {
		path := filepath.Join(t.TempDir(), "data")
		if err := os.Mkdir(path, 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
		return path
	}
	secrets := func(modes ...os.FileMode) (files []config.SecretFile) {
		for i, mode := range modes {
			path := filepath.Join(t.TempDir(), "secret")
			if err := os.WriteFile(path, []byte("canary"), 0o600); err != nil {
				t.Fatal(err)
			}
			if err := os.Chmod(path, mode); err != nil {
				t.Fatal(err)
			}
			files = append(files, config.SecretFile{Setting: "setting" + string(rune('A'+i)), Path: path})
		}
		return files
	}
	for name, tt := range map[string]struct {
		set  func(*config.Config)
		want string // part of the single line; empty for none
	}{
		"nothing":              {func(*config.Config) {}, ""},
		"profiles on loopback": {func(c *config.Config) { c.Admin = config.Admin{Listen: "127.0.0.1:9090", Pprof: true} }, ""},
		"metrics beyond it":    {func(c *config.Config) { c.Admin = config.Admin{Listen: "0.0.0.0:9090"} }, ""},
		"profiles beyond it":   {func(c *config.Config) { c.Admin = config.Admin{Listen: "0.0.0.0:9090", Pprof: true} }, "admin.pprof"},
		"the owner's directories": {func(c *config.Config) {
			c.CacheDir, c.CredentialsDir, c.Writes.Dir = dir(0o700), dir(0o700), dir(0o700)
		}, ""},
		"the owner's secrets":                {func(c *config.Config) { c.SecretFiles = secrets(0o600, 0o400, 0o640) }, ""},
		"secrets that everybody may read":    {func(c *config.Config) { c.SecretFiles = secrets(0o600, 0o644, 0o604) }, `settings="[settingB settingC]"`},
		"a secret that is gone":              {func(c *config.Config) { c.SecretFiles = []config.SecretFile{{Setting: "a", Path: "nowhere"}} }, ""},
		"others may pass through":            {func(c *config.Config) { c.CacheDir = dir(0o711) }, ""},
		"a cache that its group may read":    {func(c *config.Config) { c.CacheDir = dir(0o750) }, "setting=cache_dir"},
		"tokens that everybody may read":     {func(c *config.Config) { c.CredentialsDir = dir(0o704) }, "setting=credentials_dir"},
		"writes that everybody may read":     {func(c *config.Config) { c.Writes.Dir = dir(0o755) }, "setting=writes.dir"},
		"edits that everybody may read":      {func(c *config.Config) { c.Identity.Dir = dir(0o755) }, "setting=identity.dir"},
		"public answers that are recorded":   {func(c *config.Config) { c.Cache.Public, c.Access.Log = true, "access.log" }, "cache.public"},
		"a graph beyond it, without anybody": {func(c *config.Config) { c.Listen = "0.0.0.0:8080" }, "no authentication is configured"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cfg := &config.Config{Listen: "127.0.0.1:8080"}
			tt.set(cfg)
			var log bytes.Buffer
			warn(cfg, slog.New(slog.NewTextHandler(&log, nil)))
			if lines := strings.Count(log.String(), "\n"); lines > 1 || strings.Contains(log.String(), "canary") || (lines == 1) != (tt.want != "") || !strings.Contains(log.String(), tt.want) {
				t.Errorf("the log says %q, want %q", log.String(), tt.want)
			}
		})
	}
}
