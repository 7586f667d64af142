package shared

import (
	"context"

	"github.com/redis/go-redis/v9"
)

// textsKept is how many texts there are at most, textLife in seconds how long one stays after it was last kept.
const (
	textsKept = 2000
	textLife  = 24 * 60 * 60
)

// keepTextScript keeps a text, and forgets what is too old, and the oldest of what is too many. KEYS: the texts, and when they were kept. ARGV: name,
// text, life in s, how many.
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

// Text gives a text that any replica has kept; empty where none has.
func (r *Redis) Text(ctx context.Context, name string) (text string, err error) {
	err = r.do(ctx, r.quick, func(ctx context.Context) (err error) {
		text, err = r.client.HGet(ctx, r.textKeys()[0], name).Result()
		return err
	})
	return text, err
}

// KeepText keeps a text for all replicas, for a day. Of too many, the oldest go.
func (r *Redis) KeepText(ctx context.Context, name, text string) error {
	return r.do(ctx, r.quick, func(ctx context.Context) error {
		return keepTextScript.Run(ctx, r.client, r.textKeys(), name, text, textLife, textsKept).Err()
	})
}
