package shared

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
	// keptSecret is how long a secret stays that nobody saves anew: no vendor's refresh token lives longer.
	keptSecret = 400 * 24 * time.Hour
	// lockPoll is how often a lock is asked for that another replica has.
	lockPoll = 100 * time.Millisecond
)

// TokenStore keeps small secrets in Redis, encrypted, as long as it is durable: append-only file on, no eviction. How much a crash of the
// machine can cost is Redis's own setting (appendfsync), and so is what a failover can (min-replicas-to-write).
type TokenStore struct{ redis *Redis }

var _ credential.Store = (*TokenStore)(nil)

// NewTokenStore gives a vault in Redis, which needs no Run for it. Without an encryption key there is none.
func (r *Redis) NewTokenStore() (*TokenStore, error) {
	if r.seal.aead == nil {
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
	ctx, cancel := context.WithTimeout(ctx, v.redis.quick)
	defer cancel()
	if c, ok := v.redis.client.(*redis.ClusterClient); ok {
		return spoken(c.ForEachMaster(ctx, func(ctx context.Context, node *redis.Client) error { return durable(ctx, node) }))
	}
	return spoken(durable(ctx, v.redis.client))
}

// errFleeting is for a Redis that may lose what it is given.
type errFleeting struct{ text string }

func (e errFleeting) Error() string { return e.text }

func durable(ctx context.Context, node redis.UniversalClient) error {
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
		return errFleeting{"redis is not durable: switch its append-only file on (appendonly yes), or set credentials_dir"}
	case facts["maxmemory_policy"] != "noeviction":
		return errFleeting{"redis may drop what it holds: set its maxmemory-policy to noeviction, or set credentials_dir"}
	case facts["aof_last_write_status"] == "err":
		return errFleeting{"redis cannot write its append-only file"}
	}
	return nil
}

// Fleeting says that an error of Check is about how Redis is set up, and not that it is away.
func Fleeting(err error) bool {
	_, ok := errors.AsType[errFleeting](err)
	return ok
}

// spoken puts Redis's failures into our words.
func spoken(err error) error {
	if err == nil || Fleeting(err) {
		return err
	}
	return errors.New("redis: " + reason(err))
}

// Load gives what is stored. Its version is what lies in Redis itself.
func (v *TokenStore) Load(ctx context.Context, name string) ([]byte, string, error) {
	key, _ := v.keys(name)
	sealed, err := v.redis.client.Get(ctx, key).Result()
	switch {
	case errors.Is(err, redis.Nil):
		return nil, "", nil
	case err != nil && strings.HasPrefix(err.Error(), "WRONGTYPE"):
		return nil, "", credential.ErrDamaged
	case err != nil:
		return nil, "", spoken(err)
	}
	data, err := v.redis.seal.open([]byte(sealed), aboutSecret(name))
	if err != nil {
		return nil, sealed, credential.ErrDamaged
	}
	return data, sealed, nil
}

// swapScript puts a secret in the place of what was loaded. That it is there already is its own doing, whose answer was lost. KEYS: secret. ARGV: what was there, what is to be, life in ms.
var swapScript = redis.NewScript(`
local is = redis.call('GET', KEYS[1]) or ''
if is == ARGV[2] then return 1 end
if is ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
return 1`)

// Save stores data in a Redis that is durable at the time.
func (v *TokenStore) Save(ctx context.Context, name, version string, data []byte) (string, error) {
	if err := v.Check(ctx); err != nil {
		return "", err
	}
	key, _ := v.keys(name)
	sealed := string(v.redis.seal.seal(data, aboutSecret(name)))
	done, err := swapScript.Run(ctx, v.redis.client, []string{key}, version, sealed, keptSecret.Milliseconds()).Int()
	switch {
	case err != nil:
		return "", spoken(err)
	case done == 0:
		return "", credential.ErrChanged
	}
	v.replicate(ctx, key)
	return sealed, nil
}

// replicate waits until a replica of the master has what was stored, where there is one: then the master's death right after it costs nothing.
// How it ends changes nothing of what is stored.
func (v *TokenStore) replicate(ctx context.Context, key string) {
	ctx, cancel := context.WithTimeout(ctx, v.redis.quick)
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
	defer conn.Close() //nolint:errcheck // it has served its purpose
	info, err := conn.Info(ctx, "replication").Result()
	if err != nil || !strings.Contains(info, "state=online") {
		return
	}
	// A connection waits for what it has written itself, and with that for all before it.
	if conn.PExpire(ctx, key, keptSecret).Err() == nil {
		conn.Wait(ctx, 1, v.redis.quick)
	}
}

// Lock waits until no other replica has the lock, and renews it until it is unlocked.
func (v *TokenStore) Lock(ctx context.Context, name string) (credential.Lock, error) {
	_, key := v.keys(name)
	l := &tokenLock{redis: v.redis, key: key, id: rand.Text()}
	tick := time.NewTicker(lockPoll)
	defer tick.Stop()
	for {
		at := time.Now()
		call, cancel := context.WithTimeout(ctx, v.redis.quick)
		got, err := v.redis.client.SetNX(call, key, l.id, v.redis.lease).Result()
		cancel()
		switch {
		case err != nil && ctx.Err() == nil:
			return nil, spoken(err)
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

// tokenLock is a lock that another replica can have once it was not renewed for as long as a lease.
type tokenLock struct {
	redis    *Redis
	key, id  string
	at       atomic.Pointer[time.Time] // when the last renewal that went well began
	stop     context.CancelFunc
	renewals sync.WaitGroup
}

// Held leaves a margin for the clocks' going at different paces, and for what follows.
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
		call, cancel := context.WithTimeout(ctx, l.redis.quick)
		kept, err := renewScript.Run(call, l.redis.client, []string{l.key}, l.id, l.redis.lease.Milliseconds()).Int()
		cancel()
		switch {
		case err == nil && kept == 1:
			l.at.Store(&at)
		case err == nil:
			l.at.Store(&time.Time{}) // another replica has it
			return
		}
	}
}

func (l *tokenLock) Unlock() {
	l.stop()
	l.renewals.Wait()
	ctx, cancel := context.WithTimeout(context.Background(), l.redis.quick)
	defer cancel()
	_ = releaseScript.Run(ctx, l.redis.client, []string{l.key}, l.id).Err() // else it expires
}
