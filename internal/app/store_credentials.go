package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"roster/internal/config"
	"roster/internal/credential"
	"roster/internal/redis/durable"
	"roster/internal/redis/tokens"
)

// openTokens returns the keeper of the tokens that sources renew, with the configured store, and a function that ends it. The keeper is nil if no
// store is configured. If a source needs the store, a reachable Redis that is not durable is an error; a Redis that cannot be reached is not.
func openTokens(ctx context.Context, cfg *config.Config, log *slog.Logger) (keeper *credential.Renewer, end func(), err error) {
	needed := false
	for i := range cfg.Sources {
		needed = needed || cfg.Sources[i].OAuth() != nil
	}
	if cfg.CredentialsDir == "" && (cfg.Redis == nil || cfg.Redis.EncryptionKey == "") {
		return nil, func() {}, nil
	}
	store, closeStore, err := tokenStore(cfg, log)
	if err != nil {
		return nil, nil, err
	}
	if err := store.Check(ctx); err != nil && needed {
		if durable.NotDurable(err) {
			closeStore()
			return nil, nil, err
		}
		log.LogAttrs(ctx, slog.LevelWarn, "tokens cannot be renewed while redis is unavailable", slog.String("reason", err.Error()))
	}
	keeper = credential.New(credential.Options{Store: store, Logger: log})
	return keeper, func() { keeper.Close(); closeStore() }, nil
}

func tokenStore(cfg *config.Config, log *slog.Logger) (credential.Store, func(), error) {
	if cfg.CredentialsDir != "" {
		d, err := credential.OpenDir(cfg.CredentialsDir)
		if err != nil {
			return nil, nil, fmt.Errorf("credentials_dir: %w", err)
		}
		return d, func() {}, nil
	}
	r, err := openRedis(cfg.Redis, log)
	if err != nil {
		return nil, nil, err
	}
	v, err := tokens.New(r)
	if err != nil {
		return nil, nil, errors.Join(err, r.Close())
	}
	return v, func() { _ = r.Close() }, nil
}
