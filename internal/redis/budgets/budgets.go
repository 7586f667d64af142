// Package budgets keeps the rate budgets of sources in Redis, for all replicas together.
//
//	{budgets}:view         the replicas that share the sources' limits, and the view that they have agreed on
//	{budgets}:<budget>:log, busy, pause, urgent  a budget's calls, its running calls, the pause that its source asked for, the urgent waiters
//	{budgets}:paused       the pauses, and the sources that they affect
//
// All budgets share a slot, so that one script can check a call against several of them. The comment of share describes how replicas keep the limits
// while Redis is unavailable, and when Redis becomes unavailable or available.
package budgets

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"strconv"
	"strings"
	"sync"
	"time"

	"roster/connectors/limit"
	"roster/internal/redis"
)

const (
	// retryDelay is the time until the next attempt if Redis does not answer but may still work.
	retryDelay = 100 * time.Millisecond
	// maxAttempts is the number of attempts to store the end of a call, or a pause.
	maxAttempts = 3
	// abandonedGrace is the additional time for which an abandoned call counts, because the call may still be on its way to the source.
	abandonedGrace = time.Second
)

// Budgets are the rate budgets in Redis. They implement limit.SharedBudgets.
type Budgets struct {
	client     *redis.Client
	share      share
	background sync.WaitGroup // calls that run in the background
}

var _ limit.SharedBudgets = (*Budgets)(nil)

// New returns budgets in Redis, which send its own heartbeats while the client runs. Every is the time between two of them; the default is 2 s. All
// replicas must have the same value. Call New before the client runs.
func New(client *redis.Client, every time.Duration) *Budgets {
	l := &Budgets{client: client, share: share{every: cmp.Or(every, defaultHeartbeat)}}
	client.Add(redis.Part{Run: func(ctx context.Context) {
		l.heartbeat(ctx)
		l.background.Wait()
	}})
	return l
}

// keys returns the keys of a budget: its log, its running calls, its pause, and its urgent waiters. All budgets share a slot, so that one
// script can check a call against several of them.
func (l *Budgets) keys(key string) []string {
	sum := sha256.Sum256([]byte(key))
	base := l.client.Key("{budgets}:" + hex.EncodeToString(sum[:16]) + ":")
	return []string{base + "log", base + "busy", base + "pause", base + "urgent"}
}

func (l *Budgets) viewKey() string { return l.client.Key("{budgets}:view") }

// Acquire requests permission for a call; see limit.SharedBudgets.
func (l *Budgets) Acquire(ctx context.Context, ask limit.Request) limit.Decision {
	if l.client.AwaitReady(ctx) != nil {
		return limit.Decision{}
	}
	// Ask uses a permission of Redis even if the caller goes away in the meantime.
	a, err := l.contact(context.WithoutCancel(ctx), &ask, false)
	switch {
	case err != nil && l.client.Membership().Connected:
		return limit.Decision{Wait: retryDelay}
	case err != nil:
		return l.share.decideLocally(l.client.ID(), &ask, time.Now())
	case a.outcome == granted:
		return limit.Decision{Granted: true}
	case a.outcome == paused:
		l.attribute(ask.Budgets[a.on].Key, ask.Budgets[a.on].Source)
		return limit.Decision{On: a.on, Wait: a.wait, Pause: &limit.Pause{For: a.wait, Blocked: a.blocked, Status: a.status}}
	case a.outcome == wait:
		return limit.Decision{On: a.on, Wait: max(a.wait, time.Millisecond)}
	}
	return limit.Decision{Wait: retryDelay}
}

// contact sends this replica's heartbeat, or with leave its departure, to Redis, and requests permission for a call. Ask may be nil.
func (l *Budgets) contact(ctx context.Context, ask *limit.Request, leave bool) (answer, error) {
	keys := []string{l.viewKey()}
	var a answer
	err := l.client.DoWithin(ctx, max(l.client.CallTimeout()/2, time.Millisecond), func(ctx context.Context) error {
		sent := time.Now()
		args := l.share.scriptArgs(l.client.ID(), ask, sent, leave)
		if ask != nil {
			// If nobody reports the end of the call, the script finally counts the call as abandoned.
			args = append(args, ask.ID, micros(ask.Within+abandonedGrace), ask.Urgent)
			for _, b := range ask.Budgets {
				keys = append(keys, l.keys(b.Key)...)
				args = append(args, b.Limit.Calls, micros(b.Limit.Per), b.Limit.Parallel, micros(redis.MaxPause(b.MaxPause)))
			}
		}
		var err error
		if a, err = readAnswer(askScript.Run(ctx, l.client.Commands(), keys, args...)); err == nil {
			l.share.update(&a, sent, time.Now())
		}
		return err
	})
	return a, err
}

// Release records the end of a call; see limit.SharedBudgets.
func (l *Budgets) Release(ask limit.Request, answered bool) {
	ended := time.Now()
	l.background.Go(func() {
		var keys []string
		for _, b := range ask.Budgets {
			keys = append(keys, l.keys(b.Key)[:2]...)
		}
		l.doWithRetries(func(ctx context.Context) error {
			args := []any{ask.ID}
			for _, b := range ask.Budgets {
				left := b.Limit.Per - time.Since(ended)
				if !answered {
					left += abandonedGrace
				}
				args = append(args, max(0, micros(left)))
			}
			return settleScript.Run(ctx, l.client.Commands(), keys, args...).Err()
		})
	})
}

// Pause stores for all replicas that a source must not be called for a time; see limit.SharedBudgets.
func (l *Budgets) Pause(key string, p limit.Pause) {
	until := time.Now().Add(p.For)
	l.attribute(key, p.Source)
	l.background.Go(func() {
		l.doWithRetries(func(ctx context.Context) error {
			left := micros(time.Until(until))
			if left <= 0 {
				return nil
			}
			return pauseScript.Run(ctx, l.client.Commands(), l.keys(key)[2:3], left, p.Blocked, p.Status).Err()
		})
	})
}

// Resume ends a pause; see limit.SharedBudgets. Other replicas that already know of the pause keep it in memory.
func (l *Budgets) Resume(key string) {
	ctx, cancel := context.WithTimeout(context.Background(), maxAttempts*l.client.CallTimeout())
	defer cancel()
	//nolint:errcheck // if this fails, the pause ends at its normal time
	l.client.Do(ctx, func(ctx context.Context) error { return l.client.Commands().Del(ctx, l.keys(key)[2]).Err() })
}

// doWithRetries makes several attempts. If all of them fail, a call counts for longer than it should, or the source has to ask each replica
// separately to wait.
func (l *Budgets) doWithRetries(call func(context.Context) error) {
	for range maxAttempts {
		if err := l.client.Do(context.Background(), call); err == nil || !l.client.Membership().Connected {
			return
		}
		time.Sleep(retryDelay)
	}
}

// heartbeat sends this replica's heartbeat for the budgets periodically until ctx ends. Then it sends the replica's departure.
func (l *Budgets) heartbeat(ctx context.Context) {
	tick := time.NewTicker(l.share.every)
	defer tick.Stop()
	for {
		if l.client.Membership().Connected {
			//nolint:errcheck // the next one may succeed; and a replica without a heartbeat counts as absent
			l.contact(ctx, nil, false)
			if l.share.hasUnreported() {
				continue // a proposed view is in force only after all replicas have confirmed that they know it
			}
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			//nolint:errcheck // if this fails, the other replicas notice the missing heartbeat
			l.contact(context.WithoutCancel(ctx), nil, true)
			return
		}
	}
}

// answer is the answer of askScript.
type answer struct {
	outcome string
	on      int
	wait    time.Duration
	now     int64
	agreed  view
	next    view
	blocked bool
	status  int
}

func readAnswer(cmd interface {
	StringSlice() ([]string, error)
}) (a answer, err error) {
	fields, err := cmd.StringSlice()
	if err != nil {
		return a, err
	}
	if len(fields) != 11 {
		return a, redis.ErrAnswer
	}
	n := make([]int64, len(fields))
	for _, i := range []int{1, 2, 3, 4, 6} {
		if n[i], err = strconv.ParseInt(fields[i], 10, 64); err != nil {
			return a, redis.ErrAnswer
		}
	}
	status, _ := strconv.Atoi(fields[9])
	return answer{outcome: fields[0], on: int(n[1]), wait: time.Duration(n[2]) * time.Microsecond, now: n[3],
		agreed: newView(n[4], fields[5]), next: newView(n[6], fields[7]), blocked: fields[8] == "1", status: status}, nil
}

func micros(d time.Duration) int64 { return d.Microseconds() }

func newView(epoch int64, members string) view {
	v := view{epoch: epoch}
	if members != "" {
		v.members = strings.Split(members, ",")
	}
	return v
}
