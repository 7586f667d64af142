package limit

import (
	"slices"
	"time"

	"roster/connectors"
)

const (
	// unheard is how long after its end an abandoned call may still arrive at the source.
	unheard = time.Second
	// patience is the longest time that a call waits because the source asks for it. For a longer one, the call fails.
	patience = 90 * time.Second
	// untilChange is a wait whose end is unknown: something must change first.
	untilChange = time.Duration(1<<63 - 1)
)

// budget is what this process knows of one budget.
type budget struct {
	under  int         // calls in progress
	ended  []time.Time // when the last calls ended, oldest first, as far back as the longest window reaches
	window time.Duration
	paused time.Time // no call starts before
	stop   *connectors.Error
}

// wait returns for how long the budget allows no further call; zero if it allows one now.
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
		return untilChange // a call in progress must end first
	default:
		return counted[over].Add(limit.Per).Sub(now)
	}
}

// forget removes the calls that no window reaches back to.
func (b *budget) forget(now time.Time) {
	old := 0
	for old < len(b.ended) && !b.ended[old].Add(b.window).After(now) {
		old++
	}
	if old > 0 {
		b.ended = append(b.ended[:0], b.ended[old:]...)
	}
}

// end records the end of a call.
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

// left returns the rest of the pause, and the error for a call if that is too long, or if the source blocks Roster.
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

// pause delays calls for as long as e says, unless they are delayed for longer already.
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
		return false // a block must not be replaced by a mere pause
	}
	kept := *e
	b.paused, b.stop = until, &kept
	return true
}
