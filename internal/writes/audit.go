package writes

import (
	"context"
	"encoding/json"
	"log/slog"
	"time"
)

// Observer is told of every write, once, when it has ended. It must be safe for concurrent use.
type Observer interface {
	Written(Written)
}

// Written is a write as the operator counts it.
type Written struct {
	// Source is empty where the caller named one that there is not, so that what callers make up names nothing.
	Source string
	Field  string // in the graph
	// Outcome is the caller's, or what came of it after the caller had gone; Unavailable where the caller got an error.
	Outcome Outcome
	// Replayed says that a key's earlier answer was given again.
	Replayed bool
	Took     time.Duration
}

// Unavailable stands in the place of an outcome where what writes must remember could not be stored, and nothing was sent.
const Unavailable Outcome = "UNAVAILABLE"

// Fields are what sources are changed by, as the graph calls them.
var Fields = []string{
	"inviteUser", "createTeam", "createContact", "createContactFolder", "subscribeToTask", "unsubscribeFromTask", "refreshSource",
}

// Outcomes are all that can come of a write.
var Outcomes = []Outcome{Done, AlreadyDone, Checked, Rejected, Unknown, Unavailable}

// always is a handler without a level: who wants to be told less of what goes wrong is told who has written what all the same.
type always struct{ slog.Handler }

// Enabled says yes.
func (always) Enabled(context.Context, slog.Level) bool { return true }

// maxValues is how long an input may be to be in the log. What a source takes is shorter, however it is escaped.
const maxValues = 16 << 10

// audit tells who has written what where, and what came of it. It is called once for each write, by whoever knows its end.
func (w *Writer) audit(ctx context.Context, c *change, r Result, err error) {
	told := Written{Field: c.field, Outcome: r.Outcome, Replayed: c.replayed}
	if c.source != nil { // else it is whatever the caller wrote
		told.Source = c.source.Name
	}
	if err != nil {
		told.Outcome = Unavailable
	}
	if !c.began.IsZero() {
		told.Took = time.Since(c.began)
	}
	if w.opt.Observer != nil {
		w.opt.Observer.Written(told)
	}
	w.opt.Audit.LogAttrs(ctx, slog.LevelInfo, "write", slog.Group("write", w.line(c, told, r)...))
}

// line gives what the log has of a write. A key is told by its hash, since callers may make it of people's data; values only where the operator
// wants them.
func (w *Writer) line(c *change, told Written, r Result) []any {
	attrs := []any{
		slog.String("field", told.Field), slog.String("source", told.Source), slog.String("caller", c.Caller), slog.String("method", c.Method),
		slog.String("outcome", string(told.Outcome)),
	}
	if c.DryRun {
		attrs = append(attrs, slog.Bool("dry_run", true))
	}
	if r.Ref != nil {
		attrs = append(attrs, slog.String("id", r.Ref.String()))
	}
	if c.Key != nil {
		attrs = append(attrs, slog.String("key", nameOf(c.Method, c.Caller, *c.Key)))
	}
	if c.replayed {
		attrs = append(attrs, slog.Bool("replayed", true))
	}
	if len(r.Errors) > 0 {
		codes := make([]string, len(r.Errors))
		for i, e := range r.Errors {
			codes[i] = string(e.Code)
		}
		attrs = append(attrs, slog.Any("errors", codes))
	}
	if w.opt.AuditValues {
		attrs = append(attrs, valuesOf(c.values))
	}
	return attrs
}

// valuesOf gives an input as text: a log of texts would else show where values that may be left out lie in memory. One that is too long is only measured.
func valuesOf(input any) slog.Attr {
	values, err := json.Marshal(input)
	switch {
	case err != nil:
		return slog.String("values", "unreadable")
	case len(values) > maxValues:
		return slog.Int("values_bytes", len(values))
	}
	return slog.Any("values", json.RawMessage(values))
}
