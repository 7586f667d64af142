package directory

import "errors"

// ErrStopped is what a question gives that was told to stop before it had an answer, and a build before it had a directory.
var ErrStopped = errors.New("stopped before it was over")

// paceSteps is after how many steps work looks whether it is to stop: some microseconds, which is often enough, and seldom enough to cost nothing.
const paceSteps = 4096

// pace has long work look now and then whether it is to stop. A nil one never stops.
type pace struct {
	stop    func() bool
	steps   int
	stopped bool
}

func newPace(stop func() bool) *pace {
	if stop == nil {
		return nil
	}
	return &pace{stop: stop}
}

// anew gives another one that stops when this one does.
func (p *pace) anew() *pace {
	if p == nil {
		return nil
	}
	return newPace(p.stop)
}

// on takes n steps, and says whether the work goes on.
func (p *pace) on(n int) bool {
	if p == nil {
		return true
	}
	if p.steps += n; p.steps >= paceSteps && !p.stopped {
		p.steps = 0
		p.stopped = p.stop()
	}
	return !p.stopped
}

// err is ErrStopped where the work has been told to stop.
func (p *pace) err() error {
	if p != nil && p.stopped {
		return ErrStopped
	}
	return nil
}

// Until gives the same directory, whose questions end with ErrStopped soon after stop has become true.
func (d *Directory) Until(stop func() bool) *Directory {
	until := *d
	until.stop = stop
	return &until
}
