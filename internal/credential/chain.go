package credential

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"sync"
	"time"

	"roster/connectors"
	"roster/internal/backoff"
)

const (
	// unknownLifetime is the assumed lifetime of a token if the vendor does not state one. If the token lives longer, the chain renews it early. If
	// the token lives shorter, the source rejects the token, and the chain renews it then.
	unknownLifetime = time.Hour
	// After a failed renewal, the next attempt waits for a pause that doubles with each failure. After a rejected grant, the pause is lastPause,
	// because only a new grant helps.
	firstPause = 30 * time.Second
	lastPause  = 10 * time.Minute
	// forcedPause is the minimum time between two renewals that a rejected token causes. If the source rejects the new token too, the token is not
	// the cause.
	forcedPause = 5 * time.Minute
	// op is the operation in this package's errors. Other errors name a vendor's call there.
	op = "token"
)

// chain is all pairs of tokens that descend from one first grant. The chain uses this process's own clock. A time that another replica's clock has
// written cannot make a pair valid for longer than the pair's lifetime.
type chain struct {
	renewer    *Renewer
	source     string
	id         string
	first      connectors.TokenGrant
	renewAfter float64 // the fraction of a token's lifetime after which the chain renews it; random, so that replicas do not renew at the same time

	mu       sync.Mutex
	exchange connectors.Exchange
	record   record
	seen     time.Time         // when this process first had record
	known    bool              // the chain has loaded the record from the store
	flight   chan struct{}     // closed when the current renewal ends; nil if no renewal runs
	stuck    bool              // the current renewal has a new pair and cannot store it
	err      *connectors.Error // the error of the last renewal, or what delays the current one
	failed   int               // number of consecutive failures
	next     time.Time         // no renewal begins before this time
	forced   time.Time         // when the last renewal because of a rejected token succeeded
}

func newChain(k *Renewer, source, id string, first connectors.TokenGrant, exchange connectors.Exchange) *chain {
	return &chain{renewer: k, source: source, id: id, first: first, exchange: exchange, renewAfter: 0.7 + 0.1*rand.Float64()} //nolint:gosec // not a secret
}

// setExchange replaces the exchange and clears the pause after a failure, because the new exchange may not have the cause of that failure.
func (c *chain) setExchange(exchange connectors.Exchange) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.exchange, c.next, c.failed = exchange, time.Time{}, 0
}

// Token returns a valid token. If the token expires soon, Token starts a renewal in the background.
func (c *chain) Token(ctx context.Context) (connectors.Token, error) {
	for {
		if ctx.Err() != nil {
			return connectors.Token{}, c.canceled(ctx)
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
			return connectors.Token{}, c.canceled(ctx)
		}
	}
}

// Renew returns a token other than the rejected one. The chain renews a rejected token at most once, however many callers report the rejection.
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
			return connectors.Token{}, c.canceled(ctx)
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

// renewIfDue starts a renewal if one is due.
func (c *chain) renewIfDue() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.due() {
		c.begin("")
	}
}

// Credential returns the status of the credential.
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

// token returns the current token, and whether it is still valid by the clock.
func (c *chain) token() (connectors.Token, bool) {
	p := &c.record.Pair
	return connectors.Token{Value: p.Access, Address: p.Address}, c.record.Number > 0 && time.Now().Before(c.end(1))
}

// end returns the time at which that fraction of the token's lifetime ends. If another clock that is ahead of this one dated the pair, the lifetime
// starts when this process first had the pair.
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

// due reports whether a renewal must begin now.
func (c *chain) due() bool {
	now := time.Now()
	return c.flight == nil && !now.Before(c.next) && (!c.known || c.record.Number == 0 || !now.Before(c.end(c.renewAfter)))
}

// adopt takes a record if it is newer than the current one.
func (c *chain) adopt(r record) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.known = true
	if r.Number > c.record.Number || c.seen.IsZero() {
		c.record, c.seen = r, time.Now()
	}
}

// begin starts a renewal. The renewal continues even if all callers that wait for it have gone. The caller holds c.mu.
func (c *chain) begin(refused connectors.Secret) {
	c.renewer.mu.Lock()
	defer c.renewer.mu.Unlock()
	if c.renewer.closing.Err() != nil {
		return
	}
	done := make(chan struct{})
	c.flight = done
	c.renewer.flights.Go(func() {
		err := c.renew(refused)
		c.mu.Lock()
		c.finish(connectors.AsError(c.source, err))
		c.flight, c.stuck = nil, false
		c.mu.Unlock()
		close(done)
	})
}

// finish records how a renewal ended.
func (c *chain) finish(err *connectors.Error) {
	was := c.err
	c.err = err
	if err == nil {
		if was != nil {
			c.renewer.log.LogAttrs(context.Background(), slog.LevelInfo, "tokens are renewed again", slog.String("source", c.source))
		}
		c.failed, c.next = 0, time.Time{}
		return
	}
	pause := backoff.After(c.failed, firstPause, lastPause)
	if err.Kind == connectors.KindUnauthorized {
		pause = lastPause
	}
	pause = max(pause, err.RetryAfter)
	c.failed++
	c.next = time.Now().Add(pause + backoff.Jitter(pause/4))
	if was == nil || was.Kind != err.Kind || was.Detail != err.Detail {
		c.renewer.log.LogAttrs(context.Background(), slog.LevelWarn, "tokens cannot be renewed", slog.String("source", c.source),
			slog.String("reason", err.Error()))
	}
}

// failure returns the error for a caller that cannot get a token.
func (c *chain) failure(err *connectors.Error) error {
	if err == nil {
		return &connectors.Error{Source: c.source, Op: op, Kind: connectors.KindUnavailable, Detail: "tokens are not renewed any more: the program is ending"}
	}
	e := *err
	return &e
}

// canceled returns the error for a caller whose context has ended.
func (c *chain) canceled(ctx context.Context) error {
	e := &connectors.Error{Source: c.source, Op: op, Kind: connectors.KindTimeout, Detail: "its token is still being renewed", Err: ctx.Err()}
	if errors.Is(ctx.Err(), context.Canceled) {
		e.Detail = "given up by the caller"
	}
	return e
}
