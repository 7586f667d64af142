// Package presence shares presence between replicas in Redis.
//
//	presence:{source}:standing             when a source may be called for presence, and whether a call is running
//	presence:<encoding>:{source:account}   the source's answer about one account, named by a hash; kept for KeepFor of package presence
//	presence:{source}:everyone:<encoding>  the source's answer about everyone, in 256 values; kept for KeepFor too
package presence

import (
	"context"
	"errors"
	"hash/fnv"
	"strconv"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"roster/connectors"
	"roster/internal/presence"
	"roster/internal/redis"
	"roster/internal/redis/keyspace"
)

// encoding is the version of the encoding of presence.
const encoding = 1

// buckets is the number of values over which an answer about everyone is distributed, by a hash of the account's ID. So a lookup of a hundred
// accounts reads at most a hundred values, and a save writes 256 values, however many accounts there are.
const buckets = 256

// Store keeps presence in Redis. Operations wait for presence, but not for other data in Redis. So the store has a shorter timeout and its own breaker.
type Store struct {
	client  *redis.Client
	lookups lookupBreaker
}

var _ presence.SharedStore = (*Store)(nil)

// New returns a store in Redis.
func New(client *redis.Client) *Store {
	return &Store{client: client, lookups: lookupBreaker{tolerance: redis.Tolerance}}
}

// Clear removes the answers of a source, or of all sources if source is empty, and returns the number of removed keys.
func (s *Store) Clear(ctx context.Context, source string) (int, error) {
	name := "*"
	if source != "" {
		name = "{" + keyspace.Escape(source) + ":*"
	}
	return keyspace.Remove(ctx, s.client, keyspace.Pattern(s.client, "presence:"+name+":everyone:*"), keyspace.Pattern(s.client, "presence:[0-9]*:"+name))
}

func nameOf(i presence.StoreKey) string { return i.Source + ":" + i.Fingerprint }

// keys returns the keys of a source that the scripts use: the state of its calls, and the last answer about everyone.
func (s *Store) keys(i presence.StoreKey) []string {
	base := s.client.Key("presence:{" + nameOf(i) + "}:")
	return []string{base + "standing", base + "everyone:" + strconv.Itoa(encoding)}
}

// accountKey returns the key of the last answer about one account. With an encryption key, the key does not reveal the account.
func (s *Store) accountKey(i presence.StoreKey, id string) string {
	return s.client.Key("presence:" + strconv.Itoa(encoding) + ":{" + nameOf(i) + ":" + s.client.Sealer().Name([]byte(id)) + "}")
}

func bucketOf(id string) int {
	h := fnv.New32a()
	_, _ = h.Write([]byte(id)) // it never fails
	return int(h.Sum32() % buckets)
}

// Lookup reads the answers to all questions in one round trip to each node of a Cluster.
func (s *Store) Lookup(ctx context.Context, questions []presence.Question) ([]presence.Known, error) {
	if !s.isReady() { // the first caller must not be rejected only because Redis has not answered yet
		if err := s.lookup(ctx, s.awaitReady); err != nil {
			return nil, err
		}
	}
	var known []presence.Known
	err := s.lookup(ctx, func(ctx context.Context) (err error) {
		known, err = s.lookupAll(ctx, questions)
		return err
	})
	return known, err
}

func (s *Store) isReady() bool {
	select {
	case <-s.client.Ready():
		return true
	default:
		return false
	}
}

func (s *Store) awaitReady(ctx context.Context) error {
	select {
	case <-s.client.Ready():
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// reply holds the commands for one question, and their results.
type reply struct {
	standing *goredis.Cmd
	wanted   []int // the requested buckets
	accounts []*goredis.StringCmd
}

func (s *Store) lookupAll(ctx context.Context, questions []presence.Question) ([]presence.Known, error) {
	at := time.Now()
	replies := make([]reply, len(questions))
	_, err := s.client.Commands().Pipelined(ctx, func(p goredis.Pipeliner) error {
		for i, q := range questions {
			replies[i] = s.addToPipeline(ctx, p, q)
		}
		return nil
	})
	if err != nil && !errors.Is(err, goredis.Nil) && !redis.IsWrongType(err) {
		return nil, err
	}
	known := make([]presence.Known, len(questions))
	for i, q := range questions {
		if known[i], err = s.read(q, replies[i], at); err != nil {
			return nil, err
		}
	}
	return known, nil
}

// addToPipeline adds a question to a pipeline.
func (s *Store) addToPipeline(ctx context.Context, p goredis.Pipeliner, q presence.Question) reply {
	var r reply
	var args []any
	seen := make(map[int]bool)
	for _, id := range q.IDs {
		if b := bucketOf(id); !seen[b] {
			seen[b] = true
			r.wanted, args = append(r.wanted, b), append(args, b)
		}
		r.accounts = append(r.accounts, p.Get(ctx, s.accountKey(q.StoreKey, id)))
	}
	r.standing = lookupScript.Eval(ctx, p, s.keys(q.StoreKey), args...)
	return r
}

// read combines the results for a question. If there are two answers about an account, the newer one counts.
func (s *Store) read(q presence.Question, r reply, at time.Time) (presence.Known, error) {
	a, err := readCallState(r.standing)
	if err != nil {
		return presence.Known{}, err
	}
	k := presence.Known{CallState: s.callState(q.StoreKey, a, at), Answers: make(map[string]presence.Answer)}
	everyone := make(map[int]map[string]connectors.Presence)
	for i, b := range r.wanted {
		if i < len(a.rest) && a.everyone > 0 {
			if of, ok := s.openBucket(a.rest[i], aboutBucket(q.StoreKey, b, a.everyone)); ok {
				everyone[b] = of
			}
		}
	}
	for i, id := range q.IDs {
		var stamp int64
		var found connectors.Presence
		if of, ok := everyone[bucketOf(id)]; ok {
			stamp, found = a.everyone, orOffline(of, id)
		}
		value, _ := r.accounts[i].Result() // an absent or invalid value means unknown
		if at, p, ok := s.openAccount(q.StoreKey, id, value); ok && at > stamp {
			stamp, found = at, p
		}
		if local, plausible := (redis.Clock{Now: a.now, At: at}).Local(stamp); stamp > 0 && plausible {
			k.Answers[id] = presence.Answer{Presence: found, At: local}
		}
	}
	return k, nil
}

func orOffline(of map[string]connectors.Presence, id string) connectors.Presence {
	if p, ok := of[id]; ok {
		return p
	}
	return connectors.Presence{State: connectors.PresenceOffline}
}

// Acquire requests the right to call.
func (s *Store) Acquire(ctx context.Context, c presence.LeaseRequest) (granted bool, state presence.CallState, err error) {
	var whom []byte
	if len(c.IDs) > 0 {
		whom = s.sealIDs(c.StoreKey, c.IDs)
	}
	err = s.lookup(ctx, func(ctx context.Context) error {
		at := time.Now()
		a, err := readCallState(acquireScript.Run(ctx, s.client.Commands(), s.keys(c.StoreKey)[:1], c.Token, c.Life.Microseconds(),
			c.Lease.Microseconds(), whom, presence.DefaultKeepFor.Microseconds(), c.Early))
		if err != nil {
			return err
		}
		granted, state = a.outcome == "granted", s.callState(c.StoreKey, a, at)
		return nil
	})
	return granted, state, err
}

// Missed records that a caller requested an account that no call had named.
func (s *Store) Missed(ctx context.Context, item presence.StoreKey) error {
	return s.lookup(ctx, func(ctx context.Context) error {
		return missedScript.Run(ctx, s.client.Commands(), s.keys(item)[:1]).Err()
	})
}

// Fail ends a call that returned no answer.
func (s *Store) Fail(ctx context.Context, item presence.StoreKey, stamp int64, failures int, until time.Time) error {
	return s.lookup(ctx, func(ctx context.Context) error {
		return failScript.Run(ctx, s.client.Commands(), s.keys(item)[:1], stamp, failures, max(0, time.Until(until).Microseconds())).Err()
	})
}

// Save stores an answer before it ends the call, so that everybody who waits for the end finds the answer.
func (s *Store) Save(ctx context.Context, saved presence.Saved) error {
	keys := s.keys(saved.StoreKey)
	return s.lookup(ctx, func(ctx context.Context) error {
		if len(saved.IDs) == 0 {
			args := []any{saved.Stamp, saved.KeepFor.Milliseconds()}
			for _, b := range s.sealEveryone(&saved) {
				args = append(args, b)
			}
			return saveScript.Run(ctx, s.client.Commands(), keys, args...).Err()
		}
		_, err := s.client.Commands().Pipelined(ctx, func(p goredis.Pipeliner) error {
			for _, id := range saved.IDs {
				p.Set(ctx, s.accountKey(saved.StoreKey, id), s.sealAccount(saved.StoreKey, id, saved.Stamp, orOffline(saved.Of, id)), saved.KeepFor)
			}
			return nil
		})
		if err != nil {
			return err
		}
		return saveScript.Run(ctx, s.client.Commands(), keys, saved.Stamp, saved.KeepFor.Milliseconds()).Err()
	})
}
