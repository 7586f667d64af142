package shared

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
)

// listen hears of changes that other replicas have made, until ctx ends.
func (r *Redis) listen(ctx context.Context) {
	for ctx.Err() == nil {
		r.receive(ctx)
		again := time.NewTimer(time.Second)
		select {
		case <-again.C:
		case <-ctx.Done():
		}
		again.Stop()
	}
}

// receive subscribes, and returns when the subscription has to be made anew. The client makes it anew itself where it lost a connection, but
// not where a Cluster has moved the channel elsewhere.
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
	defer sub.Close() //nolint:errcheck // it has been left
	messages := sub.ChannelWithSubscriptions()
	for {
		select {
		case m, ok := <-messages:
			if !ok {
				return
			}
			switch m := m.(type) {
			case *redis.Message:
				if m.Payload == r.id || m.Payload == shownWord+r.id {
					continue
				}
				if strings.HasPrefix(m.Payload, shownWord) {
					tell(r.acknowledged)
					continue
				}
				r.notify()
				if _, known := slices.BinarySearch(*r.members.Load(), m.Payload); !known {
					tell(r.joined)
				}
			case *redis.Subscription:
				if m.Kind == "sunsubscribe" || m.Kind == "unsubscribe" {
					return
				}
				r.notify() // what was said before it, nobody here has heard
			}
		case <-ctx.Done():
			return
		}
	}
}

func (r *Redis) channel() string { return r.prefix + "changed" }

// publish tells the other replicas to look. Where that fails, they look by themselves sooner or later: that the user may not use the
// channel is therefore no reason to do without Redis.
func (r *Redis) publish(ctx context.Context) { r.publishWord(ctx, r.id) }

func (r *Redis) publishWord(ctx context.Context, word string) {
	//nolint:errcheck // as above
	r.do(ctx, r.quick, func(ctx context.Context) error {
		var err error
		if r.cluster {
			err = r.client.SPublish(ctx, r.channel(), word).Err()
		} else {
			err = r.client.Publish(ctx, r.channel(), word).Err()
		}
		if mute := redis.HasErrorPrefix(err, "NOPERM"); mute || err == nil {
			r.tellMute(ctx, mute)
			return nil
		}
		return err
	})
}

// tellMute says when announcements become impossible, and when they are possible again.
func (r *Redis) tellMute(ctx context.Context, mute bool) {
	switch was := r.mute.Swap(mute); {
	case mute && !was:
		r.log.WarnContext(ctx, "redis does not let us announce changes: other replicas see them up to half a minute later",
			"reason", "the user may not use the channel "+r.channel())
	case was && !mute:
		r.log.InfoContext(ctx, "redis lets us announce changes again")
	}
}
