package redis

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/redis/go-redis/v9"

	"roster/internal/backoff"
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
func (c *Client) heartbeat(ctx context.Context) {
	var since time.Time // since when Redis has been available; zero while it is not
	failures, first := 0, true
	forgive := func() {
		if !since.IsZero() && time.Since(since) >= steadyAfter {
			failures = 0
		}
	}
	pause := func() time.Duration {
		failures++
		return backoff.After(failures-1, probeFirst, heartbeatInterval)
	}
	for ctx.Err() == nil {
		size, rank, err := c.probe(ctx)
		wait := heartbeatInterval
		switch was := c.Membership().Connected; {
		case ctx.Err() != nil:
		case err == nil:
			if !was {
				since = time.Now()
			}
			if c.setConnected(size, rank); !was {
				c.Publish(ctx, Changed) // so that the other replicas count this one
			}
		default:
			forgive()
			since = time.Time{}
			if wait = pause(); was {
				c.SetDisconnected(err)
			} else if c.log.Enabled(ctx, 0) && first {
				c.log.WarnContext(ctx, "redis cannot be used: nothing is shared", "reason", Reason(err))
			}
		}
		if first {
			close(c.ready)
			first = false
		}
		select {
		case <-time.After(wait):
		case <-c.notifications.joined:
		case <-c.breaker.opened:
			forgive()
			backoff.Wait(ctx, pause()) // a probe may succeed while other calls are rejected: then the changes of state must become rarer, too
		case <-ctx.Done():
		}
	}
	if c.Membership().Connected {
		leave, cancel := context.WithTimeout(context.WithoutCancel(ctx), c.callTimeout)
		defer cancel()
		c.commands.ZRem(leave, c.Key("replicas"), c.id)
		for _, p := range c.parts {
			if p.Leave != nil {
				p.Leave(leave)
			}
		}
	}
}

// probe sends this replica's heartbeat, and learns of the other replicas. It writes, because a read-only Redis is of no use. While Redis is
// unavailable, it also calls the probes of the parts.
func (c *Client) probe(ctx context.Context) (size, rank int, err error) {
	ctx, cancel := context.WithTimeout(ctx, c.callTimeout)
	defer cancel()
	if cluster, ok := c.commands.(*redis.ClusterClient); ok && !c.Membership().Connected {
		cluster.ReloadState(ctx) // a node that has gone cannot report which node replaces it
	}
	members, err := heartbeatScript.Run(ctx, c.commands, []string{c.prefix + "replicas"}, c.id, absentAfter.Microseconds()).StringSlice()
	if err != nil {
		return 0, 0, err
	}
	if !c.Membership().Connected {
		for _, p := range c.parts {
			if p.Probe == nil {
				continue
			}
			if err := p.Probe(ctx); err != nil {
				return 0, 0, err
			}
		}
	}
	slices.Sort(members)
	c.notifications.members.Store(&members)
	rank, ok := slices.BinarySearch(members, c.id)
	if !ok {
		return 0, 0, fmt.Errorf("the replica is not among those that are there: %w", redis.Nil)
	}
	return len(members), rank, nil
}

// Replicas returns the IDs of the live replicas from Redis. Call it within Do.
func (c *Client) Replicas(ctx context.Context) ([]string, error) {
	members, err := c.commands.ZRange(ctx, c.Key("replicas"), 0, -1).Result()
	return members, IgnoreNil(err)
}
