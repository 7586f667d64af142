package shared

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"

	"roster/internal/presence"
)

const (
	// lookupShare of the time that other calls have is what a call has that an operation waits for.
	lookupShare = 4
	// lookupPauseFirst is how long Redis is not asked for presence after it has been too slow for that. It doubles up to glanceRarely.
	lookupPauseFirst = time.Second
	lookupPauseMost  = 30 * time.Second
)

// lookupBreaker keeps a Redis that is slow from being waited for by every operation. It is for what the other one takes no notice of: a
// Redis that answers, but later than an operation should wait.
type lookupBreaker struct {
	tolerance int

	mu    sync.Mutex
	slow  int // in a row
	pause time.Duration
	until time.Time // nobody asks before; one asks then
	since time.Time // from when it is open; zero while it is not
}

// may says whether to ask. When a pause is over, one call finds out for all.
func (b *lookupBreaker) may(now time.Time) bool {
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

// judge takes note of how a call went.
func (b *lookupBreaker) judge(inTime bool, now time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if inTime {
		b.slow, b.pause, b.since = 0, 0, time.Time{}
		return
	}
	if b.slow++; b.slow < b.tolerance && b.since.IsZero() {
		return
	}
	if b.since.IsZero() {
		b.since = now
	} else if now.Before(b.until.Add(-b.pause / 2)) {
		return // one of those that were under way when it opened
	}
	b.pause = min(max(2*b.pause, lookupPauseFirst), lookupPauseMost)
	b.until = now.Add(b.pause)
}

func (b *lookupBreaker) openSince() time.Time {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.since
}

// lookup calls Redis for something that an operation waits for.
func (t *presenceTier) lookup(ctx context.Context, call func(context.Context) error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if t.known() && !t.Redis.Membership().Connected || !t.patience.may(time.Now()) {
		return ErrAway
	}
	bounded, cancel := context.WithTimeout(ctx, t.quick/lookupShare)
	defer cancel()
	err := call(bounded)
	switch {
	case err == nil || errors.Is(err, redis.Nil):
		t.patience.judge(true, time.Now())
		return nil
	case ctx.Err() != nil: // the caller has gone: that says nothing of Redis
	case certain(err):
		t.away(err)
	default:
		t.patience.judge(false, time.Now())
	}
	return err
}

// Membership returns the live replicas; see presence.Tier.
func (t *presenceTier) Membership() presence.Membership {
	c := t.Redis.Membership()
	out := presence.Membership{Connected: c.Connected, Size: c.Size, Rank: c.Rank, Since: t.lost()}
	if open := t.patience.openSince(); c.Connected && !open.IsZero() {
		out.Connected, out.Since = false, open
	}
	return out
}
