package redis

import (
	"context"

	"github.com/redis/go-redis/v9"
)

// textsKept is the maximum number of texts. textLife is the time in seconds for which a text is kept after it was last stored.
const (
	textsKept = 2000
	textLife  = 24 * 60 * 60
)

// keepTextScript stores a text, deletes expired texts, and deletes the oldest texts if there are too many. KEYS: the texts, and when they were
// stored. ARGV: name, text, life in s, maximum number.
var keepTextScript = redis.NewScript(`
for i, want in ipairs({'hash', 'zset'}) do
  local is = redis.call('TYPE', KEYS[i]).ok
  if is ~= 'none' and is ~= want then redis.call('DEL', KEYS[1], KEYS[2]) end
end
local now = tonumber(redis.call('TIME')[1])
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
redis.call('ZADD', KEYS[2], now, ARGV[1])
local gone = redis.call('ZRANGEBYSCORE', KEYS[2], '-inf', now - tonumber(ARGV[3]), 'LIMIT', 0, 1000)
local over = redis.call('ZCARD', KEYS[2]) - #gone - tonumber(ARGV[4])
if over > 0 then
  for _, name in ipairs(redis.call('ZRANGE', KEYS[2], #gone, #gone + math.min(over, 1000) - 1)) do gone[#gone + 1] = name end
end
if #gone > 0 then
  redis.call('HDEL', KEYS[1], unpack(gone))
  redis.call('ZREM', KEYS[2], unpack(gone))
end
redis.call('EXPIRE', KEYS[1], ARGV[3])
redis.call('EXPIRE', KEYS[2], ARGV[3])
return #gone`)

func (r *Redis) textKeys() []string {
	return []string{r.prefix + "texts:{documents}:text", r.prefix + "texts:{documents}:kept"}
}

// Text returns a text that any replica has stored, or "" if there is none.
func (r *Redis) Text(ctx context.Context, name string) (text string, err error) {
	err = r.do(ctx, r.callTimeout, func(ctx context.Context) (err error) {
		text, err = r.client.HGet(ctx, r.textKeys()[0], name).Result()
		return err
	})
	return text, err
}

// KeepText stores a text for all replicas, for a day. If there are too many texts, the oldest are deleted.
func (r *Redis) KeepText(ctx context.Context, name, text string) error {
	return r.do(ctx, r.callTimeout, func(ctx context.Context) error {
		return keepTextScript.Run(ctx, r.client, r.textKeys(), name, text, textLife, textsKept).Err()
	})
}
