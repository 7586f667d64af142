package limit

import (
	"slices"
	"time"

	"roster/connectors"
)

// noneToSpare refuses a spare call that would have to wait for others of its kind: because of the budget's limit, its pause, or a call before
// it in the queue. The time to wait is 0 if nobody knows it. The lock is held.
func (l *Limits) noneToSpare(w *waiter, now time.Time) *connectors.Error {
	for i, b := range w.budgets {
		if !w.request.Budgets[i].Spare {
			continue
		}
		wait := max(b.paused.Sub(now), b.wait(w.request.Budgets[i].Limit, now))
		if w.on == i {
			wait = max(wait, w.refused.Sub(now)) // other replicas have used it
		}
		if wait <= 0 && !l.waits(w, b) {
			continue
		}
		if wait == untilChange {
			wait = 0
		}
		return &connectors.Error{Kind: connectors.KindRateLimited, RetryAfter: max(wait, 0), Unsent: true,
			Detail: "not sent: what the source's limit leaves for such calls is used up"}
	}
	return nil
}

// waits reports whether a call that waits before w counts in a budget.
func (l *Limits) waits(w *waiter, b *budget) bool {
	for _, v := range l.waiting {
		if v == w {
			return false
		}
		if slices.Contains(v.budgets, b) {
			return true
		}
	}
	return false
}
