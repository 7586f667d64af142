package redis

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"strconv"
	"strings"
	"time"

	"roster/connectors/limit"
)

var _ limit.Ledger = (*Redis)(nil)

const (
	// retryDelay is the time until the next attempt if Redis does not answer but may still work.
	retryDelay = 100 * time.Millisecond
	// maxAttempts is the number of attempts to store the end of a call, or a pause.
	maxAttempts = 3
	// abandonedGrace is the additional time for which an abandoned call counts, because the call may still be on its way to the source.
	abandonedGrace = time.Second
)

// budgetKeys returns the keys of a budget: its log, its running calls, its pause, and its urgent waiters. All budgets share a slot, so that one
// script can check a call against several of them.
func (r *Redis) budgetKeys(key string) []string {
	sum := sha256.Sum256([]byte(key))
	base := r.prefix + "{budgets}:" + hex.EncodeToString(sum[:16]) + ":"
	return []string{base + "log", base + "busy", base + "pause", base + "urgent"}
}

func (r *Redis) viewKey() string { return r.prefix + "{budgets}:view" }

// Ask requests permission for a call; see limit.Ledger.
func (r *Redis) Ask(ctx context.Context, ask limit.Ask) limit.Verdict {
	known := time.NewTimer(2 * r.callTimeout)
	defer known.Stop()
	select { // no probe has found out yet whether Redis is available
	case <-r.ready:
	case <-known.C:
	case <-ctx.Done():
		return limit.Verdict{}
	}
	// Ask uses a permission of Redis even if the caller goes away in the meantime.
	a, err := r.contact(context.WithoutCancel(ctx), &ask, false)
	switch {
	case err != nil && r.Membership().Connected:
		return limit.Verdict{Wait: retryDelay}
	case err != nil:
		return r.share.decideLocally(r.id, &ask, time.Now())
	case a.outcome == budgetGranted:
		return limit.Verdict{Granted: true}
	case a.outcome == budgetPaused:
		r.attribute(ask.Budgets[a.on].Key, ask.Budgets[a.on].Source)
		return limit.Verdict{On: a.on, Wait: a.wait, Pause: &limit.Pause{For: a.wait, Blocked: a.blocked, Status: a.status}}
	case a.outcome == budgetWait:
		return limit.Verdict{On: a.on, Wait: max(a.wait, time.Millisecond)}
	}
	return limit.Verdict{Wait: retryDelay}
}

// contact sends this replica's heartbeat, or with leave its departure, to Redis, and requests permission for a call. Ask may be nil.
func (r *Redis) contact(ctx context.Context, ask *limit.Ask, leave bool) (budgetAnswer, error) {
	keys := []string{r.viewKey()}
	var a budgetAnswer
	err := r.do(ctx, max(r.callTimeout/2, time.Millisecond), func(ctx context.Context) error {
		sent := time.Now()
		args := r.share.scriptArgs(r.id, ask, sent, leave)
		if ask != nil {
			// If nobody reports the end of the call, the script finally counts the call as abandoned.
			args = append(args, ask.ID, micros(ask.Within+abandonedGrace), flagOf(ask.Urgent))
			for _, b := range ask.Budgets {
				keys = append(keys, r.budgetKeys(b.Key)...)
				args = append(args, b.Limit.Calls, micros(b.Limit.Per), b.Limit.Parallel, micros(maxPause(b.MaxPause)))
			}
		}
		var err error
		if a, err = readBudgetAnswer(budgetScript.Run(ctx, r.client, keys, args...)); err == nil {
			r.share.update(&a, sent, time.Now())
		}
		return err
	})
	return a, err
}

// Settle records the end of a call; see limit.Ledger.
func (r *Redis) Settle(ask limit.Ask, answered bool) {
	ended := time.Now()
	r.background.Go(func() {
		var keys []string
		for _, b := range ask.Budgets {
			keys = append(keys, r.budgetKeys(b.Key)[:2]...)
		}
		r.doWithRetries(func(ctx context.Context) error {
			args := []any{ask.ID}
			for _, b := range ask.Budgets {
				left := b.Limit.Per - time.Since(ended)
				if !answered {
					left += abandonedGrace
				}
				args = append(args, max(0, micros(left)))
			}
			return settleScript.Run(ctx, r.client, keys, args...).Err()
		})
	})
}

// Pause stores for all replicas that a source must not be called for a time; see limit.Ledger.
func (r *Redis) Pause(key string, p limit.Pause) {
	until := time.Now().Add(p.For)
	r.attribute(key, p.Source)
	r.background.Go(func() {
		r.doWithRetries(func(ctx context.Context) error {
			left := micros(time.Until(until))
			if left <= 0 {
				return nil
			}
			return pauseScript.Run(ctx, r.client, r.budgetKeys(key)[2:3], left, flagOf(p.Blocked), p.Status).Err()
		})
	})
}

// Resume ends a pause; see limit.Ledger. Other replicas that already know of the pause keep it in memory.
func (r *Redis) Resume(key string) {
	ctx, cancel := context.WithTimeout(context.Background(), maxAttempts*r.callTimeout)
	defer cancel()
	//nolint:errcheck // if this fails, the pause ends at its normal time
	r.do(ctx, r.callTimeout, func(ctx context.Context) error { return r.client.Del(ctx, r.budgetKeys(key)[2]).Err() })
}

// doWithRetries makes several attempts. If all of them fail, a call counts for longer than it should, or the source has to ask each replica
// separately to wait.
func (r *Redis) doWithRetries(call func(context.Context) error) {
	for range maxAttempts {
		if err := r.do(context.Background(), r.callTimeout, call); err == nil || !r.Membership().Connected {
			return
		}
		time.Sleep(retryDelay)
	}
}

// budgetHeartbeat sends this replica's heartbeat for the budgets periodically until ctx ends. Then it sends the replica's departure.
func (r *Redis) budgetHeartbeat(ctx context.Context) {
	tick := time.NewTicker(r.share.every)
	defer tick.Stop()
	for {
		if r.Membership().Connected {
			//nolint:errcheck // the next one may succeed; and a replica without a heartbeat counts as absent
			r.contact(ctx, nil, false)
			if r.share.hasUnreported() {
				continue // a proposed view is in force only after all replicas have confirmed that they know it
			}
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			//nolint:errcheck // if this fails, the other replicas notice the missing heartbeat
			r.contact(context.WithoutCancel(ctx), nil, true)
			return
		}
	}
}

// budgetAnswer is the answer of budgetScript.
type budgetAnswer struct {
	outcome string
	on      int
	wait    time.Duration
	now     int64
	agreed  view
	next    view
	blocked bool
	status  int
}

func readBudgetAnswer(cmd interface {
	StringSlice() ([]string, error)
}) (a budgetAnswer, err error) {
	fields, err := cmd.StringSlice()
	if err != nil {
		return a, err
	}
	if len(fields) != 11 {
		return a, errAnswer
	}
	n := make([]int64, len(fields))
	for _, i := range []int{1, 2, 3, 4, 6} {
		if n[i], err = strconv.ParseInt(fields[i], 10, 64); err != nil {
			return a, errAnswer
		}
	}
	status, _ := strconv.Atoi(fields[9])
	return budgetAnswer{outcome: fields[0], on: int(n[1]), wait: time.Duration(n[2]) * time.Microsecond, now: n[3],
		agreed: newView(n[4], fields[5]), next: newView(n[6], fields[7]), blocked: fields[8] == "1", status: status}, nil
}

func micros(d time.Duration) int64 { return d.Microseconds() }

func flagOf(b bool) int {
	if b {
		return 1
	}
	return 0
}

func newView(epoch int64, members string) view {
	v := view{epoch: epoch}
	if members != "" {
		v.members = strings.Split(members, ",")
	}
	return v
}
