package redis

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"
)

// Tolerance is the number of consecutive calls that may fail before the breaker opens, if the failure may affect only a single call.
const Tolerance = 3

// ErrAway reports that Redis is known to be unavailable, so no call was made.
var ErrAway = errors.New("redis is unavailable")

// breaker records the results of the last calls.
type breaker struct {
	mu      sync.Mutex
	failed  int // number of consecutive failures
	opened  chan struct{}
	settled time.Time // from when a smaller number of replicas is trusted
}

// Do calls Redis with the usual timeout, unless Redis is known to be unavailable, and updates that state by the result of the call.
func (c *Client) Do(ctx context.Context, call func(context.Context) error) error {
	return c.DoWithin(ctx, c.callTimeout, call)
}

// DoWithin is Do with another timeout.
func (c *Client) DoWithin(ctx context.Context, within time.Duration, call func(context.Context) error) error {
	if !c.Membership().Connected {
		return ErrAway
	}
	bounded, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	err := call(bounded)
	if errors.Is(err, redis.Nil) {
		err = nil
	}
	if err != nil && ctx.Err() != nil {
		return err // the caller has gone; the error does not describe the state of Redis
	}
	c.stats.called(err)
	c.breaker.mu.Lock()
	if err == nil {
		c.breaker.failed = 0
	} else {
		c.breaker.failed++
	}
	open := c.breaker.failed >= Tolerance || err != nil && IsPersistent(err)
	c.breaker.mu.Unlock()
	if open {
		c.SetDisconnected(err)
	}
	return Describe(err)
}

// Direct calls Redis with the usual timeout, whether Redis is known to be available or not. It works without Run.
func (c *Client) Direct(ctx context.Context, call func(context.Context) error) error {
	bounded, cancel := context.WithTimeout(ctx, c.callTimeout)
	defer cancel()
	return Describe(call(bounded))
}

// Describe returns an error of a call in this package's own words. The text from Redis may contain keys and names.
func Describe(err error) error {
	if err == nil {
		return nil
	}
	return &callError{err}
}

// callError is a failed call.
type callError struct{ err error }

// Error returns the reason of the failure.
func (e *callError) Error() string { return "redis: " + Reason(e.err) }

// Unwrap returns the error of the Redis client.
func (e *callError) Unwrap() error { return e.err }

// SetDisconnected records that Redis is unavailable, and starts probes.
func (c *Client) SetDisconnected(err error) {
	c.breaker.mu.Lock()
	was := *c.membership.Load()
	if was.Connected {
		now := time.Now()
		c.lostAt.Store(now.UnixNano())
		c.membership.Store(&Membership{Size: was.Size, Rank: was.Rank, Since: now})
	}
	c.breaker.failed = 0
	c.breaker.mu.Unlock()
	if !was.Connected {
		return
	}
	c.stats.lost.Add(1)
	c.log.LogAttrs(context.Background(), slog.LevelWarn, "redis is unavailable: each replica fetches by itself, and less often",
		slog.String("reason", Reason(err)), slog.Int("replicas", was.Size))
	signal(c.breaker.opened)
}

// setConnected records that Redis works, and how many replicas share it.
func (c *Client) setConnected(size, rank int) {
	c.breaker.mu.Lock()
	was := *c.membership.Load()
	since := was.Since
	if now := time.Now(); !was.Connected {
		c.breaker.settled = now.Add(absentAfter)
		if !since.IsZero() {
			since = now
		}
	} else if now.After(c.breaker.settled) {
		was.Size = 0
	}
	if size < was.Size { // after Redis has lost its data, it learns of the live replicas only gradually
		size, rank = was.Size, was.Rank
	}
	c.membership.Store(&Membership{Connected: true, Size: size, Rank: rank, Since: since})
	c.breaker.mu.Unlock()
	if !was.Connected {
		c.stats.found.Add(1)
		c.log.LogAttrs(context.Background(), slog.LevelInfo, "redis is available: snapshots are shared", slog.Int("replicas", size))
		c.notify(Changed)
	}
}
