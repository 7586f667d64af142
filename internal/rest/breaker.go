package rest

import (
	"context"
	"errors"
	"math/rand/v2"
	"net/http"
	"net/url"
	"sync"
	"time"

	"roster/connectors"
)

const (
	// tolerance is how many calls in a row may fail before the source is left alone.
	tolerance = 5
	// firstPause is for how long it then is. Each probe that fails doubles that, up to longestPause.
	firstPause   = 5 * time.Second
	longestPause = time.Minute
	// pagePause is for a source in whose place a web page has answered: somebody must do something about that.
	pagePause = 5 * time.Minute
)

// breaker leaves a place alone that keeps failing. It judges what replies mean: a source that refuses a credential, or asks for patience, is
// well. While it is open, calls fail at once; then one call probes. Background calls wait for what comes of it, for as long as nobody waits for
// them; urgent ones fail at once, since a probe may take as long as a call may.
type breaker struct {
	mu     sync.Mutex
	state  connectors.BreakerState
	since  time.Time
	failed int // in a row
	pause  time.Duration
	until  time.Time
	why    *connectors.Error
	probed chan struct{} // closed when the probe under way is over
}

// breakers has those of the places other than the source's API, such as the one that gives tokens, by host. They fail for reasons of their own:
// where tokens are given, a page may have come in the place of an answer while the API is well, and the token in use is good for hours. That
// holds on the API's own host too. Spare calls have one as well: what callers send must not have the source left alone. The zero value is ready.
type breakers struct {
	mu sync.Mutex
	by map[string]*breaker
}

// breakerOf gives the breaker of a request's place.
func (c *Client) breakerOf(req *Request) *breaker {
	if req.Base == "" && !req.Spare {
		return &c.breaker
	}
	place := req.Base
	if req.Spare {
		place = spareBucket
	} else if u, err := url.Parse(place); err == nil {
		place = u.Host
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

// health says how the source's calls have gone.
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

// open says whether calls fail at once.
func (b *breaker) open() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.state == connectors.BreakerOpen && time.Now().Before(b.until)
}

// enter lets a call pass, as a probe where it is the first after a pause. The caller tells its end by leave.
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
			e := transportError(ctx.Err())
			e.Unsent = true
			return false, e
		}
	}
}

// resume has the next call probe, where the breaker is open.
func (b *breaker) resume() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.state == connectors.BreakerOpen {
		b.until = time.Now()
	}
}

// refusal is the error of a call that is not let through. The lock is held.
func (b *breaker) refusal(wait time.Duration) *connectors.Error {
	e := *b.why
	e.RetryAfter, e.Unsent = wait, true
	return &e
}

// become changes the state. The lock is held.
func (b *breaker) become(s connectors.BreakerState, now time.Time) {
	b.state, b.since = s, now
}

// note takes in how a call went that was no probe. The lock is held.
func (b *breaker) note(m meaning, e *connectors.Error) {
	switch {
	case m == page:
		b.trip(e, pagePause, time.Now())
	case b.state != connectors.BreakerClosed:
	case m == well:
		b.failed = 0
	case m == failing:
		if b.failed++; b.failed >= tolerance {
			b.pause = firstPause
			b.trip(e, jitter(b.pause), time.Now())
		}
	}
}

// leave tells how a call went that enter has let pass.
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
		b.failed, b.pause, b.why = 0, 0, nil
		b.become(connectors.BreakerClosed, now)
	case page:
		b.trip(e, pagePause, now)
	case failing:
		b.pause = min(max(2*b.pause, firstPause), longestPause)
		b.trip(e, jitter(b.pause), now)
	case silent: // it tells nothing: the next call probes
		b.become(connectors.BreakerOpen, now)
		b.until = now
	}
	close(b.probed)
}

// trip opens the breaker. The lock is held.
func (b *breaker) trip(e *connectors.Error, pause time.Duration, now time.Time) {
	kept := *e
	if kept.RetryAfter > pause { // the source's own word
		pause = kept.RetryAfter
	}
	kept.Err = nil
	if kept.Detail != "" {
		kept.Detail = "left alone after failures, the last: " + kept.Detail
	} else {
		kept.Detail = "left alone after failures"
	}
	b.why, b.until = &kept, now.Add(pause)
	b.become(connectors.BreakerOpen, now)
}

func jitter(d time.Duration) time.Duration {
	return d/2 + rand.N(d/2+1) //nolint:gosec // spreads load; nothing secret depends on it
}

// meaning is what the end of a call says about the source.
type meaning int

const (
	silent  meaning = iota // nothing: the caller has gone, or the call was not sent, or it asks for patience
	well                   // it works, whether or not it does what was asked
	failing                // it does not
	page                   // something else answers in its place
)

// meaningOf judges the end of a call.
func meaningOf(ctx context.Context, resp *Response, e *connectors.Error) meaning {
	switch {
	case e == nil:
		return well
	case e.Unsent, ctx.Err() != nil, errors.Is(e.Err, context.Canceled), e.Kind == connectors.KindRateLimited:
		return silent
	case resp != nil && resp.Status < http.StatusInternalServerError && resp.isPage():
		if e.Kind == connectors.KindBadResponse || e.Kind == connectors.KindForbidden {
			return page
		}
	}
	switch e.Kind {
	case connectors.KindUnavailable, connectors.KindTimeout, connectors.KindBadResponse:
		return failing
	default:
		return well
	}
}
