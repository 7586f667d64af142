// Package snapshots keeps snapshots in Redis, and decides which replica fetches from a source. It handles encoded parts and their descriptions, and
// does not know records or sources. For each item (source, fingerprint and collection):
//
//	snapshot:{item}:manifest:<encoding>  the description of the newest snapshot, and the names of its parts
//	snapshot:{item}:lock                 the replica that has the lease; expires, and is renewed during the fetch
//	snapshot:{item}:last                 when the last fetch began, and until when a failing source is not called
//	part:<encoding>:{item:name}          one part of at most 4 MiB, named by its content
//
// The first three keys of an item share a slot, so that one script can check them together. Parts are spread over the slots. A part is written before
// the manifest that names it. Its expiry is renewed if a later snapshot has the part too; otherwise the part expires soon. Keys of data that depends
// on the encoding of records contain the version of the encoding, so that two releases never misread each other. The keys of the lock and of the
// fetch times do not, so that two releases still do not fetch from a source twice.
//
// The stamp of a fetch is the time of Redis at which the lease was granted. The stamps of an item only grow, so each is a fencing token: if a replica
// sleeps until after its lock has expired, it saves with an old stamp, and the save is rejected, even if a failover has lost the lock.
package snapshots

import (
	"context"
	"fmt"
	"slices"
	"sync/atomic"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"roster/internal/redis"
	"roster/internal/redis/keyspace"
	"roster/internal/redis/lock"
	"roster/internal/snapshot"
	"roster/internal/snapshot/manifest"
)

const (
	// atOnce is the number of parts in one round trip.
	atOnce = 4
	// bulkTimeout bounds a call that transfers parts.
	bulkTimeout = 10 * time.Second
)

// Store keeps snapshots in Redis.
type Store struct {
	client  *redis.Client
	changed <-chan struct{}
	items   atomic.Pointer[[]snapshot.StoreKey] // see remember
}

var _ snapshot.SharedStore = (*Store)(nil)

// New returns a store in Redis. Call it before the client runs.
func New(client *redis.Client) *Store {
	s := &Store{client: client, changed: client.Subscribe(redis.Changed)}
	client.Add(redis.Part{Probe: s.probe})
	return s
}

// Changed receives a value when another replica may have stored something; see snapshot.SharedStore.
func (s *Store) Changed() <-chan struct{} { return s.changed }

// Membership returns the live replicas; see snapshot.SharedStore.
func (s *Store) Membership() snapshot.Membership { return snapshot.Membership(s.client.Membership()) }

// probe stats every item, because part of a Cluster may be unavailable.
func (s *Store) probe(ctx context.Context) error {
	items := s.items.Load()
	if items == nil {
		return nil
	}
	_, err := s.stat(ctx, *items)
	return err
}

// Clear removes the stored snapshots of a source, or of all sources if source is empty. Clear also removes the failures of their fetches, which keep
// replicas from new attempts. Clear returns the number of removed keys. Running replicas still have their data in memory, and may store it again.
func (s *Store) Clear(ctx context.Context, source string) (int, error) {
	name := "*"
	if source != "" {
		name = "{" + keyspace.Escape(source) + ":*"
	}
	removed, err := keyspace.Remove(ctx, s.client, keyspace.Pattern(s.client, "snapshot:"+name+":manifest:*"), keyspace.Pattern(s.client, "part:*:"+name))
	if err != nil {
		return removed, err
	}
	return removed, keyspace.Each(ctx, s.client, keyspace.Pattern(s.client, "snapshot:"+name+":last"), func(ctx context.Context, node goredis.UniversalClient, key string) error {
		return forgetScript.Run(ctx, node, []string{key}).Err()
	})
}

// keys returns the keys of an item that the scripts use: its manifest, its lock and its last fetch.
func (s *Store) keys(item snapshot.StoreKey) []string {
	base := s.client.Key("snapshot:{" + manifest.Name(item) + "}:")
	return []string{base + "manifest:" + item.Encoding(), base + "lock", base + "last"}
}

// partKey returns the key of a part. Each part has a slot of its own.
func (s *Store) partKey(item snapshot.StoreKey, name string) string {
	return s.client.Key(fmt.Sprintf("part:%s:{%s:%s}", item.Encoding(), manifest.Name(item), name))
}

func about(item snapshot.StoreKey, name string) string { return manifest.Name(item) + ":" + name }

// Stat returns the state of the items, with one round trip to each node of a Cluster.
func (s *Store) Stat(ctx context.Context, items []snapshot.StoreKey) ([]snapshot.Info, error) {
	s.remember(items)
	if err := s.client.AwaitReady(ctx); err != nil {
		return nil, err
	}
	var marks []snapshot.Info
	err := s.client.Do(ctx, func(ctx context.Context) (err error) {
		marks, err = s.stat(ctx, items)
		return err
	})
	return marks, err
}

// remember keeps the items of a keeper. The probe uses them to check that all parts of a Cluster are available. Another list replaces the items, for
// example after a reload. A list of one item that is already known does not replace them: it is a stat of this item alone.
func (s *Store) remember(items []snapshot.StoreKey) {
	if was := s.items.Load(); was == nil || len(items) > 1 || len(items) == 1 && !slices.Contains(*was, items[0]) {
		s.items.Store(&items)
	}
}

func (s *Store) stat(ctx context.Context, items []snapshot.StoreKey) ([]snapshot.Info, error) {
	at := time.Now()
	answers := make([]*goredis.Cmd, len(items))
	_, err := s.client.Commands().Pipelined(ctx, func(p goredis.Pipeliner) error {
		for i, item := range items {
			answers[i] = statScript.Eval(ctx, p, s.keys(item), believed(item)) // a pipeline cannot fall back to the whole script if its hash is unknown
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
		marks[i] = s.mark(item, answer, at)
	}
	return marks, nil
}

// Load reads and opens the parts, a few at a time.
func (s *Store) Load(ctx context.Context, item snapshot.StoreKey, meta snapshot.Meta) ([][]byte, error) {
	parts := make([][]byte, 0, len(meta.Parts))
	for names := meta.Parts; len(names) > 0; names = names[min(atOnce, len(names)):] {
		some := names[:min(atOnce, len(names))]
		got := make([]*goredis.StringCmd, len(some))
		err := s.client.DoWithin(ctx, bulkTimeout, func(ctx context.Context) error {
			_, err := s.client.Commands().Pipelined(ctx, func(p goredis.Pipeliner) error {
				for i, name := range some {
					got[i] = p.Get(ctx, s.partKey(item, name))
				}
				return nil
			})
			if redis.IsWrongType(err) {
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
				return nil, redis.IgnoreNil(err)
			}
			part, err := s.client.Sealer().Open(sealed, about(item, name))
			if err != nil {
				return nil, nil //nolint:nilerr,nilnil // a damaged part counts as absent
			}
			parts = append(parts, part)
		}
	}
	return parts, nil
}

// Acquire requests the lease of an item.
func (s *Store) Acquire(ctx context.Context, c snapshot.LeaseRequest) (snapshot.Lease, snapshot.Info, error) {
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
		err := s.client.Do(ctx, func(ctx context.Context) (err error) {
			a, err = readAnswer(acquireScript.Run(ctx, s.client.Commands(), s.keys(c.Item), s.client.ID(), s.client.LeaseFor().Milliseconds(), have,
				max(0, c.MaxAge.Microseconds()), c.MinInterval.Microseconds(), urgent, believed(c.Item)))
			return err
		})
		if err != nil {
			return nil, snapshot.Info{}, err
		}
		m := s.mark(c.Item, a, at)
		switch {
		case a.outcome == granted:
			held := lock.Hold(s.client, s.keys(c.Item)[1])
			return &lease{held, s, c.Item, a.stamp, &m, a.manifest}, m, nil
		case a.stamp > have && m.Stamp == 0: // an unreadable manifest does not prevent a fetch
			have = a.stamp
		default:
			return nil, m, nil
		}
	}
}

// Put stores data that was fetched without a lease. The stamp is the time of Redis at which the fetch began, calculated from the fetch's age.
func (s *Store) Put(ctx context.Context, snap snapshot.Stored) (int64, error) {
	var a answer
	at := time.Now()
	err := s.client.Do(ctx, func(ctx context.Context) (err error) {
		a, err = readAnswer(statScript.Run(ctx, s.client.Commands(), s.keys(snap.Item), believed(snap.Item)))
		return err
	})
	if err != nil {
		return 0, err
	}
	m := s.mark(snap.Item, a, at)
	stamp := a.now - age(at, snap.Began()).Microseconds()
	if m.Stamp >= stamp {
		return 0, snapshot.ErrSuperseded
	}
	return s.save(ctx, snap, stamp, &m, a.manifest)
}

// age returns the time since then, by the local wall clock or the monotonic clock, whichever shows more: the wall clock may have been set back, and
// the monotonic clock stands still while the machine sleeps.
func age(now, then time.Time) time.Duration {
	return max(0, now.Sub(then), now.Round(0).Sub(then.Round(0)))
}
