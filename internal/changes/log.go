package changes

import (
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

// Options are the bounds of a log.
type Options struct {
	// Length is the number of changes that are kept, and KeepFor how long each of them is.
	Length  int
	KeepFor time.Duration
}

// Log is changes in one order, in memory. It is safe for concurrent use. Readers share its memory, so that a slow one costs no more than a fast one.
type Log struct {
	Options
	id        string
	following sync.Mutex // held by the publisher that is followed
	stats     stats

	mu     sync.Mutex
	events []Event // none of them is ever changed
	first  uint64  // the position of the first event; the first position of all is 1
	marks  []mark
	state  *State        // with which the log ends
	grown  chan struct{} // closed when the log grows
}

// mark says with which event a directory begins.
type mark struct {
	version string
	at      uint64
}

// mostMarks is the number of directories whose position is known. Most operations take less time than so many builds.
const mostMarks = 16

// NewLog returns an empty log.
func NewLog(opt Options) *Log {
	return &Log{Options: opt, id: strings.ToLower(rand.Text()[:12]), first: 1, state: empty, grown: make(chan struct{})}
}

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
	if over := len(told) - l.Length; over > 0 { // what would be dropped at once
		l.first, l.events = l.head()+1+uint64(over), nil
		told = told[over:]
	}
	for i := range told {
		l.events = append(l.events, Event{Change: told[i], Cursor: l.cursor(l.head() + 1), At: now})
	}
	l.state = state
	if version := state.Directory.Version(); len(l.marks) == 0 || l.marks[len(l.marks)-1].version != version {
		l.marks = append(l.marks, mark{version, l.head()})
		l.marks = l.marks[max(0, len(l.marks)-mostMarks):]
	}
	l.trim(now)
	if len(told) > 0 {
		l.stats.appended.Add(int64(len(told)))
		close(l.grown)
		l.grown = make(chan struct{})
	}
}

// trim drops the events that are beyond the bounds.
func (l *Log) trim(now time.Time) {
	drop := max(0, len(l.events)-l.Length)
	for drop < len(l.events) && now.Sub(l.events[drop].At) > l.KeepFor {
		drop++
	}
	l.events, l.first = l.events[drop:], l.first+uint64(drop)
	if drop > len(l.events) {
		l.events = slices.Clone(l.events) // frees the memory
	}
}

// head returns the position of the last event.
func (l *Log) head() uint64 { return l.first + uint64(len(l.events)) - 1 }

func (l *Log) cursor(at uint64) string { return l.id + "." + strconv.FormatUint(at, 10) }

// position returns the position that a cursor names.
func (l *Log) position(cursor string) (uint64, error) {
	id, number, _ := strings.Cut(cursor, ".")
	at, err := strconv.ParseUint(number, 10, 64)
	if id != l.id || err != nil || at > l.head() || at+1 < l.first {
		return 0, ErrExpired
	}
	return at, nil
}

// Cursor returns the cursor of the present.
func (l *Log) Cursor() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.cursor(l.head())
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
			return l.cursor(max(m.at, l.first-1))
		default:
			return l.cursor(m.at)
		}
	}
	return before // the directory was not compared yet, or long ago
}

// after returns the events behind a position, and what is closed when there are more.
func (l *Log) after(at uint64) ([]Event, <-chan struct{}, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if at+1 < l.first {
		return nil, nil, ErrExpired
	}
	return l.events[at+1-l.first:], l.grown, nil
}
