package app

import (
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"roster/connectors"
	"roster/internal/config"
	"roster/internal/redis/redistest"
	"roster/internal/seal"
)

// renewed are settings with a credential that is renewed.
type renewed struct{}

func (renewed) Renewed() *connectors.OAuth { return &connectors.OAuth{} }

func TestTokens(t *testing.T) {
	t.Parallel()
	key := connectors.Secret(strings.Repeat("k", seal.KeySize))
	redisAt := func(address string) *config.Redis {
		return &config.Redis{URL: "redis://" + address, EncryptionKey: key, DialTimeout: 5 * time.Second, ReadTimeout: 5 * time.Second, WriteTimeout: 5 * time.Second}
	}
	renewing := []config.Source{{Config: connectors.Config{Settings: renewed{}}}}
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	fleeting := redistest.Start(t)
	tests := map[string]struct {
		cfg    config.Config
		keeper bool
		fault  string
	}{
		"no place":                      {},
		"a directory":                   {cfg: config.Config{CredentialsDir: filepath.Join(t.TempDir(), "new"), Sources: renewing}, keeper: true},
		"a directory beside Redis":      {cfg: config.Config{CredentialsDir: t.TempDir(), Redis: redisAt(fleeting.Addr), Sources: renewing}, keeper: true},
		"no directory":                  {cfg: config.Config{CredentialsDir: file}, fault: "credentials_dir: the directory for tokens cannot be made"},
		"Redis without a key":           {cfg: config.Config{Redis: &config.Redis{URL: "redis://" + fleeting.Addr}}},
		"a Redis that forgets":          {cfg: config.Config{Redis: redisAt(fleeting.Addr), Sources: renewing}, fault: "redis is not durable"},
		"one that nobody needs for it":  {cfg: config.Config{Redis: redisAt(fleeting.Addr)}, keeper: true},
		"a Redis that is away":          {cfg: config.Config{Redis: redisAt("127.0.0.1:1"), Sources: renewing}, keeper: true},
		"a Redis that forgets no token": {cfg: config.Config{Redis: redisAt(redistest.Start(t, "--appendonly", "yes").Addr), Sources: renewing}, keeper: true},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			keeper, end, err := openTokens(t.Context(), &tt.cfg, slog.New(slog.DiscardHandler))
			if tt.fault != "" {
				if err == nil || !strings.Contains(err.Error(), tt.fault) {
					t.Errorf("got %v, want %s", err, tt.fault)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			defer end()
			if (keeper != nil) != tt.keeper {
				t.Errorf("somebody keeps tokens: %v, want %v", keeper != nil, tt.keeper)
			}
		})
	}
}
