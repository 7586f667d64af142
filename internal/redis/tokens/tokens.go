// Package tokens keeps the tokens that sources renew in Redis, encrypted.
//
//	token:{chain}       a pair of OAuth tokens
//	token:{chain}:lock  the lock of the replica that renews it
//
// Save waits until a replica of the Redis master confirms the pair (WAIT), if a replica is online at that moment. Otherwise it does not: while the
// only replica resynchronizes or is down, Save succeeds as soon as the master has the pair, in its append-only file. Refusing instead would end
// the renewal, and so the source, for certain, while the pair is lost only if the master is lost before the replica has caught up. An operator
// who prefers the refusal sets min-replicas-to-write to 1. See ADR 20.
package tokens

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"roster/internal/credential"
	"roster/internal/redis"
	"roster/internal/redis/durable"
	"roster/internal/redis/lock"
)

// keptFor is how long tokens are kept after they were last saved. No vendor's refresh token lives longer.
const keptFor = 400 * 24 * time.Hour

// Store keeps tokens in Redis, if Redis is durable. It does not need the client to run.
type Store struct{ client *redis.Client }

var _ credential.Store = (*Store)(nil)

// New returns a store in Redis. Without an encryption key, New returns an error.
func New(client *redis.Client) (*Store, error) {
	if !client.Sealer().Encrypts() {
		return nil, errors.New("tokens are kept in redis only with an encryption_key")
	}
	return &Store{client}, nil
}

func (s *Store) keys(name string) (secret, lockKey string) {
	base := s.client.Key("token:{" + name + "}")
	return base, base + ":lock"
}

func aboutSecret(name string) string { return "token:" + name }

// Check asks Redis whether it is durable now.
func (s *Store) Check(ctx context.Context) error {
	err := durable.Check(ctx, s.client)
	if durable.NotDurable(err) {
		return fmt.Errorf("%w, or set credentials_dir", err)
	}
	return err
}

// Load returns the stored data. Its version is the sealed value in Redis.
func (s *Store) Load(ctx context.Context, name string) ([]byte, string, error) {
	key, _ := s.keys(name)
	sealed, err := s.client.Commands().Get(ctx, key).Result()
	switch {
	case errors.Is(err, goredis.Nil):
		return nil, "", nil
	case redis.IsWrongType(err):
		return nil, "", credential.ErrDamaged
	case err != nil:
		return nil, "", redis.Describe(err)
	}
	data, err := s.client.Sealer().Open([]byte(sealed), aboutSecret(name))
	if err != nil {
		return nil, sealed, credential.ErrDamaged
	}
	return data, sealed, nil
}

// swapScript replaces the secret that was loaded. If the new secret is already stored, an earlier attempt stored it and its answer was lost. KEYS:
// secret. ARGV: the loaded value, the new value, life in ms.
var swapScript = goredis.NewScript(`
local is = redis.call('GET', KEYS[1]) or ''
if is == ARGV[2] then return 1 end
if is ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
return 1`)

// Save stores data if Redis is durable now.
func (s *Store) Save(ctx context.Context, name, version string, data []byte) (string, error) {
	if err := s.Check(ctx); err != nil {
		return "", err
	}
	key, _ := s.keys(name)
	sealed := string(s.client.Sealer().Seal(data, aboutSecret(name)))
	done, err := swapScript.Run(ctx, s.client.Commands(), []string{key}, version, sealed, keptFor.Milliseconds()).Int()
	switch {
	case err != nil:
		return "", redis.Describe(err)
	case done == 0:
		return "", credential.ErrChanged
	}
	s.replicate(ctx, key)
	return sealed, nil
}

// replicate waits until a replica of the master has the stored data, if one is online. Then no data is lost if the master dies right afterwards.
// Without such a replica, or if it does not confirm in time, Save succeeds all the same: see the package comment.
func (s *Store) replicate(ctx context.Context, key string) {
	ctx, cancel := context.WithTimeout(ctx, s.client.CallTimeout())
	defer cancel()
	node, ok := s.client.Commands().(*goredis.Client)
	if c, cluster := s.client.Commands().(*goredis.ClusterClient); cluster {
		var err error
		if node, err = c.MasterForKey(ctx, key); err != nil {
			return
		}
	} else if !ok {
		return
	}
	conn := node.Conn()
	defer conn.Close() //nolint:errcheck // no longer needed
	info, err := conn.Info(ctx, "replication").Result()
	if err != nil || !strings.Contains(info, "state=online") {
		return
	}
	// WAIT covers only the writes of its own connection, and all writes before them. So the connection first makes a write.
	if conn.PExpire(ctx, key, keptFor).Err() == nil {
		conn.Wait(ctx, 1, s.client.CallTimeout())
	}
}

// Lock waits until no other replica has the lock, and renews the lock until it is unlocked.
func (s *Store) Lock(ctx context.Context, name string) (credential.Lock, error) {
	_, key := s.keys(name)
	l, err := lock.Wait(ctx, s.client, key)
	if err != nil {
		if ctx.Err() != nil {
			err = errors.New("another replica is renewing the tokens")
		}
		return nil, err
	}
	return tokenLock{l}, nil
}

// tokenLock is a lock as a credential.Lock.
type tokenLock struct{ *lock.Lock }

// Unlock releases the lock.
func (l tokenLock) Unlock() { l.Release(context.Background()) }
