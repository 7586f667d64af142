package changes

import (
	"context"
	"errors"
	"sync"
	"time"
)

// Reader reads a log from one position on. It is for one goroutine at a time.
type Reader struct {
	log   *Log
	id    string // of the log
	at    uint64 // the position of the last event that was read
	round int    // see synced
	close func()
}

// Reader returns a reader of the events behind a cursor or, if it is empty, of those to come. It returns ErrExpired if the log does not have all of them,
// and ErrUnavailable if that is not known. The reader must be closed.
func (l *Log) Reader(after string) (*Reader, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.trim(time.Now())
	if l.id == "" {
		return nil, ErrUnavailable
	}
	at := l.head
	if after != "" {
		var err error
		if at, err = l.position(after); err != nil {
			l.stats.expired.Add(1)
			return nil, err
		}
	}
	if l.unavailable && at >= l.head {
		return nil, ErrUnavailable
	}
	l.stats.readers.Add(1)
	return &Reader{l, l.id, at, l.synced.begun + 1, sync.OnceFunc(func() { l.stats.readers.Add(-1) })}, nil
}

// Next returns the next event that is wanted, and waits for it until ctx ends. It returns ErrExpired if the reader is so slow that events were dropped which
// it has not read, and ErrUnavailable if this replica cannot tell what comes next.
func (r *Reader) Next(ctx context.Context, wanted func(*Event) bool) (*Event, error) {
	for {
		events, grown, err := r.log.after(r)
		if err != nil {
			if errors.Is(err, ErrExpired) {
				r.log.stats.dropped.Add(1)
			}
			return nil, err
		}
		for i := range events {
			r.at = events[i].at
			if events[i].Kind != unknown && wanted(&events[i]) {
				r.log.stats.send(time.Since(events[i].At))
				return &events[i], nil
			}
		}
		if len(events) > 0 {
			continue
		}
		select {
		case <-grown:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// Close ends the reader. It may be called again.
func (r *Reader) Close() { r.close() }
