package http1

import (
	"context"
	"sync"
	"sync/atomic"
	"time"
)

// requestContext is the context of a request. It ends with the request, or with the connection. It looks for the end of the connection only if something waits
// for it, which hardly any request does.
type requestContext struct {
	context.Context // of the connection
	conn            *conn

	// waited is nil until something waits, and ended tells that the context is over. They are set with mu, and read without it, because values are looked up often.
	waited atomic.Pointer[context.Context]
	ended  atomic.Bool

	mu     sync.Mutex
	cancel context.CancelFunc
	stop   func() // ends the watch
}

// Done implements context.Context.
func (c *requestContext) Done() <-chan struct{} {
	c.mu.Lock()
	defer c.mu.Unlock()
	if waited := c.waited.Load(); waited != nil {
		return (*waited).Done()
	}
	var waited context.Context
	waited, c.cancel = context.WithCancel(c.Context)
	c.waited.Store(&waited)
	if c.ended.Load() {
		c.cancel()
	} else {
		c.stop = c.conn.watch(c.cancel)
	}
	return waited.Done()
}

// Err implements context.Context.
func (c *requestContext) Err() error {
	if waited := c.waited.Load(); waited != nil {
		return (*waited).Err()
	}
	if c.ended.Load() {
		return context.Canceled
	}
	return c.Context.Err()
}

// Value implements context.Context.
func (c *requestContext) Value(key any) any {
	if waited := c.waited.Load(); waited != nil {
		return (*waited).Value(key) // it also knows how to cancel contexts below it without a goroutine
	}
	return c.Context.Value(key)
}

// end ends the context, and the watch if there is one.
func (c *requestContext) end() {
	c.mu.Lock()
	c.ended.Store(true)
	cancel, stop := c.cancel, c.stop
	c.mu.Unlock()
	if cancel != nil {
		cancel()
	}
	if stop != nil {
		stop()
	}
}

// fail cancels the context, because the client is gone.
func (c *requestContext) fail() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ended.Store(true)
	if c.cancel != nil {
		c.cancel()
	}
}

// longAgo is a deadline that is over.
var longAgo = time.Unix(1, 0)

// watch reads from the connection while a request is served, and cancels its context when the client closes the connection. If the client sends its next request
// meanwhile, the watch keeps the first byte of it, and ends. Only stop gives the byte to the loop.
func (c *conn) watch(cancel func()) (stop func()) {
	ended := make(chan struct{})
	var (
		first [1]byte
		n     int
		err   error
	)
	c.net.SetReadDeadline(time.Time{}) //nolint:errcheck // the read will fail
	go func() {
		defer close(ended)
		if n, err = c.net.Read(first[:]); err != nil {
			cancel()
		}
	}()
	return func() {
		c.net.SetReadDeadline(longAgo) //nolint:errcheck // the connection is closed, and the read has ended
		<-ended
		if n > 0 {
			c.in = append(c.in, first[0])
		}
	}
}
