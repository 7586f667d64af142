package redis

import (
	"context"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"roster/connectors"
)

// pausedFor is how long Redis keeps which sources a pause affects. It is as long as the longest pause.
const pausedFor = time.Hour

// maxPause returns the longest duration for which a pause is trusted, if the source does not block us.
func maxPause(most time.Duration) time.Duration {
	if most <= 0 || most > connectors.MaxPause {
		return connectors.MaxPause
	}
	return most
}

// pausedKey is the key of a hash of pauses and the sources that they affect. The keys of a budget do not tell which sources count in it.
func (r *Redis) pausedKey() string { return r.prefix + "{budgets}:paused" }

// attribute records in the background that a budget's pause affects a source. If that fails, clearing the cache of this source alone does not end the
// pause.
func (r *Redis) attribute(key, source string) {
	if source == "" {
		return
	}
	r.background.Go(func() {
		r.doWithRetries(func(ctx context.Context) error {
			_, err := r.client.TxPipelined(ctx, func(p redis.Pipeliner) error {
				p.HSet(ctx, r.pausedKey(), r.budgetKeys(key)[2]+" "+source, "")
				p.Expire(ctx, r.pausedKey(), pausedFor)
				return nil
			})
			return err
		})
	})
}

// endPauses removes the pauses that affect a source, and returns their number.
func (r *Redis) endPauses(ctx context.Context, source string) (ended int, err error) {
	fields, err := r.client.HKeys(ctx, r.pausedKey()).Result()
	if err != nil {
		return 0, ignoreNil(err)
	}
	for _, field := range fields {
		pause, whose, ok := strings.Cut(field, " ")
		if !ok || whose != source || !strings.HasPrefix(pause, r.prefix+"{budgets}:") {
			continue
		}
		n, err := r.client.Unlink(ctx, pause).Result()
		if err == nil {
			err = r.client.HDel(ctx, r.pausedKey(), field).Err()
		}
		if err != nil {
			return ended, err
		}
		ended += int(n)
	}
	return ended, nil
}
