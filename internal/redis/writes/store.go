// Package writes keeps in Redis what replicas remember of writes.
//
//	write:{name}  a lock, a key, an intent, or the overlay, under a name that hides what it is about; see package writes of the consumer
//	shown         the acknowledgements: the last write whose result each replica shows
package writes

import (
	"context"
	"log/slog"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"roster/internal/redis"
	"roster/internal/redis/durable"
	"roster/internal/writes"
)

// Store keeps the state of writes in Redis. The seal of a value covers the name of the value. The store receives notifications of changes only while
// the client runs.
type Store struct {
	client                *redis.Client
	changed, acknowledged <-chan struct{}
}

var _ writes.Sharing = (*Store)(nil)

// New returns a store in Redis. Call it before the client runs.
func New(client *redis.Client) *Store {
	s := &Store{client: client, changed: client.Subscribe(redis.Changed), acknowledged: client.Subscribe(redis.Acknowledged)}
	client.Add(redis.Part{Leave: s.forget})
	return s
}

// key hides the name if there is an encryption key. The overlay has a constant name; the other names are hashes of what callers sent.
func (s *Store) key(name string) string {
	return s.client.Key("write:{" + s.client.Sealer().Name([]byte(name)) + "}")
}

func aboutWrite(name string) string { return "write:" + name }

func (s *Store) held(name, raw string) writes.Held {
	if raw == "" {
		return writes.Held{}
	}
	value, err := s.client.Sealer().Open([]byte(raw), aboutWrite(name))
	if err != nil {
		value = []byte{} // a value exists but cannot be read; for a lock or an intent, its existence is enough to be careful
	}
	return writes.Held{Value: value, Token: raw}
}

// Get returns the value of a name.
func (s *Store) Get(ctx context.Context, name string) (writes.Held, error) {
	var raw string
	err := s.doWithRetry(ctx, func(ctx context.Context) (err error) {
		raw, err = s.client.Commands().Get(ctx, s.key(name)).Result()
		return redis.IgnoreNil(err)
	})
	return s.held(name, raw), err
}

// exchangeScript replaces the value that the caller has seen, or deletes it, and returns the current value. KEYS: the value. ARGV: the seen value,
// the new value, its life in ms.
var exchangeScript = goredis.NewScript(redis.Prelude + `
typed(KEYS[1], 'string')
local there = redis.call('GET', KEYS[1]) or ''
if there ~= ARGV[1] then return {0, there} end
if ARGV[2] == '' then redis.call('DEL', KEYS[1]) else redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3]) end
return {1, ARGV[2]}`)

// Put replaces the value of a name. If the answer to an earlier attempt was lost, Put recognizes the value that this attempt has stored.
func (s *Store) Put(ctx context.Context, name string, was writes.Held, value []byte, life time.Duration) (writes.Held, bool, error) {
	sealed := ""
	if value != nil {
		sealed = string(s.client.Sealer().Seal(value, aboutWrite(name)))
	}
	var ok bool
	var raw string
	err := s.doWithRetry(ctx, func(ctx context.Context) error {
		answer, err := exchangeScript.Run(ctx, s.client.Commands(), []string{s.key(name)}, was.Token, sealed, life.Milliseconds()).Slice()
		if err != nil {
			return err
		}
		done, isNumber := answer[0].(int64)
		there, isText := answer[1].(string)
		if !isNumber || !isText {
			return redis.ErrAnswer
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
		s.client.Publish(ctx, redis.Changed)
	}
	return s.held(name, raw), ok, nil
}

// doWithRetry calls Redis, and retries once after a failure, because a closed connection must not reject a write. If no probe has ended yet,
// doWithRetry first waits for it, because the first write may come right after the start.
func (s *Store) doWithRetry(ctx context.Context, call func(context.Context) error) error {
	if err := s.client.AwaitReady(ctx); err != nil {
		return err
	}
	err := s.client.Do(ctx, call)
	if err != nil && ctx.Err() == nil {
		err = s.client.Do(ctx, call)
	}
	return err
}

// Changed receives a value when another replica may have changed something.
func (s *Store) Changed() <-chan struct{} { return s.changed }

// TellDurable logs a warning if Redis may lose the state of writes.
func (s *Store) TellDurable(ctx context.Context) {
	if err := durable.Check(ctx, s.client); durable.NotDurable(err) {
		s.client.Logger().LogAttrs(ctx, slog.LevelWarn, "redis may lose the state of writes: an idempotency key works only until Redis loses its data",
			slog.String("reason", err.Error()))
	}
}
