// Package backoff computes the pauses between attempts. It keeps no state: the code that repeats something counts the failures, and decides what
// else limits the pause.
package backoff

import (
	"context"
	"math/rand/v2"
	"time"
)

// After returns the pause after a number of failures in a row: first for none, and twice as long for each of them, up to most.
func After(failures int, first, most time.Duration) time.Duration {
	pause := first
	for ; failures > 0 && pause < most; failures-- {
		pause *= 2
	}
	return min(pause, most)
}

// Jitter returns a random time between half of d and d, so that what failed together is not repeated together.
func Jitter(d time.Duration) time.Duration {
	return d/2 + rand.N(d/2+1) //nolint:gosec // spreads load; nothing secret depends on it
}

// Wait waits for a pause. It returns false if ctx ends before.
func Wait(ctx context.Context, pause time.Duration) bool {
	select {
	case <-time.After(pause):
		return true
	case <-ctx.Done():
		return false
	}
}
