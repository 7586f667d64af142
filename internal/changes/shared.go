package changes

import (
	"context"
	"errors"
)

// ErrMoved reports that a commit was refused: another replica writes the log now, or the log does not end where the writer expects it to.
var ErrMoved = errors.New("the log has another writer, or another end")

// SharedLog is a log of changes that replicas share. It knows no changes: it stores commits, which are the changes of one comparison, and in one step with
// each of them the state to which it leads. Positions are times in microseconds since 1970 by the clock of the store, and only grow. So after a failover that
// has lost the last commits, their positions are not used again, and whoever has read one of them can tell that it was lost.
type SharedLog interface {
	// Read returns the commits after a position of the log with that ID. If the log has another ID, or the ID is empty, it returns those from the beginning on.
	// It drops what is beyond the bounds.
	Read(ctx context.Context, id string, after uint64, bounds Options) (*Page, error)
	// Changed receives a value when another replica may have written a commit. Such a value can be lost.
	Changed() <-chan struct{}
	// Acquire makes this replica the writer. It returns nil if another one is.
	Acquire(ctx context.Context) (Writer, error)
}

// Page is a part of a shared log.
type Page struct {
	// ID is the ID of the log; empty if there is none. From is the position after which the log has all changes, and Cut the one after which it has all commits.
	// They differ after a commit without changes was dropped.
	ID        string
	From, Cut uint64
	// Commits are in their order. More is true if others follow.
	Commits []Commit
	More    bool
	// End is the position of the last commit, and State the state to which it leads; nil if it cannot be read.
	End   uint64
	State []byte
	// Written is true while a replica is the writer.
	Written bool
}

// Commit is the changes of one comparison. Their positions are adjacent.
type Commit struct {
	// At is the position of the last change, and of a commit without changes. After is the position of the commit before, and Count the number of changes.
	At, After uint64
	Count     int
	// Data is nil if it cannot be read.
	Data []byte
}

// Writer is the right to write a shared log. It is renewed until Release.
type Writer interface {
	// Held reports whether no other replica can have the right.
	Held() bool
	// Append appends a commit. It returns ErrMoved if it has not done so because of another writer, or because the log has another end.
	Append(ctx context.Context, a Append) error
	Release(ctx context.Context)
}

// Append is a commit that is to be written.
type Append struct {
	// ID is the ID of the log, and After the position with which it ends; empty and zero if there is none. NewID differs from ID if the log is to begin anew.
	ID    string
	After uint64
	NewID string
	// Above is a position that was used, also if the store has lost it.
	Above uint64
	// Count is the number of changes, also of those for which Data had no room. Data and State are as in Commit and Page.
	Count       int
	Data, State []byte
	Bounds      Options
}
