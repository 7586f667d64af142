package app

import (
	"context"
	"sync/atomic"
)

// traffic counts the requests that an instance is answering. Acquire takes no lock, because every request calls it.
type traffic struct {
	active  atomic.Int64
	closed  atomic.Bool
	drained atomic.Pointer[chan struct{}] // receives a value when the last request has ended
}

// acquire counts a new request. It returns false if the instance is closed.
func (t *traffic) acquire() bool {
	t.active.Add(1)
	if t.closed.Load() { // either close sees our count, or we see that it has closed
		t.release()
		return false
	}
	return true
}

func (t *traffic) release() {
	if t.active.Add(-1) == 0 && t.closed.Load() {
		select {
		case *t.drained.Load() <- struct{}{}:
		default: // a value is waiting already
		}
	}
}

// close refuses new requests, and waits until all have ended or ctx ends.
func (t *traffic) close(ctx context.Context) {
	drained := make(chan struct{}, 1)
	t.drained.Store(&drained)
	t.closed.Store(true)
	for t.active.Load() > 0 {
		select {
		case <-drained:
		case <-ctx.Done():
			return
		}
	}
}
