package redis

import (
	"context"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"
)

// acknowledgedPrefix is the prefix of the message that a replica publishes when it has acknowledged more writes.
const acknowledgedPrefix = "shown:"

// shownFor is how long the acknowledgements of replicas are kept after the last one.
const shownFor = 24 * time.Hour

func (r *Redis) shownKey() string { return r.prefix + "shown" }

// acknowledgeScript stores up to which write a replica shows the results of writes. KEYS: shown. ARGV: the replica, the sequence number, life in ms.
var acknowledgeScript = redis.NewScript(`
local is = redis.call('TYPE', KEYS[1]).ok
if is ~= 'none' and is ~= 'hash' then redis.call('DEL', KEYS[1]) end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
redis.call('PEXPIRE', KEYS[1], ARGV[3])`)

// Acknowledge stores and publishes up to which write this replica shows the results of writes.
func (l ledger) Acknowledge(ctx context.Context, seq uint64) error {
	err := l.do(ctx, l.callTimeout, func(ctx context.Context) error {
		return ignoreNil(acknowledgeScript.Run(ctx, l.client, []string{l.shownKey()}, l.id, strconv.FormatUint(seq, 10), shownFor.Milliseconds()).Err())
	})
	if err == nil {
		l.publishMessage(ctx, acknowledgedPrefix+l.id)
	}
	return err
}

// Acknowledged returns the acknowledgements of the other replicas, and deletes those of replicas that have gone.
func (l ledger) Acknowledged(ctx context.Context) (map[string]uint64, error) {
	var said map[string]string
	var members []string
	// The members are read last, because a replica is a member before it acknowledges anything.
	err := l.do(ctx, l.callTimeout, func(ctx context.Context) (err error) {
		if said, err = l.client.HGetAll(ctx, l.shownKey()).Result(); ignoreNil(err) != nil {
			return err
		}
		members, err = l.client.ZRange(ctx, l.prefix+"replicas", 0, -1).Result()
		return ignoreNil(err)
	})
	if err != nil {
		return nil, err
	}
	others := make(map[string]uint64, len(members))
	for _, id := range members {
		if id != l.id {
			others[id], _ = strconv.ParseUint(said[id], 10, 64) // anything that is not a number counts as zero
		}
		delete(said, id)
	}
	for id := range said {
		if id != l.id {
			//nolint:errcheck // if this fails, the value expires
			l.do(ctx, l.callTimeout, func(ctx context.Context) error { return l.client.HDel(ctx, l.shownKey(), id).Err() })
		}
	}
	return others, nil
}

// Heard receives a value when another replica may have acknowledged something.
func (l ledger) Heard() <-chan struct{} { return l.acknowledged }

// Remind notifies the other replicas again.
func (l ledger) Remind(ctx context.Context) { l.publish(ctx) }

// PublishDenied reports whether publishing is impossible, because the user may not use the channel.
func (l ledger) PublishDenied() bool { return l.publishDenied.Load() }
