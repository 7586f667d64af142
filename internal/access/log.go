package access

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"time"
)

// LogToStderr has the access log written among the program's other lines.
const LogToStderr = "stderr"

// Log is where it is written down who has read or changed what. A nil Log writes nothing.
type Log struct {
	log  *slog.Logger
	file *os.File // nil among the program's lines
}

// OpenLog opens the access log: a file to append lines to, which only its owner can read, or LogToStderr. Empty gives a nil Log. Lines makes the
// logger of a file; nil makes one of JSON lines.
func OpenLog(where string, program *slog.Logger, lines func(io.Writer) *slog.Logger) (*Log, error) {
	switch where {
	case "":
		return nil, nil //nolint:nilnil // it is a Log that writes nothing
	case LogToStderr:
		return &Log{log: program.WithGroup("access")}, nil
	}
	f, err := os.OpenFile(where, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600) //nolint:gosec // the operator has named it
	if err != nil {
		return nil, fmt.Errorf("access.log: %w", err)
	}
	if lines == nil {
		lines = func(w io.Writer) *slog.Logger { return slog.New(slog.NewJSONHandler(w, nil)) }
	}
	return &Log{log: lines(f), file: f}, nil
}

// Close closes the file.
func (l *Log) Close() error {
	if l == nil || l.file == nil {
		return nil
	}
	return l.file.Close()
}

// Entry is what the log says of one answer: names from the document and the configuration, and numbers. It never holds a value of an argument
// or of the directory.
type Entry struct {
	Operation string   // query, mutation or subscription
	Name      string   // of the operation; empty where it has none
	Hash      string   // SHA-256 of the document
	Fields    []string // the operation's own, each once
	Sources   []string // whose data it can have touched
	Items     int64    // in all its pages
	Lookups   int      // objects that it named by ID or another key
	Withheld  []string // fields that the caller may not see
	Errors    int
	Outcome   Outcome
	Took      time.Duration
}

// Outcome is how an operation ended.
type Outcome string

// The outcomes.
const (
	// Answered is a whole answer.
	Answered Outcome = "answered"
	// Partly is an answer with errors.
	Partly Outcome = "partly"
	// Failed is an answer without data.
	Failed Outcome = "failed"
)

// Write writes an entry under the caller's name.
func (l *Log) Write(ctx context.Context, e Entry) {
	if l == nil {
		return
	}
	p := FromContext(ctx)
	if p == nil {
		p = &Principal{Method: ByNothing}
	}
	l.log.LogAttrs(ctx, slog.LevelInfo, "access",
		slog.String("method", string(p.Method)), slog.String("subject", p.Subject),
		slog.String("operation", e.Operation), slog.String("name", e.Name), slog.String("hash", e.Hash),
		slog.Any("fields", e.Fields), slog.Any("sources", e.Sources), slog.Int64("items", e.Items), slog.Int("lookups", e.Lookups),
		slog.Any("withheld", e.Withheld), slog.Int("errors", e.Errors), slog.String("outcome", string(e.Outcome)), slog.Duration("took", e.Took))
}
