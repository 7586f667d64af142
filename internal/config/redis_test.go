package config

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestRedis(t *testing.T) {
	t.Parallel()
	c, err := Open("testdata/good/redis.yaml", testEnv).Load()
	if err != nil {
		t.Fatal(err)
	}
	got := *c.Redis
	if got.TLS == nil || got.TLS.ServerName != "redis.example.com" {
		t.Errorf("TLS: got %+v", got.TLS)
	}
	got.TLS = nil
	key := make([]byte, 32)
	for i := range key {
		key[i] = byte(i)
	}
	want := Redis{
		Addrs: []string{"sentinel-1.example.com:26379", "sentinel-2.example.com:26379"}, MasterName: "people",
		Username: "roster", Password: "env-canary-51", SentinelUsername: "watcher", SentinelPassword: "file-canary-3f9a",
		Prefix: "acme:", EncryptionKey: got.EncryptionKey, PoolSize: 20,
		DialTimeout: 500 * time.Millisecond, ReadTimeout: 2 * time.Second, WriteTimeout: 4 * time.Second,
	}
	if diff := cmp.Diff(want, got); diff != "" || got.EncryptionKey.Reveal() != string(key) {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestRedisDefaults(t *testing.T) {
	t.Parallel()
	c, err := load([]byte("redis: {url: 'redis://10.0.0.1'}\nsources:\n- {name: crm, kind: kommo, url: 'https://a.kommo.com', access_token: x}\n"),
		testEnv, nil)
	if err != nil {
		t.Fatal(err)
	}
	want := &Redis{URL: "redis://10.0.0.1", Prefix: "roster:", DialTimeout: time.Second, ReadTimeout: 3 * time.Second, WriteTimeout: 3 * time.Second}
	if diff := cmp.Diff(want, c.Redis); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestCacheDirIsBesideTheFile(t *testing.T) {
	t.Parallel()
	c, err := Open("testdata/good/cache_dir.yaml", testEnv).Load()
	if err != nil || c.CacheDir != filepath.Join("testdata", "good", "kept", "here") || c.Redis != nil {
		t.Errorf("got %+v, %v", c, err)
	}
}
