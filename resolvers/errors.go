package resolvers

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"runtime/debug"
	"strings"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"roster/connectors"
	"roster/internal/directory"
	"roster/internal/writes"
)

// The codes that errors carry in extensions.code, beside gqlgen's own for documents that cannot be parsed or validated.
const (
	codeBadInput          = "BAD_USER_INPUT"
	codeSourceUnavailable = "SOURCE_UNAVAILABLE"
	codeSourceIncomplete  = "SOURCE_INCOMPLETE"
	codeSourceStale       = "SOURCE_STALE"
	codeOnlyIfCached      = "ONLY_IF_CACHED"
	codeWritesUnavailable = "WRITES_UNAVAILABLE"
	codeInternal          = "INTERNAL_SERVER_ERROR"
)

// errInternal is all that a client learns of a fault of ours; the log has the rest.
var errInternal = errors.New("internal error")

// ErrorPresenter makes an error fit to be shown.
func (r *Resolver) ErrorPresenter(ctx context.Context, err error) *gqlerror.Error {
	out := graphql.DefaultErrorPresenter(ctx, err)
	if len(out.Path) > 1 && out.Path[0] == ast.PathName("variable") {
		out.Message = "variable $" + out.Path[1:].String() + ": " + out.Message
	}
	switch input, isInput := errors.AsType[*directory.InputError](err); {
	case isInput:
		out.Message = input.Error()
		setCode(out, codeBadInput)
		out.Extensions["argument"] = input.Argument
	case errors.Is(err, directory.ErrStopped):
		over := tookTooLong()
		out.Message, out.Extensions = over.Message, over.Extensions
	case errors.Is(err, writes.ErrUnavailable):
		r.log().ErrorContext(ctx, "a write could not begin", slog.Any("error", err))
		out.Message = writes.ErrUnavailable.Error()
		setCode(out, codeWritesUnavailable)
	case errors.Is(err, errInternal):
		out.Message = errInternal.Error()
		setCode(out, codeInternal)
	case out.Err == nil || isAboutRequest(ctx):
		if out.Extensions["code"] == nil {
			setCode(out, codeBadInput)
		}
	default:
		r.log().ErrorContext(ctx, "a resolver failed", slog.Any("error", err))
		out.Message = errInternal.Error()
		setCode(out, codeInternal)
	}
	return out
}

// Recover turns a panic into an error that tells the client nothing.
func (r *Resolver) Recover(ctx context.Context, p any) error {
	// Only the runtime's own words are known to hold nothing of anybody's.
	what := fmt.Sprintf("%T", p)
	if e, ok := p.(runtime.Error); ok {
		what = e.Error()
	}
	r.log().ErrorContext(ctx, "a resolver panicked", slog.String("panic", what), slog.String("stack", string(debug.Stack())))
	return errInternal
}

// isAboutRequest says whether an error that is no mere statement, but wraps another, is about what the caller wrote: gqlgen could not read the
// field's arguments, or the representations of _entities.
func isAboutRequest(ctx context.Context) bool {
	fc := graphql.GetFieldContext(ctx)
	if fc == nil || fc.Field.Field == nil {
		return false
	}
	return (fc.Args == nil && len(fc.Field.Arguments) > 0) || fc.Field.Name == "_entities"
}

func setCode(e *gqlerror.Error, code string) {
	if e.Extensions == nil {
		e.Extensions = make(map[string]any)
	}
	e.Extensions["code"] = code
}

// reason says why a source could not be read, in our words.
func reason(e *connectors.Error) string {
	if e.Detail != "" {
		return e.Kind.String() + ": " + e.Detail
	}
	return e.Kind.String()
}

func collectionName(c connectors.Collection) string {
	return strings.ReplaceAll(c.String(), "_", " ")
}
