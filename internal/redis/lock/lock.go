// Package lock is a right that one replica has at a time, in Redis. It does not know what the right is for.
package lock

import (
	"context"
	"crypto/rand"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"roster/internal/redis"
)

var (
	// renewScript extends a lock. It restores a lock that a failover has lost, if no other holder has taken it since. KEYS: lock. ARGV: the holder,
	// lease in ms.
	renewScript = goredis.NewScript(`
local holder = redis.call('GET', KEYS[1])
if holder and holder ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 1`)

	// releaseScript releases a lock. KEYS: lock. ARGV: the holder.
	releaseScript = goredis.NewScript(`
if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end
return 0`)
)

// lockPoll is the time between two attempts to take a lock that another holder has.
const lockPoll = 100 * time.Millisecond

// errLocked reports that another holder has had the lock for as long as the caller could wait.
var errLocked = errors.New("another replica has the lock")

// Lock is a right that one holder has at a time. It is renewed in the background until Release. If it could not be renewed for redis.Options.LeaseFor,
// another holder can take it.
type Lock struct {
	client      *redis.Client
	key, holder string
	call        func(context.Context, func(context.Context) error) error
	lease       time.Duration
	at          atomic.Pointer[time.Time] // when the last successful renewal began; zero if another holder has the lock
	stop        func()
	released    sync.Once
}

// Hold starts to renew a lock that a script has just given to this replica. A script gives a lock if it sets the key to the ID of the replica, for
// LeaseFor. The lock is renewed only while Redis is known to be available.
func Hold(c *redis.Client, key string) *Lock { return HoldFor(c, key, c.LeaseFor()) }

// HoldFor is Hold for a lock that lasts for another time without renewal.
func HoldFor(c *redis.Client, key string, lease time.Duration) *Lock {
	return hold(c, key, c.ID(), time.Now(), lease, c.Do)
}

// Wait waits until it has a lock, until ctx ends. It does not need the client to run.
func Wait(ctx context.Context, c *redis.Client, key string) (*Lock, error) {
	holder := rand.Text()
	tick := time.NewTicker(lockPoll)
	defer tick.Stop()
	for {
		at := time.Now()
		var got bool
		err := c.Direct(ctx, func(ctx context.Context) (err error) {
			got, err = c.Commands().SetNX(ctx, key, holder, c.LeaseFor()).Result()
			return err
		})
		switch {
		case err != nil && ctx.Err() == nil:
			return nil, err
		case got:
			return hold(c, key, holder, at, c.LeaseFor(), c.Direct), nil
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return nil, errLocked
		}
	}
}

func hold(c *redis.Client, key, holder string, at time.Time, lease time.Duration, call func(context.Context, func(context.Context) error) error) *Lock {
	l := &Lock{client: c, key: key, holder: holder, lease: lease, call: call}
	l.at.Store(&at)
	ctx, cancel := context.WithCancel(context.Background())
	var renewals sync.WaitGroup
	renewals.Go(func() { l.renew(ctx) })
	l.stop = func() {
		cancel()
		renewals.Wait()
	}
	return l
}

// Held reports whether no other holder can have the lock. It leaves a margin for clocks that run at different speeds, and for the caller's next step.
func (l *Lock) Held() bool { return time.Since(*l.at.Load()) < l.lease*2/3 }

func (l *Lock) renew(ctx context.Context) {
	tick := time.NewTicker(l.lease / 3)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
		at := time.Now()
		var kept int
		err := l.call(ctx, func(ctx context.Context) (err error) {
			kept, err = renewScript.Run(ctx, l.client.Commands(), []string{l.key}, l.holder, l.lease.Milliseconds()).Int()
			return err
		})
		switch {
		case err != nil: // the next one may succeed
		case kept == 1:
			l.at.Store(&at)
		default:
			l.at.Store(&time.Time{}) // another holder has the lock
			return
		}
	}
}

// Release ends the renewals and gives the lock back. A second call does nothing.
func (l *Lock) Release(ctx context.Context) {
	l.released.Do(func() {
		l.stop()
		//nolint:errcheck // if this fails, the lock expires
		l.call(ctx, func(ctx context.Context) error {
			return releaseScript.Run(ctx, l.client.Commands(), []string{l.key}, l.holder).Err()
		})
	})
}
