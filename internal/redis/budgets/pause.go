package budgets

import (
	"context"
	"strings"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"roster/internal/redis"
	"roster/internal/redis/keyspace"
)

// pausedFor is how long Redis keeps which sources a pause affects. It is as long as the longest pause.
const pausedFor = time.Hour

// pausedKey is the key of a hash of pauses and the sources that they affect. The keys of a budget do not tell which sources count in it.
func (l *Budgets) pausedKey() string { return l.client.Key("{budgets}:paused") }

// attribute records in the background that a budget's pause affects a source. If that fails, clearing the cache of this source alone does not end the
// pause.
func (l *Budgets) attribute(key, source string) {
	if source == "" {
		return
	}
	l.background.Go(func() {
		l.doWithRetries(func(ctx context.Context) error {
			_, err := l.client.Commands().TxPipelined(ctx, func(p goredis.Pipeliner) error {
				p.HSet(ctx, l.pausedKey(), l.keys(key)[2]+" "+source, "")
				p.Expire(ctx, l.pausedKey(), pausedFor)
				return nil
			})
			return err
		})
	})
}

// endPauses removes the pauses that affect a source, and returns their number.
func (l *Budgets) endPauses(ctx context.Context, source string) (ended int, err error) {
	fields, err := l.client.Commands().HKeys(ctx, l.pausedKey()).Result()
	if err != nil {
		return 0, redis.IgnoreNil(err)
	}
	for _, field := range fields {
		pause, whose, ok := strings.Cut(field, " ")
		if !ok || whose != source || !strings.HasPrefix(pause, l.client.Key("{budgets}:")) {
			continue
		}
		n, err := l.client.Commands().Unlink(ctx, pause).Result()
		if err == nil {
			err = l.client.Commands().HDel(ctx, l.pausedKey(), field).Err()
		}
		if err != nil {
			return ended, err
		}
		ended += int(n)
	}
	return ended, nil
}

// Clear ends the pauses that affect a source, or all pauses if source is empty, and returns the number of removed keys. It keeps the counters of calls.
func (l *Budgets) Clear(ctx context.Context, source string) (int, error) {
	if source != "" {
		return l.endPauses(ctx, source)
	}
	return keyspace.Remove(ctx, l.client, keyspace.Pattern(l.client, "{budgets}:*:pause"), keyspace.Escape(l.pausedKey()))
}
