// Package upstream makes calls to a source over any protocol. It keeps the source's rate limits and pauses, sets a deadline, repeats a call
// if that may help, makes no calls while the source keeps failing, and reports each call to an observer. It does not know what a call
// sends. Package rest is HTTP on top of it.
package upstream

import (
	"cmp"
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"roster/connectors"
	"roster/connectors/limit"
	"roster/internal/backoff"
)

const (
	defaultTimeout = 30 * time.Second
	// defaultPause is the pause for a source that reports too many calls without a time.
	defaultPause = time.Minute
	// defaultBlock is the pause for a source that blocks Roster: it is called rarely.
	defaultBlock = time.Hour
)

// Options say how to call one source.
type Options struct {
	Source string // the source's name, for errors
	Kind   connectors.KindName
	// Counted names what the source counts calls by, and reveals no credential. Limit is what the source allows, and Also are further
	// budgets in which each call counts.
	Counted string
	Limit   connectors.RateLimit
	Also    []connectors.Budget
	// Retries is how often at most a call is repeated that has failed and may succeed; nil for two.
	Retries *int
	Timeout time.Duration // of one attempt; 0 means 30 s
	// Runtime is what the program gives to the source.
	Runtime connectors.Runtime
}

// Caller makes the calls to one source. It is safe for concurrent use.
type Caller struct {
	opt       Options
	limits    connectors.Limits
	calls     atomic.Int64 // what the source says it allows, if that is less than Options.Limit; 0 otherwise
	retries   int
	allowance allowance
	breaker   breaker  // of the source's API
	elsewhere breakers // of other places
	buckets   sync.Map // the names of the buckets in which calls have counted
}

// New returns a caller.
func New(opt Options) *Caller {
	opt.Timeout = cmp.Or(opt.Timeout, defaultTimeout)
	c := &Caller{opt: opt, limits: opt.Runtime.Limits, retries: defaultRetries}
	if c.limits == nil {
		c.limits = limit.New(nil)
	}
	if opt.Retries != nil {
		c.retries = *opt.Retries
	}
	return c
}

// Health returns how the calls to the source's API have ended lately. If only some kinds of calls are paused, it has the longest of their
// pauses.
func (c *Caller) Health() connectors.Health {
	h := c.breaker.health()
	if h.Pause = c.limits.Paused(c.opt.Counted); h.Pause != nil {
		return h
	}
	for _, key := range c.budgetKeys() {
		if e := c.limits.Paused(key); e != nil && (h.Pause == nil || e.RetryAfter > h.Pause.RetryAfter) {
			h.Pause, h.PartPaused = e, true
		}
	}
	return h
}

// Call describes one call.
type Call struct {
	Op string // the vendor's name for the call, for errors
	// Bucket names what the source counts this call by, if it counts by more than the whole; the calls of one bucket share a window.
	Bucket string
	// Place names another place than the source's API, such as the one that gives tokens. It has a breaker of its own; the limits are the
	// same.
	Place string
	// Write is true for a call that changes something. It is never repeated, and made only with the consent that its context asks for
	// (connectors.WithConsent).
	Write bool
	// Spare is true for a call that must not delay the source's others. All such calls together have a tenth of its limit, and come one at
	// a time and after all others; any beyond that are refused at once. They are not repeated. Their failures and pauses affect only each
	// other.
	Spare bool
}

// Exchange is one attempt of a call. The function that makes the attempt reports in it what it learns besides the error.
type Exchange struct {
	// Header is what the observer wants to be sent with the call, if the protocol has a place for it; nil for none.
	Header map[string]string

	// Answered is true if the source has answered, also with an error.
	Answered bool
	// Foreign is true if something else has answered in place of the source, such as a web page.
	Foreign bool
	// Final is true for a failure that would only happen again.
	Final bool
	// Bytes is the size of the answer.
	Bytes int
	// Date is the source's clock, and CertExpires the end of the first certificate that the source has shown; zero if unknown.
	Date, CertExpires time.Time
	// Told is what the source says of its limit.
	Told Told
}

// Attempt makes one attempt of a call. The context has its deadline.
type Attempt func(ctx context.Context, x *Exchange) error

// Told is what a source says of its limit.
type Told struct {
	// Calls is how many calls it allows, if that is fewer than was configured; 0 if it does not say.
	Calls int
	// Pause is how long to make no further call, because none is left; 0 if some are.
	Pause time.Duration
}

// Do makes a call within the source's limits, and waits for its turn. A call that only reads and has failed, or is asked to wait for a short time, is
// repeated: a few times, within the caller's deadline, and as far as the source's allowance for retries permits. While the breaker is open
// after failures, calls fail at once. Every error that Do returns is a *connectors.Error. The error of attempt may be one; any other is
// described by NetworkError.
func (c *Caller) Do(ctx context.Context, call Call, attempt Attempt) error {
	c.allowance.earn()
	garbled := 0
	for n := 1; ; n++ {
		x := Exchange{}
		e := c.observed(ctx, &call, n, &x, attempt)
		if e == nil {
			return nil
		}
		if e.Kind == connectors.KindBadResponse {
			garbled++
		}
		if wait, again := c.again(ctx, &call, &x, e, n, garbled); !again || !backoff.Wait(ctx, wait) {
			return e
		}
	}
}

// observed makes one attempt, and tells the observer.
func (c *Caller) observed(ctx context.Context, call *Call, n int, x *Exchange, attempt Attempt) *connectors.Error {
	var end connectors.CallEnd
	if c.opt.Runtime.Observer == nil {
		return c.once(ctx, call, x, &end, attempt)
	}
	ctx, o := c.opt.Runtime.Observer.Begin(ctx, connectors.Call{Source: c.opt.Source, Kind: c.opt.Kind, Op: call.Op, Attempt: n})
	if o.Waits != nil {
		ctx = connectors.WithWaits(ctx, o.Waits)
	}
	x.Header = o.Header
	e := c.once(ctx, call, x, &end, attempt)
	end.Err = e
	o.Done(end)
	return e
}

// once makes one attempt, if the breaker permits it.
func (c *Caller) once(ctx context.Context, call *Call, x *Exchange, end *connectors.CallEnd, attempt Attempt) *connectors.Error {
	breaker := c.breakerOf(call)
	probe, e := breaker.enter(ctx)
	if e != nil {
		e.Unsent = true
		return c.named(e, call)
	}
	m := silent
	defer func() { breaker.leave(probe, m, e) }()
	e = c.call(ctx, call, x, end, attempt)
	if m = meaningOf(ctx, x, e); m == foreign && e.RetryAfter < foreignPause {
		e.RetryAfter = foreignPause
	}
	if e != nil {
		return c.named(e, call)
	}
	return nil
}

// call waits for the call's turn, makes the attempt, and does what the answer asks for.
func (c *Caller) call(ctx context.Context, call *Call, x *Exchange, end *connectors.CallEnd, attempt Attempt) *connectors.Error {
	wanted := time.Now()
	budgets := c.budgets(call.bucket())
	pass, e := c.limits.Acquire(ctx, budgets, c.opt.Timeout)
	began := time.Now()
	end.Waited = began.Sub(wanted)
	if e != nil {
		return e
	}
	answered := false
	defer func() { pass.Release(answered) }()
	e = c.attempt(ctx, call, x, attempt)
	end.Sent, end.Took = e == nil || !e.Unsent, time.Since(began)
	answered = e == nil || x.Answered || !end.Sent // a call that was not sent is not on its way either
	end.Bytes, end.Date, end.CertExpires = x.Bytes, x.Date, x.CertExpires
	c.applyAnswer(budgets, call, x, e) // before the next call can start
	return e
}

// attempt makes the attempt within its deadline.
func (c *Caller) attempt(ctx context.Context, call *Call, x *Exchange, attempt Attempt) *connectors.Error {
	ctx, cancel := context.WithTimeout(ctx, c.opt.Timeout)
	defer cancel()
	if call.Write {
		if err := connectors.CheckConsent(ctx); err != nil {
			return connectors.AsError(c.opt.Source, err)
		}
	}
	err := attempt(ctx, x)
	if err == nil {
		return nil
	}
	e, ok := errors.AsType[*connectors.Error](err)
	if !ok {
		return NetworkError(err)
	}
	copied := *e
	return &copied
}

func (c *Caller) named(e *connectors.Error, call *Call) *connectors.Error {
	e.Source, e.Op = c.opt.Source, call.Op
	return e
}
