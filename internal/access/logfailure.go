package access

import (
	"context"
	"log/slog"
	"sync"
	"time"
)

// retryLogEvery is how often a log that could not be written is tried again, with or without requests.
const retryLogEvery = time.Second

// failure is what a log knows of not being written.
type failure struct {
	mu       sync.Mutex
	failing  bool
	since    time.Time
	missed   uint64 // entries since then
	failures uint64 // entries in all
	closed   chan struct{}
	retrying sync.WaitGroup
}

// LogStats say how the access log fares.
type LogStats struct {
	// Failing says that the last attempt to write it failed.
	Failing bool
	// Failures counts the entries that could not be written.
	Failures uint64
}

// Stats says how the log fares.
func (l *Log) Stats() LogStats {
	if l == nil {
		return LogStats{}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	return LogStats{Failing: l.failing, Failures: l.failures}
}

// Withholds says whether an answer that cannot be written down is withheld.
func (l *Log) Withholds() bool { return l != nil && l.refuse }

// Refuses says whether nothing may be answered now, since it could not be written down.
func (l *Log) Refuses() bool { return l.Withholds() && l.Stats().Failing }

// takeOver goes on with the failure and the count of the log before.
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

// failed counts an entry that could not be written. The first of several is told to the program's log.
func (l *Log) failed(ctx context.Context, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.failures++
	l.missed++
	if l.failing {
		return
	}
	l.failing, l.since, l.missed = true, time.Now(), 1
	l.program.LogAttrs(ctx, slog.LevelError, "the access log cannot be written", slog.Bool("refuses", l.refuse), slog.Any("error", err))
	select {
	case <-l.closed: // nobody tries it again
	default:
		l.retrying.Go(l.retry)
	}
}

// retry tries until the log can be written again or is closed.
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

// resume writes a line that tells how many entries are missing before it. It is false where that fails too.
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

// end stops trying.
func (l *Log) end() {
	l.mu.Lock()
	close(l.closed)
	l.mu.Unlock()
	l.retrying.Wait()
}
