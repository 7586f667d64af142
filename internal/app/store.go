package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"reflect"
	"strings"
	"sync"

	"roster/connectors/limit"
	"roster/internal/admission"
	"roster/internal/changes"
	"roster/internal/config"
	"roster/internal/edits"
	"roster/internal/persisted"
	"roster/internal/presence"
	"roster/internal/redis"
	"roster/internal/redis/budgets"
	"roster/internal/redis/callers"
	redischanges "roster/internal/redis/changes"
	"roster/internal/redis/documents"
	redisedits "roster/internal/redis/edits"
	redispresence "roster/internal/redis/presence"
	"roster/internal/redis/snapshots"
	rediswebhooks "roster/internal/redis/webhooks"
	rediswrites "roster/internal/redis/writes"
	"roster/internal/snapshot"
	"roster/internal/snapshot/localstore"
	"roster/internal/telemetry"
	"roster/internal/webhook"
	"roster/internal/writes"
)

// Stores are the stores outside of the process, one member for each consumer.
type Stores struct {
	// Kind is where snapshots are kept in addition to the memory. If it is TierMemory, this process has no other members and shares nothing.
	Kind snapshot.TierKind
	// Snapshots keeps snapshots, and decides which replica fetches.
	Snapshots snapshot.SharedStore
	// The other members are set if Kind is TierRedis. Without one of them, this replica would count limits or lock writes by itself.
	Presence  presence.SharedStore
	Writes    writes.Sharing
	Budgets   limit.SharedBudgets
	Callers   admission.SharedRates
	Documents persisted.TextStore
	Webhooks  webhook.Store
	Changes   changes.SharedLog
	Edits     edits.Store
	Redis     telemetry.Redis
}

// check returns an error if a member is missing that the configured stores must have. So a member that is lost on the way, for example when the stores
// are decorated, stops the start, and does not silently become one for this process alone.
func (s *Stores) check(cfg *config.Config) error {
	kind := snapshot.TierMemory
	switch {
	case cfg.Redis != nil:
		kind = snapshot.TierRedis
	case cfg.CacheDir != "":
		kind = snapshot.TierDirectory
	}
	if s.Kind != kind {
		return fmt.Errorf("the configuration is for %s, and the stores are %s", kind, s.Kind)
	}
	var missing []string
	members := reflect.ValueOf(*s)
	for i := range members.NumField() {
		required := s.Kind == snapshot.TierRedis || s.Kind == snapshot.TierDirectory && members.Type().Field(i).Name == "Snapshots"
		if m := members.Field(i); m.Kind() == reflect.Interface && m.IsNil() && required {
			missing = append(missing, members.Type().Field(i).Name)
		}
	}
	if missing != nil {
		return fmt.Errorf("the stores lack %s", strings.Join(missing, ", "))
	}
	return nil
}

// openShared opens the stores that the configuration names. Run serves them until its context ends.
func openShared(cfg *config.Config, log *slog.Logger) (s Stores, run func(context.Context), err error) {
	switch c := cfg.Redis; {
	case c != nil:
		client, err := openRedis(c, log)
		if err != nil {
			return Stores{}, nil, err
		}
		kept := rediswrites.New(client)
		// Without names, so that a member that is forgotten here does not compile.
		return Stores{snapshot.TierRedis, snapshots.New(client), redispresence.New(client), kept, budgets.New(client, 0), callers.New(client),
				documents.New(client), rediswebhooks.New(client), redischanges.New(client), redisedits.New(client), client}, func(ctx context.Context) {
				var checking sync.WaitGroup
				checking.Go(func() { kept.TellDurable(ctx) })
				client.Run(ctx) //nolint:errcheck // it ends with ctx
				checking.Wait()
				client.Close() //nolint:errcheck // nothing uses it afterwards
			}, nil
	case cfg.CacheDir != "":
		d, err := localstore.Open(cfg.CacheDir, nil)
		if err != nil {
			return Stores{}, nil, fmt.Errorf("cache_dir: %w", err)
		}
		return Stores{Kind: snapshot.TierDirectory, Snapshots: d.Join()}, func(ctx context.Context) {
			<-ctx.Done()
			d.Close() //nolint:errcheck // nothing uses it afterwards
		}, nil
	}
	return Stores{}, func(context.Context) {}, nil
}

func openRedis(c *config.Redis, log *slog.Logger) (*redis.Client, error) {
	r, err := redis.Open(redis.Options{
		URL: c.URL, Addrs: c.Addrs, MasterName: c.MasterName, Username: c.Username, Password: c.Password,
		SentinelUsername: c.SentinelUsername, SentinelPassword: c.SentinelPassword, TLS: c.TLS, Prefix: c.Prefix,
		Key: []byte(c.EncryptionKey.Reveal()), PoolSize: c.PoolSize,
		DialTimeout: c.DialTimeout, ReadTimeout: c.ReadTimeout, WriteTimeout: c.WriteTimeout, Logger: log,
	})
	if err != nil {
		return nil, fmt.Errorf("redis: %w", err)
	}
	return r, nil
}

// ClearCache removes the stored snapshots of a source, or of all sources if source is empty, and returns how many it removed.
func ClearCache(ctx context.Context, cfg *config.Config, source string) (removed int, unit string, err error) {
	switch {
	case cfg.Redis != nil:
		r, err := openRedis(cfg.Redis, slog.New(slog.DiscardHandler))
		if err != nil {
			return 0, "", err
		}
		defer r.Close() //nolint:errcheck // nothing uses it afterwards
		for _, clear := range []func(context.Context, string) (int, error){snapshots.New(r).Clear, redispresence.New(r).Clear, budgets.New(r, 0).Clear,
			redischanges.New(r).Clear} {
			n, err := clear(ctx, source)
			if removed += n; err != nil {
				return removed, "", fmt.Errorf("redis: not everything was removed (%s): correct this, and run the command again", redis.Reason(err))
			}
		}
		return removed, "keys in Redis", nil
	case cfg.CacheDir != "":
		if removed, err = localstore.Clear(cfg.CacheDir, source); err != nil {
			return 0, "", fmt.Errorf("cache_dir: not everything was removed: %w", err)
		}
		return removed, "files in cache_dir", nil
	}
	return 0, "", errors.New("there is nothing to remove: the configuration has neither redis nor cache_dir, so fetched data is in memory only")
}
