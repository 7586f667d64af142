package redis

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
)

// listen receives other replicas' notifications of changes until ctx ends.
func (r *Redis) listen(ctx context.Context) {
	for ctx.Err() == nil {
		r.receive(ctx)
		retry := time.NewTimer(time.Second)
		select {
		case <-retry.C:
		case <-ctx.Done():
		}
		retry.Stop()
	}
}

// receive subscribes, and returns when a new subscription is necessary. The client itself subscribes again after it has lost a connection, but not
// after a Cluster has moved the channel to another node.
func (r *Redis) receive(ctx context.Context) {
	select {
	case <-r.ready:
	case <-ctx.Done():
		return
	}
	var sub *redis.PubSub
	if r.cluster {
		sub = r.client.SSubscribe(ctx, r.channel())
	} else {
		sub = r.client.Subscribe(ctx, r.channel())
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
				if m.Payload == r.id || m.Payload == acknowledgedPrefix+r.id {
					continue
				}
				if strings.HasPrefix(m.Payload, acknowledgedPrefix) {
					signal(r.acknowledged)
					continue
				}
				r.notify()
				if _, known := slices.BinarySearch(*r.members.Load(), m.Payload); !known {
					signal(r.joined)
				}
			case *redis.Subscription:
				if m.Kind == "sunsubscribe" || m.Kind == "unsubscribe" {
					return
				}
				r.notify() // this replica has missed all messages before the subscription
			}
		case <-ctx.Done():
			return
		}
	}
}

func (r *Redis) channel() string { return r.prefix + "changed" }

// publish notifies the other replicas of a change. If that fails, they find the change later by their periodic stat. So Redis stays in use even if
// its user may not use the channel.
func (r *Redis) publish(ctx context.Context) { r.publishMessage(ctx, r.id) }

func (r *Redis) publishMessage(ctx context.Context, message string) {
	//nolint:errcheck // as above
	r.do(ctx, r.callTimeout, func(ctx context.Context) error {
		var err error
		if r.cluster {
			err = r.client.SPublish(ctx, r.channel(), message).Err()
		} else {
			err = r.client.Publish(ctx, r.channel(), message).Err()
		}
		if denied := redis.HasErrorPrefix(err, "NOPERM"); denied || err == nil {
			r.logPublishDenied(ctx, denied)
			return nil
		}
		return err
	})
}

// logPublishDenied logs when publishing becomes impossible, and when it is possible again.
func (r *Redis) logPublishDenied(ctx context.Context, denied bool) {
	switch was := r.publishDenied.Swap(denied); {
	case denied && !was:
		r.log.WarnContext(ctx, "redis does not let us announce changes: other replicas see them up to half a minute later",
			"reason", "the user may not use the channel "+r.channel())
	case was && !denied:
		r.log.InfoContext(ctx, "redis lets us announce changes again")
	}
}
