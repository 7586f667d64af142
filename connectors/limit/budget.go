package limit

import (
	"slices"
	"time"

	"roster/connectors"
)

const (
	// unheard is how long after it was given up a call that has not been answered may still arrive.
	unheard = time.Second
	// patience is the longest that a call waits because a source asked for it; beyond it, the caller is better told.
	patience = 90 * time.Second
	// untilChange is a wait whose end is not known: something must change first.
	untilChange = time.Duration(1<<63 - 1)
)

// budget is what this process knows of one budget.
type budget struct {
	under  int         // calls under way
	ended  []time.Time // when the last ones ended, oldest first, as far back as the longest window reaches
	window time.Duration
	paused time.Time // no call starts before
	stop   *connectors.Error
}

// wait says for how long the budget allows no further call: not at all where it is 0.
func (b *budget) wait(limit connectors.RateLimit, now time.Time) time.Duration {
	if limit.Parallel > 0 && b.under >= limit.Parallel {
		return untilChange
	}
	if limit.Calls <= 0 || limit.Per <= 0 {
		return 0
	}
	if limit.Per > b.window {
		b.window = limit.Per
	}
	b.forget(now)
	within, _ := slices.BinarySearchFunc(b.ended, now.Add(-limit.Per), func(at, since time.Time) int {
		if at.After(since) {
			return 1
		}
		return -1
	})
	counted := b.ended[within:]
	switch over := b.under + len(counted) - limit.Calls; {
	case over < 0:
		return 0
	case over >= len(counted):
		return untilChange // a call under way must end first
	default:
		return counted[over].Add(limit.Per).Sub(now)
	}
}

// forget drops what no window reaches back to.
func (b *budget) forget(now time.Time) {
	old := 0
	for old < len(b.ended) && !b.ended[old].Add(b.window).After(now) {
		old++
	}
	if old > 0 {
		b.ended = append(b.ended[:0], b.ended[old:]...)
	}
}

// end notes that a call is over.
func (b *budget) end(now time.Time, answered bool) {
	b.under--
	b.forget(now)
	if b.window == 0 {
		return
	}
	if !answered {
		now = now.Add(unheard)
	}
	i := len(b.ended)
	for i > 0 && b.ended[i-1].After(now) {
		i--
	}
	b.ended = slices.Insert(b.ended, i, now)
}

// left gives how long the source is to be left alone, and the error to give where that is too long, or where it blocks us.
func (b *budget) left(now time.Time) (time.Duration, *connectors.Error) {
	wait := b.paused.Sub(now)
	if wait <= 0 {
		return 0, nil
	}
	if wait <= patience && !b.stop.Blocked {
		return wait, nil
	}
	e := *b.stop
	e.RetryAfter, e.Unsent = wait, true
	return wait, &e
}

// pause keeps calls back for as long as e says, unless they are kept back for longer already.
func (b *budget) pause(e *connectors.Error, now time.Time) (longer bool) {
	pause := e.RetryAfter
	if !e.Blocked { // others may have stored more
		pause = min(pause, connectors.MaxPause)
	}
	until := now.Add(pause)
	if !until.After(b.paused) {
		return false
	}
	if b.stop != nil && b.stop.Blocked && b.paused.After(now) && !e.Blocked {
		return false // what blocks us is not to be forgotten for a mere pause
	}
	kept := *e
	b.paused, b.stop = until, &kept
	return true
}
