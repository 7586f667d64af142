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
	// expiryMargin is how much longer a snapshot is kept than it can be useful.
	expiryMargin = time.Hour
	// readersGrace is how long the parts of a replaced snapshot are kept, for replicas that are still reading them.
	readersGrace = 2 * time.Minute
)

// lease is the right to fetch an item. It is renewed in the background.
type lease struct {
	*lock.Lock
	store    *Store
	item     snapshot.StoreKey
	stamp    int64
	old      *snapshot.Info // the snapshot that was stored when the lease was granted
	oldValue string         // its manifest, as stored
}

// Save stores the result of the fetch.
func (l *lease) Save(ctx context.Context, s snapshot.Stored) (int64, error) {
	stamp, err := l.store.save(ctx, s, l.stamp, l.old, l.oldValue)
	if err == nil && len(l.old.Parts) > 0 && l.old.Version != s.Version {
		l.old.Version, l.old.Parts = "", nil // save has let these parts expire soon, so a later save of this lease must not use them
	}
	if err == nil && l.old.Times != s.Times {
		l.old.Times, l.old.TimesParts = "", nil // nor these
	}
	return stamp, err
}

// Fail stores the failure of the fetch, for the other replicas.
func (l *lease) Fail(ctx context.Context, f snapshot.Failure) error {
	text, err := manifest.WriteFailure(f)
	if err != nil {
		return err
	}
	err = l.store.client.Do(ctx, func(ctx context.Context) error {
		now := time.Now()
		return failScript.Run(ctx, l.store.client.Commands(), l.store.keys(l.item), l.stamp, f.NotBefore.Sub(now).Microseconds(),
			f.RetryAt.Sub(now).Microseconds(), text).Err()
	})
	if err == nil {
		l.store.client.Publish(ctx, redis.Changed)
	}
	return err
}

// save stores the parts before the manifest, so that a replica that sees the manifest can read the parts. Old is the snapshot that was stored when the
// lease was granted, and oldValue is its manifest as stored.
func (s *Store) save(ctx context.Context, snap snapshot.Stored, stamp int64, old *snapshot.Info, oldValue string) (int64, error) {
	life := snap.KeepFor + expiryMargin
	var names []string
	if old.Stamp != 0 && old.Version == snap.Version && old.Count == snap.Count && !snap.Rewrite {
		lost, err := s.setExpiry(ctx, snap.Item, old.Parts, life)
		if err != nil {
			return 0, err
		}
		if len(lost) == 0 {
			names, snap.Bytes = old.Parts, old.Bytes
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
	var err error
	if snap.TimesParts, err = s.saveTimes(ctx, &snap, old, life); err != nil {
		return 0, err
	}
	value, err := manifest.Write(s.client.Sealer(), snap.Item, stamp, &snap.Meta, names)
	if err != nil {
		return 0, err
	}
	unreadable := "" // a stored manifest that this replica cannot read; saveScript may replace it, however new it looks
	if oldValue != "" && old.Stamp == 0 {
		unreadable = oldValue
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
	storedManifest := manifest.Read(s.client.Sealer(), snap.Item, []byte(outcome[1]), redis.Clock{Now: stamp, At: time.Now()}.Local)
	written, stored := slices.Concat(names, snap.TimesParts), slices.Concat(storedManifest.Parts, storedManifest.TimesParts)
	if outcome[0] == refused {
		s.expireParts(ctx, snap.Item, written, stored)
		return 0, snapshot.ErrSuperseded
	}
	s.expireParts(ctx, snap.Item, stored, written)
	s.client.Publish(ctx, redis.Changed)
	return stamp, nil
}

// saveTimes stores the parts of the history, unless they are stored, and returns their names.
func (s *Store) saveTimes(ctx context.Context, snap *snapshot.Stored, old *snapshot.Info, life time.Duration) ([]string, error) {
	if snap.Times == "" {
		return nil, nil
	}
	if old.Times == snap.Times && !snap.Rewrite {
		lost, err := s.setExpiry(ctx, snap.Item, old.TimesParts, life)
		if err != nil || len(lost) == 0 {
			return old.TimesParts, err
		}
	}
	return s.writeParts(ctx, snap, snap.EncodeTimes(), life)
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
		if missing, err = s.setExpiry(ctx, snap.Item, names, life); err != nil {
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

// setExpiry sets the expiry of parts, and returns the names of the missing parts.
func (s *Store) setExpiry(ctx context.Context, item snapshot.StoreKey, names []string, life time.Duration) (missing []string, err error) {
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
func (s *Store) expireParts(ctx context.Context, item snapshot.StoreKey, names, kept []string) {
	names = slices.DeleteFunc(slices.Clone(names), func(name string) bool { return slices.Contains(kept, name) })
	_, _ = s.setExpiry(ctx, item, names, readersGrace) // if this fails, the parts expire at their normal time
}
