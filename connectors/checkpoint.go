package connectors

import (
	"errors"
	"sync"
	"time"
)

const (
	// resumeWithin is how long a fetch may fail at one place. It is longer than the pauses after failures, and than most outages.
	resumeWithin = 30 * time.Minute
	// resumeUntil is the age up to which a fetch can be resumed, because its first records are served together with its last ones.
	resumeUntil = 6 * time.Hour
	// resumeTries is how many answers at one place may be unreadable. After that, the state itself may be wrong.
	resumeTries = 3
)

// Checkpoint keeps the state of a long fetch that has failed, so that the next fetch resumes from there. The zero value is ready to use. A
// Checkpoint is safe for concurrent use: of two concurrent fetches, one resumes and the other begins anew.
type Checkpoint[S any] struct {
	mu   sync.Mutex
	kept *ResumableFetch[S]
}

// ResumableFetch is one fetch, which may take several calls of Lister.List.
type ResumableFetch[S any] struct {
	// State is the state of the fetch, in the form that the connector chooses.
	State S

	began  time.Time     // when the fetch began
	spent  time.Duration // the duration of the earlier calls
	called time.Time     // when the present call began
	place  int           // where the last call failed
	stuck  time.Time     // since when the calls fail at that place
	tries  int           // the number of unreadable answers at that place
}

// Resume returns the kept fetch if it may still be resumed, or else a new one with the state that begin returns.
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

// Keep keeps a fetch that failed with err, so that Resume can return it. The place is a number that grows with the progress of the fetch. Keep
// discards the fetch if the source refused the call, because it may show other records later, and after too many unreadable answers at one
// place. If the call was not sent, err is the result of another call, maybe for another collection, and says nothing of this fetch.
func (c *Checkpoint[S]) Keep(fetch *ResumableFetch[S], place int, err error) {
	e, ok := errors.AsType[*Error](err)
	if ok && refused(e) {
		return
	}
	now := time.Now()
	fetch.spent += now.Sub(fetch.called)
	if place != fetch.place || fetch.stuck.IsZero() {
		fetch.place, fetch.stuck, fetch.tries = place, now, 0
	}
	if ok && e.Kind == KindBadResponse && !e.Unsent {
		if fetch.tries++; fetch.tries == resumeTries {
			return
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.kept = fetch
}

func refused(e *Error) bool {
	switch e.Kind {
	case KindUnauthorized: // also if there was no credential to send
		return true
	case KindForbidden, KindNotFound, KindInvalid, KindUnsupported:
		return !e.Unsent
	default:
		return e.Blocked && !e.Unsent
	}
}

// Resumed returns the listing with the beginning of the fetch and the duration of its earlier calls, if there were any.
func Resumed[T Record, S any](l Listing[T], c *ResumableFetch[S]) Listing[T] {
	if !c.called.Equal(c.began) {
		l.Began, l.Spent = c.began, c.spent
	}
	return l
}
