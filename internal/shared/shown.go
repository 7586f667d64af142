package shared

import (
	"context"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"
)

// shownWord begins what a replica announces that shows more of what writes have made than before.
const shownWord = "shown:"

// shownFor is how long it is kept what replicas show, from the last time that one has said so.
const shownFor = 24 * time.Hour

func (r *Redis) shownKey() string { return r.prefix + "shown" }

// showScript says up to where a replica shows what writes have made. KEYS: shown. ARGV: who, up to where, life in ms.
var showScript = redis.NewScript(`
local is = redis.call('TYPE', KEYS[1]).ok
if is ~= 'none' and is ~= 'hash' then redis.call('DEL', KEYS[1]) end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
redis.call('PEXPIRE', KEYS[1], ARGV[3])`)

// Acknowledge tells the others what this replica has published.
func (l ledger) Acknowledge(ctx context.Context, seq uint64) error {
	err := l.do(ctx, l.quick, func(ctx context.Context) error {
		return absent(showScript.Run(ctx, l.client, []string{l.shownKey()}, l.id, strconv.FormatUint(seq, 10), shownFor.Milliseconds()).Err())
	})
	if err == nil {
		l.publishWord(ctx, shownWord+l.id)
	}
	return err
}

// Acknowledged gives what each of the others has acknowledged. What those have that are gone is forgotten.
func (l ledger) Acknowledged(ctx context.Context) (map[string]uint64, error) {
	var said map[string]string
	var members []string
	// Who is there is asked last: whoever has said something was there before.
	err := l.do(ctx, l.quick, func(ctx context.Context) (err error) {
		if said, err = l.client.HGetAll(ctx, l.shownKey()).Result(); absent(err) != nil {
			return err
		}
		members, err = l.client.ZRange(ctx, l.prefix+"replicas", 0, -1).Result()
		return absent(err)
	})
	if err != nil {
		return nil, err
	}
	others := make(map[string]uint64, len(members))
	for _, id := range members {
		if id != l.id {
			others[id], _ = strconv.ParseUint(said[id], 10, 64) // what is no number is nothing
		}
		delete(said, id)
	}
	for id := range said {
		if id != l.id {
			//nolint:errcheck // it ends by itself
			l.do(ctx, l.quick, func(ctx context.Context) error { return l.client.HDel(ctx, l.shownKey(), id).Err() })
		}
	}
	return others, nil
}

// Heard receives a value when another replica may have acknowledged something.
func (l ledger) Heard() <-chan struct{} { return l.acknowledged }

// Remind has the others look once more.
func (l ledger) Remind(ctx context.Context) { l.publish(ctx) }

// Deaf says that announcements cannot be made.
func (l ledger) Deaf() bool { return l.mute.Load() }
