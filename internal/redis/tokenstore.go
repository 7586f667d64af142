package redis

import (
	"context"
	"crypto/rand"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"

	"roster/internal/credential"
)

const (
	// keptSecret is how long a secret is kept after it was last saved. No vendor's refresh token lives longer.
	keptSecret = 400 * 24 * time.Hour
	// lockPoll is the time between two attempts to take a lock that another replica holds.
	lockPoll = 100 * time.Millisecond
)

// TokenStore keeps small secrets in Redis, encrypted, if Redis is durable: append-only file on, no eviction. Redis's own settings determine how much
// data a crash of the machine can lose (appendfsync), and how much a failover can lose (min-replicas-to-write).
type TokenStore struct{ redis *Redis }

var _ credential.Store = (*TokenStore)(nil)

// NewTokenStore returns a token store in Redis. The token store does not need Run. Without an encryption key, NewTokenStore returns an error.
func (r *Redis) NewTokenStore() (*TokenStore, error) {
	if !r.seal.Encrypts() {
		return nil, errors.New("tokens are kept in redis only with an encryption_key")
	}
	return &TokenStore{r}, nil
}

func (v *TokenStore) keys(name string) (secret, lock string) {
	base := v.redis.prefix + "token:{" + name + "}"
	return base, base + ":lock"
}

func aboutSecret(name string) string { return "token:" + name }

// Check asks every master whether it is durable now.
func (v *TokenStore) Check(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, v.redis.callTimeout)
	defer cancel()
	if c, ok := v.redis.client.(*redis.ClusterClient); ok {
		return redacted(c.ForEachMaster(ctx, func(ctx context.Context, node *redis.Client) error { return checkDurable(ctx, node) }))
	}
	return redacted(checkDurable(ctx, v.redis.client))
}

// notDurableError reports that Redis may lose stored data.
type notDurableError struct{ text string }

func (e notDurableError) Error() string { return e.text }

func checkDurable(ctx context.Context, node redis.UniversalClient) error {
	info, err := node.Info(ctx, "persistence").Result()
	if err != nil {
		return err
	}
	memory, err := node.Info(ctx, "memory").Result()
	if err != nil {
		return err
	}
	facts := make(map[string]string)
	for line := range strings.Lines(info + "\r\n" + memory) {
		if key, value, ok := strings.Cut(strings.TrimSpace(line), ":"); ok {
			facts[key] = value
		}
	}
	switch {
	case facts["aof_enabled"] != "1":
		return notDurableError{"redis is not durable: switch its append-only file on (appendonly yes), or set credentials_dir"}
	case facts["maxmemory_policy"] != "noeviction":
		return notDurableError{"redis may drop what it holds: set its maxmemory-policy to noeviction, or set credentials_dir"}
	case facts["aof_last_write_status"] == "err":
		return notDurableError{"redis cannot write its append-only file"}
	}
	return nil
}

// NotDurable reports whether an error of Check is about the configuration of Redis, and not about its availability.
func NotDurable(err error) bool {
	_, ok := errors.AsType[notDurableError](err)
	return ok
}

// redacted returns an error of Redis in this package's own words.
func redacted(err error) error {
	if err == nil || NotDurable(err) {
		return err
	}
	return errors.New("redis: " + reason(err))
}

// Load returns the stored data. Its version is the sealed value in Redis.
func (v *TokenStore) Load(ctx context.Context, name string) ([]byte, string, error) {
	key, _ := v.keys(name)
	sealed, err := v.redis.client.Get(ctx, key).Result()
	switch {
	case errors.Is(err, redis.Nil):
		return nil, "", nil
	case err != nil && strings.HasPrefix(err.Error(), "WRONGTYPE"):
		return nil, "", credential.ErrDamaged
	case err != nil:
		return nil, "", redacted(err)
	}
	data, err := v.redis.seal.Open([]byte(sealed), aboutSecret(name))
	if err != nil {
		return nil, sealed, credential.ErrDamaged
	}
	return data, sealed, nil
}

// swapScript replaces the secret that was loaded. If the new secret is already stored, an earlier attempt stored it and its answer was lost. KEYS:
// secret. ARGV: the loaded value, the new value, life in ms.
var swapScript = redis.NewScript(`
local is = redis.call('GET', KEYS[1]) or ''
if is == ARGV[2] then return 1 end
if is ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
return 1`)

// Save stores data if Redis is durable now.
func (v *TokenStore) Save(ctx context.Context, name, version string, data []byte) (string, error) {
	if err := v.Check(ctx); err != nil {
		return "", err
	}
	key, _ := v.keys(name)
	sealed := string(v.redis.seal.Seal(data, aboutSecret(name)))
	done, err := swapScript.Run(ctx, v.redis.client, []string{key}, version, sealed, keptSecret.Milliseconds()).Int()
	switch {
	case err != nil:
		return "", redacted(err)
	case done == 0:
		return "", credential.ErrChanged
	}
	v.replicate(ctx, key)
	return sealed, nil
}

// replicate waits until a replica of the master has the stored data, if the master has a replica. Then no data is lost if the master dies right
// afterwards. The result does not affect the stored data.
func (v *TokenStore) replicate(ctx context.Context, key string) {
	ctx, cancel := context.WithTimeout(ctx, v.redis.callTimeout)
	defer cancel()
	node, ok := v.redis.client.(*redis.Client)
	if c, cluster := v.redis.client.(*redis.ClusterClient); cluster {
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
	if conn.PExpire(ctx, key, keptSecret).Err() == nil {
		conn.Wait(ctx, 1, v.redis.callTimeout)
	}
}

// Lock waits until no other replica has the lock, and renews the lock until it is unlocked.
func (v *TokenStore) Lock(ctx context.Context, name string) (credential.Lock, error) {
	_, key := v.keys(name)
	l := &tokenLock{redis: v.redis, key: key, id: rand.Text()}
	tick := time.NewTicker(lockPoll)
	defer tick.Stop()
	for {
		at := time.Now()
		call, cancel := context.WithTimeout(ctx, v.redis.callTimeout)
		got, err := v.redis.client.SetNX(call, key, l.id, v.redis.lease).Result()
		cancel()
		switch {
		case err != nil && ctx.Err() == nil:
			return nil, redacted(err)
		case got:
			l.at.Store(&at)
			renewing, stop := context.WithCancel(context.Background())
			l.stop = stop
			l.renewals.Go(func() { l.renew(renewing) })
			return l, nil
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return nil, errors.New("another replica is renewing the tokens")
		}
	}
}

// tokenLock is a lock that another replica can take if it has not been renewed for the time of a lease.
type tokenLock struct {
	redis    *Redis
	key, id  string
	at       atomic.Pointer[time.Time] // when the last successful renewal began
	stop     context.CancelFunc
	renewals sync.WaitGroup
}

// Held leaves a margin for clocks that run at different speeds, and for the caller's next step.
func (l *tokenLock) Held() bool { return time.Since(*l.at.Load()) < l.redis.lease*2/3 }

func (l *tokenLock) renew(ctx context.Context) {
	tick := time.NewTicker(l.redis.lease / 3)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
		at := time.Now()
		call, cancel := context.WithTimeout(ctx, l.redis.callTimeout)
		kept, err := renewScript.Run(call, l.redis.client, []string{l.key}, l.id, l.redis.lease.Milliseconds()).Int()
		cancel()
		switch {
		case err == nil && kept == 1:
			l.at.Store(&at)
		case err == nil:
			l.at.Store(&time.Time{}) // another replica has the lock
			return
		}
	}
}

func (l *tokenLock) Unlock() {
	l.stop()
	l.renewals.Wait()
	ctx, cancel := context.WithTimeout(context.Background(), l.redis.callTimeout)
	defer cancel()
	_ = releaseScript.Run(ctx, l.redis.client, []string{l.key}, l.id).Err() // if this fails, the lock expires
}
