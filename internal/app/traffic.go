package app

import (
	"context"
	"sync/atomic"
)

// traffic counts the requests that an instance is answering. Entering takes no lock: every request does it.
type traffic struct {
	inside atomic.Int64
	closed atomic.Bool
	empty  atomic.Pointer[chan struct{}] // told when the last one has left
}

// enter is false where nobody is let in any more.
func (t *traffic) enter() bool {
	t.inside.Add(1)
	if t.closed.Load() { // and who has closed it has seen us, or we have seen that
		t.leave()
		return false
	}
	return true
}

func (t *traffic) leave() {
	if t.inside.Add(-1) == 0 && t.closed.Load() {
		select {
		case *t.empty.Load() <- struct{}{}:
		default: // it has been told already
		}
	}
}

// close lets nobody in any more, and waits until all have left or ctx ends.
func (t *traffic) close(ctx context.Context) {
	empty := make(chan struct{}, 1)
	t.empty.Store(&empty)
	t.closed.Store(true)
	for t.inside.Load() > 0 {
		select {
		case <-empty:
		case <-ctx.Done():
			return
		}
	}
}
