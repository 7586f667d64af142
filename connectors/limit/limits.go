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

// oldAge is how long a background call waits until it counts as urgent, so that none waits for ever.
const oldAge = time.Minute

// Limits are the budgets of all sources that one process calls. It implements connectors.Limits.
type Limits struct {
	shared SharedBudgets

	mu      sync.Mutex
	budgets map[string]*budget
	waiting []*waiter     // in the order of their arrival
	changed chan struct{} // closed when something has changed that may permit a call
}

var _ connectors.Limits = (*Limits)(nil)

// New returns limits that are shared with other replicas, or kept by this process alone if shared is nil.
func New(shared SharedBudgets) *Limits {
	return &Limits{shared: shared, budgets: make(map[string]*budget), changed: make(chan struct{})}
}

// waiter is a call that waits for its turn.
type waiter struct {
	request Request
	budgets []*budget
	urgency *connectors.Urgency
	spare   bool // it comes after all calls that are not spare
	since   time.Time
	on      int       // the budget that it waits for; -1 if it waits for none, or try has not been called yet
	refused time.Time // the shared budgets need not be asked again before
}

// Acquire waits for a call's turn; see connectors.Limits.
func (l *Limits) Acquire(ctx context.Context, budgets []connectors.Budget, within time.Duration) (connectors.Permit, *connectors.Error) {
	w := l.join(budgets, within, connectors.UrgencyOf(ctx))
	defer l.part(w)
	pass, e := l.enter(ctx, w)
	if e != nil && w.request.ID != "" {
		l.shared.Release(w.request, true) // it may have granted a call whose answer was lost
	}
	return pass, e
}

func (l *Limits) enter(ctx context.Context, w *waiter) (connectors.Permit, *connectors.Error) {
	for {
		if err := ctx.Err(); err != nil {
			return nil, gone(err, 0)
		}
		wait, changed, e := l.try(w)
		if e == nil && wait == 0 {
			if l.shared == nil || l.granted(ctx, w) {
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
	w := &waiter{request: Request{Budgets: budgets, Within: within}, urgency: u, since: time.Now(), on: -1}
	for _, b := range budgets {
		w.budgets = append(w.budgets, l.budget(b.Key))
		w.spare = w.spare || b.Spare
	}
	l.waiting = append(l.waiting, w)
	return w
}

// part removes a call from the queue.
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

// wake makes all waiting calls try again. The lock is held.
func (l *Limits) wake() {
	close(l.changed)
	l.changed = make(chan struct{})
}

// try starts a call as far as this process knows, or returns how long to wait before the next try.
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
			wait = b.wait(w.request.Budgets[i].Limit, now)
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

// keep records what a call waits for. A call that waits for something else may now go before it.
func (l *Limits) keep(w *waiter, on int) {
	if w.on != on {
		w.on = on
		l.wake()
	}
}

// behind reports whether another call comes before w at a budget. A call that waits for another budget does not delay this queue.
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

// granted asks the shared budgets for a call that has been started here, and takes the start back if they refuse it.
func (l *Limits) granted(ctx context.Context, w *waiter) bool {
	if w.request.ID == "" {
		w.request.ID = rand.Text()
	}
	w.request.Urgent = w.urgent(time.Now())
	v := l.shared.Acquire(ctx, w.request)
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
		if most := w.request.Budgets[v.On].MaxPause; most > 0 && !p.Blocked {
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

// Pause delays the calls of a budget; see connectors.Limits.
func (l *Limits) Pause(key string, e *connectors.Error) {
	l.mu.Lock()
	longer := l.budget(key).pause(e, time.Now())
	l.wake()
	l.mu.Unlock()
	if longer && l.shared != nil {
		l.shared.Pause(key, Pause{For: e.RetryAfter, Blocked: e.Blocked, Status: e.Status, Source: e.Source})
	}
}

// Paused returns for how long calls are delayed; see connectors.Limits.
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
	if l.shared != nil {
		l.shared.Resume(key)
	}
}

// pass is the right to make one call.
type pass struct {
	limits *Limits
	waiter *waiter
	once   sync.Once
}

// Release reports the end of the call. A second call does nothing.
func (p *pass) Release(answered bool) {
	p.once.Do(func() {
		l := p.limits
		l.mu.Lock()
		now := time.Now()
		for _, b := range p.waiter.budgets {
			b.end(now, answered)
		}
		l.wake()
		l.mu.Unlock()
		if l.shared != nil {
			l.shared.Release(p.waiter.request, answered)
		}
	})
}

// await waits for a time, or for less if something changes.
func await(ctx context.Context, d time.Duration, changed <-chan struct{}, u *connectors.Urgency) *connectors.Error {
	var timer <-chan time.Time
	if d != untilChange {
		if deadline, ok := ctx.Deadline(); ok && time.Until(deadline) < d {
			return gone(context.DeadlineExceeded, d)
		}
		connectors.TellWait(ctx, d)
		timer = time.After(d)
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

// gone returns the error of a call that was not sent. Its turn would have come in d; zero if nobody knows when.
func gone(err error, d time.Duration) *connectors.Error {
	e := &connectors.Error{Kind: connectors.KindRateLimited, RetryAfter: d, Unsent: true, Err: err,
		Detail: "not sent, to stay within the source's limit"}
	if errors.Is(err, context.Canceled) {
		e.Kind, e.RetryAfter, e.Detail = connectors.KindTimeout, 0, "given up by the caller"
	}
	return e
}
