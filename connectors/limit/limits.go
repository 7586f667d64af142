package limit

import (
	"context"
	"crypto/rand"
	"errors"
	"slices"
	"sync"
	"time"

	"roster/connectors"
)

// oldAge is how long a background call waits before it counts as urgent, so that none waits for ever.
const oldAge = time.Minute

// Limits are the budgets of all sources that one process calls. It implements connectors.Limits.
type Limits struct {
	ledger Ledger

	mu      sync.Mutex
	budgets map[string]*budget
	waiting []*waiter     // in the order of their coming
	changed chan struct{} // closed when something has changed that may let somebody go
}

var _ connectors.Limits = (*Limits)(nil)

// New gives limits that are shared through a ledger, or kept by this process alone where it is nil.
func New(ledger Ledger) *Limits {
	return &Limits{ledger: ledger, budgets: make(map[string]*budget), changed: make(chan struct{})}
}

// waiter is a call that waits for its turn.
type waiter struct {
	ask     Ask
	budgets []*budget
	urgency *connectors.Urgency
	spare   bool // it comes after all that are not
	since   time.Time
	on      int       // the budget that keeps it; -1 where it would go, or nobody has looked yet
	refused time.Time // the ledger need not be asked again before
}

// Enter waits for a call's turn; see connectors.Limits.
func (l *Limits) Enter(ctx context.Context, budgets []connectors.Budget, within time.Duration) (connectors.Pass, *connectors.Error) {
	w := l.join(budgets, within, connectors.UrgencyOf(ctx))
	defer l.part(w)
	pass, e := l.enter(ctx, w)
	if e != nil && w.ask.ID != "" {
		l.ledger.Settle(w.ask, true) // it may have granted what we never heard of
	}
	return pass, e
}

func (l *Limits) enter(ctx context.Context, w *waiter) (connectors.Pass, *connectors.Error) {
	for {
		if err := ctx.Err(); err != nil {
			return nil, gone(err, 0)
		}
		wait, changed, e := l.try(w)
		if e == nil && wait == 0 {
			if l.ledger == nil || l.granted(ctx, w) {
				return &pass{limits: l, waiter: w}, nil
			}
			continue
		}
		if e == nil {
			e = await(ctx, wait, changed, w.urgency)
		}
		if e != nil {
			return nil, e
		}
	}
}

func (l *Limits) join(budgets []connectors.Budget, within time.Duration, u *connectors.Urgency) *waiter {
	l.mu.Lock()
	defer l.mu.Unlock()
	w := &waiter{ask: Ask{Budgets: budgets, Within: within}, urgency: u, since: time.Now(), on: -1}
	for _, b := range budgets {
		w.budgets = append(w.budgets, l.budget(b.Key))
		w.spare = w.spare || b.Spare
	}
	l.waiting = append(l.waiting, w)
	return w
}

// part takes a call out of the line.
func (l *Limits) part(w *waiter) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.waiting = slices.DeleteFunc(l.waiting, func(v *waiter) bool { return v == w })
	l.wake()
}

func (l *Limits) budget(key string) *budget {
	b := l.budgets[key]
	if b == nil {
		b = &budget{}
		l.budgets[key] = b
	}
	return b
}

// wake has all who wait look again. The lock is held.
func (l *Limits) wake() {
	close(l.changed)
	l.changed = make(chan struct{})
}

// try starts a call by what this process knows, or says how long to wait before trying again.
func (l *Limits) try(w *waiter) (wait time.Duration, changed <-chan struct{}, e *connectors.Error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now()
	if e := l.noneToSpare(w, now); e != nil {
		return 0, nil, e
	}
	for i, b := range w.budgets {
		wait, e := b.left(now)
		if e == nil && wait == 0 {
			wait = b.wait(w.ask.Budgets[i].Limit, now)
		}
		if e == nil && wait == 0 && l.behind(w, b, now) {
			wait = untilChange
		}
		if e != nil || wait > 0 {
			l.keep(w, i)
			return wait, l.changed, e
		}
	}
	if wait := w.refused.Sub(now); wait > 0 {
		return wait, l.changed, nil
	}
	w.on = -1
	for _, b := range w.budgets {
		b.under++
	}
	return 0, nil, nil
}

// keep notes what a call waits for. Whoever waits for something else may now go before it.
func (l *Limits) keep(w *waiter, on int) {
	if w.on != on {
		w.on = on
		l.wake()
	}
}

// behind says whether another call comes before w at a budget. One that waits for something else does not hold up this line.
func (l *Limits) behind(w *waiter, b *budget, now time.Time) bool {
	urgent, passed := w.urgent(now), false
	for _, v := range l.waiting {
		if v == w {
			passed = true
			continue
		}
		first := !passed
		if u := v.urgent(now); u != urgent {
			first = u
		}
		if v.spare != w.spare {
			first = w.spare
		}
		if first && slices.Contains(v.budgets, b) && (v.on < 0 || v.budgets[v.on] == b) {
			return true
		}
	}
	return false
}

func (w *waiter) urgent(now time.Time) bool {
	return !w.spare && (w.urgency.Urgent() || now.Sub(w.since) >= oldAge)
}

// granted asks the ledger for a call that has been started here, and takes that back where it may not be.
func (l *Limits) granted(ctx context.Context, w *waiter) bool {
	if w.ask.ID == "" {
		w.ask.ID = rand.Text()
	}
	w.ask.Urgent = w.urgent(time.Now())
	v := l.ledger.Ask(ctx, w.ask)
	if v.Granted {
		return true
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now()
	for _, b := range w.budgets {
		b.under--
	}
	w.on, w.refused = v.On, now.Add(v.Wait)
	if p := v.Pause; p != nil {
		wait := p.For
		if most := w.ask.Budgets[v.On].MaxPause; most > 0 && !p.Blocked {
			wait = min(wait, most)
		}
		e := &connectors.Error{Kind: connectors.KindRateLimited, Status: p.Status, RetryAfter: wait, Blocked: p.Blocked, Detail: toldOthers}
		w.budgets[v.On].pause(e, now)
		w.refused = time.Time{}
	}
	l.wake()
	return false
}

const toldOthers = "not sent: the source has told another replica to wait"

// Pause keeps calls back; see connectors.Limits.
func (l *Limits) Pause(key string, e *connectors.Error) {
	l.mu.Lock()
	longer := l.budget(key).pause(e, time.Now())
	l.wake()
	l.mu.Unlock()
	if longer && l.ledger != nil {
		l.ledger.Pause(key, Pause{For: e.RetryAfter, Blocked: e.Blocked, Status: e.Status, Source: e.Source})
	}
}

// Paused says for how long calls are kept back; see connectors.Limits.
func (l *Limits) Paused(key string) *connectors.Error {
	l.mu.Lock()
	defer l.mu.Unlock()
	b := l.budgets[key]
	if b == nil {
		return nil
	}
	left := time.Until(b.paused)
	if left <= 0 {
		return nil
	}
	e := *b.stop
	e.RetryAfter, e.Err = left, nil
	return &e
}

// Resume ends a pause; see connectors.Limits.
func (l *Limits) Resume(key string) {
	l.mu.Lock()
	if b := l.budgets[key]; b != nil {
		b.paused = time.Time{}
	}
	l.wake()
	l.mu.Unlock()
	if l.ledger != nil {
		l.ledger.Resume(key)
	}
}

// pass is the right to make one call.
type pass struct {
	limits *Limits
	waiter *waiter
	once   sync.Once
}

// Leave says that the call is over. A second time does nothing.
func (p *pass) Leave(answered bool) {
	p.once.Do(func() {
		l := p.limits
		l.mu.Lock()
		now := time.Now()
		for _, b := range p.waiter.budgets {
			b.end(now, answered)
		}
		l.wake()
		l.mu.Unlock()
		if l.ledger != nil {
			l.ledger.Settle(p.waiter.ask, answered)
		}
	})
}

// await waits for a time, or for less where something changes.
func await(ctx context.Context, d time.Duration, changed <-chan struct{}, u *connectors.Urgency) *connectors.Error {
	var timer <-chan time.Time
	if d != untilChange {
		if deadline, ok := ctx.Deadline(); ok && time.Until(deadline) < d {
			return gone(context.DeadlineExceeded, d)
		}
		connectors.TellWait(ctx, d)
		t := time.NewTimer(d)
		defer t.Stop()
		timer = t.C
	} else {
		d = 0
	}
	raised := u.Raised()
	if u.Urgent() {
		raised = nil
	}
	select {
	case <-timer:
	case <-changed:
	case <-raised:
	case <-ctx.Done():
		return gone(ctx.Err(), d)
	}
	return nil
}

// gone is for a call that was not sent: its turn would have come in d, or it is not known when.
func gone(err error, d time.Duration) *connectors.Error {
	e := &connectors.Error{Kind: connectors.KindRateLimited, RetryAfter: d, Unsent: true, Err: err,
		Detail: "not sent, to stay within the source's limit"}
	if errors.Is(err, context.Canceled) {
		e.Kind, e.RetryAfter, e.Detail = connectors.KindTimeout, 0, "given up by the caller"
	}
	return e
}
