package changes

import (
	"cmp"
	"crypto/rand"
	"errors"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"roster/internal/directory"
)

// ErrExpired is the error for a cursor after which the log does not have all changes any more, or that is of another log.
var ErrExpired = errors.New("the changes after this cursor are no longer kept")

// ErrUnavailable is the error for a reader of a log that replicas share, while this replica cannot tell what comes next: it has not read the log yet, or its
// directory is older than the next change. The reader may try again with its last cursor, and another replica may be able to answer.
var ErrUnavailable = errors.New("this server cannot tell the changes at present")

// Options are the bounds of a log.
type Options struct {
	// Length is the number of changes that are kept, and KeepFor how long each of them is.
	Length  int
	KeepFor time.Duration
}

// Log is changes in one order, in memory. It is safe for concurrent use. Readers share its memory, so that a slow one costs no more than a fast one. The log
// follows what this process publishes or, if replicas share one, the log that they share.
type Log struct {
	Options
	following sync.Mutex // held by the publisher that is followed
	sharing   *sharing   // nil if this process has a log of its own
	stats     stats

	mu     sync.Mutex
	id     string  // of the log; empty if a shared one is not known, or there is none yet
	events []Event // none of them is ever changed
	from   uint64  // the log has all events after this position
	head   uint64  // the position with which the log ends
	marks  []mark
	state  *State        // with which the log ends; not of a shared one
	grown  chan struct{} // closed when the log grows, or its readers have to know something else
	// unavailable is true while no reader may wait; see ErrUnavailable.
	unavailable bool
	synced      synced // of a shared log
}

// mark says with which event a directory begins.
type mark struct {
	version string
	at      uint64
}

// mostMarks is the number of directories whose position is known. Most operations take less time than so many builds.
const mostMarks = 16

// NewLog returns an empty log of this process. Its first position is 1.
func NewLog(opt Options) *Log {
	return &Log{Options: opt, id: newID(), state: empty, grown: make(chan struct{})}
}

func newID() string { return strings.ToLower(rand.Text()[:12]) }

// Bound changes the bounds of the log.
func (l *Log) Bound(opt Options) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.Options = opt
	l.trim(time.Now())
}

// advance appends what has changed up to this state. Only the holder of following calls it.
func (l *Log) advance(state *State, told []Change, now time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.state = state
	l.stats.appended.Add(int64(len(told)))
	l.grow(told, l.head+uint64(len(told)), state.Directory.Version(), now)
	l.trim(now)
}

// grow appends changes up to a position, with which the directory of a version begins.
func (l *Log) grow(told []Change, last uint64, version string, seen time.Time) {
	n := len(told)
	if over := n - l.Length; over > 0 { // what would be dropped at once
		told = told[over:]
		l.from, l.events = last-uint64(len(told)), nil
	}
	at := last - uint64(len(told))
	for i := range told {
		at++
		l.events = append(l.events, Event{Change: told[i], Cursor: l.cursor(at), At: seen, at: at})
	}
	l.head = last
	if len(l.marks) == 0 || l.marks[len(l.marks)-1].version != version {
		l.marks = append(l.marks, mark{version, l.head})
		l.marks = l.marks[max(0, len(l.marks)-mostMarks):]
	}
	if n > 0 {
		l.wake()
	}
}

// wake has all readers look at the log again.
func (l *Log) wake() {
	close(l.grown)
	l.grown = make(chan struct{})
}

// trim drops the events that are beyond the bounds.
func (l *Log) trim(now time.Time) {
	drop := max(0, len(l.events)-l.Length)
	for drop < len(l.events) && now.Sub(l.events[drop].At) > l.KeepFor {
		drop++
	}
	if drop == 0 {
		return
	}
	l.events, l.from = l.events[drop:], l.events[drop-1].at
	if drop > len(l.events) {
		l.events = slices.Clone(l.events) // frees the memory
	}
}

// noCursor is the cursor while it is not known which log there is. To a reader, it has expired.
const noCursor = "none"

func (l *Log) cursor(at uint64) string {
	if l.id == "" {
		return noCursor
	}
	return l.id + "." + strconv.FormatUint(at, 10)
}

// position returns the position that a cursor names. In a shared log it can be one that this process has not read yet.
func (l *Log) position(cursor string) (uint64, error) {
	id, number, _ := strings.Cut(cursor, ".")
	at, err := strconv.ParseUint(number, 10, 64)
	if id == "" || id != l.id || err != nil {
		return 0, ErrExpired
	}
	if _, known := l.index(at); !known && (l.sharing == nil || at <= l.head) {
		return 0, ErrExpired
	}
	return at, nil
}

// index returns the index of the first event after a position. It reports false if the log does not have that position: what followed it was dropped, or it is
// of a change that the log has lost.
func (l *Log) index(at uint64) (next int, known bool) {
	if at == l.from {
		return 0, true
	}
	i, known := slices.BinarySearchFunc(l.events, at, func(e Event, at uint64) int { return cmp.Compare(e.at, at) })
	return i + 1, known
}

// Cursor returns the cursor of the present.
func (l *Log) Cursor() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.cursor(l.head)
}

// Has reports whether the log has all changes after a cursor.
func (l *Log) Has(cursor string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.trim(time.Now())
	_, err := l.position(cursor)
	return err == nil
}

// CursorOf returns a cursor after which all changes are that a directory does not show. A few may follow that it shows, too. Before is a cursor that was taken
// before the directory.
func (l *Log) CursorOf(d *directory.Directory, before string) string {
	l.mu.Lock()
	defer l.mu.Unlock()
	for i, m := range slices.Backward(l.marks) {
		switch {
		case m.version != d.Version():
		case i == len(l.marks)-1: // what was dropped since is about states of sources
			return l.cursor(max(m.at, l.from))
		default:
			return l.cursor(m.at)
		}
	}
	return before // the directory was not compared yet, or long ago
}

// after returns the events behind the position of a reader, and what is closed when it should look again.
func (l *Log) after(r *Reader) ([]Event, <-chan struct{}, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	i, known := l.index(r.at)
	switch {
	case r.id != l.id, !known && r.at <= l.head, !known && l.synced.lacks(r):
		return nil, nil, ErrExpired
	case known && i < len(l.events):
		return l.events[i:], l.grown, nil
	case l.unavailable:
		return nil, nil, ErrUnavailable
	}
	l.synced.awaited = l.synced.awaited || !known
	return nil, l.grown, nil
}
