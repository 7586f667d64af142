package app

import (
	"context"
	"log/slog"
	"reflect"
	"strings"
	"sync"
	"testing"

	"roster/internal/config"
	"roster/internal/redis/redistest"
	"roster/internal/snapshot"
)

// A store that is lost on the way, for example where the stores are decorated, stops the start. It never becomes limits, locks or data of this process
// alone.
func TestMissingStore(t *testing.T) {
	t.Parallel()
	cfg := &config.Config{Redis: &config.Redis{URL: "redis://" + redistest.Start(t).Addr}}
	whole, run, err := openShared(cfg, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() { run(ctx) })
	defer running.Wait()
	defer cancel()
	host := func(cfg *config.Config, s Stores) error {
		_, err := NewHost(cfg, Options{Stores: s, Logger: slog.New(slog.DiscardHandler),
			Stopping: func() bool { return false }}, func() {})
		return err
	}
	if err := host(cfg, whole); err != nil {
		t.Fatalf("with all stores: %v", err)
	}
	if err := host(&config.Config{}, Stores{}); err != nil {
		t.Errorf("in memory only: %v", err)
	}
	if err := host(cfg, Stores{}); err == nil || !strings.Contains(err.Error(), "redis") {
		t.Errorf("in memory only, where Redis is configured: %v", err)
	}
	members := reflect.TypeFor[Stores]()
	for i := range members.NumField() {
		name := members.Field(i).Name
		if name == "Kind" {
			continue
		}
		lacking := whole
		reflect.ValueOf(&lacking).Elem().Field(i).SetZero()
		if err := host(cfg, lacking); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("without %s: %v", name, err)
		}
	}
	if err := host(&config.Config{CacheDir: t.TempDir()}, Stores{Kind: snapshot.TierDirectory}); err == nil || !strings.Contains(err.Error(), "Snapshots") {
		t.Errorf("a directory without snapshots: %v", err)
	}
}
