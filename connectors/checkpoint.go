package connectors

import (
	"errors"
	"sync"
	"time"
)

const (
	// resumeWithin is for how long a reading may be stuck at one place: longer than the pauses after failures, and than most outages.
	resumeWithin = 30 * time.Minute
	// resumeUntil is how old the beginning of a reading may be that goes on: what was read first is served with what is read last.
	resumeUntil = 6 * time.Hour
	// resumeTries is how often a reading may get an answer at one place that it cannot understand: then something else may be wrong than that
	// the source is down.
	resumeTries = 3
)

// Checkpoint keeps the state of a long fetch that has failed, so that the next fetch resumes from there. The zero value is ready to use. A
// Checkpoint is safe for concurrent use: of two concurrent fetches, one resumes and the other begins anew.
type Checkpoint[S any] struct {
	mu   sync.Mutex
	kept *ResumableFetch[S]
}

// ResumableFetch is one reading, however many calls of Lister.List it takes.
type ResumableFetch[S any] struct {
	// State is the state of the fetch, in the form that the connector chooses.
	State S

	began  time.Time     // the reading
	spent  time.Duration // by the calls before this one
	called time.Time     // when this one began
	place  int
	stuck  time.Time // since when it is at that place
	tries  int       // answers there that were not understood
}

// Resume returns the reading that was broken off, if it may go on, or else one that begins now with the state that begin makes.
func (c *Checkpoint[S]) Resume(begin func() S) *ResumableFetch[S] {
	now := time.Now()
	c.mu.Lock()
	on := c.kept
	c.kept = nil
	c.mu.Unlock()
	if on == nil || now.Sub(on.stuck) > resumeWithin || now.Sub(on.began) > resumeUntil {
		return &ResumableFetch[S]{State: begin(), began: now, called: now}
	}
	on.called = now
	return on
}

// Keep keeps a reading that err has broken off, unless it has been stuck for too long at this place, a number that grows as the reading gets on.
// If the source has refused, what it shows next may be something else, and nothing is kept. What was not sent had no answer: its error tells
// of another call, maybe of another collection.
func (c *Checkpoint[S]) Keep(course *ResumableFetch[S], place int, err error) {
	e, ok := errors.AsType[*Error](err)
	if ok && refused(e) {
		return
	}
	now := time.Now()
	course.spent += now.Sub(course.called)
	if place != course.place || course.stuck.IsZero() {
		course.place, course.stuck, course.tries = place, now, 0
	}
	if ok && e.Kind == KindBadResponse && !e.Unsent {
		if course.tries++; course.tries == resumeTries {
			return
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.kept = course
}

func refused(e *Error) bool {
	switch e.Kind {
	case KindUnauthorized: // also where there was no credential to send
		return true
	case KindForbidden, KindNotFound, KindInvalid, KindUnsupported:
		return !e.Unsent
	default:
		return e.Blocked && !e.Unsent
	}
}

// Resumed returns the listing with when the reading began and what it took before this call, where this call went on with it.
func Resumed[T Record, S any](l Listing[T], c *ResumableFetch[S]) Listing[T] {
	if !c.called.Equal(c.began) {
		l.Began, l.Spent = c.began, c.spent
	}
	return l
}
