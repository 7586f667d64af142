package redis

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"

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
	redis    *Redis
	item     snapshot.Item
	stamp    int64
	before   *snapshot.Info // what the tier had when the lease was granted
	manifest string         // the stored form of before
	release  func()
}

// newLease starts the renewals of a lease that has been granted.
func (r *Redis) newLease(item snapshot.Item, a answer, before *snapshot.Info) *lease {
	ctx, cancel := context.WithCancel(context.Background())
	l := &lease{redis: r, item: item, stamp: a.stamp, before: before, manifest: a.manifest}
	var renewals sync.WaitGroup
	renewals.Go(func() { l.renew(ctx) })
	l.release = sync.OnceFunc(func() {
		cancel()
		renewals.Wait()
	})
	return l
}

func (l *lease) renew(ctx context.Context) {
	tick := time.NewTicker(l.redis.lease / 3)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
		//nolint:errcheck // the next one may succeed; and without the lock, the stamp still decides whether a save is accepted
		l.redis.do(ctx, l.redis.callTimeout, func(ctx context.Context) error {
			return renewScript.Run(ctx, l.redis.client, l.redis.keys(l.item)[1:2], l.redis.id, l.redis.lease.Milliseconds()).Err()
		})
	}
}

// Save stores the result of the fetch.
func (l *lease) Save(ctx context.Context, s snapshot.Stored) (int64, error) {
	stamp, err := l.redis.save(ctx, s, l.stamp, l.before, l.manifest)
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
	err = l.redis.do(ctx, l.redis.callTimeout, func(ctx context.Context) error {
		now := time.Now()
		return failScript.Run(ctx, l.redis.client, l.redis.keys(l.item), l.stamp, f.Floor.Sub(now).Microseconds(),
			f.RetryAt.Sub(now).Microseconds(), text).Err()
	})
	if err == nil {
		l.redis.publish(ctx)
	}
	return err
}

// Release returns the lease.
func (l *lease) Release(ctx context.Context) {
	l.release()
	//nolint:errcheck // if this fails, the lease expires
	l.redis.do(ctx, l.redis.callTimeout, func(ctx context.Context) error {
		return releaseScript.Run(ctx, l.redis.client, l.redis.keys(l.item)[1:2], l.redis.id).Err()
	})
}

// save stores the parts before the manifest, so that a replica that sees the manifest can read the parts. Before is the snapshot that was stored when
// the lease was granted, and was is its stored form.
func (r *Redis) save(ctx context.Context, s snapshot.Stored, stamp int64, before *snapshot.Info, was string) (int64, error) {
	life := s.KeepFor + margin
	var names []string
	if before.Stamp != 0 && before.Version == s.Version && before.Count == s.Count && !s.Rewrite {
		lost, err := r.renewParts(ctx, s.Item, before.Parts, life)
		if err != nil {
			return 0, err
		}
		if len(lost) == 0 {
			names, s.Bytes = before.Parts, before.Bytes
		}
	}
	if names == nil {
		parts, err := s.Encode()
		if err != nil {
			return 0, err
		}
		s.Bytes = snapshot.PartsSize(parts)
		if names, err = r.writeParts(ctx, &s, parts, life); err != nil {
			return 0, err
		}
	}
	value, err := manifest.Write(r.seal, s.Item, stamp, &s.Meta, names)
	if err != nil {
		return 0, err
	}
	unreadable := ""
	if was != "" && before.Stamp == 0 {
		unreadable = was
	}
	complete := 0
	if s.Complete {
		complete = 1
	}
	var outcome []string
	err = r.do(ctx, r.callTimeout, func(ctx context.Context) (err error) {
		outcome, err = saveScript.Run(ctx, r.client, r.keys(s.Item), stamp, complete, value, life.Milliseconds(), unreadable).StringSlice()
		return err
	})
	if err == nil && len(outcome) != 2 {
		err = errAnswer
	}
	if err != nil {
		return 0, err
	}
	there := manifest.Read(r.seal, s.Item, []byte(outcome[1]), Clock{stamp, time.Now()}.Local)
	if outcome[0] == refused {
		r.expireParts(ctx, s.Item, names, there.Parts)
		return 0, snapshot.ErrSuperseded
	}
	r.expireParts(ctx, s.Item, there.Parts, names)
	r.publish(ctx)
	return stamp, nil
}

// writeParts stores the missing parts, and renews the others.
func (r *Redis) writeParts(ctx context.Context, s *snapshot.Stored, parts [][]byte, life time.Duration) ([]string, error) {
	names := make([]string, len(parts))
	for i, part := range parts {
		names[i] = r.seal.Name(part)
	}
	missing := names
	if !s.Rewrite {
		var err error
		if missing, err = r.renewParts(ctx, s.Item, names, life); err != nil {
			return nil, err
		}
	}
	for i, part := range parts {
		if !slices.Contains(missing, names[i]) {
			continue
		}
		sealed := r.seal.Seal(part, about(s.Item, names[i]))
		err := r.do(ctx, bulkTimeout, func(ctx context.Context) error {
			return r.client.Set(ctx, r.partKey(s.Item, names[i]), sealed, life).Err()
		})
		if err != nil {
			return nil, err
		}
	}
	return names, nil
}

// renewParts extends the expiry of parts, and returns the names of the missing parts.
func (r *Redis) renewParts(ctx context.Context, item snapshot.Item, names []string, life time.Duration) (missing []string, err error) {
	if len(names) == 0 {
		return nil, nil
	}
	done := make([]*redis.BoolCmd, len(names))
	err = r.do(ctx, bulkTimeout, func(ctx context.Context) error {
		_, err := r.client.Pipelined(ctx, func(p redis.Pipeliner) error {
			for i, name := range names {
				done[i] = p.PExpire(ctx, r.partKey(item, name), life)
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
func (r *Redis) expireParts(ctx context.Context, item snapshot.Item, names, kept []string) {
	names = slices.DeleteFunc(slices.Clone(names), func(name string) bool { return slices.Contains(kept, name) })
	_, _ = r.renewParts(ctx, item, names, grace) // if this fails, the parts expire at their normal time
}
