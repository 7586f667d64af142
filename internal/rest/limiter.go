package rest

import (
	"context"
	"errors"
	"sync"
	"time"

	"roster/connectors"
)

const (
	// patience is the longest that a call waits because a source asked for it; beyond it, the caller is better told.
	patience = 90 * time.Second
	// defaultPause is for a source that says "too many" without saying for how long.
	defaultPause = time.Minute
	// defaultBlock is for a source that blocks us: it is left alone, and tried again rarely.
	defaultBlock = time.Hour
)

// limiter keeps one source's limit: in every sliding window of limit.Per, each bucket starts at most limit.Calls calls. A token bucket
// would let twice as many through at the edge of a window, and the vendors ban for that.
type limiter struct {
	limit    connectors.RateLimit
	parallel chan struct{} // nil without a bound

	mu      sync.Mutex
	buckets map[string]*bucket
	blocked *connectors.Error
	until   time.Time // of the block
}

type bucket struct {
	starts []time.Time // of the last limit.Calls calls, as a ring; zero where there was none
	next   int         // the oldest of them
	paused time.Time   // no call starts before
}

func newLimiter(limit connectors.RateLimit) *limiter {
	l := &limiter{limit: limit, buckets: make(map[string]*bucket)}
	if limit.Parallel > 0 {
		l.parallel = make(chan struct{}, limit.Parallel)
	}
	return l
}

// acquire waits until the bucket's next call may start. The caller calls release when the call is over.
func (l *limiter) acquire(ctx context.Context, name string) (release func(), e *connectors.Error) {
	for {
		if err := ctx.Err(); err != nil {
			return nil, transportError(err)
		}
		release, err := l.enter(ctx)
		if err != nil {
			return nil, waitError(err, 0)
		}
		wait, e := l.reserve(name)
		if e == nil && wait <= 0 {
			return release, nil
		}
		// Who waits for one bucket must not keep the others' calls from starting.
		release()
		if e == nil {
			e = sleep(ctx, wait)
		}
		if e != nil {
			return nil, e
		}
	}
}

// enter takes one of the places for calls under way.
func (l *limiter) enter(ctx context.Context) (leave func(), err error) {
	if l.parallel == nil {
		return func() {}, nil
	}
	select {
	case l.parallel <- struct{}{}:
		return func() { <-l.parallel }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// reserve starts a call now, or says how long to wait before asking again.
func (l *limiter) reserve(name string) (time.Duration, *connectors.Error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now()
	if l.until.After(now) {
		e := *l.blocked
		e.RetryAfter = l.until.Sub(now)
		return 0, &e
	}
	b := l.bucket(name)
	if wait := b.paused.Sub(now); wait > patience {
		return 0, waitError(nil, wait)
	} else if wait > 0 {
		return wait, nil
	}
	if len(b.starts) == 0 {
		return 0, nil
	}
	if wait := b.starts[b.next].Add(l.limit.Per).Sub(now); wait > 0 && !b.starts[b.next].IsZero() {
		return wait, nil
	}
	b.starts[b.next] = now
	b.next = (b.next + 1) % len(b.starts)
	return 0, nil
}

func (l *limiter) bucket(name string) *bucket {
	b := l.buckets[name]
	if b == nil {
		b = &bucket{starts: make([]time.Time, max(0, l.limit.Calls))}
		l.buckets[name] = b
	}
	return b
}

// pause keeps the bucket's calls back for as long as the source asked, and says so in e where it did not.
func (l *limiter) pause(name string, e *connectors.Error) {
	if e.RetryAfter <= 0 {
		e.RetryAfter = defaultPause
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	b := l.bucket(name)
	if t := time.Now().Add(e.RetryAfter); t.After(b.paused) {
		b.paused = t
	}
}

// block refuses every call until the block is over: more calls would make it worse.
func (l *limiter) block(e *connectors.Error) {
	if e.RetryAfter <= 0 {
		e.RetryAfter = defaultBlock
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if t := time.Now().Add(e.RetryAfter); t.After(l.until) {
		kept := *e
		l.blocked, l.until = &kept, t
	}
}

func sleep(ctx context.Context, d time.Duration) *connectors.Error {
	if deadline, ok := ctx.Deadline(); ok && time.Until(deadline) < d {
		return waitError(context.DeadlineExceeded, d)
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return waitError(ctx.Err(), d)
	}
}

// waitError is for a call that was not sent: its turn would have come in d.
func waitError(err error, d time.Duration) *connectors.Error {
	if errors.Is(err, context.Canceled) {
		return transportError(err)
	}
	return &connectors.Error{Kind: connectors.KindRateLimited, RetryAfter: d, Detail: "not sent, to stay within the source's limit", Err: err}
}
