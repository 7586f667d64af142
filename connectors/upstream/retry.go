package upstream

import (
	"context"
	"math/rand/v2"
	"sync"
	"time"

	"roster/connectors"
	"roster/internal/backoff"
)

const (
	// maxAttempts is the number of attempts of one call if the source asks to wait.
	maxAttempts = 3
	// defaultRetries is the number of retries of a call that has failed.
	defaultRetries = 2
	// patience is the longest time that a call waits because the source asks for it. For a longer one, the call fails.
	patience = 90 * time.Second
	// backoffFirst and backoffMost bound the pause before a retry, which doubles.
	backoffFirst = 500 * time.Millisecond
	backoffMost  = 10 * time.Second

	// share is what each call adds to the allowance for retries, floor is the allowance at the beginning, and ceiling its maximum. Each
	// refill adds one, up to the floor, because a source that is called rarely has short faults too.
	share   = 0.2
	floor   = 3
	ceiling = 10
	refill  = time.Minute
)

// allowance bounds the retries to one source, because they do most harm when the source is overloaded: to a fifth of its calls, and a few.
type allowance struct {
	mu     sync.Mutex
	left   float64
	filled time.Time
}

// earn records a first attempt.
func (a *allowance) earn() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.fill()
	a.left = min(a.left+share, ceiling)
}

// spend reports whether a call may be repeated.
func (a *allowance) spend() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.fill()
	if a.left < 1 {
		return false
	}
	a.left--
	return true
}

func (a *allowance) fill() {
	now := time.Now()
	if a.filled.IsZero() {
		a.left, a.filled = floor, now
	}
	if n := now.Sub(a.filled) / refill; n > 0 {
		a.filled = a.filled.Add(n * refill)
		if a.left < floor {
			a.left = min(a.left+float64(n), floor)
		}
	}
}

// again reports whether a call that has failed is repeated, and after which pause. Attempt is the number of attempts so far, garbled the
// number of answers that could not be understood.
func (c *Caller) again(ctx context.Context, call *Call, x *Exchange, e *connectors.Error, attempt, garbled int) (wait time.Duration, yes bool) {
	switch {
	case call.Write, call.Spare, e.Unsent, e.Blocked, ctx.Err() != nil:
		return 0, false
	case e.Kind == connectors.KindRateLimited:
		return 0, attempt < maxAttempts && e.RetryAfter <= patience && c.allowance.spend() // the limits keep it back
	case attempt > c.retries, x.Final, !transient(e), garbled > 1, c.breakerOf(call).open():
		return 0, false
	}
	wait = rand.N(backoff.After(attempt-1, backoffFirst, backoffMost) + 1) //nolint:gosec // spreads load; nothing secret depends on it
	wait = max(wait, e.RetryAfter)
	if deadline, ok := ctx.Deadline(); wait > backoffMost || ok && time.Until(deadline) <= wait {
		return 0, false
	}
	return wait, c.allowance.spend()
}
