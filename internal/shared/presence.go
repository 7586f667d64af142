package shared

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

// presenceEncoding is the version of how presence is encoded.
const presenceEncoding = 1

// buckets is how many values an answer about everyone is stored in, by a hash of the account's ID: so a reader of a hundred accounts gets
// a hundred of them at most, and a writer writes that many, however many people there are.
const buckets = 256

// Presence gives the tier in which replicas share who is there.
func (r *Redis) Presence() presence.Tier {
	return &presenceTier{Redis: r, patience: lookupBreaker{tolerance: tolerance}}
}

// presenceTier keeps presence in Redis. An operation waits for it, unlike for the rest of what lies there: it has less patience, and a
// breaker of its own.
type presenceTier struct {
	*Redis
	patience lookupBreaker
}

func presenceName(i presence.Item) string { return i.Source + ":" + i.Fingerprint }

// presenceKeys gives the keys of a source that the scripts take: how it stands, and the last answer about everyone.
func (t *presenceTier) presenceKeys(i presence.Item) []string {
	base := t.prefix + "presence:{" + presenceName(i) + "}:"
	return []string{base + "standing", base + "everyone:" + strconv.Itoa(presenceEncoding)}
}

// accountKey gives the key of the last answer about one account. It does not tell which that is, with an encryption key.
func (t *presenceTier) accountKey(i presence.Item, id string) string {
	return t.prefix + "presence:" + strconv.Itoa(presenceEncoding) + ":{" + presenceName(i) + ":" + t.seal.name([]byte(id)) + "}"
}

func bucketOf(id string) int {
	h := fnv.New32a()
	_, _ = h.Write([]byte(id)) // it never fails
	return int(h.Sum32() % buckets)
}

// Lookup reads all of them in one exchange, with each node of a Cluster.
func (t *presenceTier) Lookup(ctx context.Context, questions []presence.Question) ([]presence.Known, error) {
	select { // the first caller must not be refused only because Redis has not answered yet
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

// presenceReply is what Redis is asked and says on one question.
type presenceReply struct {
	standing *redis.Cmd
	wanted   []int // the buckets that were asked for
	accounts []*redis.StringCmd
}

func (t *presenceTier) lookPresence(ctx context.Context, questions []presence.Question) ([]presence.Known, error) {
	at := time.Now()
	replies := make([]presenceReply, len(questions))
	_, err := t.client.Pipelined(ctx, func(p redis.Pipeliner) error {
		for i, q := range questions {
			replies[i] = t.askFor(ctx, p, q)
		}
		return nil
	})
	if err != nil && !errors.Is(err, redis.Nil) && !foreign(err) {
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

// askFor adds a question to a pipeline.
func (t *presenceTier) askFor(ctx context.Context, p redis.Pipeliner, q presence.Question) presenceReply {
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
	r.standing = presenceLookScript.Eval(ctx, p, t.presenceKeys(q.Item), args...)
	return r
}

// read puts together what was said on a question: of two answers about an account, the newer counts.
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
		value, _ := r.accounts[i].Result() // absent or foreign is as good as unknown
		if s, p, ok := t.openAccount(q.Item, id, value); ok && s > stamp {
			stamp, found = s, p
		}
		if stamp > 0 && stamp <= a.now+int64(futureLimit/time.Microsecond) {
			k.Answers[id] = presence.Answer{Presence: found, At: local(stamp, a.now, at)}
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

// Claim asks for the right to call.
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

// missedFor is how long it counts that somebody asked for an account that no call had named.
const missedFor = 2 * time.Minute

// Missed notes that somebody asked for an account that no call had named.
func (t *presenceTier) Missed(ctx context.Context, item presence.Item) error {
	return t.lookup(ctx, func(ctx context.Context) error {
		return presenceMissedScript.Run(ctx, t.client, t.presenceKeys(item)[:1]).Err()
	})
}

// Fail ends a call that gave nothing.
func (t *presenceTier) Fail(ctx context.Context, item presence.Item, stamp int64, failures int, until time.Time) error {
	return t.lookup(ctx, func(ctx context.Context) error {
		return presenceFailScript.Run(ctx, t.client, t.presenceKeys(item)[:1], stamp, failures, max(0, time.Until(until).Microseconds())).Err()
	})
}

// Save stores an answer, and then ends the call: whoever waits for its end finds the answer.
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
