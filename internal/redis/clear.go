package redis

import (
	"context"
	"errors"
	"strings"
	"sync"

	"github.com/redis/go-redis/v9"
)

// Clear removes the stored snapshots and the presence of a source, or of all sources if source is empty. Clear also removes the failures of their
// fetches, which keep replicas from new attempts, and the pauses that hold back their calls. Clear returns the number of removed keys. It keeps the
// counters of calls. Running replicas still have their data in memory, and may store it again.
func (r *Redis) Clear(ctx context.Context, source string) (int, error) {
	name := "*"
	if source != "" {
		name = "{" + escape(source) + ":*"
	}
	patterns := []string{escape(r.prefix) + "snapshot:" + name + ":manifest:*", escape(r.prefix) + "part:*:" + name,
		escape(r.prefix) + "presence:" + name + ":everyone:*", escape(r.prefix) + "presence:[0-9]*:" + name}
	last := escape(r.prefix) + "snapshot:" + name + ":last"
	if source == "" {
		patterns = append(patterns, escape(r.prefix+"{budgets}:")+"*:pause", escape(r.pausedKey()))
	}
	var mu sync.Mutex
	removed := 0
	sweep := func(ctx context.Context, node redis.UniversalClient) error {
		for _, pattern := range patterns {
			for keys := node.Scan(ctx, 0, pattern, 1000).Iterator(); ; {
				if !keys.Next(ctx) {
					if err := keys.Err(); err != nil {
						return err
					}
					break
				}
				n, err := node.Unlink(ctx, keys.Val()).Result()
				if err != nil {
					return err
				}
				mu.Lock()
				removed += int(n)
				mu.Unlock()
			}
		}
		failures := node.Scan(ctx, 0, last, 1000).Iterator()
		for failures.Next(ctx) {
			if err := forgetScript.Run(ctx, node, []string{failures.Val()}).Err(); err != nil {
				return err
			}
		}
		return failures.Err()
	}
	var err error
	if c, ok := r.client.(*redis.ClusterClient); ok {
		err = c.ForEachMaster(ctx, func(ctx context.Context, node *redis.Client) error { return sweep(ctx, node) })
	} else {
		err = sweep(ctx, r.client)
	}
	if err == nil && source != "" {
		var ended int
		ended, err = r.endPauses(ctx, source)
		removed += ended
	}
	if err != nil {
		return removed, errors.New(reason(err))
	}
	return removed, nil
}

// escape escapes a text so that it matches only itself in a Redis pattern.
func escape(s string) string {
	return strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`, `]`, `\]`).Replace(s)
}
