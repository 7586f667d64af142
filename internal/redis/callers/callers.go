// Package callers counts in Redis what callers have sent to all replicas.
//
//	rate:<hash>  the time at which all requests of a caller are available again
package callers

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"roster/internal/admission"
	"roster/internal/redis"
)

// spendScript adds to a caller's debt, and returns the total, in microseconds by the clock of Redis. KEYS: the debt of the caller. ARGV: what to add.
var spendScript = goredis.NewScript(redis.Prelude + `
typed(KEYS[1], 'string')
local free = tonumber(redis.call('GET', KEYS[1]) or '')
if not free or free ~= free or free < now or free > now + 86400000000 then free = now end
free = free + tonumber(ARGV[1])
redis.call('SET', KEYS[1], int(free), 'PX', math.ceil((free - now) / 1000) + 1)
return int(free - now)`)

// callersAtOnce is the number of callers in one round trip.
const callersAtOnce = 500

// Store adds up what callers have sent to all replicas.
type Store struct{ client *redis.Client }

var _ admission.SharedRates = (*Store)(nil)

// New returns a store in Redis.
func New(client *redis.Client) *Store { return &Store{client} }

// Spend adds to each caller's debt against the caller's rate, and returns the debts over all replicas. Redis stores callers under a hash, because
// they may be names and addresses of persons.
func (s *Store) Spend(ctx context.Context, debts map[string]time.Duration) (map[string]time.Duration, error) {
	names := make([]string, 0, len(debts))
	for name := range debts {
		names = append(names, name)
	}
	owed := make(map[string]time.Duration, len(debts))
	for chunk := range slices.Chunk(names, callersAtOnce) {
		err := s.client.Do(ctx, func(ctx context.Context) error { return s.spend(ctx, chunk, debts, owed) })
		if err != nil {
			return owed, err
		}
	}
	return owed, nil
}

func (s *Store) spend(ctx context.Context, names []string, debts, owed map[string]time.Duration) error {
	answers := make([]*goredis.Cmd, len(names))
	_, err := s.client.Commands().Pipelined(ctx, func(p goredis.Pipeliner) error {
		for i, name := range names {
			answers[i] = spendScript.Eval(ctx, p, []string{s.key(name)}, debts[name].Microseconds())
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

func (s *Store) key(name string) string {
	sum := sha256.Sum256([]byte(name))
	return s.client.Key("rate:" + hex.EncodeToString(sum[:16]))
}
