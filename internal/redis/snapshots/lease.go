package snapshots

import (
	"context"
	"slices"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"roster/internal/redis"
	"roster/internal/redis/lock"
	"roster/internal/snapshot"
	"roster/internal/snapshot/manifest"
)

const (
	// margin is how much longer a snapshot is kept than it can be useful.
	margin = time.Hour
	// grace is how long the parts of a replaced snapshot are kept, for replicas that are still reading them.
	grace = 2 * time.Minute
)

// lease is the right to fetch an item. It is renewed in the background.
type lease struct {
	*lock.Lock
	store    *Store
	item     snapshot.Item
	stamp    int64
	before   *snapshot.Info // what the store had when the lease was granted
	manifest string         // the stored form of before
}

// Save stores the result of the fetch.
func (l *lease) Save(ctx context.Context, s snapshot.Stored) (int64, error) {
	stamp, err := l.store.save(ctx, s, l.stamp, l.before, l.manifest)
	if err == nil && len(l.before.Parts) > 0 && l.before.Version != s.Version {
		l.before.Version, l.before.Parts = "", nil // these parts expire soon, so a later save must not rely on them
	}
	return stamp, err
}

// Fail stores for the other replicas how the fetch failed.
func (l *lease) Fail(ctx context.Context, f snapshot.Failure) error {
	text, err := manifest.WriteFailure(f)
	if err != nil {
		return err
	}
	err = l.store.client.Do(ctx, func(ctx context.Context) error {
		now := time.Now()
		return failScript.Run(ctx, l.store.client.Commands(), l.store.keys(l.item), l.stamp, f.Floor.Sub(now).Microseconds(),
			f.RetryAt.Sub(now).Microseconds(), text).Err()
	})
	if err == nil {
		l.store.client.Publish(ctx, redis.Changed)
	}
	return err
}

// save stores the parts before the manifest, so that a replica that sees the manifest can read the parts. Before is the snapshot that was stored when
// the lease was granted, and was is its stored form.
func (s *Store) save(ctx context.Context, snap snapshot.Stored, stamp int64, before *snapshot.Info, was string) (int64, error) {
	life := snap.KeepFor + margin
	var names []string
	if before.Stamp != 0 && before.Version == snap.Version && before.Count == snap.Count && !snap.Rewrite {
		lost, err := s.renewParts(ctx, snap.Item, before.Parts, life)
		if err != nil {
			return 0, err
		}
		if len(lost) == 0 {
			names, snap.Bytes = before.Parts, before.Bytes
		}
	}
	if names == nil {
		parts, err := snap.Encode()
		if err != nil {
			return 0, err
		}
		snap.Bytes = snapshot.PartsSize(parts)
		if names, err = s.writeParts(ctx, &snap, parts, life); err != nil {
			return 0, err
		}
	}
	value, err := manifest.Write(s.client.Sealer(), snap.Item, stamp, &snap.Meta, names)
	if err != nil {
		return 0, err
	}
	unreadable := ""
	if was != "" && before.Stamp == 0 {
		unreadable = was
	}
	complete := 0
	if snap.Complete {
		complete = 1
	}
	var outcome []string
	err = s.client.Do(ctx, func(ctx context.Context) (err error) {
		outcome, err = saveScript.Run(ctx, s.client.Commands(), s.keys(snap.Item), stamp, complete, value, life.Milliseconds(), unreadable).StringSlice()
		return err
	})
	if err == nil && len(outcome) != 2 {
		err = redis.ErrAnswer
	}
	if err != nil {
		return 0, err
	}
	there := manifest.Read(s.client.Sealer(), snap.Item, []byte(outcome[1]), redis.Clock{Now: stamp, At: time.Now()}.Local)
	if outcome[0] == refused {
		s.expireParts(ctx, snap.Item, names, there.Parts)
		return 0, snapshot.ErrSuperseded
	}
	s.expireParts(ctx, snap.Item, there.Parts, names)
	s.client.Publish(ctx, redis.Changed)
	return stamp, nil
}

// writeParts stores the missing parts, and renews the others.
func (s *Store) writeParts(ctx context.Context, snap *snapshot.Stored, parts [][]byte, life time.Duration) ([]string, error) {
	names := make([]string, len(parts))
	for i, part := range parts {
		names[i] = s.client.Sealer().Name(part)
	}
	missing := names
	if !snap.Rewrite {
		var err error
		if missing, err = s.renewParts(ctx, snap.Item, names, life); err != nil {
			return nil, err
		}
	}
	for i, part := range parts {
		if !slices.Contains(missing, names[i]) {
			continue
		}
		sealed := s.client.Sealer().Seal(part, about(snap.Item, names[i]))
		err := s.client.DoWithin(ctx, bulkTimeout, func(ctx context.Context) error {
			return s.client.Commands().Set(ctx, s.partKey(snap.Item, names[i]), sealed, life).Err()
		})
		if err != nil {
			return nil, err
		}
	}
	return names, nil
}

// renewParts extends the expiry of parts, and returns the names of the missing parts.
func (s *Store) renewParts(ctx context.Context, item snapshot.Item, names []string, life time.Duration) (missing []string, err error) {
	if len(names) == 0 {
		return nil, nil
	}
	done := make([]*goredis.BoolCmd, len(names))
	err = s.client.DoWithin(ctx, bulkTimeout, func(ctx context.Context) error {
		_, err := s.client.Commands().Pipelined(ctx, func(p goredis.Pipeliner) error {
			for i, name := range names {
				done[i] = p.PExpire(ctx, s.partKey(item, name), life)
			}
			return nil
		})
		return err
	})
	if err != nil {
		return nil, err
	}
	for i, name := range names {
		if !done[i].Val() {
			missing = append(missing, name)
		}
	}
	return missing, nil
}

// expireParts makes parts expire soon, except the kept ones.
func (s *Store) expireParts(ctx context.Context, item snapshot.Item, names, kept []string) {
	names = slices.DeleteFunc(slices.Clone(names), func(name string) bool { return slices.Contains(kept, name) })
	_, _ = s.renewParts(ctx, item, names, grace) // if this fails, the parts expire at their normal time
}
