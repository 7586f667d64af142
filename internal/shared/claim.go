package shared

import (
	"context"
	"crypto/rand"
	"time"

	"roster/connectors"
	"roster/internal/limit"
	"roster/internal/snapshot"
)

// A reading begins once in min_interval at most, whatever happens to Redis meanwhile. What has been read lies with the item, and is judged there;
// that alone would forget a reading when Redis does, and know nothing of those of a replica that is cut off. So the beginning of a reading also
// counts in a budget of the item's own, of one in min_interval, and what holds of budgets without Redis, and while it goes and comes, holds of
// readings: see share.

// Claim asks for the right to read.
func (r *Redis) Claim(ctx context.Context, c snapshot.Claim) (snapshot.Lease, snapshot.Mark, error) {
	for have := c.Have; ; {
		a, m, err := r.judge(ctx, &c, have, true)
		if err != nil {
			return nil, snapshot.Mark{}, err
		}
		if a.outcome == free {
			ask, sp := r.reading(&c)
			if a.lock == "" { // else it was asked for by the claim that took the lock, whose answer was lost
				wait, err := r.mayBegin(ctx, ask, sp)
				if err != nil {
					return nil, snapshot.Mark{}, err
				}
				if wait > 0 {
					m.NotBefore = time.Now().Add(wait)
					return nil, m, nil
				}
			}
			if a, m, err = r.judge(ctx, &c, have, false); err != nil {
				return nil, snapshot.Mark{}, err
			}
			if a.outcome != granted {
				r.giveBack(ctx, ask)
			}
			r.wishes.Delete(c.Item)
		}
		switch {
		case a.outcome == granted:
			return r.newLease(c.Item, a, &m), m, nil
		case a.stamp > have && m.Stamp == 0: // a manifest that we cannot read is no reason against a reading
			have = a.stamp
		default:
			return nil, m, nil
		}
	}
}

// judge says whether what is known of the item speaks against a reading, and takes the right to it unless that is not wanted yet.
func (r *Redis) judge(ctx context.Context, c *snapshot.Claim, have int64, only bool) (a answer, m snapshot.Mark, err error) {
	at := time.Now()
	err = r.do(ctx, r.quick, func(ctx context.Context) (err error) {
		a, err = readAnswer(claimScript.Run(ctx, r.client, r.keys(c.Item), r.id, r.lease.Milliseconds(), have,
			max(0, c.MaxAge.Microseconds()), c.MinInterval.Microseconds(), flagOf(c.Urgent), flagOf(only)))
		return err
	})
	if err != nil {
		return answer{}, snapshot.Mark{}, err
	}
	return a, r.mark(c.Item, a, at), nil
}

// reading gives what is asked for where a reading is to begin. A wish keeps its name until it is fulfilled, so that it can be asked for again
// where an answer was lost.
func (r *Redis) reading(c *snapshot.Claim) (*limit.Ask, span) {
	name, _ := r.wishes.LoadOrStore(c.Item, rand.Text())
	id, _ := name.(string)
	return &limit.Ask{ID: id, Budgets: []connectors.Budget{{Key: "reading:" + itemName(c.Item),
		Limit: connectors.RateLimit{Calls: 1, Per: c.MinInterval}}}}, r.share.beginning(c.MinInterval)
}

// mayBegin asks for the beginning of a reading, and says for how long there can be none.
func (r *Redis) mayBegin(ctx context.Context, ask *limit.Ask, sp span) (time.Duration, error) {
	if sp.reach <= 0 {
		return 0, nil
	}
	a, err := r.contact(ctx, ask, sp, false)
	switch {
	case err != nil:
		return 0, err
	case a.outcome == budgetGranted:
		return 0, nil
	case a.outcome == budgetLate:
		return again, nil
	}
	return max(a.wait, time.Millisecond), nil
}

// giveBack is for a beginning that another replica's came before.
func (r *Redis) giveBack(ctx context.Context, ask *limit.Ask) {
	//nolint:errcheck // then it counts, and the next reading is late
	r.do(ctx, r.quick, func(ctx context.Context) error {
		return settleScript.Run(ctx, r.client, r.budgetKeys(ask.Budgets[0].Key)[:2], ask.ID, 0).Err()
	})
}

// Alone says how long it is until this replica may begin a reading by itself; see snapshot.Tier.
func (r *Redis) Alone(minInterval time.Duration) time.Duration {
	if v := r.share.alone(r.id, r.share.beginning(minInterval), time.Now()); !v.Granted {
		return v.Wait
	}
	return 0
}
