package access

import (
	"context"
	"log/slog"
	"sync"
	"time"
)

// retryLogEvery is how often a failed log is retried, with or without requests.
const retryLogEvery = time.Second

// failure is the failure state of a log.
type failure struct {
	mu       sync.Mutex
	failing  bool
	since    time.Time
	missed   uint64 // entries since then
	failures uint64 // entries in all
	closed   chan struct{}
	retrying sync.WaitGroup
}

// LogStats is the state of the access log.
type LogStats struct {
	// Failing reports that the last attempt to write failed.
	Failing bool
	// Failures counts the entries that could not be written.
	Failures uint64
}

// Stats returns the state of the log.
func (l *Log) Stats() LogStats {
	if l == nil {
		return LogStats{}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	return LogStats{Failing: l.failing, Failures: l.failures}
}

// FailsClosed reports whether an answer that cannot be logged is denied.
func (l *Log) FailsClosed() bool { return l != nil && l.refuse }

// Refuses reports whether all answers are denied now, because they could not be logged.
func (l *Log) Refuses() bool { return l.FailsClosed() && l.Stats().Failing }

// takeOver continues the failure state and the count of the log before.
func (l *Log) takeOver(before *Log) {
	l.closed = make(chan struct{})
	if before == nil {
		return
	}
	before.mu.Lock()
	failing, since, missed, failures := before.failing, before.since, before.missed, before.failures
	before.mu.Unlock()
	l.failures = failures
	if failing {
		l.failing, l.since, l.missed = true, since, missed
		l.retrying.Go(l.retry)
	}
}

// failed counts an entry that could not be written. The program's log gets the first of several failures.
func (l *Log) failed(ctx context.Context, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	select {
	case <-l.closed: // another log has replaced it, and gets the entry
		return
	default:
	}
	l.failures++
	l.missed++
	if l.failing {
		return
	}
	l.failing, l.since, l.missed = true, time.Now(), 1
	l.program.LogAttrs(ctx, slog.LevelError, "the access log cannot be written", slog.Bool("refuses", l.refuse), slog.Any("error", err))
	l.retrying.Go(l.retry)
}

// retry retries until the log can be written again or is closed.
func (l *Log) retry() {
	tick := time.NewTicker(retryLogEvery)
	defer tick.Stop()
	for !l.resume() {
		select {
		case <-l.closed:
			return
		case <-tick.C:
		}
	}
}

// resume writes a line with the number of entries that are missing before it. It returns false if that fails too.
func (l *Log) resume() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.file != nil && l.file.reopen() != nil {
		return false
	}
	line := slog.NewRecord(time.Now(), slog.LevelWarn, "entries are missing here: the access log could not be written", 0)
	gap := []slog.Attr{slog.Time("since", l.since), slog.Uint64("missing", l.missed)}
	line.AddAttrs(gap...)
	if l.lines.Handle(context.Background(), line) != nil {
		return false
	}
	l.failing = false
	l.program.LogAttrs(context.Background(), slog.LevelInfo, "the access log can be written again", gap...)
	return true
}

// end ends the retries.
func (l *Log) end() {
	l.mu.Lock()
	close(l.closed)
	l.mu.Unlock()
	l.retrying.Wait()
}
