package credential

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"roster/connectors"
)

const (
	// lockWithin bounds the wait for another process that renews.
	lockWithin = 2 * time.Minute
	// exchangeWithin bounds an exchange, including the wait for the source's limit.
	exchangeWithin = 2 * time.Minute
	// storeWithin bounds one call of the store. savePause is the delay before the next attempt to save.
	storeWithin = 10 * time.Second
	savePause   = 200 * time.Millisecond
)

const (
	authorise = "authorise again, and put the new refresh token or code into oauth"
	lost      = "the answer to the renewal before was lost, and the refresh token with it: " + authorise
	dead      = "the refresh token or code is not accepted any more: " + authorise
	damaged   = "what is stored of its tokens cannot be read; put back the file or redis.encryption_key that belongs to it, or " + authorise
)

// renew makes sure that the chain has a valid pair other than the rejected one: a pair of another process, or a new one. doc.go lists the steps.
func (c *chain) renew(refused connectors.Secret) error {
	r, _, err := c.load()
	if err != nil {
		return c.storeError(err)
	}
	if c.adopt(r); c.hasUsablePair(refused) {
		return nil
	}
	waiting, stop := context.WithTimeout(c.renewer.closing, lockWithin)
	defer stop()
	lock, err := c.renewer.store.Lock(waiting, c.id)
	if err != nil {
		return c.storeError(err)
	}
	defer lock.Unlock()
	c.renewer.fault("locked")
	r, version, err := c.load()
	if err != nil {
		return c.storeError(err)
	}
	if c.adopt(r); c.hasUsablePair(refused) {
		return nil
	}
	if now := c.current(); now.Number > r.Number {
		r = now // the store has lost its newer record
	}
	if err := c.replace(lock, r, version); err != nil {
		return err
	}
	if refused != "" {
		c.mu.Lock()
		c.forced = time.Now()
		c.mu.Unlock()
	}
	return nil
}

// hasUsablePair reports whether the chain has a pair that needs no renewal.
func (c *chain) hasUsablePair(refused connectors.Secret) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.record.Number > 0 && c.record.Pair.Access != refused && time.Now().Before(c.end(c.renewAfter))
}

func (c *chain) current() record {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.record
}

// load returns the stored record. If the record cannot be read and this process already knows the chain, load returns an empty record with its
// version, so that the next save overwrites it.
func (c *chain) load() (record, string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), storeWithin)
	defer cancel()
	data, version, err := c.renewer.store.Load(ctx, c.id)
	if err == nil && version == "" {
		return record{}, "", nil
	}
	var r record
	if err == nil {
		r, err = decode(data)
	}
	if errors.Is(err, ErrDamaged) && c.current().Number > 0 {
		return record{}, version, nil
	}
	return r, version, err
}

// replace exchanges the grant of r for the next pair.
func (c *chain) replace(lock Lock, r record, version string) error {
	grant := c.first
	if r.Number > 0 {
		grant = connectors.TokenGrant{Refresh: r.Pair.Refresh}
	}
	grant.Last = r.Pair
	// After the grant is sent, it may be invalid, and only the answer has the new pair. So the exchange does not stop when the program ends. Before
	// the grant is sent, the program may end at any time.
	ctx, cancel := context.WithTimeout(context.Background(), exchangeWithin)
	defer cancel()
	var sending sync.Mutex
	sent := false
	defer context.AfterFunc(c.renewer.closing, func() {
		sending.Lock()
		defer sending.Unlock()
		if !sent {
			cancel()
		}
	})()
	asked, before := time.Time{}, r.Asked
	grant.Sending = func(ctx context.Context) error {
		sending.Lock()
		defer sending.Unlock()
		if err := ctx.Err(); err != nil {
			return c.storeError(errors.New("the program is ending"))
		}
		if !lock.Held() {
			return c.storeError(errors.New("another process may be renewing the tokens"))
		}
		c.renewer.fault("about to note")
		asked = time.Now()
		noted := r
		noted.Asked = asked
		v, err := c.save(version, noted)
		if err != nil {
			return c.storeError(err)
		}
		version, sent = v, true
		c.renewer.fault("noted")
		return nil
	}
	c.mu.Lock()
	exchange := c.exchange
	c.mu.Unlock()
	pair, err := exchange(ctx, grant)
	if err != nil {
		return c.exchangeError(err, r, before)
	}
	c.renewer.fault("answered")
	return c.storePair(record{Number: r.Number + 1, Pair: pair, Granted: asked}, version)
}

// exchangeError returns the meaning of a failed exchange. Before is when an earlier exchange of the same grant began, if its result is unknown.
func (c *chain) exchangeError(err error, r record, before time.Time) error {
	// Another process may have obtained the next pair: this process may have slept until after its lock expired, or the vendor may not have answered.
	if now, _, err := c.load(); err == nil && now.Number > r.Number {
		c.adopt(now)
		return nil
	}
	e := *connectors.AsError(c.source, err)
	if e.Kind != connectors.KindUnauthorized {
		return &e
	}
	if e.Detail = dead; !before.IsZero() {
		e.Detail = lost
	}
	return &e
}

// storePair stores the new pair, and retries until it succeeds, because only this process has the pair. The chain uses the pair only after it is
// stored.
func (c *chain) storePair(next record, version string) error {
	if next.Pair.Refresh == "" {
		// If a vendor returns no new refresh token, the old one stays valid.
		next.Pair.Refresh = c.current().Pair.Refresh
	}
	for {
		_, err := c.save(version, next)
		if err == nil {
			c.renewer.fault("stored")
			c.adopt(next)
			return nil
		}
		if errors.Is(err, ErrChanged) {
			// Another process has saved a successor of the same pair, an earlier attempt did reach the store, or the store has lost data.
			there, now, err := c.load()
			if err == nil && there.Number >= next.Number {
				c.adopt(there)
				return nil
			}
			if err == nil || errors.Is(err, ErrDamaged) {
				version = now
			}
		}
		c.markUnstored()
		select {
		case <-time.After(savePause):
		case <-c.renewer.closing.Done():
			if _, err := c.save(version, next); err == nil {
				c.adopt(next)
				return nil
			}
			return c.unstored()
		}
	}
}

// markUnstored records that a new pair is not stored yet, and logs that once.
func (c *chain) markUnstored() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.stuck {
		return
	}
	c.stuck, c.err = true, c.unstored()
	c.renewer.log.LogAttrs(context.Background(), slog.LevelError, "new tokens cannot be stored: they are lost if the program ends now",
		slog.String("source", c.source))
}

func (c *chain) unstored() *connectors.Error {
	return &connectors.Error{Source: c.source, Op: op, Kind: connectors.KindUnavailable,
		Detail: "its new tokens cannot be stored, and are not used before they are: look after redis or credentials_dir, and let the program run"}
}

func (c *chain) save(version string, r record) (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), storeWithin)
	defer cancel()
	return c.renewer.store.Save(ctx, c.id, version, r.encode())
}

// storeError returns the error for a failure of the store or of the lock. At that point, no grant has been sent.
func (c *chain) storeError(err error) error {
	if errors.Is(err, ErrDamaged) {
		return &connectors.Error{Source: c.source, Op: op, Kind: connectors.KindUnauthorized, Detail: damaged}
	}
	return &connectors.Error{Source: c.source, Op: op, Kind: connectors.KindUnavailable, Detail: "its tokens cannot be renewed now: " + err.Error()}
}
