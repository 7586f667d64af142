package shared

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
)

// atOnce is how many parts travel in one exchange.
const atOnce = 4

// keys gives the keys of an item that the scripts take: its manifest, its lock and its last reading.
func (r *Redis) keys(item snapshot.Item) []string {
	base := r.prefix + "snapshot:{" + itemName(item) + "}:"
	return []string{base + "manifest:" + strconv.Itoa(snapshot.Encoding), base + "lock", base + "last"}
}

// partKey gives the key of a part: each has a slot of its own.
func (r *Redis) partKey(item snapshot.Item, name string) string {
	return fmt.Sprintf("%spart:%d:{%s:%s}", r.prefix, snapshot.Encoding, itemName(item), name)
}

func about(item snapshot.Item, name string) string { return itemName(item) + ":" + name }

// Stat gives the marks of the items by one exchange, with each node of a Cluster.
func (r *Redis) Stat(ctx context.Context, items []snapshot.Item) ([]snapshot.Info, error) {
	r.remember(items)
	first := time.NewTimer(2 * r.quick)
	defer first.Stop()
	select { // the first to ask is not to be turned away only because nobody has looked yet
	case <-r.ready:
	case <-first.C:
	case <-ctx.Done():
	}
	var marks []snapshot.Info
	err := r.do(ctx, r.quick, func(ctx context.Context) (err error) {
		marks, err = r.look(ctx, items)
		return err
	})
	return marks, err
}

// remember keeps the items that a keeper has, by which it is judged whether all of a Cluster is there. Another list takes their place, after a reload
// for example; one item that is among them has been looked at alone.
func (r *Redis) remember(items []snapshot.Item) {
	if was := r.items.Load(); was == nil || len(items) > 1 || len(items) == 1 && !slices.Contains(*was, items[0]) {
		r.items.Store(&items)
	}
}

func (r *Redis) look(ctx context.Context, items []snapshot.Item) ([]snapshot.Info, error) {
	at := time.Now()
	answers := make([]*redis.Cmd, len(items))
	_, err := r.client.Pipelined(ctx, func(p redis.Pipeliner) error {
		for i, item := range items {
			answers[i] = lookScript.Eval(ctx, p, r.keys(item), micros(maxPause(item.MaxPause))) // a pipeline cannot fall back to the whole script where its hash is unknown
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

// answer is what the scripts say of an item.
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

// mark translates an answer. At is when the question was sent: what is then taken for older than it is by as long as the answer took
// is at least not taken for newer.
func (r *Redis) mark(item snapshot.Item, a answer, at time.Time) snapshot.Info {
	m := snapshot.Info{Meta: r.seal.readManifest(item, []byte(a.manifest), a.now, at), Reading: a.lock != ""}
	if a.tried > 0 {
		m.TriedAt = local(a.tried, a.now, at)
	}
	if a.retry > a.now {
		m.Failure = readFailure([]byte(a.failure))
		m.Failure.RetryAt = at.Add(time.Duration(a.retry-a.now) * time.Microsecond)
		m.Failure.Floor = at.Add(time.Duration(a.floor-a.now) * time.Microsecond)
	}
	return m
}

// Fetch gets and opens the parts, a few at a time.
func (r *Redis) Fetch(ctx context.Context, item snapshot.Item, meta snapshot.Meta) ([][]byte, error) {
	parts := make([][]byte, 0, len(meta.Parts))
	for names := meta.Parts; len(names) > 0; names = names[min(atOnce, len(names)):] {
		some := names[:min(atOnce, len(names))]
		got := make([]*redis.StringCmd, len(some))
		err := r.do(ctx, bulk, func(ctx context.Context) error {
			_, err := r.client.Pipelined(ctx, func(p redis.Pipeliner) error {
				for i, name := range some {
					got[i] = p.Get(ctx, r.partKey(item, name))
				}
				return nil
			})
			if foreign(err) {
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
				return nil, absent(err)
			}
			part, err := r.seal.open(sealed, about(item, name))
			if err != nil {
				return nil, nil //nolint:nilerr,nilnil // damaged is as good as absent
			}
			parts = append(parts, part)
		}
	}
	return parts, nil
}

// foreign says that a key holds something that is none of ours.
func foreign(err error) bool { return err != nil && strings.HasPrefix(err.Error(), "WRONGTYPE") }

// absent takes the errors away that mean only that what was asked for is not there.
func absent(err error) error {
	if errors.Is(err, redis.Nil) || foreign(err) {
		return nil
	}
	return err
}

// Acquire asks for the right to read.
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
		err := r.do(ctx, r.quick, func(ctx context.Context) (err error) {
			a, err = readAnswer(claimScript.Run(ctx, r.client, r.keys(c.Item), r.id, r.lease.Milliseconds(), have,
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
		case a.stamp > have && m.Stamp == 0: // a manifest that we cannot read is no reason against a reading
			have = a.stamp
		default:
			return nil, m, nil
		}
	}
}

// Put stores what was read without a lease. The stamp is by how long ago that was.
func (r *Redis) Put(ctx context.Context, s snapshot.Stored) (int64, error) {
	var a answer
	at := time.Now()
	err := r.do(ctx, r.quick, func(ctx context.Context) (err error) {
		a, err = readAnswer(lookScript.Run(ctx, r.client, r.keys(s.Item), micros(maxPause(s.Item.MaxPause))))
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

// age is how long ago something was, by that one of our two clocks by which it is more: the wall's may have been set back meanwhile, and
// the other one stands still while the machine sleeps.
func age(now, then time.Time) time.Duration {
	return max(0, now.Sub(then), now.Round(0).Sub(then.Round(0)))
}
