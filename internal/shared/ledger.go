package shared

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/redis/go-redis/v9"

	"roster/internal/writes"
)

// ledger keeps in Redis what writes remember. Values are sealed as being what their names say.
type ledger struct{ *Redis }

var _ writes.Sharing = ledger{}

// Writes gives the store in which replicas share what writes remember. It is told of changes while the tier runs.
func (r *Redis) Writes() writes.Sharing { return ledger{r} }

// key hides the name, with an encryption key: the overlay's is always the same, the others are hashes of what callers sent.
func (l ledger) key(name string) string {
	return l.prefix + "write:{" + l.seal.name([]byte(name)) + "}"
}

func aboutWrite(name string) string { return "write:" + name }

func (l ledger) held(name, raw string) writes.Held {
	if raw == "" {
		return writes.Held{}
	}
	value, err := l.seal.open([]byte(raw), aboutWrite(name))
	if err != nil {
		value = []byte{} // there is something, which nobody can read: for a lock or a note that is enough to be careful
	}
	return writes.Held{Value: value, Token: raw}
}

// Get gives what a name holds.
func (l ledger) Get(ctx context.Context, name string) (writes.Held, error) {
	var raw string
	err := l.firmly(ctx, func(ctx context.Context) (err error) {
		raw, err = l.client.Get(ctx, l.key(name)).Result()
		return absent(err)
	})
	return l.held(name, raw), err
}

// exchangeScript puts a value in the place of the one that the caller has seen, or takes it away, and gives what is there then. KEYS: the value. ARGV: seen,
// new, life in ms.
var exchangeScript = redis.NewScript(`
local is = redis.call('TYPE', KEYS[1]).ok
if is ~= 'none' and is ~= 'string' then redis.call('DEL', KEYS[1]) end
local there = redis.call('GET', KEYS[1]) or ''
if there ~= ARGV[1] then return {0, there} end
if ARGV[2] == '' then redis.call('DEL', KEYS[1]) else redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3]) end
return {1, ARGV[2]}`)

// Put replaces what a name holds. What was put by a call whose answer got lost is found to be there by the next.
func (l ledger) Put(ctx context.Context, name string, was writes.Held, value []byte, life time.Duration) (writes.Held, bool, error) {
	sealed := ""
	if value != nil {
		sealed = string(l.seal.seal(value, aboutWrite(name)))
	}
	var ok bool
	var raw string
	err := l.firmly(ctx, func(ctx context.Context) error {
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
	if !ok && raw == sealed { // an earlier try whose answer got lost
		ok = true
	}
	if ok && name == writes.OverlayName {
		l.publish(ctx)
	}
	return l.held(name, raw), ok, nil
}

// firmly calls Redis, and once more where that fails: a write must not be refused for a connection that was closed. Nobody has looked yet when the
// first write comes at once.
func (l ledger) firmly(ctx context.Context, call func(context.Context) error) error {
	first := time.NewTimer(2 * l.quick)
	defer first.Stop()
	select {
	case <-l.ready:
	case <-first.C:
	case <-ctx.Done():
		return ctx.Err()
	}
	err := l.do(ctx, l.quick, call)
	if err != nil && ctx.Err() == nil {
		err = l.do(ctx, l.quick, call)
	}
	return err
}

// Changed receives a value when another replica may have made something.
func (l ledger) Changed() <-chan struct{} { return l.written }

// TellDurable says once in the log where Redis may lose what writes remember.
func (r *Redis) TellDurable(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, r.quick)
	defer cancel()
	if err := (&TokenStore{r}).Check(ctx); Fleeting(err) {
		r.log.LogAttrs(ctx, slog.LevelWarn, "redis may lose what writes remember: an idempotency key counts only as long as its data lives",
			slog.String("reason", fmt.Sprint(err)))
	}
}
