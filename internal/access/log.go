package access

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"time"
)

// LogToStderr writes the access log to standard error, among the program's other lines.
const LogToStderr = "stderr"

// LogOptions configure the access log, and what happens while it cannot be written.
type LogOptions struct {
	// Path is a file to which lines are appended and which only its owner can read, or LogToStderr. Empty means no log.
	Path string
	// Refuse denies answers that cannot be logged. Without Refuse, such answers are sent and counted.
	Refuse bool
	// Program is the log of the program.
	Program *slog.Logger
	// Lines returns the logger for a file; nil for JSON lines.
	Lines func(io.Writer) *slog.Logger
	// Before is the log that this one replaces; nil for none. This log continues its failure state and its count.
	Before *Log
}

// Log is the access log: it records who read or changed what. A nil Log writes nothing. Safe for concurrent use.
type Log struct {
	lines   slog.Handler
	file    *logFile // nil for LogToStderr
	program *slog.Logger
	refuse  bool
	failure
}

// OpenLog opens the access log; an empty path returns a nil Log.
func OpenLog(opt LogOptions) (*Log, error) {
	if opt.Path == "" {
		return nil, nil //nolint:nilnil // a nil Log writes nothing
	}
	opt.Program = cmp.Or(opt.Program, slog.New(slog.DiscardHandler))
	l := &Log{program: opt.Program, refuse: opt.Refuse}
	if opt.Path == LogToStderr {
		l.lines = opt.Program.WithGroup("access").Handler()
	} else {
		l.file = &logFile{path: opt.Path}
		if err := l.file.reopen(); err != nil {
			return nil, fmt.Errorf("access.log: %w", err)
		}
		if opt.Lines == nil {
			opt.Lines = func(w io.Writer) *slog.Logger { return slog.New(slog.NewJSONHandler(w, nil)) }
		}
		l.lines = opt.Lines(l.file).Handler()
	}
	l.takeOver(opt.Before)
	return l, nil
}

// Close closes the file.
func (l *Log) Close() error {
	if l == nil {
		return nil
	}
	l.end()
	if l.file == nil {
		return nil
	}
	return l.file.Close()
}

// Entry describes one answer: names from the document and the configuration, and numbers. It never contains a value of an argument or of the
// directory.
type Entry struct {
	Operation string   // query, mutation or subscription
	Name      string   // of the operation; empty if it has none
	Hash      string   // SHA-256 of the document
	Fields    []string // the operation's root fields, each once
	Sources   []string // whose data it can have used
	Items     int64    // in all its pages
	Lookups   int      // objects that it requested by ID or another key
	Denied    []string // denied fields
	Columns   []string // of an export; nil for any other answer
	Errors    int
	Outcome   Outcome
	Took      time.Duration
}

// Delivery describes one attempt to send changes to the receiver of a webhook. It has no part of the address.
type Delivery struct {
	Webhook string // its name
	Message string // the ID
	Reason  string // of a message to read everything again; empty for changes
	Changes int
	Attempt int // the first one is 1
	Status  int // of the answer; 0 if there is none
	Outcome Outcome
	Took    time.Duration
}

// WriteDelivery writes the line of a delivery. The error is ErrLog.
func (l *Log) WriteDelivery(ctx context.Context, d Delivery) error {
	if l == nil {
		return nil
	}
	line := slog.NewRecord(time.Now(), slog.LevelInfo, "access", 0)
	line.AddAttrs(slog.String("method", "webhook"), slog.String("subject", d.Webhook), slog.String("message", d.Message), slog.String("reason", d.Reason),
		slog.Int("changes", d.Changes), slog.Int("attempt", d.Attempt), slog.Int("status", d.Status), slog.String("outcome", string(d.Outcome)), slog.Duration("took", d.Took))
	return l.write(ctx, line)
}

// Outcome is how an operation ended.
type Outcome string

// The outcomes of an operation.
const (
	// Answered is a complete answer.
	Answered Outcome = "answered"
	// Partly is an answer with errors.
	Partly Outcome = "partly"
	// Failed is an answer without data.
	Failed Outcome = "failed"
	// Begun is an attempt whose outcome has a line of its own.
	Begun Outcome = "begun"
)

// ErrLog reports that an entry could not be written.
var ErrLog = errors.New("the access log cannot be written")

// Write writes an entry with the caller's name and address, whatever the level of the program's log. The error is ErrLog.
func (l *Log) Write(ctx context.Context, e Entry) error {
	if l == nil {
		return nil
	}
	p := FromContext(ctx)
	if p == nil {
		p = &Principal{Method: ByNothing}
	}
	line := slog.NewRecord(time.Now(), slog.LevelInfo, "access", 0)
	line.AddAttrs(
		slog.String("method", string(p.Method)), slog.String("subject", p.Subject),
		slog.String("operation", e.Operation), slog.String("name", e.Name), slog.String("hash", e.Hash),
		slog.Any("fields", e.Fields), slog.Any("sources", e.Sources), slog.Int64("items", e.Items), slog.Int("lookups", e.Lookups),
		slog.Any("withheld", e.Denied), slog.Int("errors", e.Errors), slog.String("outcome", string(e.Outcome)), slog.Duration("took", e.Took))
	if e.Columns != nil {
		line.AddAttrs(slog.Any("columns", e.Columns))
	}
	if address := addressOf(ctx); address.IsValid() {
		line.AddAttrs(slog.String("address", address.Unmap().String()))
	}
	return l.write(ctx, line)
}

func (l *Log) write(ctx context.Context, line slog.Record) error {
	// A slog.Logger would drop the handler's error.
	if err := l.lines.Handle(ctx, line); err != nil {
		l.failed(ctx, err)
		return ErrLog
	}
	return nil
}
