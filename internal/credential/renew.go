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
	// lockWithin bounds the waiting for another process that renews.
	lockWithin = 2 * time.Minute
	// exchangeWithin bounds an exchange, its waiting for the source's limit included.
	exchangeWithin = 2 * time.Minute
	// storeWithin bounds one call of the store, savePause is how long the next attempt to save waits.
	storeWithin = 10 * time.Second
	savePause   = 200 * time.Millisecond
)

const (
	authorise = "authorise anew, and put the new refresh token or code into oauth"
	lost      = "the answer to the renewal before was lost, and the refresh token with it: " + authorise
	dead      = "the refresh token or code is not accepted any more: " + authorise
	damaged   = "what is stored of its tokens cannot be read; put back the file or redis.encryption_key that belongs to it, or " + authorise
)

// renew makes sure that there is a good pair which is not the refused one: another process's, or a new one. The steps stand in doc.go.
func (c *chain) renew(refused connectors.Secret) error {
	r, _, err := c.load()
	if err != nil {
		return c.away(err)
	}
	if c.adopt(r); c.serves(refused) {
		return nil
	}
	waiting, stop := context.WithTimeout(c.keeper.closing, lockWithin)
	defer stop()
	lock, err := c.keeper.store.Lock(waiting, c.id)
	if err != nil {
		return c.away(err)
	}
	defer lock.Unlock()
	c.keeper.fault("locked")
	r, version, err := c.load()
	if err != nil {
		return c.away(err)
	}
	if c.adopt(r); c.serves(refused) {
		return nil
	}
	if now := c.current(); now.Number > r.Number {
		r = now // the store has lost what it had
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

// serves says whether there is a pair that needs no renewal.
func (c *chain) serves(refused connectors.Secret) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.record.Number > 0 && c.record.Pair.Access != refused && time.Now().Before(c.end(c.early))
}

func (c *chain) current() record {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.record
}

// load gives what is stored. What cannot be read counts as nothing for who knows the chain already, and is written anew.
func (c *chain) load() (record, string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), storeWithin)
	defer cancel()
	data, version, err := c.keeper.store.Load(ctx, c.id)
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
	// Once sent, the grant may be dead, and only the answer is worth anything: until then the program may end at any time.
	ctx, cancel := context.WithTimeout(context.Background(), exchangeWithin)
	defer cancel()
	var sending sync.Mutex
	sent := false
	defer context.AfterFunc(c.keeper.closing, func() {
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
			return c.away(errors.New("the program is ending"))
		}
		if !lock.Held() {
			return c.away(errors.New("another process may be renewing the tokens"))
		}
		c.keeper.fault("about to note")
		asked = time.Now()
		noted := r
		noted.Asked = asked
		v, err := c.save(version, noted)
		if err != nil {
			return c.away(err)
		}
		version, sent = v, true
		c.keeper.fault("noted")
		return nil
	}
	c.mu.Lock()
	exchange := c.exchange
	c.mu.Unlock()
	pair, err := exchange(ctx, grant)
	if err != nil {
		return c.refusal(err, r, before)
	}
	c.keeper.fault("answered")
	return c.keep(record{Number: r.Number + 1, Pair: pair, Granted: asked}, version)
}

// refusal says what an exchange's failure means. Before is when an earlier exchange of the same grant began that had no end.
func (c *chain) refusal(err error, r record, before time.Time) error {
	// While this process slept through its lock, or the vendor was silent, another may have got the next pair.
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

// keep stores the new pair, however long that takes: nobody else has it. Only then is it used.
func (c *chain) keep(next record, version string) error {
	if next.Pair.Refresh == "" {
		// A vendor that gives no new refresh token keeps the old one good.
		next.Pair.Refresh = c.current().Pair.Refresh
	}
	for {
		_, err := c.save(version, next)
		if err == nil {
			c.keeper.fault("stored")
			c.adopt(next)
			return nil
		}
		if errors.Is(err, ErrChanged) {
			// Another process has saved a successor of the same pair, an earlier attempt did reach the store, or the store has lost something.
			there, now, err := c.load()
			if err == nil && there.Number >= next.Number {
				c.adopt(there)
				return nil
			}
			if err == nil || errors.Is(err, ErrDamaged) {
				version = now
			}
		}
		c.hold()
		select {
		case <-time.After(savePause):
		case <-c.keeper.closing.Done():
			if _, err := c.save(version, next); err == nil {
				c.adopt(next)
				return nil
			}
			return c.unstored()
		}
	}
}

// hold notes that a new pair waits to be stored, and says so once.
func (c *chain) hold() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.stuck {
		return
	}
	c.stuck, c.err = true, c.unstored()
	c.keeper.log.LogAttrs(context.Background(), slog.LevelError, "new tokens cannot be stored: they are lost if the program ends now",
		slog.String("source", c.source))
}

func (c *chain) unstored() *connectors.Error {
	return &connectors.Error{Source: c.source, Op: op, Kind: connectors.KindUnavailable,
		Detail: "its new tokens cannot be stored, and are not used before they are: look after redis or credentials_dir, and let the program run"}
}

func (c *chain) save(version string, r record) (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), storeWithin)
	defer cancel()
	return c.keeper.store.Save(ctx, c.id, version, r.encode())
}

// away is for what the store, or the wait for it, has against a renewal. Nothing has been sent.
func (c *chain) away(err error) error {
	if errors.Is(err, ErrDamaged) {
		return &connectors.Error{Source: c.source, Op: op, Kind: connectors.KindUnauthorized, Detail: damaged}
	}
	return &connectors.Error{Source: c.source, Op: op, Kind: connectors.KindUnavailable, Detail: "its tokens cannot be renewed now: " + err.Error()}
}
