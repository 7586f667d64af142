package changes

import "time"

// The methods below change the memory of a log that follows a shared one.

// bounds returns the bounds of the log.
func (l *Log) bounds() Options {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.Options
}

// restart empties the log. From is the position after which everything follows.
func (l *Log) restart(id string, from uint64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.id, l.from, l.head, l.events, l.marks = id, from, from, nil, nil
	l.wake()
}

// take appends a commit.
func (l *Log) take(c pending, now time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case c.storedCommit == nil && c.Count == 0:
		return
	case c.storedCommit == nil: // nobody can be told what it has
		l.from, l.head, l.events, l.marks = c.At, c.At, nil, nil
		l.wake()
		return
	case len(c.Changes)+c.Omitted == 0: // its position is that of no change, so of no cursor
		l.grow(nil, l.head, c.Version, timeAt(c.At))
		return
	}
	told := make([]Change, len(c.Changes))
	for i := range c.Changes {
		told[i] = Change(c.Changes[i])
	}
	if c.Omitted > 0 { // whoever read what came before has missed some
		l.from, l.events = c.At-uint64(len(told)), nil
	}
	l.grow(told, c.At, c.Version, timeAt(c.At))
	l.trim(now)
}

// begin notes that a reading of the store begins.
func (l *Log) begin() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.synced.begun++
}

// end notes that the reading has ended, up to this position. Whole says whether readers have been told all of it.
func (l *Log) end(last uint64, whole bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	s := &l.synced
	s.ended, s.last, s.whole = s.begun, last, whole
	if s.awaited {
		s.awaited = false
		l.wake()
	}
}

// setUnavailable says whether readers can wait for the next change.
func (l *Log) setUnavailable(unavailable bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.unavailable != unavailable {
		l.unavailable = unavailable
		l.wake()
	}
}
