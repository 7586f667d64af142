package shared

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"strconv"
	"strings"
	"time"

	"roster/internal/limit"
)

var _ limit.Ledger = (*Redis)(nil)

const (
	// again is how soon a ledger is asked again that has not answered and may be well.
	again = 100 * time.Millisecond
	// settleTries is how often the end of a call is told that could not be told.
	settleTries = 3
	// unheard is how much longer a call counts that was given up: it may still be on its way.
	unheard = time.Second
)

// budgetKeys gives the keys of a budget: its log, its calls under way, its pause, and who waits for it urgently. All budgets share a slot, so
// that one script can judge a call by several of them.
func (r *Redis) budgetKeys(key string) []string {
	sum := sha256.Sum256([]byte(key))
	base := r.prefix + "{budgets}:" + hex.EncodeToString(sum[:16]) + ":"
	return []string{base + "log", base + "busy", base + "pause", base + "urgent"}
}

func (r *Redis) viewKey() string { return r.prefix + "{budgets}:view" }

// Ask asks for a call; see limit.Ledger.
func (r *Redis) Ask(ctx context.Context, ask limit.Ask) limit.Verdict {
	known := time.NewTimer(2 * r.quick)
	defer known.Stop()
	select { // nobody has looked yet whether Redis is there
	case <-r.ready:
	case <-known.C:
	case <-ctx.Done():
		return limit.Verdict{}
	}
	// What Redis grants is used, also where the caller goes meanwhile.
	a, err := r.contact(context.WithoutCancel(ctx), &ask, false)
	switch {
	case err != nil && r.Membership().Connected:
		return limit.Verdict{Wait: again}
	case err != nil:
		return r.share.alone(r.id, &ask, time.Now())
	case a.outcome == budgetGranted:
		return limit.Verdict{Granted: true}
	case a.outcome == budgetPaused:
		r.attribute(ask.Budgets[a.on].Key, ask.Budgets[a.on].Source)
		return limit.Verdict{On: a.on, Wait: a.wait, Pause: &limit.Pause{For: a.wait, Blocked: a.blocked, Status: a.status}}
	case a.outcome == budgetWait:
		return limit.Verdict{On: a.on, Wait: max(a.wait, time.Millisecond)}
	}
	return limit.Verdict{Wait: again}
}

// contact tells Redis that this replica is there, or leaves, and asks for a call, which may be nil.
func (r *Redis) contact(ctx context.Context, ask *limit.Ask, leave bool) (budgetAnswer, error) {
	keys := []string{r.viewKey()}
	var a budgetAnswer
	err := r.do(ctx, max(r.quick/2, time.Millisecond), func(ctx context.Context) error {
		sent := time.Now()
		args := r.share.hello(r.id, ask, sent, leave)
		if ask != nil {
			// Where nobody says how the call ended, it counts as one that was given up in the end.
			args = append(args, ask.ID, micros(ask.Within+unheard), flagOf(ask.Urgent))
			for _, b := range ask.Budgets {
				keys = append(keys, r.budgetKeys(b.Key)...)
				args = append(args, b.Limit.Calls, micros(b.Limit.Per), b.Limit.Parallel, micros(maxPause(b.MaxPause)))
			}
		}
		var err error
		if a, err = readBudgetAnswer(budgetScript.Run(ctx, r.client, keys, args...)); err == nil {
			r.share.hear(&a, sent, time.Now())
		}
		return err
	})
	return a, err
}

// Settle says that a call is over; see limit.Ledger.
func (r *Redis) Settle(ask limit.Ask, answered bool) {
	ended := time.Now()
	r.telling.Go(func() {
		var keys []string
		for _, b := range ask.Budgets {
			keys = append(keys, r.budgetKeys(b.Key)[:2]...)
		}
		r.tellOthers(func(ctx context.Context) error {
			args := []any{ask.ID}
			for _, b := range ask.Budgets {
				left := b.Limit.Per - time.Since(ended)
				if !answered {
					left += unheard
				}
				args = append(args, max(0, micros(left)))
			}
			return settleScript.Run(ctx, r.client, keys, args...).Err()
		})
	})
}

// Pause tells the others that a source wants to be left alone; see limit.Ledger.
func (r *Redis) Pause(key string, p limit.Pause) {
	until := time.Now().Add(p.For)
	r.attribute(key, p.Source)
	r.telling.Go(func() {
		r.tellOthers(func(ctx context.Context) error {
			left := micros(time.Until(until))
			if left <= 0 {
				return nil
			}
			return pauseScript.Run(ctx, r.client, r.budgetKeys(key)[2:3], left, flagOf(p.Blocked), p.Status).Err()
		})
	})
}

// Resume ends a pause; see limit.Ledger. Other replicas that know of it keep it in memory.
func (r *Redis) Resume(key string) {
	ctx, cancel := context.WithTimeout(context.Background(), settleTries*r.quick)
	defer cancel()
	//nolint:errcheck // then it ends when it would have ended
	r.do(ctx, r.quick, func(ctx context.Context) error { return r.client.Del(ctx, r.budgetKeys(key)[2]).Err() })
}

// tellOthers tries a few times. Where it fails for good, a call counts for longer than it should, and each replica is told to wait by itself.
func (r *Redis) tellOthers(call func(context.Context) error) {
	for range settleTries {
		if err := r.do(context.Background(), r.quick, call); err == nil || !r.Membership().Connected {
			return
		}
		time.Sleep(again)
	}
}

// pulse says again and again that this replica is there, until ctx ends, and then that it leaves.
func (r *Redis) pulse(ctx context.Context) {
	tick := time.NewTicker(r.share.every)
	defer tick.Stop()
	for {
		if r.Membership().Connected {
			//nolint:errcheck // the next one may succeed; and who is not heard counts as absent
			r.contact(ctx, nil, false)
			if r.share.news() {
				continue // what is proposed holds only once all have said that they know of it
			}
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			//nolint:errcheck // then the others find out
			r.contact(context.WithoutCancel(ctx), nil, true)
			return
		}
	}
}

// budgetAnswer is what budgetScript answers.
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
