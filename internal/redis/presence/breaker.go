package presence

import (
	"context"
	"errors"
	"sync"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"roster/internal/backoff"
	"roster/internal/presence"
	"roster/internal/redis"
)

const (
	// lookupShare divides the timeout of other calls; the result is the timeout of a call that an operation waits for.
	lookupShare = 4
	// lookupPauseFirst is how long a replica makes no lookup of presence after Redis has been too slow. The pause doubles up to lookupPauseMost.
	lookupPauseFirst = time.Second
	lookupPauseMost  = 30 * time.Second
)

// lookupBreaker prevents every operation from waiting for a slow Redis. It covers a case that the other breaker ignores: Redis answers, but later
// than an operation should wait.
type lookupBreaker struct {
	tolerance int

	mu     sync.Mutex
	slow   int // number of consecutive slow calls
	failed int // number of consecutive pauses
	pause  time.Duration
	until  time.Time // no call is made before this time; then one call is made
	since  time.Time // when the breaker opened; zero while it is closed
}

// allow reports whether a call may be made. When a pause ends, only one call is allowed, as a test for all.
func (b *lookupBreaker) allow(now time.Time) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.since.IsZero() {
		return true
	}
	if now.Before(b.until) {
		return false
	}
	b.until = now.Add(b.pause)
	return true
}

// record records whether a call ended in time.
func (b *lookupBreaker) record(inTime bool, now time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if inTime {
		b.slow, b.failed, b.pause, b.since = 0, 0, 0, time.Time{}
		return
	}
	if b.slow++; b.slow < b.tolerance && b.since.IsZero() {
		return
	}
	if b.since.IsZero() {
		b.since = now
	} else if now.Before(b.until.Add(-b.pause / 2)) {
		return // this call was already running when the breaker opened
	}
	b.pause = backoff.After(b.failed, lookupPauseFirst, lookupPauseMost)
	b.failed++
	b.until = now.Add(b.pause)
}

func (b *lookupBreaker) openSince() time.Time {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.since
}

// lookup makes a call of Redis that an operation waits for.
func (s *Store) lookup(ctx context.Context, call func(context.Context) error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if s.isReady() && !s.client.Membership().Connected || !s.lookups.allow(time.Now()) {
		return redis.ErrAway
	}
	bounded, cancel := context.WithTimeout(ctx, s.client.CallTimeout()/lookupShare)
	defer cancel()
	err := call(bounded)
	switch {
	case err == nil || errors.Is(err, goredis.Nil):
		s.lookups.record(true, time.Now())
		return nil
	case ctx.Err() != nil: // the caller has gone; the error does not describe the state of Redis
	case redis.IsPersistent(err):
		s.client.SetDisconnected(err)
	default:
		s.lookups.record(false, time.Now())
	}
	return err
}

// Membership returns the live replicas; see presence.SharedStore.
func (s *Store) Membership() presence.Membership {
	c := s.client.Membership()
	out := presence.Membership{Connected: c.Connected, Size: c.Size, Rank: c.Rank, Since: s.client.Lost()}
	if open := s.lookups.openSince(); c.Connected && !open.IsZero() {
		out.Connected, out.Since = false, open
	}
	return out
}
