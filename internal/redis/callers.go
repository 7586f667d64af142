package redis

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"time"

	"github.com/redis/go-redis/v9"
)

// spendScript adds to a caller's debt, and returns the total, in microseconds by the clock of Redis. KEYS: the debt of the caller. ARGV: what to add.
var spendScript = redis.NewScript(`
local clock = redis.call('TIME')
local now = clock[1] * 1000000 + clock[2]
if redis.call('TYPE', KEYS[1]).ok ~= 'string' then redis.call('DEL', KEYS[1]) end
local full = tonumber(redis.call('GET', KEYS[1]) or '')
if not full or full ~= full or full < now or full > now + 86400000000 then full = now end
full = full + tonumber(ARGV[1])
redis.call('SET', KEYS[1], string.format('%.0f', full), 'PX', math.ceil((full - now) / 1000) + 1)
return string.format('%.0f', full - now)`)

// callersAtOnce is the number of callers in one round trip.
const callersAtOnce = 500

// Spend adds to each caller's debt against the caller's rate, and returns the debts over all replicas. Redis stores callers under a hash, because
// they may be names and addresses of persons.
func (r *Redis) Spend(ctx context.Context, debts map[string]time.Duration) (map[string]time.Duration, error) {
	names := make([]string, 0, len(debts))
	for name := range debts {
		names = append(names, name)
	}
	owed := make(map[string]time.Duration, len(debts))
	for chunk := range slices.Chunk(names, callersAtOnce) {
		err := r.do(ctx, r.callTimeout, func(ctx context.Context) error { return r.spend(ctx, chunk, debts, owed) })
		if err != nil {
			return owed, err
		}
	}
	return owed, nil
}

func (r *Redis) spend(ctx context.Context, names []string, debts, owed map[string]time.Duration) error {
	answers := make([]*redis.Cmd, len(names))
	_, err := r.client.Pipelined(ctx, func(p redis.Pipeliner) error {
		for i, name := range names {
			answers[i] = spendScript.Eval(ctx, p, []string{r.hashed("rate:", name)}, debts[name].Microseconds())
		}
		return nil
	})
	if err != nil {
		return err
	}
	for i, name := range names {
		if n, err := answers[i].Int64(); err == nil {
			owed[name] = time.Duration(n) * time.Microsecond
		}
	}
	return nil
}

func (r *Redis) hashed(kind, name string) string {
	sum := sha256.Sum256([]byte(name))
	return r.prefix + kind + hex.EncodeToString(sum[:16])
}
