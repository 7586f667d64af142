package shared

import (
	"context"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"roster/connectors"
)

// pausedFor is how long it is known whose calls a pause keeps back: as long as the longest pause.
const pausedFor = time.Hour

// maxPause is how long a pause is believed that is no block.
func maxPause(most time.Duration) time.Duration {
	if most <= 0 || most > connectors.MaxPause {
		return connectors.MaxPause
	}
	return most
}

// pausedKey is that of a hash with whose calls which pauses keep back. A budget's keys do not tell what sources count in it.
func (r *Redis) pausedKey() string { return r.prefix + "{budgets}:paused" }

// attribute notes in the background that a budget's pause keeps a source's calls back. Where that fails, clearing the cache of the source alone does
// not end the pause.
func (r *Redis) attribute(key, source string) {
	if source == "" {
		return
	}
	r.telling.Go(func() {
		r.tellOthers(func(ctx context.Context) error {
			_, err := r.client.TxPipelined(ctx, func(p redis.Pipeliner) error {
				p.HSet(ctx, r.pausedKey(), r.budgetKeys(key)[2]+" "+source, "")
				p.Expire(ctx, r.pausedKey(), pausedFor)
				return nil
			})
			return err
		})
	})
}

// endPauses removes the pauses that keep a source's calls back, and says how many those were.
func (r *Redis) endPauses(ctx context.Context, source string) (ended int, err error) {
	fields, err := r.client.HKeys(ctx, r.pausedKey()).Result()
	if err != nil {
		return 0, absent(err)
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
