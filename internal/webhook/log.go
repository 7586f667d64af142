package webhook

import (
	"context"

	"roster/internal/changes"
)

// Log is the log of changes; see changes.Log, from which LogOf makes one.
type Log interface {
	// Reader returns a reader of the changes after a cursor or, if it is empty, of those to come. The error is changes.ErrExpired if the log does not have
	// all of them, and another one if that is not known at present.
	Reader(after string) (Reader, error)
	// Cursor returns the cursor of the present, if Reader has just returned no error.
	Cursor() string
}

// Reader reads a log; see changes.Reader.
type Reader interface {
	Next(ctx context.Context, wanted func(*changes.Event) bool) (*changes.Event, error)
	Close()
}

type logOf struct{ *changes.Log }

// LogOf returns the log as this package reads it.
func LogOf(l *changes.Log) Log { return logOf{l} }

func (l logOf) Reader(after string) (Reader, error) {
	r, err := l.Log.Reader(after)
	if err != nil {
		return nil, err
	}
	return r, nil
}
