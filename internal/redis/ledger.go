package redis

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/redis/go-redis/v9"

	"roster/internal/writes"
)

// ledger keeps the state of writes in Redis. The seal of a value covers the name of the value.
type ledger struct{ *Redis }

var _ writes.Sharing = ledger{}

// Writes returns the store in which replicas share the state of writes. The store receives notifications of changes only while Run runs.
func (r *Redis) Writes() writes.Sharing { return ledger{r} }

// key hides the name if there is an encryption key. The overlay has a constant name; the other names are hashes of what callers sent.
func (l ledger) key(name string) string {
	return l.prefix + "write:{" + l.seal.Name([]byte(name)) + "}"
}

func aboutWrite(name string) string { return "write:" + name }

func (l ledger) held(name, raw string) writes.Held {
	if raw == "" {
		return writes.Held{}
	}
	value, err := l.seal.Open([]byte(raw), aboutWrite(name))
	if err != nil {
		value = []byte{} // a value exists but cannot be read; for a lock or an intent, its existence is enough to be careful
	}
	return writes.Held{Value: value, Token: raw}
}

// Get returns the value of a name.
func (l ledger) Get(ctx context.Context, name string) (writes.Held, error) {
	var raw string
	err := l.doWithRetry(ctx, func(ctx context.Context) (err error) {
		raw, err = l.client.Get(ctx, l.key(name)).Result()
		return ignoreNil(err)
	})
	return l.held(name, raw), err
}

// exchangeScript replaces the value that the caller has seen, or deletes it, and returns the current value. KEYS: the value. ARGV: the seen value,
// the new value, its life in ms.
var exchangeScript = redis.NewScript(`
local is = redis.call('TYPE', KEYS[1]).ok
if is ~= 'none' and is ~= 'string' then redis.call('DEL', KEYS[1]) end
local there = redis.call('GET', KEYS[1]) or ''
if there ~= ARGV[1] then return {0, there} end
if ARGV[2] == '' then redis.call('DEL', KEYS[1]) else redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3]) end
return {1, ARGV[2]}`)

// Put replaces the value of a name. If the answer to an earlier attempt was lost, Put recognizes the value that this attempt has stored.
func (l ledger) Put(ctx context.Context, name string, was writes.Held, value []byte, life time.Duration) (writes.Held, bool, error) {
	sealed := ""
	if value != nil {
		sealed = string(l.seal.Seal(value, aboutWrite(name)))
	}
	var ok bool
	var raw string
	err := l.doWithRetry(ctx, func(ctx context.Context) error {
		answer, err := exchangeScript.Run(ctx, l.client, []string{l.key(name)}, was.Token, sealed, life.Milliseconds()).Slice()
		if err != nil {
			return err
		}
		done, isNumber := answer[0].(int64)
		there, isText := answer[1].(string)
		if !isNumber || !isText {
			return errAnswer
		}
		ok, raw = done == 1, there
		return nil
	})
	if err != nil {
		return was, false, err
	}
	if !ok && raw == sealed { // an earlier attempt whose answer was lost
		ok = true
	}
	if ok && name == writes.OverlayName {
		l.publish(ctx)
	}
	return l.held(name, raw), ok, nil
}

// doWithRetry calls Redis, and retries once after a failure, because a closed connection must not reject a write. If no probe has ended yet,
// doWithRetry first waits for it, because the first write may come right after the start.
func (l ledger) doWithRetry(ctx context.Context, call func(context.Context) error) error {
	first := time.NewTimer(2 * l.callTimeout)
	defer first.Stop()
	select {
	case <-l.ready:
	case <-first.C:
	case <-ctx.Done():
		return ctx.Err()
	}
	err := l.do(ctx, l.callTimeout, call)
	if err != nil && ctx.Err() == nil {
		err = l.do(ctx, l.callTimeout, call)
	}
	return err
}

// Changed receives a value when another replica may have changed something.
func (l ledger) Changed() <-chan struct{} { return l.written }

// TellDurable logs a warning if Redis may lose the state of writes.
func (r *Redis) TellDurable(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, r.callTimeout)
	defer cancel()
	if err := (&TokenStore{r}).Check(ctx); NotDurable(err) {
		r.log.LogAttrs(ctx, slog.LevelWarn, "redis may lose what writes remember: an idempotency key counts only as long as its data lives",
			slog.String("reason", fmt.Sprint(err)))
	}
}
