package directory

import "errors"

// ErrStopped is the error of a query or a build that was stopped before it had a result.
var ErrStopped = errors.New("stopped before it was over")

// checkSteps is the number of steps between two calls of stop. They take some microseconds, so a stop is noticed soon and the calls cost almost nothing.
const checkSteps = 4096

// stopCheck calls stop at intervals during long work. Nil never stops.
type stopCheck struct {
	stop    func() bool
	steps   int
	stopped bool
}

func newStopCheck(stop func() bool) *stopCheck {
	if stop == nil {
		return nil
	}
	return &stopCheck{stop: stop}
}

// fork returns another stopCheck with the same stop function, for use in another goroutine.
func (c *stopCheck) fork() *stopCheck {
	if c == nil {
		return nil
	}
	return newStopCheck(c.stop)
}

// advance counts n steps, and reports whether to continue.
func (c *stopCheck) advance(n int) bool {
	if c == nil {
		return true
	}
	if c.steps += n; c.steps >= checkSteps && !c.stopped {
		c.steps = 0
		c.stopped = c.stop()
	}
	return !c.stopped
}

// err returns ErrStopped if the work has been stopped.
func (c *stopCheck) err() error {
	if c != nil && c.stopped {
		return ErrStopped
	}
	return nil
}

// Until returns the same directory, but its queries end with ErrStopped soon after stop has become true.
func (d *Directory) Until(stop func() bool) *Directory {
	return d.For(stop, d.seesPrivate)
}

// For is Until for a caller. Changes of fields that not everybody may see count for this caller if seesPrivate is true: see UserFilter.ChangedSince.
func (d *Directory) For(stop func() bool, seesPrivate bool) *Directory {
	return &Directory{d.content, stop, seesPrivate}
}
