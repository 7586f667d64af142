package writes

import (
	"context"
	"crypto/rand"
	"errors"
	"strconv"
	"sync"
	"time"

	"roster/connectors"
)

func tokenOf(n uint64) string { return strconv.FormatUint(n, 36) }

const (
	// defaultLease is how long a lock lasts after its holder has died. The holder renews it.
	defaultLease = 15 * time.Second
	// lockPoll is how often a lock is requested that another replica holds.
	lockPoll = 50 * time.Millisecond
)

// lock is the exclusive right to change something, among all replicas.
type lock struct {
	ledger *Ledger
	name   string
	owner  string
	stop   func()

	mu   sync.Mutex
	held Held
}

// lock waits for the exclusive right to change something. Callers of one process get it in the order in which they came.
func (l *Ledger) lock(ctx context.Context, name string) (*lock, error) {
	if err := l.localLocks.lock(ctx, name); err != nil {
		return nil, err
	}
	k := &lock{ledger: l, name: name, owner: rand.Text()}
	if err := k.take(ctx); err != nil {
		l.localLocks.unlock(name)
		return nil, err
	}
	renewing, stop := context.WithCancel(context.WithoutCancel(ctx))
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		k.keep(renewing)
	}()
	k.stop = func() { stop(); <-ended }
	return k, nil
}

func (k *lock) take(ctx context.Context) error {
	poll := time.NewTicker(lockPoll)
	defer poll.Stop()
	for {
		now, ok, err := k.ledger.store.Put(ctx, LockPrefix+k.name, Held{}, []byte(k.owner), k.ledger.lease)
		if err != nil {
			return err
		}
		if ok {
			k.held = now
			return nil
		}
		select {
		case <-poll.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func (k *lock) keep(ctx context.Context) {
	beat := time.NewTicker(k.ledger.lease / 3)
	defer beat.Stop()
	for {
		select {
		case <-beat.C:
			_ = k.renew(ctx) // the code that relies on the lock confirms it itself
		case <-ctx.Done():
			return
		}
	}
}

var errLost = errors.New("the lock was lost")

// renew extends the lock. After an error, another replica may hold the lock.
func (k *lock) renew(ctx context.Context) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.put(ctx, []byte(k.owner))
}

// put replaces the lock's value. If the stored value is from an earlier attempt whose answer was lost, the lock is still ours, but this attempt has
// not extended it: put retries.
func (k *lock) put(ctx context.Context, value []byte) error {
	for {
		now, ok, err := k.ledger.store.Put(ctx, LockPrefix+k.name, k.held, value, k.ledger.lease)
		switch {
		case err != nil:
			return err
		case ok:
			k.held = now
			return nil
		case string(now.Value) != k.owner:
			return errLost
		}
		k.held = now
	}
}

// errNotOurs is the guard's error: another replica may hold the lock by now, or the store does not answer.
var errNotOurs = errors.New("the right to write could not be confirmed")

// guard returns a context under which a call is sent only while the lock is held: a call's turn may come long after it was requested.
func (k *lock) guard(ctx context.Context) context.Context {
	return connectors.WithConsent(ctx, func(ctx context.Context) error {
		if err := k.renew(ctx); err != nil {
			return errors.Join(errNotOurs, err)
		}
		return nil
	})
}

// release gives up the lock.
func (k *lock) release(ctx context.Context) {
	k.stop()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), storeWithin)
	defer cancel()
	_ = k.put(ctx, nil) // else the lock expires by itself
	k.ledger.localLocks.unlock(k.name)
}

// keyedMutex lets one caller of this process at a time hold a name.
type keyedMutex struct {
	mu sync.Mutex
	of map[string]*countedMutex
}

type countedMutex struct {
	open  chan struct{}
	users int
}

func (g *keyedMutex) lock(ctx context.Context, name string) error {
	g.mu.Lock()
	if g.of == nil {
		g.of = make(map[string]*countedMutex)
	}
	one := g.of[name]
	if one == nil {
		one = &countedMutex{open: make(chan struct{}, 1)}
		one.open <- struct{}{}
		g.of[name] = one
	}
	one.users++
	g.mu.Unlock()
	select {
	case <-one.open:
		return nil
	case <-ctx.Done():
		g.forget(name, one)
		return ctx.Err()
	}
}

func (g *keyedMutex) unlock(name string) {
	g.mu.Lock()
	one := g.of[name]
	g.mu.Unlock()
	one.open <- struct{}{}
	g.forget(name, one)
}

func (g *keyedMutex) forget(name string, one *countedMutex) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if one.users--; one.users == 0 {
		delete(g.of, name)
	}
}
