package credential

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"sync"
	"time"

	"roster/connectors"
)

const (
	// unknownLifetime is for a vendor that does not say how long its token is good. A longer one is asked for again, a shorter one is
	// refused and replaced then.
	unknownLifetime = time.Hour
	// A renewal that fails is tried again after a pause that doubles; one that was refused, which nothing but another grant mends, after
	// the longest.
	firstPause = 30 * time.Second
	lastPause  = 10 * time.Minute
	// forcedPause is how long after a renewal because of a refused token the next one waits: if the new token is refused too, it is not
	// the token.
	forcedPause = 5 * time.Minute
	// op is what errors of this package name in the place of a vendor's call.
	op = "token"
)

// chain is the pairs of tokens that descend from one first grant. Its clock is the process's own; what others' clocks have written counts
// for no more than a pair's lifetime.
type chain struct {
	keeper *Renewer
	source string
	id     string
	first  connectors.TokenGrant
	early  float64 // at which part of a token's life it is renewed: not all replicas come at once

	mu       sync.Mutex
	exchange connectors.Exchange
	record   record
	seen     time.Time         // when record came to be known here
	known    bool              // the store has been read
	flight   chan struct{}     // closed when the renewal under way is over; nil without one
	stuck    bool              // it has a new pair that cannot be stored
	err      *connectors.Error // how the last renewal failed, or what keeps this one
	failed   int               // in a row
	next     time.Time         // no renewal begins before
	forced   time.Time         // when the last renewal because of a refused token ended well
}

func newChain(k *Renewer, source, id string, first connectors.TokenGrant, exchange connectors.Exchange) *chain {
	return &chain{keeper: k, source: source, id: id, first: first, exchange: exchange, early: 0.7 + 0.1*rand.Float64()} //nolint:gosec // no secret
}

// exchangeBy replaces the exchange. What made the last renewal fail may be over.
func (c *chain) exchangeBy(exchange connectors.Exchange) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.exchange, c.next, c.failed = exchange, time.Time{}, 0
}

// Token gives the token to use now. One that nears its end is renewed meanwhile.
func (c *chain) Token(ctx context.Context) (connectors.Token, error) {
	for {
		if ctx.Err() != nil {
			return connectors.Token{}, c.given(ctx)
		}
		c.mu.Lock()
		if c.due() {
			c.begin("")
		}
		token, good := c.token()
		flight, stuck, err := c.flight, c.stuck, c.err
		c.mu.Unlock()
		switch {
		case good:
			return token, nil
		case flight == nil || stuck:
			return connectors.Token{}, c.failure(err)
		}
		select {
		case <-flight:
		case <-ctx.Done():
			return connectors.Token{}, c.given(ctx)
		}
	}
}

// Renew gives another token than the refused one. It is renewed at most once for that, however many callers were refused.
func (c *chain) Renew(ctx context.Context, refused connectors.Token) (connectors.Token, error) {
	c.mu.Lock()
	if c.record.Pair.Access == refused.Value && c.flight == nil {
		switch now := time.Now(); {
		case now.Before(c.forced.Add(forcedPause)):
			c.mu.Unlock()
			return connectors.Token{}, &connectors.Error{Source: c.source, Op: op, Kind: connectors.KindUnauthorized,
				Detail: "a token that has just been renewed is not accepted"}
		case !now.Before(c.next):
			c.begin(refused.Value)
		}
	}
	flight, stuck, err := c.flight, c.stuck, c.err
	same := c.record.Pair.Access == refused.Value
	c.mu.Unlock()
	if same && (flight == nil || stuck) {
		return connectors.Token{}, c.failure(err)
	}
	if same {
		select {
		case <-flight:
		case <-ctx.Done():
			return connectors.Token{}, c.given(ctx)
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	token, good := c.token()
	if !good || token.Value == refused.Value {
		return connectors.Token{}, c.failure(c.err)
	}
	return token, nil
}

// look renews what is due, for nobody in particular.
func (c *chain) look() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.due() {
		c.begin("")
	}
}

// Credential says how things stand.
func (c *chain) Credential() connectors.CredentialStatus {
	c.mu.Lock()
	defer c.mu.Unlock()
	s := connectors.CredentialStatus{Renewed: true}
	if c.err == nil {
		return s
	}
	s.Detail = c.err.Detail
	if c.err.Kind == connectors.KindUnauthorized {
		s.State = connectors.CredentialRefused
	} else if _, good := c.token(); !good {
		s.State = connectors.CredentialExpired
	}
	return s
}

// token gives the current token, and whether it is good by the clock.
func (c *chain) token() (connectors.Token, bool) {
	p := &c.record.Pair
	return connectors.Token{Value: p.Access, Address: p.Address}, c.record.Number > 0 && time.Now().Before(c.end(1))
}

// end gives when that part of the token's life is over. A pair that a clock ahead of ours has dated counts from when it was seen.
func (c *chain) end(part float64) time.Time {
	life := c.record.Pair.Lifetime
	if life <= 0 {
		life = unknownLifetime
	}
	from := c.record.Granted
	if from.After(c.seen) {
		from = c.seen
	}
	return from.Add(time.Duration(part * float64(life)))
}

// due says whether a renewal should begin now.
func (c *chain) due() bool {
	now := time.Now()
	return c.flight == nil && !now.Before(c.next) && (!c.known || c.record.Number == 0 || !now.Before(c.end(c.early)))
}

// adopt takes a record that is newer than what is here.
func (c *chain) adopt(r record) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.known = true
	if r.Number > c.record.Number || c.seen.IsZero() {
		c.record, c.seen = r, time.Now()
	}
}

// begin starts a renewal. It goes on when those who wait for it have gone. The caller holds c.mu.
func (c *chain) begin(refused connectors.Secret) {
	c.keeper.mu.Lock()
	defer c.keeper.mu.Unlock()
	if c.keeper.closing.Err() != nil {
		return
	}
	done := make(chan struct{})
	c.flight = done
	c.keeper.flights.Go(func() {
		err := c.renew(refused)
		c.mu.Lock()
		c.settle(connectors.AsError(c.source, err))
		c.flight, c.stuck = nil, false
		c.mu.Unlock()
		close(done)
	})
}

// settle notes how a renewal has ended.
func (c *chain) settle(err *connectors.Error) {
	was := c.err
	c.err = err
	if err == nil {
		if was != nil {
			c.keeper.log.LogAttrs(context.Background(), slog.LevelInfo, "tokens are renewed again", slog.String("source", c.source))
		}
		c.failed, c.next = 0, time.Time{}
		return
	}
	pause := min(firstPause<<min(c.failed, 10), lastPause)
	if err.Kind == connectors.KindUnauthorized {
		pause = lastPause
	}
	pause = max(pause, err.RetryAfter)
	c.failed++
	c.next = time.Now().Add(pause + time.Duration(rand.Int64N(int64(pause)/4+1))) //nolint:gosec // no secret
	if was == nil || was.Kind != err.Kind || was.Detail != err.Detail {
		c.keeper.log.LogAttrs(context.Background(), slog.LevelWarn, "tokens cannot be renewed", slog.String("source", c.source),
			slog.String("reason", err.Error()))
	}
}

// failure is what a caller is told who cannot have a token.
func (c *chain) failure(err *connectors.Error) error {
	if err == nil {
		return &connectors.Error{Source: c.source, Op: op, Kind: connectors.KindUnavailable, Detail: "tokens are not renewed any more: the program is ending"}
	}
	e := *err
	return &e
}

// given is for a caller who has gone.
func (c *chain) given(ctx context.Context) error {
	e := &connectors.Error{Source: c.source, Op: op, Kind: connectors.KindTimeout, Detail: "its token is still being renewed", Err: ctx.Err()}
	if errors.Is(ctx.Err(), context.Canceled) {
		e.Detail = "given up by the caller"
	}
	return e
}
