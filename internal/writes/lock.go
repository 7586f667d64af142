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
	// defaultLease is how long a lock lasts whose holder is gone. It is renewed while there is one.
	defaultLease = 15 * time.Second
	// lockPoll is how often a lock is asked for that another replica has.
	lockPoll = 50 * time.Millisecond
)

// lock is the right to touch something, among all replicas.
type lock struct {
	ledger *Ledger
	name   string
	owner  string
	stop   func()

	mu   sync.Mutex
	held Held
}

// lock waits for the right to touch something. Callers of one process get it in the order in which they came.
func (l *Ledger) lock(ctx context.Context, name string) (*lock, error) {
	if err := l.gates.enter(ctx, name); err != nil {
		return nil, err
	}
	k := &lock{ledger: l, name: name, owner: rand.Text()}
	if err := k.take(ctx); err != nil {
		l.gates.leave(name)
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
			_ = k.renew(ctx) // whoever relies on it looks for themselves
		case <-ctx.Done():
			return
		}
	}
}

var errLost = errors.New("the lock was lost")

// renew prolongs the lock. An error says that it may be somebody else's.
func (k *lock) renew(ctx context.Context) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.put(ctx, []byte(k.owner))
}

// put replaces the lock. What is there may be from an earlier try whose answer got lost: that is still ours, and has not been prolonged by this one.
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

// errNotOurs is the guard's error: the lock may be somebody else's by now, or nobody can tell.
var errNotOurs = errors.New("the right to write could not be confirmed")

// guard gives a context under which a source is sent a change only while the lock is held: its turn may come long after it was asked for.
func (k *lock) guard(ctx context.Context) context.Context {
	return connectors.WithGuard(ctx, func(ctx context.Context) error {
		if err := k.renew(ctx); err != nil {
			return errors.Join(errNotOurs, err)
		}
		return nil
	})
}

// release gives the lock back.
func (k *lock) release(ctx context.Context) {
	k.stop()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), storeWithin)
	defer cancel()
	_ = k.put(ctx, nil) // else it ends by itself
	k.ledger.gates.leave(k.name)
}

// gates let one caller of this process at a time do something of a name.
type gates struct {
	mu sync.Mutex
	of map[string]*gate
}

type gate struct {
	open  chan struct{}
	users int
}

func (g *gates) enter(ctx context.Context, name string) error {
	g.mu.Lock()
	if g.of == nil {
		g.of = make(map[string]*gate)
	}
	one := g.of[name]
	if one == nil {
		one = &gate{open: make(chan struct{}, 1)}
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

func (g *gates) leave(name string) {
	g.mu.Lock()
	one := g.of[name]
	g.mu.Unlock()
	one.open <- struct{}{}
	g.forget(name, one)
}

func (g *gates) forget(name string, one *gate) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if one.users--; one.users == 0 {
		delete(g.of, name)
	}
}
