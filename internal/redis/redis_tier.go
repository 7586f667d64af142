package redis

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"roster/internal/snapshot"
	"roster/internal/snapshot/manifest"
)

// atOnce is the number of parts in one round trip.
const atOnce = 4

// keys returns the keys of an item that the scripts use: its manifest, its lock and its last fetch.
func (r *Redis) keys(item snapshot.Item) []string {
	base := r.prefix + "snapshot:{" + manifest.Name(item) + "}:"
	return []string{base + "manifest:" + strconv.Itoa(snapshot.Encoding), base + "lock", base + "last"}
}

// partKey returns the key of a part. Each part has a slot of its own.
func (r *Redis) partKey(item snapshot.Item, name string) string {
	return fmt.Sprintf("%spart:%d:{%s:%s}", r.prefix, snapshot.Encoding, manifest.Name(item), name)
}

func about(item snapshot.Item, name string) string { return manifest.Name(item) + ":" + name }

// Stat returns the state of the items, with one round trip to each node of a Cluster.
func (r *Redis) Stat(ctx context.Context, items []snapshot.Item) ([]snapshot.Info, error) {
	r.remember(items)
	first := time.NewTimer(2 * r.callTimeout)
	defer first.Stop()
	select { // the first call must not be rejected only because the first probe has not ended yet
	case <-r.ready:
	case <-first.C:
	case <-ctx.Done():
	}
	var marks []snapshot.Info
	err := r.do(ctx, r.callTimeout, func(ctx context.Context) (err error) {
		marks, err = r.stat(ctx, items)
		return err
	})
	return marks, err
}

// remember keeps the items of a keeper. The probe uses them to check that all parts of a Cluster are available. Another list replaces the items, for
// example after a reload. A list of one item that is already known does not replace them: it is a stat of this item alone.
func (r *Redis) remember(items []snapshot.Item) {
	if was := r.items.Load(); was == nil || len(items) > 1 || len(items) == 1 && !slices.Contains(*was, items[0]) {
		r.items.Store(&items)
	}
}

func (r *Redis) stat(ctx context.Context, items []snapshot.Item) ([]snapshot.Info, error) {
	at := time.Now()
	answers := make([]*redis.Cmd, len(items))
	_, err := r.client.Pipelined(ctx, func(p redis.Pipeliner) error {
		for i, item := range items {
			answers[i] = statScript.Eval(ctx, p, r.keys(item), micros(maxPause(item.MaxPause))) // a pipeline cannot fall back to the whole script if its hash is unknown
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	marks := make([]snapshot.Info, len(items))
	for i, item := range items {
		answer, err := readAnswer(answers[i])
		if err != nil {
			return nil, err
		}
		marks[i] = r.mark(item, answer, at)
	}
	return marks, nil
}

// answer is what the scripts return about an item.
type answer struct {
	outcome, manifest, lock, failure string
	now, tried, floor, retry, stamp  int64
}

var errAnswer = errors.New("redis answered something else")

func readAnswer(cmd *redis.Cmd) (a answer, err error) {
	fields, err := cmd.StringSlice()
	if err != nil {
		return answer{}, err
	}
	if len(fields) != 9 {
		return answer{}, errAnswer
	}
	a = answer{outcome: fields[0], manifest: fields[2], lock: fields[3], failure: fields[7]}
	for i, into := range map[int]*int64{1: &a.now, 4: &a.tried, 5: &a.floor, 6: &a.retry, 8: &a.stamp} {
		if *into, err = strconv.ParseInt(fields[i], 10, 64); err != nil {
			return answer{}, errAnswer
		}
	}
	return a, nil
}

// mark translates an answer. At is when the request was sent.
func (r *Redis) mark(item snapshot.Item, a answer, at time.Time) snapshot.Info {
	clock := Clock{a.now, at}
	m := snapshot.Info{Meta: manifest.Read(r.seal, item, []byte(a.manifest), clock.Local), Reading: a.lock != "", TriedAt: clock.Past(a.tried)}
	if a.retry > a.now {
		m.Failure = manifest.ReadFailure([]byte(a.failure))
		m.Failure.RetryAt, m.Failure.Floor = clock.Future(a.retry), clock.Future(a.floor)
	}
	return m
}

// Fetch reads and opens the parts, a few at a time.
func (r *Redis) Fetch(ctx context.Context, item snapshot.Item, meta snapshot.Meta) ([][]byte, error) {
	parts := make([][]byte, 0, len(meta.Parts))
	for names := meta.Parts; len(names) > 0; names = names[min(atOnce, len(names)):] {
		some := names[:min(atOnce, len(names))]
		got := make([]*redis.StringCmd, len(some))
		err := r.do(ctx, bulkTimeout, func(ctx context.Context) error {
			_, err := r.client.Pipelined(ctx, func(p redis.Pipeliner) error {
				for i, name := range some {
					got[i] = p.Get(ctx, r.partKey(item, name))
				}
				return nil
			})
			if isWrongType(err) {
				return nil
			}
			return err
		})
		if err != nil {
			return nil, err
		}
		for i, name := range some {
			sealed, err := got[i].Bytes()
			if err != nil {
				return nil, ignoreNil(err)
			}
			part, err := r.seal.Open(sealed, about(item, name))
			if err != nil {
				return nil, nil //nolint:nilerr,nilnil // a damaged part counts as absent
			}
			parts = append(parts, part)
		}
	}
	return parts, nil
}

// isWrongType reports whether a key holds a value of another type, which this package did not write.
func isWrongType(err error) bool { return err != nil && strings.HasPrefix(err.Error(), "WRONGTYPE") }

// ignoreNil returns nil for an error that only means that the requested value is absent.
func ignoreNil(err error) error {
	if errors.Is(err, redis.Nil) || isWrongType(err) {
		return nil
	}
	return err
}

// Acquire requests the lease of an item.
func (r *Redis) Acquire(ctx context.Context, c snapshot.LeaseRequest) (snapshot.Lease, snapshot.Info, error) {
	urgent := 0
	switch {
	case c.Forced:
		urgent = 2
	case c.Urgent:
		urgent = 1
	}
	for have := c.Have; ; {
		var a answer
		at := time.Now()
		err := r.do(ctx, r.callTimeout, func(ctx context.Context) (err error) {
			a, err = readAnswer(acquireScript.Run(ctx, r.client, r.keys(c.Item), r.id, r.lease.Milliseconds(), have,
				max(0, c.MaxAge.Microseconds()), c.MinInterval.Microseconds(), urgent, micros(maxPause(c.Item.MaxPause))))
			return err
		})
		if err != nil {
			return nil, snapshot.Info{}, err
		}
		m := r.mark(c.Item, a, at)
		switch {
		case a.outcome == granted:
			return r.newLease(c.Item, a, &m), m, nil
		case a.stamp > have && m.Stamp == 0: // an unreadable manifest does not prevent a fetch
			have = a.stamp
		default:
			return nil, m, nil
		}
	}
}

// Put stores data that was fetched without a lease. The stamp is the time of Redis at which the fetch began, calculated from the fetch's age.
func (r *Redis) Put(ctx context.Context, s snapshot.Stored) (int64, error) {
	var a answer
	at := time.Now()
	err := r.do(ctx, r.callTimeout, func(ctx context.Context) (err error) {
		a, err = readAnswer(statScript.Run(ctx, r.client, r.keys(s.Item), micros(maxPause(s.Item.MaxPause))))
		return err
	})
	if err != nil {
		return 0, err
	}
	m := r.mark(s.Item, a, at)
	stamp := a.now - age(at, s.Began()).Microseconds()
	if m.Stamp >= stamp {
		return 0, snapshot.ErrSuperseded
	}
	return r.save(ctx, s, stamp, &m, a.manifest)
}

// age returns the time since then, by the local wall clock or the monotonic clock, whichever shows more: the wall clock may have been set back, and
// the monotonic clock stands still while the machine sleeps.
func age(now, then time.Time) time.Duration {
	return max(0, now.Sub(then), now.Round(0).Sub(then.Round(0)))
}
