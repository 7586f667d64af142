package redis

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/redis/go-redis/v9"
)

const (
	// heartbeatInterval is the time between two heartbeats of a replica. A replica counts as absent when it has sent no heartbeat for absentAfter.
	heartbeatInterval = 10 * time.Second
	absentAfter       = 3 * heartbeatInterval
	// probeFirst is the delay before the first probe after Redis has become unavailable. Each failure doubles the delay, up to heartbeatInterval.
	probeFirst = 250 * time.Millisecond
	// steadyAfter is how long Redis must have worked before the delay of probes starts at probeFirst again.
	steadyAfter = time.Minute
)

// heartbeat sends this replica's heartbeat until ctx ends. While Redis is unavailable, heartbeat probes it.
func (r *Redis) heartbeat(ctx context.Context) {
	pause, since := probeFirst, time.Time{}
	for ctx.Err() == nil {
		size, rank, err := r.probe(ctx)
		wait := heartbeatInterval
		switch was := r.Membership().Connected; {
		case ctx.Err() != nil:
		case err == nil:
			if !was {
				since = time.Now()
			}
			if r.setConnected(size, rank); !was {
				r.publish(ctx) // so that the other replicas count this one
			}
		default:
			if !since.IsZero() && time.Since(since) >= steadyAfter {
				pause = probeFirst
			}
			since = time.Time{}
			if wait = pause; was {
				r.setDisconnected(err)
			} else if r.log.Enabled(ctx, 0) && !r.probed() {
				r.log.WarnContext(ctx, "redis cannot be used: nothing is shared", "reason", reason(err))
			}
			pause = min(2*pause, heartbeatInterval)
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
			// A probe may succeed while other calls are rejected. Then the changes of state must become rarer, too.
			pause = min(2*pause, heartbeatInterval)
			select {
			case <-timer.C:
			case <-ctx.Done():
			}
		case <-ctx.Done():
		}
		timer.Stop()
	}
	if r.Membership().Connected {
		leave, cancel := context.WithTimeout(context.WithoutCancel(ctx), r.callTimeout)
		defer cancel()
		r.client.ZRem(leave, r.prefix+"replicas", r.id)
		r.client.HDel(leave, r.shownKey(), r.id)
	}
}

// probed reports whether a first probe has found out whether Redis is available.
func (r *Redis) probed() bool {
	select {
	case <-r.ready:
		return true
	default:
		return false
	}
}

// probe sends this replica's heartbeat, and learns of the other replicas. It writes, because a read-only Redis is of no use. It stats every item,
// because part of a Cluster may be unavailable.
func (r *Redis) probe(ctx context.Context) (size, rank int, err error) {
	ctx, cancel := context.WithTimeout(ctx, r.callTimeout)
	defer cancel()
	if c, ok := r.client.(*redis.ClusterClient); ok && !r.Membership().Connected {
		c.ReloadState(ctx) // a node that has gone cannot report which node replaces it
	}
	members, err := heartbeatScript.Run(ctx, r.client, []string{r.prefix + "replicas"}, r.id, absentAfter.Microseconds()).StringSlice()
	if err != nil {
		return 0, 0, err
	}
	if !r.Membership().Connected {
		if items := r.items.Load(); items != nil {
			if _, err := r.stat(ctx, *items); err != nil {
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
