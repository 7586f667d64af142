package changes

import (
	"context"
	"errors"
	"reflect"
	"slices"
	"time"

	"roster/internal/backoff"
	"roster/internal/generation"
)

const (
	// takeOverAfter is how long a replica that does not know the directory with which the log ends leaves it to the others to go on from there. They look
	// every statePoll. It is shorter than behindFor, so that readers do not notice.
	takeOverAfter = 4 * time.Second
	// mostPause bounds the pause after a commit that the store has not taken. It doubles with each one.
	mostPause = time.Minute
)

// writing is what a replica needs for being the writer.
type writing struct {
	writer    Writer    // nil if this replica is not the writer
	waits     waits     // what the directory has to have before it is compared
	unwritten time.Time // since when the log has no writer; zero if it has one
	failures  int       // how many commits in a row the store has not taken
	pauses    time.Time // until when none is sent because of that, or because of begun
	begun     int       // how many logs in a row this replica has begun
}

// waits says what a directory has to have before it is compared.
type waits int

const (
	waitsForNone  waits = iota
	waitsForKnown       // what the state has with which the log ends
	waitsForAll
)

// write appends what has changed since the end of the shared log, if this replica is the writer or can become it. It returns true if it has appended.
func (s *sharing) write(ctx context.Context, p *generation.Published, now time.Time) bool {
	if s.end == nil || now.Before(s.pauses) || s.waits == waitsForAll || s.waits == waitsForKnown && s.lacks(p) {
		return false
	}
	if s.writer != nil && !s.writer.Held() {
		s.resign(ctx)
	}
	before, told, steps, exact := s.way.steps()
	if s.writer == nil && !s.become(ctx, exact || s.end.id == "", now) {
		return false
	}
	state, told := before, slices.Clone(told)
	switch {
	case exact && len(steps) == 0:
		state = StateOf(p, before)
		told = append(told, s.differences(before, state)...)
	case exact:
		for _, step := range steps {
			next := StateOf(step, state)
			told = append(told, s.differences(state, next)...)
			state = next
		}
	case s.end.state == nil: // a new log
		state = StateOf(p, empty)
		told = s.differences(empty, state)
	default:
		state = StateOf(p, before)
		told = CompareSources(before, state, s.end.state.Rules == state.Directory.RulesVersion())
	}
	next := stateStored(state)
	if len(told) == 0 && s.end.state != nil && reflect.DeepEqual(next, s.end.state) {
		return false
	}
	return s.append(ctx, state, told, next, now)
}

// append sends a commit. If the store does not take it, the next one is sent after a pause: it can be large, and each failure counts for whether the store is
// used at all.
func (s *sharing) append(ctx context.Context, state *State, told []Change, next *storedState, now time.Time) bool {
	bounds := s.log.bounds()
	a := Append{ID: s.end.id, NewID: s.end.id, After: s.end.at, Above: s.most, Count: len(told), Data: encodeCommit(state, told, bounds.Length), State: encoded(next),
		Bounds: bounds}
	if s.end.state == nil {
		a.NewID = newID()
	}
	s.end = nil          // until it has been read again
	s.way.send(&a, next) // also if the store refuses it: it may be the second time that it comes to the store
	switch err := s.writer.Append(ctx, a); {
	case err == nil:
		s.failures = 0
		s.log.stats.appended.Add(int64(len(told)))
		s.way.append(next)
		s.rest(a.NewID != a.ID, now)
		return true
	case errors.Is(err, ErrMoved):
		s.failures = 0
	default:
		s.pauses = now.Add(backoff.Jitter(backoff.After(s.failures, 2*statePoll, mostPause)))
		s.failures++
	}
	return false
}

// rest makes a pause after a log that was begun anew, if this replica has begun the one before too: if it cannot read what it has written, all cursors would
// expire again and again.
func (s *sharing) rest(anew bool, now time.Time) {
	if !anew {
		s.begun = 0
		return
	}
	if s.begun > 0 {
		s.pauses = now.Add(backoff.Jitter(backoff.After(s.begun, 2*statePoll, mostPause)))
	}
	s.begun++
}

// lacks reports whether the directory does not have a collection yet that the state has with which the log ends.
func (s *sharing) lacks(p *generation.Published) bool {
	if s.end.state == nil {
		return false
	}
	for i := range s.end.state.Sources {
		source := &s.end.state.Sources[i]
		for j := range p.Collections {
			if c := &p.Collections[j]; c.Source == source.Name && source.has(c.Collection) && (!c.Present || c.Arriving) {
				return true
			}
		}
	}
	return false
}

// differences compares two states; see Log.differences.
func (s *sharing) differences(before, after *State) []Change {
	return s.log.differences(context.Background(), after, s.logger, func() []Change { return Compare(before, after) })
}

// become makes this replica the writer, if there is none. A replica that does not know the directory with which the log ends, or cannot read which one that is,
// first leaves it to others, which can go on without a reset: it may be behind, or have other rules or another encryption key.
func (s *sharing) become(ctx context.Context, knows bool, now time.Time) bool {
	if s.end.written {
		s.unwritten = time.Time{}
		return false
	}
	if s.unwritten.IsZero() {
		s.unwritten = now
	}
	if !knows && now.Sub(s.unwritten) < takeOverAfter {
		return false
	}
	w, err := s.shared.Acquire(ctx)
	if err != nil || w == nil {
		return false
	}
	s.writer, s.unwritten = w, time.Time{}
	s.log.stats.writer.Store(true)
	return true
}

// resign lets another replica become the writer.
func (s *sharing) resign(ctx context.Context) {
	if s.writer != nil {
		s.writer.Release(context.WithoutCancel(ctx))
		s.writer = nil
		s.log.stats.writer.Store(false)
	}
}
