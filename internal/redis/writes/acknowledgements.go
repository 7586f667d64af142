package writes

import (
	"context"
	"strconv"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"roster/internal/redis"
)

// shownFor is how long the acknowledgements of replicas are kept after the last one.
const shownFor = 24 * time.Hour

func (s *Store) shownKey() string { return s.client.Key("shown") }

// forget deletes the acknowledgement of this replica.
func (s *Store) forget(ctx context.Context) {
	s.client.Commands().HDel(ctx, s.shownKey(), s.client.ID())
}

// acknowledgeScript stores up to which write a replica shows the results of writes. KEYS: shown. ARGV: the replica, the sequence number, life in ms.
var acknowledgeScript = goredis.NewScript(redis.Prelude + `
typed(KEYS[1], 'hash')
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
redis.call('PEXPIRE', KEYS[1], ARGV[3])`)

// Acknowledge stores and publishes up to which write this replica shows the results of writes.
func (s *Store) Acknowledge(ctx context.Context, seq uint64) error {
	err := s.client.Do(ctx, func(ctx context.Context) error {
		return redis.IgnoreNil(acknowledgeScript.Run(ctx, s.client.Commands(), []string{s.shownKey()}, s.client.ID(), strconv.FormatUint(seq, 10), shownFor.Milliseconds()).Err())
	})
	if err == nil {
		s.client.Publish(ctx, redis.Acknowledged)
	}
	return err
}

// Acknowledged returns the acknowledgements of the other replicas, and deletes those of replicas that have gone.
func (s *Store) Acknowledged(ctx context.Context) (map[string]uint64, error) {
	var said map[string]string
	var members []string
	// The members are read last, because a replica is a member before it acknowledges anything.
	err := s.client.Do(ctx, func(ctx context.Context) (err error) {
		if said, err = s.client.Commands().HGetAll(ctx, s.shownKey()).Result(); redis.IgnoreNil(err) != nil {
			return err
		}
		members, err = s.client.Replicas(ctx)
		return err
	})
	if err != nil {
		return nil, err
	}
	others := make(map[string]uint64, len(members))
	for _, id := range members {
		if id != s.client.ID() {
			others[id], _ = strconv.ParseUint(said[id], 10, 64) // anything that is not a number counts as zero
		}
		delete(said, id)
	}
	for id := range said {
		if id != s.client.ID() {
			//nolint:errcheck // if this fails, the value expires
			s.client.Do(ctx, func(ctx context.Context) error { return s.client.Commands().HDel(ctx, s.shownKey(), id).Err() })
		}
	}
	return others, nil
}

// Heard receives a value when another replica may have acknowledged something.
func (s *Store) Heard() <-chan struct{} { return s.acknowledged }

// Remind notifies the other replicas again.
func (s *Store) Remind(ctx context.Context) { s.client.Publish(ctx, redis.Changed) }

// PublishDenied reports whether publishing is impossible, because the user may not use the channel.
func (s *Store) PublishDenied() bool { return s.client.PublishDenied() }
