// Package keyspace finds and removes keys by patterns, on all nodes. It does not know what they are.
package keyspace

import (
	"context"
	"strings"
	"sync/atomic"

	goredis "github.com/redis/go-redis/v9"

	"roster/internal/redis"
)

// Each calls f for each key that matches a pattern, with the node that has the key. The calls for the masters of a Cluster are concurrent.
func Each(ctx context.Context, c *redis.Client, pattern string, f func(ctx context.Context, node goredis.UniversalClient, key string) error) error {
	sweep := func(ctx context.Context, node goredis.UniversalClient) error {
		keys := node.Scan(ctx, 0, pattern, 1000).Iterator()
		for keys.Next(ctx) {
			if err := f(ctx, node, keys.Val()); err != nil {
				return err
			}
		}
		return keys.Err()
	}
	if cluster, ok := c.Commands().(*goredis.ClusterClient); ok {
		return cluster.ForEachMaster(ctx, func(ctx context.Context, node *goredis.Client) error { return sweep(ctx, node) })
	}
	return sweep(ctx, c.Commands())
}

// Remove removes all keys that match the patterns, and returns their number.
func Remove(ctx context.Context, c *redis.Client, patterns ...string) (int, error) {
	var removed atomic.Int64
	for _, pattern := range patterns {
		err := Each(ctx, c, pattern, func(ctx context.Context, node goredis.UniversalClient, key string) error {
			n, err := node.Unlink(ctx, key).Result()
			removed.Add(n)
			return err
		})
		if err != nil {
			return int(removed.Load()), err
		}
	}
	return int(removed.Load()), nil
}

// Pattern returns a pattern of keys with the configured prefix. Use Escape for names in it.
func Pattern(c *redis.Client, pattern string) string { return Escape(c.Key("")) + pattern }

// Escape escapes a text so that it matches only itself in a Redis pattern.
func Escape(s string) string {
	return strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`, `]`, `\]`).Replace(s)
}
