package telemetry

import (
	"context"
	"io"
	"log/slog"

	"go.opentelemetry.io/otel/trace"

	"roster/internal/terminal"
)

// The formats of the log.
const (
	FormatText = "text"
	FormatJSON = "json"
)

// NewLogger returns a logger that adds the request and the trace to each line that belongs to one. An empty format means text on a terminal, and JSON
// otherwise. Where w is a file, which may be a pipe, a line that nobody reads fails after a second, and so do the lines after it: see lineWriter.
func NewLogger(w io.Writer, format string, level slog.Level) *slog.Logger {
	opt := &slog.HandlerOptions{Level: level}
	if format == "" {
		format = FormatJSON
		if terminal.Is(w) {
			format = FormatText
		}
	}
	if _, ok := terminal.File(w); ok {
		w = newLineWriter(w)
	}
	if format == FormatJSON {
		opt.ReplaceAttr = readable
		return slog.New(handler{slog.NewJSONHandler(w, opt)})
	}
	return slog.New(handler{slog.NewTextHandler(w, opt)})
}

// readable prints durations with their unit, in JSON too.
func readable(_ []string, a slog.Attr) slog.Attr {
	if a.Value.Kind() == slog.KindDuration {
		a.Value = slog.StringValue(a.Value.Duration().String())
	}
	return a
}

// handler adds the attributes of the context to each line.
type handler struct{ slog.Handler }

// Handle adds the attributes of the context to a line.
func (h handler) Handle(ctx context.Context, r slog.Record) error {
	if x := exchangeOf(ctx); x != nil {
		r.AddAttrs(slog.String("request_id", x.id[0]))
	}
	if span := trace.SpanContextFromContext(ctx); span.HasTraceID() {
		r.AddAttrs(slog.String("trace_id", span.TraceID().String()))
	}
	return h.Handler.Handle(ctx, r)
}

// WithAttrs returns a handler with attributes that still adds those of the context.
func (h handler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return handler{h.Handler.WithAttrs(attrs)}
}

// WithGroup returns a handler with a group that still adds the attributes of the context, within the group.
func (h handler) WithGroup(name string) slog.Handler { return handler{h.Handler.WithGroup(name)} }
