package upstream

import (
	"context"
	"errors"
	"sync"
	"time"

	"roster/connectors"
	"roster/internal/backoff"
)

const (
	// tolerance is the number of consecutive failures that open the breaker.
	tolerance = 5
	// firstPause is how long the breaker then stays open. Each probe that fails doubles the time, up to longestPause.
	firstPause   = 5 * time.Second
	longestPause = time.Minute
	// foreignPause is the time if something else has answered in place of the source, such as a web page: somebody must do something about
	// that.
	foreignPause = 5 * time.Minute
)

// breaker stops the calls to a place that keeps failing. A source that refuses a credential, or asks to wait, has not failed. While the
// breaker is open, calls fail at once; then one call probes. Background calls wait for its result, as long as nobody waits for them. Urgent
// calls fail at once, because a probe may take as long as any call.
type breaker struct {
	mu     sync.Mutex
	state  connectors.BreakerState
	since  time.Time
	failed int // in a row
	opened int // times in a row
	until  time.Time
	why    *connectors.Error
	probed chan struct{} // closed when the probe under way is over
}

// breakers are the breakers of places other than the source's API, such as the one that gives tokens. They fail for reasons of their own: a
// web page may come from the place that gives tokens while the API works, and the present token is valid for hours. That holds on the API's
// own host too. Spare calls have a breaker as well, because calls that callers cause must not stop the others. The zero value is ready.
type breakers struct {
	mu sync.Mutex
	by map[string]*breaker
}

// breakerOf returns the breaker for a call.
func (c *Caller) breakerOf(call *Call) *breaker {
	place := call.Place
	if call.Spare {
		place = spareBucket
	}
	if place == "" {
		return &c.breaker
	}
	c.elsewhere.mu.Lock()
	defer c.elsewhere.mu.Unlock()
	b := c.elsewhere.by[place]
	if b == nil {
		if c.elsewhere.by == nil {
			c.elsewhere.by = make(map[string]*breaker)
		}
		b = &breaker{}
		c.elsewhere.by[place] = b
	}
	return b
}

// health returns how the calls have ended lately.
func (b *breaker) health() connectors.Health {
	b.mu.Lock()
	defer b.mu.Unlock()
	h := connectors.Health{Breaker: b.state, Since: b.since}
	if b.state == connectors.BreakerOpen {
		h.RetryAt = b.until
	}
	if b.state != connectors.BreakerClosed {
		h.Err = b.why
	}
	return h
}

// open reports whether calls fail at once.
func (b *breaker) open() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.state == connectors.BreakerOpen && time.Now().Before(b.until)
}

// enter permits a call, as a probe if it is the first after a pause. The caller reports its end to leave.
func (b *breaker) enter(ctx context.Context) (probe bool, e *connectors.Error) {
	urgency := connectors.UrgencyOf(ctx)
	for {
		b.mu.Lock()
		now := time.Now()
		switch {
		case b.state == connectors.BreakerClosed:
			b.mu.Unlock()
			return false, nil
		case b.state == connectors.BreakerOpen && now.Before(b.until):
			e := b.refusal(b.until.Sub(now))
			b.mu.Unlock()
			return false, e
		case b.state == connectors.BreakerOpen:
			b.become(connectors.BreakerProbing, now)
			b.probed = make(chan struct{})
			b.mu.Unlock()
			return true, nil
		case urgency.Urgent():
			e := b.refusal(0) // nobody knows for how long
			b.mu.Unlock()
			return false, e
		}
		probed := b.probed
		b.mu.Unlock()
		select {
		case <-probed:
		case <-urgency.Raised():
		case <-ctx.Done():
			e := NetworkError(ctx.Err())
			e.Unsent = true
			return false, e
		}
	}
}

// resume makes the next call a probe if the breaker is open.
func (b *breaker) resume() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.state == connectors.BreakerOpen {
		b.until = time.Now()
	}
}

// refusal returns the error of a call that is not permitted. The lock is held.
func (b *breaker) refusal(wait time.Duration) *connectors.Error {
	e := *b.why
	e.RetryAfter, e.Unsent = wait, true
	return &e
}

// become changes the state. The lock is held.
func (b *breaker) become(s connectors.BreakerState, now time.Time) {
	b.state, b.since = s, now
}

// note applies the end of a call that was no probe. The lock is held.
func (b *breaker) note(m meaning, e *connectors.Error) {
	switch {
	case m == foreign:
		b.trip(e, foreignPause, time.Now())
	case b.state != connectors.BreakerClosed:
	case m == well:
		b.failed = 0
	case m == failing:
		if b.failed++; b.failed >= tolerance {
			b.trip(e, b.nextPause(), time.Now())
		}
	}
}

// leave applies the end of a call that enter has permitted.
func (b *breaker) leave(probe bool, m meaning, e *connectors.Error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !probe {
		b.note(m, e)
		return
	}
	now := time.Now()
	switch m {
	case well:
		b.failed, b.opened, b.why = 0, 0, nil
		b.become(connectors.BreakerClosed, now)
	case foreign:
		b.trip(e, foreignPause, now)
	case failing:
		b.trip(e, b.nextPause(), now)
	case silent: // it tells nothing: the next call probes
		b.become(connectors.BreakerOpen, now)
		b.until = now
	}
	close(b.probed)
}

// nextPause returns how long the breaker stays open after failures. The lock is held.
func (b *breaker) nextPause() time.Duration {
	pause := backoff.Jitter(backoff.After(b.opened, firstPause, longestPause))
	b.opened++
	return pause
}

// trip opens the breaker. The lock is held.
func (b *breaker) trip(e *connectors.Error, pause time.Duration, now time.Time) {
	kept := *e
	if kept.RetryAfter > pause { // the source's own word
		pause = kept.RetryAfter
	}
	kept.Err = nil
	if kept.Detail != "" {
		kept.Detail = "not called after failures, the last: " + kept.Detail
	} else {
		kept.Detail = "not called after failures"
	}
	b.why, b.until = &kept, now.Add(pause)
	b.become(connectors.BreakerOpen, now)
}

// meaning is what the end of a call says about the source.
type meaning int

const (
	silent  meaning = iota // nothing: the caller has gone, or the call was not sent, or the source asks to wait
	well                   // it works, whether or not it does what was asked
	failing                // it does not work
	foreign                // something else answers in its place
)

// meaningOf judges the end of a call.
func meaningOf(ctx context.Context, x *Exchange, e *connectors.Error) meaning {
	switch {
	case e == nil:
		return well
	case e.Unsent, ctx.Err() != nil, errors.Is(e.Err, context.Canceled), e.Kind == connectors.KindRateLimited:
		return silent
	case x.Foreign && (e.Kind == connectors.KindBadResponse || e.Kind == connectors.KindForbidden):
		return foreign
	}
	switch e.Kind {
	case connectors.KindUnavailable, connectors.KindTimeout, connectors.KindBadResponse:
		return failing
	default:
		return well
	}
}
