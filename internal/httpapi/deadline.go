package httpapi

import (
	"sync"
	"time"
)

// deadline is the read or write deadline of a connection. net/http sets it several times for each request, and each time a timer of the runtime would change,
// although hardly any call waits. So the connection gets the deadline only when a call begins that may wait. It may keep an earlier one: if that passes, the
// call is repeated.
type deadline struct {
	apply func(time.Time) error // of the connection

	mu      sync.Mutex
	at      time.Time // as it was set; zero for none
	step    time.Time // the end of the present step of a call; zero for none
	applied time.Time // which the connection has; zero for none
	passed  bool      // that one has ended a call
	waiting bool      // a call may be waiting
}

// set sets the deadline, also of a call that is waiting.
func (d *deadline) set(t time.Time) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.at = t
	if d.waiting && sooner(d.due(), d.applied) {
		return d.applyNow()
	}
	return nil
}

// get returns the deadline as it was set.
func (d *deadline) get() time.Time {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.at
}

// hasPassed reports whether the deadline as it was set has passed.
func (d *deadline) hasPassed() bool { return isOver(d.get()) }

func isOver(t time.Time) bool { return !t.IsZero() && !time.Now().Before(t) }

// longAgo is later than the deadline that net/http sets at the end of each request, to end its read of what the client sends meanwhile. It is over without a look
// at the clock.
var longAgo = time.Unix(60, 0)

// isLongOver reports whether the deadline as it was set is before longAgo.
func (d *deadline) isLongOver() bool { return sooner(d.get(), longAgo) }

// begin must precede a call that may wait, and end must follow. The call also ends at the end of the step, unless that is zero.
func (d *deadline) begin(step time.Time) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.waiting, d.step = true, step
	if d.passed || sooner(d.due(), d.applied) {
		d.applyNow() //nolint:errcheck // the call will fail
	}
}

// end returns true if the call must be repeated, because its error is about an earlier deadline than the present one.
func (d *deadline) end(err error) (again bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.waiting, d.passed = false, isDeadline(err)
	due := d.due()
	return d.passed && !d.applied.Equal(due) && !isOver(due)
}

// remove removes the deadline from the connection until the next call.
func (d *deadline) remove() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.applied, d.step, d.passed = time.Time{}, time.Time{}, false
	d.apply(time.Time{}) //nolint:errcheck // the next call will fail
}

func (d *deadline) due() time.Time { return earlier(d.at, d.step) }

func (d *deadline) applyNow() error {
	d.applied, d.passed = d.due(), false
	return d.apply(d.applied)
}

// earlier returns the earlier of two deadlines. Zero means no deadline.
func earlier(a, b time.Time) time.Time {
	if sooner(b, a) {
		return b
	}
	return a
}

// sooner reports whether a deadline is before another one.
func sooner(a, b time.Time) bool { return !a.IsZero() && (b.IsZero() || a.Before(b)) }
