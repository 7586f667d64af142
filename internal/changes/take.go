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
	if c.storedCommit == nil { // nobody can be told what it has
		l.from, l.head, l.events, l.marks = c.at, c.at, nil, nil
		l.wake()
		return
	}
	told := make([]Change, len(c.Changes))
	for i := range c.Changes {
		told[i] = Change(c.Changes[i])
	}
	if c.Omitted > 0 { // whoever read what came before has missed some
		l.from, l.events = c.at-uint64(len(told)), nil
	}
	l.grow(told, c.at, c.Version, timeAt(c.at))
	l.trim(now)
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
