package redis

import (
	"context"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"

	"roster/internal/backoff"
)

// Topic is what a notification is about.
type Topic string

// The topics. A notification is the topic, and then the ID of the replica that publishes it. All topics but Changed end with a colon, which IDs do not have: so
// a replica ignores topics that only a newer version knows.
const (
	// Changed means that a replica has stored something new.
	Changed Topic = ""
	// Acknowledged means that a replica shows the results of more writes.
	Acknowledged Topic = "shown:"
	// Told means that a replica has written changes to the log of changes.
	Told Topic = "told:"
	// Edited means that a replica has changed the edits of the identity rules.
	Edited Topic = "edited:"
)

// notifications are the notifications that replicas publish and receive.
type notifications struct {
	mu          sync.Mutex
	subscribers map[Topic][]chan struct{}
	members     atomic.Pointer[[]string] // the IDs of the live replicas, sorted
	joined      chan struct{}            // receives a value when a new replica publishes
	denied      atomic.Bool              // the user may not publish
}

// Subscribe returns a channel that receives a value after another replica has published a notification. Several notifications may come as one value.
// Changed and Edited are also received if notifications may have been lost.
func (c *Client) Subscribe(topic Topic) <-chan struct{} {
	changed := make(chan struct{}, 1)
	c.notifications.mu.Lock()
	defer c.notifications.mu.Unlock()
	c.notifications.subscribers[topic] = append(c.notifications.subscribers[topic], changed)
	return changed
}

func (c *Client) notify(topic Topic) {
	c.notifications.mu.Lock()
	defer c.notifications.mu.Unlock()
	for _, s := range c.notifications.subscribers[topic] {
		signal(s)
	}
}

// listen receives other replicas' notifications of changes until ctx ends.
func (c *Client) listen(ctx context.Context) {
	for ctx.Err() == nil {
		c.receive(ctx)
		backoff.Wait(ctx, time.Second)
	}
}

// receive subscribes, and returns when a new subscription is necessary. The client itself subscribes again after it has lost a connection, but not
// after a Cluster has moved the channel to another node.
func (c *Client) receive(ctx context.Context) {
	select {
	case <-c.ready:
	case <-ctx.Done():
		return
	}
	var sub *redis.PubSub
	if c.cluster {
		sub = c.commands.SSubscribe(ctx, c.channel())
	} else {
		sub = c.commands.Subscribe(ctx, c.channel())
	}
	defer sub.Close() //nolint:errcheck // the subscription has ended
	messages := sub.ChannelWithSubscriptions()
	for {
		select {
		case m, ok := <-messages:
			if !ok {
				return
			}
			switch m := m.(type) {
			case *redis.Message:
				c.received(m.Payload)
			case *redis.Subscription:
				if m.Kind == "sunsubscribe" || m.Kind == "unsubscribe" {
					return
				}
				c.notify(Changed) // this replica has missed all messages before the subscription
				c.notify(Edited)
			}
		case <-ctx.Done():
			return
		}
	}
}

// received passes a notification on.
func (c *Client) received(payload string) {
	topic, replica := Changed, payload
	for _, t := range [...]Topic{Acknowledged, Told, Edited} {
		if id, ok := strings.CutPrefix(payload, string(t)); ok {
			topic, replica = t, id
		}
	}
	if replica == c.id || strings.Contains(replica, ":") {
		return
	}
	c.notify(topic)
	if _, known := slices.BinarySearch(*c.notifications.members.Load(), replica); !known && topic == Changed {
		signal(c.notifications.joined)
	}
}

func (c *Client) channel() string { return c.Key("changed") }

// Publish notifies the other replicas. If that fails, they find a change later by their periodic stat. So Redis stays in use even if its user may not
// use the channel.
func (c *Client) Publish(ctx context.Context, topic Topic) {
	message := string(topic) + c.id
	//nolint:errcheck // as above
	c.Do(ctx, func(ctx context.Context) error {
		var err error
		if c.cluster {
			err = c.commands.SPublish(ctx, c.channel(), message).Err()
		} else {
			err = c.commands.Publish(ctx, c.channel(), message).Err()
		}
		if denied := redis.HasErrorPrefix(err, "NOPERM"); denied || err == nil {
			c.logPublishDenied(ctx, denied)
			return nil
		}
		return err
	})
}

// logPublishDenied logs when publishing becomes impossible, and when it is possible again.
func (c *Client) logPublishDenied(ctx context.Context, denied bool) {
	switch was := c.notifications.denied.Swap(denied); {
	case denied && !was:
		c.log.WarnContext(ctx, "redis does not let Roster publish changes: other replicas see them up to half a minute later",
			"reason", "the user may not use the channel "+c.channel())
	case was && !denied:
		c.log.InfoContext(ctx, "redis lets Roster publish changes again")
	}
}

// PublishDenied reports whether publishing is impossible, because the user may not use the channel.
func (c *Client) PublishDenied() bool { return c.notifications.denied.Load() }
