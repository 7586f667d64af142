package writes

import (
	"context"
	"encoding/json"
	"log/slog"
)

// audit tells who has written what where, and what came of it. A key is told by its hash, since callers may make it of people's data; values only where
// the operator wants them.
func (w *Writer) audit(ctx context.Context, c *change, r Result, err error) {
	source := ""
	if c.source != nil { // else it is whatever the caller wrote
		source = c.source.Name
	}
	attrs := []any{
		slog.String("field", c.field), slog.String("source", source), slog.String("caller", c.Caller), slog.String("method", c.Method),
		slog.String("outcome", string(r.Outcome)),
	}
	if err != nil {
		attrs[len(attrs)-1] = slog.String("outcome", "UNAVAILABLE")
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
	if len(r.Errors) > 0 {
		codes := make([]string, len(r.Errors))
		for i, e := range r.Errors {
			codes[i] = string(e.Code)
		}
		attrs = append(attrs, slog.Any("errors", codes))
	}
	if w.opt.AuditValues {
		values, _ := json.Marshal(c.values) // as text, a log would show where values left out or given lie in memory
		attrs = append(attrs, slog.Any("values", json.RawMessage(values)))
	}
	w.opt.Audit.LogAttrs(ctx, slog.LevelInfo, "write", slog.Group("write", attrs...))
}
