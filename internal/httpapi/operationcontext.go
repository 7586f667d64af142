package httpapi

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/99designs/gqlgen/graphql"

	"roster/internal/bounds"
	"roster/internal/contextkey"
	"roster/internal/freshness"
	"roster/internal/plan"
)

// operationContext is the context of an operation: one context with all its values, because each further one makes every look-up longer. Its deadline has a
// timer only if something waits for it, which few operations do.
type operationContext struct {
	context.Context
	op    *operation
	plans *plan.Document
	// handler and running are set for an operation that a plan executes. Then this is also gqlgen's context of the operation and its response.
	handler *handler
	running *graphql.OperationContext

	keptKey, kept any // one value of the operation, once isKept is true
	isKept        atomic.Bool
	until         time.Time // zero for no deadline; set before another goroutine has the context
	ended         atomic.Bool

	// timed is the context with the timer; nil until something waits. It is set with mu, and read without it, because values are looked up often.
	timed atomic.Pointer[context.Context]

	mu     sync.Mutex
	errors context.Context // gqlgen's context of the response; nil until there is an error
	cancel context.CancelFunc
}

var _ context.Context = (*operationContext)(nil)

// Value implements context.Context.
func (c *operationContext) Value(key any) any {
	switch key {
	case operationKey{}:
		return c.op
	case freshness.ContextKey:
		return &c.op.exchange
	case bounds.ContextKey:
		return c.op.bounds
	case plan.ContextKey:
		return c.plans
	}
	if c.running != nil {
		if c.isKept.Load() && key == c.keptKey {
			return c.kept
		}
		switch key {
		case gqlgenOperation:
			return c.running
		case gqlgenResponse:
			return c.response().Value(key)
		}
	}
	if timed := c.timed.Load(); timed != nil {
		return (*timed).Value(key)
	}
	return c.Context.Value(key)
}

// Keep keeps a value for the operation of a plan. It returns false if there is no room. Only the operation's goroutine may call it, while others look for values:
// the timer of a context below this one does, if it ends just then.
func (c *operationContext) Keep(key, value any) bool {
	if c.running == nil || c.isKept.Load() {
		return false
	}
	c.keptKey, c.kept = key, value
	c.isKept.Store(true)
	return true
}

func (c *operationContext) response() context.Context {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.errors == nil {
		c.errors = graphql.WithResponseContext(context.Background(), c.handler.present, c.handler.recover)
	}
	return c.errors
}

// The keys of gqlgen's values in a context, which it does not export.
var (
	gqlgenOperation = contextkey.Of(func(ctx context.Context) { graphql.HasOperationContext(ctx) })
	gqlgenResponse  = contextkey.Of(func(ctx context.Context) { graphql.GetExtensions(ctx) })
)

// end is called when the operation has ended. The context is canceled then.
func (c *operationContext) end() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ended.Store(true)
	if c.cancel != nil {
		c.cancel()
	}
}

// endIn sets the deadline, unless there is one already. What has waited for the context before does not notice the deadline.
func (c *operationContext) endIn(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.until.IsZero() {
		return
	}
	c.until = time.Now().Add(d)
	if before := c.cancel; before != nil {
		timed, cancel := context.WithDeadline(*c.timed.Load(), c.until)
		c.timed.Store(&timed)
		c.cancel = func() {
			cancel()
			before()
		}
	}
}

// Deadline implements context.Context.
func (c *operationContext) Deadline() (time.Time, bool) {
	until, ok := c.Context.Deadline()
	if !c.until.IsZero() && (!ok || c.until.Before(until)) {
		return c.until, true
	}
	return until, ok
}

// Done implements context.Context.
func (c *operationContext) Done() <-chan struct{} {
	c.mu.Lock()
	defer c.mu.Unlock()
	if timed := c.timed.Load(); timed != nil {
		return (*timed).Done()
	}
	var timed context.Context
	if c.until.IsZero() {
		timed, c.cancel = context.WithCancel(c.Context)
	} else {
		timed, c.cancel = context.WithDeadline(c.Context, c.until)
	}
	c.timed.Store(&timed)
	if c.ended.Load() {
		c.cancel()
	}
	return timed.Done()
}

// Err implements context.Context.
func (c *operationContext) Err() error {
	if timed := c.timed.Load(); timed != nil {
		return (*timed).Err()
	}
	if err := c.Context.Err(); err != nil {
		return err
	}
	switch {
	case c.ended.Load():
		return context.Canceled
	case !c.until.IsZero() && !time.Now().Before(c.until):
		return context.DeadlineExceeded
	}
	return nil
}
