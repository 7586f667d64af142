package redis

import (
	"context"
	"errors"
	"hash/fnv"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"

	"roster/connectors"
	"roster/internal/presence"
)

// presenceEncoding is the version of the encoding of presence.
const presenceEncoding = 1

// buckets is the number of values over which an answer about everyone is distributed, by a hash of the account's ID. So a lookup of a hundred
// accounts reads at most a hundred values, and a save writes 256 values, however many accounts there are.
const buckets = 256

// Presence returns the tier in which replicas share presence.
func (r *Redis) Presence() presence.Tier {
	return &presenceTier{Redis: r, lookups: lookupBreaker{tolerance: tolerance}}
}

// presenceTier keeps presence in Redis. Operations wait for presence, but not for other data in Redis. So the tier has a shorter timeout and its own
// breaker.
type presenceTier struct {
	*Redis
	lookups lookupBreaker
}

func presenceName(i presence.Item) string { return i.Source + ":" + i.Fingerprint }

// presenceKeys returns the keys of a source that the scripts use: the state of its calls, and the last answer about everyone.
func (t *presenceTier) presenceKeys(i presence.Item) []string {
	base := t.prefix + "presence:{" + presenceName(i) + "}:"
	return []string{base + "standing", base + "everyone:" + strconv.Itoa(presenceEncoding)}
}

// accountKey returns the key of the last answer about one account. With an encryption key, the key does not reveal the account.
func (t *presenceTier) accountKey(i presence.Item, id string) string {
	return t.prefix + "presence:" + strconv.Itoa(presenceEncoding) + ":{" + presenceName(i) + ":" + t.seal.Name([]byte(id)) + "}"
}

func bucketOf(id string) int {
	h := fnv.New32a()
	_, _ = h.Write([]byte(id)) // it never fails
	return int(h.Sum32() % buckets)
}

// Lookup reads the answers to all questions in one round trip to each node of a Cluster.
func (t *presenceTier) Lookup(ctx context.Context, questions []presence.Question) ([]presence.Known, error) {
	select { // the first caller must not be rejected only because Redis has not answered yet
	case <-t.ready:
	default:
		if err := t.lookup(ctx, t.awaitReady); err != nil {
			return nil, err
		}
	}
	var known []presence.Known
	err := t.lookup(ctx, func(ctx context.Context) (err error) {
		known, err = t.lookPresence(ctx, questions)
		return err
	})
	return known, err
}

func (t *presenceTier) awaitReady(ctx context.Context) error {
	select {
	case <-t.ready:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// presenceReply holds the commands for one question, and their results.
type presenceReply struct {
	standing *redis.Cmd
	wanted   []int // the requested buckets
	accounts []*redis.StringCmd
}

func (t *presenceTier) lookPresence(ctx context.Context, questions []presence.Question) ([]presence.Known, error) {
	at := time.Now()
	replies := make([]presenceReply, len(questions))
	_, err := t.client.Pipelined(ctx, func(p redis.Pipeliner) error {
		for i, q := range questions {
			replies[i] = t.addToPipeline(ctx, p, q)
		}
		return nil
	})
	if err != nil && !errors.Is(err, redis.Nil) && !isWrongType(err) {
		return nil, err
	}
	known := make([]presence.Known, len(questions))
	for i, q := range questions {
		if known[i], err = t.read(q, replies[i], at); err != nil {
			return nil, err
		}
	}
	return known, nil
}

// addToPipeline adds a question to a pipeline.
func (t *presenceTier) addToPipeline(ctx context.Context, p redis.Pipeliner, q presence.Question) presenceReply {
	var r presenceReply
	var args []any
	seen := make(map[int]bool)
	for _, id := range q.IDs {
		if b := bucketOf(id); !seen[b] {
			seen[b] = true
			r.wanted, args = append(r.wanted, b), append(args, b)
		}
		r.accounts = append(r.accounts, p.Get(ctx, t.accountKey(q.Item, id)))
	}
	r.standing = presenceLookupScript.Eval(ctx, p, t.presenceKeys(q.Item), args...)
	return r
}

// read combines the results for a question. If there are two answers about an account, the newer one counts.
func (t *presenceTier) read(q presence.Question, r presenceReply, at time.Time) (presence.Known, error) {
	a, err := readCallState(r.standing)
	if err != nil {
		return presence.Known{}, err
	}
	k := presence.Known{CallState: t.callState(q.Item, a, at), Answers: make(map[string]presence.Answer)}
	everyone := make(map[int]map[string]connectors.Presence)
	for i, b := range r.wanted {
		if i < len(a.rest) && a.everyone > 0 {
			if of, ok := t.openPresence(a.rest[i], aboutBucket(q.Item, b, a.everyone)); ok {
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
		if s, p, ok := t.openAccount(q.Item, id, value); ok && s > stamp {
			stamp, found = s, p
		}
		if local, plausible := (Clock{a.now, at}).Local(stamp); stamp > 0 && plausible {
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

// Claim requests the right to call.
func (t *presenceTier) Claim(ctx context.Context, c presence.Claim) (granted bool, s presence.CallState, err error) {
	var whom []byte
	if len(c.IDs) > 0 {
		whom = t.sealIDs(c.Item, c.IDs)
	}
	err = t.lookup(ctx, func(ctx context.Context) error {
		at := time.Now()
		a, err := readCallState(presenceClaimScript.Run(ctx, t.client, t.presenceKeys(c.Item)[:1], c.Token, c.Life.Microseconds(),
			c.Lease.Microseconds(), whom, missedFor.Microseconds(), flagOf(c.Early)))
		if err != nil {
			return err
		}
		granted, s = a.outcome == "granted", t.callState(c.Item, a, at)
		return nil
	})
	return granted, s, err
}

// missedFor is how long the request for an account that no call had named counts.
const missedFor = 2 * time.Minute

// Missed records that a caller requested an account that no call had named.
func (t *presenceTier) Missed(ctx context.Context, item presence.Item) error {
	return t.lookup(ctx, func(ctx context.Context) error {
		return presenceMissedScript.Run(ctx, t.client, t.presenceKeys(item)[:1]).Err()
	})
}

// Fail ends a call that returned no answer.
func (t *presenceTier) Fail(ctx context.Context, item presence.Item, stamp int64, failures int, until time.Time) error {
	return t.lookup(ctx, func(ctx context.Context) error {
		return presenceFailScript.Run(ctx, t.client, t.presenceKeys(item)[:1], stamp, failures, max(0, time.Until(until).Microseconds())).Err()
	})
}

// Save stores an answer before it ends the call, so that everybody who waits for the end finds the answer.
func (t *presenceTier) Save(ctx context.Context, s presence.Saved) error {
	keys := t.presenceKeys(s.Item)
	return t.lookup(ctx, func(ctx context.Context) error {
		if len(s.IDs) == 0 {
			args := []any{s.Stamp, s.KeepFor.Milliseconds()}
			for _, b := range t.sealEveryone(&s) {
				args = append(args, b)
			}
			return presenceSaveScript.Run(ctx, t.client, keys, args...).Err()
		}
		_, err := t.client.Pipelined(ctx, func(p redis.Pipeliner) error {
			for _, id := range s.IDs {
				p.Set(ctx, t.accountKey(s.Item, id), t.sealAccount(s.Item, id, s.Stamp, orOffline(s.Of, id)), s.KeepFor)
			}
			return nil
		})
		if err != nil {
			return err
		}
		return presenceSaveScript.Run(ctx, t.client, keys, s.Stamp, s.KeepFor.Milliseconds()).Err()
	})
}
