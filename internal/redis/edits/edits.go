// Package edits keeps the edits of the identity rules in Redis.
//
//	identity:{edits}  all edits, as one value
//
// The key does not expire: an edit is a decision of a person, and nobody could make it again. Edits are made only if Redis is durable.
package edits

import (
	"context"
	"errors"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"roster/internal/edits"
	"roster/internal/redis"
	"roster/internal/redis/durable"
)

const (
	about = "identity:edits"
	// bulkTimeout bounds a call that transfers all edits.
	bulkTimeout = 10 * time.Second
)

// Store keeps the edits in Redis. The version of a value is a hash of it, sealed, so that a value that has not changed is not transferred.
type Store struct {
	client  *redis.Client
	changed <-chan struct{}
}

var _ edits.Store = (*Store)(nil)

// New returns a store in Redis. Call it before the client runs.
func New(client *redis.Client) *Store { return &Store{client, client.Subscribe(redis.Edited)} }

func (s *Store) keys() []string { return []string{s.client.Key("identity:{edits}")} }

// Changed receives a value when another replica may have changed something.
func (s *Store) Changed() <-chan struct{} { return s.changed }

// Check returns an error if Redis may lose the edits.
func (s *Store) Check(ctx context.Context) error { return durable.Check(ctx, s.client) }

var (
	// loadScript returns the version of the value, and the value unless it has the known version. KEYS: the value. ARGV: the known version.
	loadScript = goredis.NewScript(redis.Prelude + `
typed(KEYS[1], 'string')
local value = redis.call('GET', KEYS[1])
if not value then return {'', ''} end
local version = redis.sha1hex(value)
if version == ARGV[1] then value = '' end
return {version, value}`)

	// saveScript replaces the value if it has the expected version, and returns the new version; otherwise an empty one. If the new value is already there, an
	// earlier attempt has stored it, and its answer was lost. KEYS: the value. ARGV: the expected version, the new value.
	saveScript = goredis.NewScript(redis.Prelude + `
typed(KEYS[1], 'string')
local value, version = redis.call('GET', KEYS[1]), ''
if value then version = redis.sha1hex(value) end
local new = redis.sha1hex(ARGV[2])
if version == new then return new end
if version ~= ARGV[1] then return '' end
redis.call('SET', KEYS[1], ARGV[2])
return new`)
)

// Load implements edits.Store.
func (s *Store) Load(ctx context.Context, known string) ([]byte, string, error) {
	if err := s.client.AwaitReady(ctx); err != nil {
		return nil, "", err
	}
	var answer []string
	load := func(ctx context.Context) (err error) {
		answer, err = loadScript.Run(ctx, s.client.Commands(), s.keys(), known).StringSlice()
		return err
	}
	err := s.client.DoWithin(ctx, bulkTimeout, load)
	if err != nil && ctx.Err() == nil {
		err = s.client.DoWithin(ctx, bulkTimeout, load) // a connection may have been closed
	}
	switch {
	case err != nil:
		return nil, "", err
	case len(answer) != 2:
		return nil, "", redis.Describe(redis.ErrAnswer)
	case answer[1] == "":
		return nil, answer[0], nil
	}
	value, err := s.client.Sealer().Open([]byte(answer[1]), about)
	if err != nil {
		return nil, "", edits.ErrDamaged
	}
	return value, answer[0], nil
}

// Save implements edits.Store.
func (s *Store) Save(ctx context.Context, was string, value []byte) (string, error) {
	var version string
	sealed := s.client.Sealer().Seal(value, about)
	save := func(ctx context.Context) (err error) {
		version, err = saveScript.Run(ctx, s.client.Commands(), s.keys(), was, sealed).Text()
		return err
	}
	err := s.client.DoWithin(ctx, bulkTimeout, save)
	if notDone(err) {
		return "", errors.Join(edits.ErrNotSent, err)
	}
	if err != nil && ctx.Err() == nil { // a connection may have been closed. The error stays if Redis refuses now, because the first call may have been carried out
		if again := s.client.DoWithin(ctx, bulkTimeout, save); !notDone(again) {
			err = again
		}
	}
	switch {
	case err != nil:
		return "", err
	case version == "":
		return "", edits.ErrMoved
	}
	s.client.Publish(ctx, redis.Edited)
	return version, nil
}

// notDone reports whether a call was not sent, or Redis has answered that it did not carry it out.
func notDone(err error) bool {
	var refused goredis.Error
	return errors.Is(err, redis.ErrAway) || errors.As(err, &refused)
}
