// Package documents keeps in Redis the documents that clients have sent to any replica.
//
//	texts:{documents}:text  the documents, by their hashes
//	texts:{documents}:kept  when each was last stored
package documents

import (
	"context"

	goredis "github.com/redis/go-redis/v9"

	"roster/internal/persisted"
	"roster/internal/redis"
)

// textsKept is the maximum number of texts. textLife is the time in seconds for which a text is kept after it was last stored.
const (
	textsKept = 2000
	textLife  = 24 * 60 * 60
)

// keepTextScript stores a text, deletes expired texts, and deletes the oldest texts if there are too many. KEYS: the texts, and when they were
// stored. ARGV: name, text, life in s, maximum number.
var keepTextScript = goredis.NewScript(`
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

// Store keeps documents in Redis.
type Store struct{ client *redis.Client }

var _ persisted.TextStore = (*Store)(nil)

// New returns a store in Redis.
func New(client *redis.Client) *Store { return &Store{client} }

func (s *Store) keys() []string {
	return []string{s.client.Key("texts:{documents}:text"), s.client.Key("texts:{documents}:kept")}
}

// Text returns a text that any replica has stored, or "" if there is none.
func (s *Store) Text(ctx context.Context, name string) (text string, err error) {
	err = s.client.Do(ctx, func(ctx context.Context) (err error) {
		text, err = s.client.Commands().HGet(ctx, s.keys()[0], name).Result()
		return err
	})
	return text, err
}

// KeepText stores a text for all replicas, for a day. If there are too many texts, the oldest are deleted.
func (s *Store) KeepText(ctx context.Context, name, text string) error {
	return s.client.Do(ctx, func(ctx context.Context) error {
		return keepTextScript.Run(ctx, s.client.Commands(), s.keys(), name, text, textLife, textsKept).Err()
	})
}
