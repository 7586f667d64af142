// Package webhooks keeps in Redis the position of each webhook, and which replica delivers it.
//
//	webhook:{name}        the state of the webhook
//	webhook:{name}:lease  the replica that delivers it
package webhooks

import (
	"context"
	"errors"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"roster/internal/redis"
	"roster/internal/redis/lock"
	"roster/internal/webhook"
)

// keptFor is how long a state is kept after a replica last had the lease: long enough for any outage, and not for ever if the webhook is removed.
const keptFor = 90 * 24 * time.Hour

var (
	// acquireScript gives the lease to a replica, unless another one has it. KEYS: state, lease. ARGV: the replica, length of the lease in ms, life of the
	// state in ms.
	acquireScript = goredis.NewScript(redis.Prelude + `
typed(KEYS[1], 'string')
typed(KEYS[2], 'string')
local holder = redis.call('GET', KEYS[2])
if holder and holder ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[2], ARGV[1], 'PX', ARGV[2])
redis.call('PEXPIRE', KEYS[1], ARGV[3])
return 1`)

	// saveScript stores a state, or removes it if it is empty, if the replica has the lease. KEYS: state, lease. ARGV: the replica, state, its life in ms.
	saveScript = goredis.NewScript(redis.Prelude + `
if redis.call('GET', KEYS[2]) ~= ARGV[1] then return 0 end
typed(KEYS[1], 'string')
if ARGV[2] == '' then redis.call('DEL', KEYS[1]) else redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3]) end
return 1`)
)

// errLost is the error for a replica that does not have the lease.
var errLost = errors.New("another replica may have the lease")

// Store keeps webhooks in Redis. The seal of a state covers the name of the webhook.
type Store struct{ client *redis.Client }

var _ webhook.Store = (*Store)(nil)

// New returns a store in Redis.
func New(client *redis.Client) *Store { return &Store{client} }

func (s *Store) keys(name string) []string {
	base := s.client.Key("webhook:{" + name + "}")
	return []string{base, base + ":lease"}
}

func about(name string) string { return "webhook:" + name }

// Acquire gives the lease to this replica, and renews it until it is released; nil if another replica has it.
func (s *Store) Acquire(ctx context.Context, name string) (webhook.Lease, error) {
	var got int
	err := s.client.Do(ctx, func(ctx context.Context) (err error) {
		got, err = acquireScript.Run(ctx, s.client.Commands(), s.keys(name), s.client.ID(), s.client.LeaseFor().Milliseconds(), keptFor.Milliseconds()).Int()
		return err
	})
	if err != nil {
		return nil, err
	}
	if got == 0 {
		return nil, nil //nolint:nilnil // another replica has it, which is not an error
	}
	return &lease{lock.Hold(s.client, s.keys(name)[1]), s, name}, nil
}

// Load returns the state of a webhook. A state that cannot be opened counts as none. It does not need the client to run.
func (s *Store) Load(ctx context.Context, name string) ([]byte, error) {
	var sealed string
	err := s.client.Direct(ctx, func(ctx context.Context) (err error) {
		sealed, err = s.client.Commands().Get(ctx, s.keys(name)[0]).Result()
		return redis.IgnoreNil(err)
	})
	if err != nil {
		return nil, err
	}
	if sealed == "" {
		return nil, nil
	}
	state, err := s.client.Sealer().Open([]byte(sealed), about(name))
	if err != nil {
		return nil, nil //nolint:nilerr // damaged, or of another encryption_key: the receiver is told to read anew
	}
	return state, nil
}

// lease is the lease of one webhook.
type lease struct {
	*lock.Lock
	store *Store
	name  string
}

// Save stores the state if this replica has the lease.
func (l *lease) Save(ctx context.Context, state []byte) error {
	c, sealed := l.store.client, ""
	if state != nil {
		sealed = string(c.Sealer().Seal(state, about(l.name)))
	}
	var done int
	err := c.Do(ctx, func(ctx context.Context) (err error) {
		done, err = saveScript.Run(ctx, c.Commands(), l.store.keys(l.name), c.ID(), sealed, keptFor.Milliseconds()).Int()
		return err
	})
	switch {
	case err != nil:
		return err
	case done == 0:
		return errLost
	}
	return nil
}
