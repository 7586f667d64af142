package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"roster/internal/config"
	"roster/internal/presence"
	"roster/internal/redis"
	"roster/internal/snapshot"
	"roster/internal/snapshot/localstore"
)

// openTier opens the tier that stores and shares snapshots in addition to the memory. Share serves the tier until its context ends.
func openTier(cfg *config.Config, log *slog.Logger) (tier snapshot.Tier, share func(context.Context), err error) {
	switch c := cfg.Redis; {
	case c != nil:
		r, err := openRedis(c, log)
		if err != nil {
			return nil, nil, err
		}
		return r, func(ctx context.Context) {
			r.Run(ctx) //nolint:errcheck // it ends with ctx
			r.Close()  //nolint:errcheck // nothing uses it afterwards
		}, nil
	case cfg.CacheDir != "":
		d, err := localstore.Open(cfg.CacheDir, nil)
		if err != nil {
			return nil, nil, fmt.Errorf("cache_dir: %w", err)
		}
		return d.Join(), func(ctx context.Context) {
			<-ctx.Done()
			d.Close() //nolint:errcheck // nothing uses it afterwards
		}, nil
	}
	return nil, func(context.Context) {}, nil
}

// tierKind returns the kind of the configured tier.
func tierKind(cfg *config.Config) snapshot.TierKind {
	switch {
	case cfg.Redis != nil:
		return snapshot.TierRedis
	case cfg.CacheDir != "":
		return snapshot.TierDirectory
	}
	return snapshot.TierMemory
}

// presenceTier returns the tier that shares presence; nil if only the memory has presence.
func presenceTier(common snapshot.Tier) presence.Tier {
	if r, ok := common.(*redis.Redis); ok {
		return r.Presence()
	}
	return nil
}

func openRedis(c *config.Redis, log *slog.Logger) (*redis.Redis, error) {
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
		if removed, err = r.Clear(ctx, source); err != nil {
			return 0, "", fmt.Errorf("redis: not all is cleared: %w", err)
		}
		return removed, "keys in Redis", nil
	case cfg.CacheDir != "":
		if removed, err = localstore.Clear(cfg.CacheDir, source); err != nil {
			return 0, "", fmt.Errorf("cache_dir: not all is cleared: %w", err)
		}
		return removed, "files in cache_dir", nil
	}
	return 0, "", errors.New("there is nothing to clear: the configuration has neither redis nor cache_dir, so that all is in memory only")
}
