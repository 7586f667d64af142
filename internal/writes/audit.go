package writes

import (
	"context"
	"encoding/json"
	"log/slog"
	"time"

	"roster/connectors"
)

// Observer is called once for every write, when the write has ended. It must be safe for concurrent use.
type Observer interface {
	Written(Written)
}

// Written is the summary of a write for metrics.
type Written struct {
	// Source is empty if the caller named an unknown source: a value from the caller never becomes a label.
	Source string
	Field  string // in the GraphQL schema
	// Outcome is what the caller got, or what was found out after the caller had gone; Unavailable if the caller got an error.
	Outcome Outcome
	// Replayed reports that the stored answer of an idempotency key was repeated.
	Replayed bool
	Took     time.Duration
}

// Unavailable replaces the outcome if the state of the write could not be stored; nothing was sent then.
const Unavailable Outcome = "UNAVAILABLE"

// Fields are the mutations, as the GraphQL schema names them.
var Fields = []string{
	"inviteUser", "createTeam", "createContact", "createContactFolder", "subscribeToTask", "unsubscribeFromTask", "refreshSource",
	"linkAccounts", "splitAccount", "undoIdentity",
}

// Outcomes lists all outcomes of a write.
var Outcomes = []Outcome{Done, AlreadyDone, Checked, Rejected, Unknown, Unavailable}

// everyLevel is a handler that ignores the level: an operator who wants fewer log lines still gets the audit of every write.
type everyLevel struct{ slog.Handler }

// Enabled returns true.
func (everyLevel) Enabled(context.Context, slog.Level) bool { return true }

// maxValues is the largest size of an input in the log. An input that a source accepts is shorter, even when escaped.
const maxValues = 16 << 10

// audit records who wrote what to which source, and the outcome. It is called once for each write, by the code that knows the final outcome.
func (w *Writer) audit(ctx context.Context, c *change, r Result, err error) {
	summary := Written{Field: c.field, Outcome: r.Outcome, Replayed: c.replayed}
	if c.source != nil { // else the name is whatever the caller sent
		summary.Source = c.source.Name
	}
	if err != nil {
		summary.Outcome = Unavailable
	}
	if !c.began.IsZero() {
		summary.Took = time.Since(c.began)
	}
	if w.opt.Observer != nil {
		w.opt.Observer.Written(summary)
	}
	w.opt.Audit.LogAttrs(ctx, slog.LevelInfo, "write", slog.Group("write", w.line(c, summary, r)...))
}

// Record is a write to what Roster itself keeps, such as an edit of the identity rules.
type Record struct {
	Request
	Field    string // in the GraphQL schema
	Outcome  Outcome
	ID       string // of what was written; empty for nothing
	Errors   []UserError
	Replayed bool
	Values   any // the input
	Began    time.Time
	Err      error // nothing was written
}

// Record records a write that another part of the program has carried out.
func (w *Writer) Record(ctx context.Context, r Record) {
	c := &change{Request: r.Request, field: r.Field, values: r.Values, began: r.Began, replayed: r.Replayed}
	result := Result{Outcome: r.Outcome, Errors: r.Errors}
	if r.ID != "" {
		result.Ref = &connectors.Ref{ID: r.ID}
	}
	w.audit(ctx, c, result, r.Err)
}

// line returns the attributes of a write's log line. The key appears as a hash, since callers may derive keys from personal data. Values appear only
// if the operator wants them.
func (w *Writer) line(c *change, summary Written, r Result) []any {
	attrs := []any{
		slog.String("field", summary.Field), slog.String("source", summary.Source), slog.String("caller", c.Caller), slog.String("method", c.Method),
		slog.String("outcome", string(summary.Outcome)),
	}
	if c.DryRun {
		attrs = append(attrs, slog.Bool("dry_run", true))
	}
	switch {
	case r.Ref != nil && r.Ref.Source == "": // the record is Roster's own
		attrs = append(attrs, slog.String("id", r.Ref.ID))
	case r.Ref != nil:
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

// valuesOf returns an input as JSON: a text log would otherwise print the addresses of optional values. If the input is too long, only its size is
// logged.
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
