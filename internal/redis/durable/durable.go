// Package durable says whether Redis keeps what it stores. It does not know what that is.
package durable

import (
	"context"
	"errors"
	"strings"

	goredis "github.com/redis/go-redis/v9"

	"roster/internal/redis"
)

// Check asks every master whether it keeps what it stores: append-only file on, no eviction. Redis's own settings determine how much data a
// crash of the machine can lose (appendfsync), and how much a failover can lose (min-replicas-to-write). It does not need the client to run.
func Check(ctx context.Context, c *redis.Client) error {
	err := c.Direct(ctx, func(ctx context.Context) error {
		if cluster, ok := c.Commands().(*goredis.ClusterClient); ok {
			return cluster.ForEachMaster(ctx, func(ctx context.Context, node *goredis.Client) error { return checkDurable(ctx, node) })
		}
		return checkDurable(ctx, c.Commands())
	})
	if fault, ok := errors.AsType[notDurableError](err); ok {
		return fault
	}
	return err
}

// notDurableError reports that Redis may lose stored data.
type notDurableError struct{ text string }

func (e notDurableError) Error() string { return e.text }

func checkDurable(ctx context.Context, node goredis.UniversalClient) error {
	info, err := node.Info(ctx, "persistence").Result()
	if err != nil {
		return err
	}
	memory, err := node.Info(ctx, "memory").Result()
	if err != nil {
		return err
	}
	facts := make(map[string]string)
	for line := range strings.Lines(info + "\r\n" + memory) {
		if key, value, ok := strings.Cut(strings.TrimSpace(line), ":"); ok {
			facts[key] = value
		}
	}
	switch {
	case facts["aof_enabled"] != "1":
		return notDurableError{"redis is not durable: switch its append-only file on (appendonly yes)"}
	case facts["maxmemory_policy"] != "noeviction":
		return notDurableError{"redis may drop what it holds: set its maxmemory-policy to noeviction"}
	case facts["aof_last_write_status"] == "err":
		return notDurableError{"redis cannot write its append-only file"}
	}
	return nil
}

// NotDurable reports whether an error of Check is about the configuration of Redis, and not about its availability.
func NotDurable(err error) bool {
	_, ok := errors.AsType[notDurableError](err)
	return ok
}
