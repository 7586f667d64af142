package shared

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/redis/go-redis/v9"
)

const (
	// beatEvery is how often a replica says that it is there, and absentAfter from when one that does not counts as gone.
	beatEvery   = 10 * time.Second
	absentAfter = 3 * beatEvery
	// probeFirst is how soon a Redis that has gone away is tried again. Each failure doubles that, up to beatEvery.
	probeFirst = 250 * time.Millisecond
	// steadyAfter is how long Redis must have worked for its next loss to be probed as soon as the first.
	steadyAfter = time.Minute
)

// heartbeat says that this replica is there until ctx ends, and, while Redis is away, finds out when it is back.
func (r *Redis) heartbeat(ctx context.Context) {
	pause, since := probeFirst, time.Time{}
	for ctx.Err() == nil {
		size, rank, err := r.probe(ctx)
		wait := beatEvery
		switch was := r.Membership().Connected; {
		case ctx.Err() != nil:
		case err == nil:
			if !was {
				since = time.Now()
			}
			if r.present(size, rank); !was {
				r.publish(ctx) // so that the others count us
			}
		default:
			if !since.IsZero() && time.Since(since) >= steadyAfter {
				pause = probeFirst
			}
			since = time.Time{}
			if wait = pause; was {
				r.away(err)
			} else if r.log.Enabled(ctx, 0) && !r.known() {
				r.log.WarnContext(ctx, "redis cannot be used: nothing is shared", "reason", reason(err))
			}
			pause = min(2*pause, beatEvery)
		}
		r.isReady.Do(func() { close(r.ready) })
		timer := time.NewTimer(wait)
		select {
		case <-timer.C:
		case <-r.joined:
		case <-r.breaker.opened:
			if !since.IsZero() && time.Since(since) >= steadyAfter {
				pause = probeFirst
			}
			timer.Reset(pause)
			// What a probe does may work while other calls are refused: then the changes of state must become rarer, too.
			pause = min(2*pause, beatEvery)
			select {
			case <-timer.C:
			case <-ctx.Done():
			}
		case <-ctx.Done():
		}
		timer.Stop()
	}
	if r.Membership().Connected {
		leave, cancel := context.WithTimeout(context.WithoutCancel(ctx), r.quick)
		defer cancel()
		r.client.ZRem(leave, r.prefix+"replicas", r.id)
		r.client.HDel(leave, r.shownKey(), r.id)
	}
}

// known says whether it is known already whether Redis is there.
func (r *Redis) known() bool {
	select {
	case <-r.ready:
		return true
	default:
		return false
	}
}

// probe says that this replica is there, and learns who else is. It writes, since a Redis that only reads is of no use, and it looks at
// every item, since part of a Cluster may be away.
func (r *Redis) probe(ctx context.Context) (size, rank int, err error) {
	ctx, cancel := context.WithTimeout(ctx, r.quick)
	defer cancel()
	if c, ok := r.client.(*redis.ClusterClient); ok && !r.Membership().Connected {
		c.ReloadState(ctx) // a node that is gone cannot say who has its place
	}
	members, err := beatScript.Run(ctx, r.client, []string{r.prefix + "replicas"}, r.id, absentAfter.Microseconds()).StringSlice()
	if err != nil {
		return 0, 0, err
	}
	if !r.Membership().Connected {
		if items := r.items.Load(); items != nil {
			if _, err := r.look(ctx, *items); err != nil {
				return 0, 0, err
			}
		}
	}
	slices.Sort(members)
	r.members.Store(&members)
	rank, ok := slices.BinarySearch(members, r.id)
	if !ok {
		return 0, 0, fmt.Errorf("the replica is not among those that are there: %w", redis.Nil)
	}
	return len(members), rank, nil
}
