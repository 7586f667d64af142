package resolvers

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"roster/connectors"
	"roster/internal/directory"
	"roster/internal/edits"
	"roster/internal/writes"
)

// The values of extensions.code, besides those of gqlgen for documents that cannot be parsed or validated.
const (
	codeBadInput            = "BAD_USER_INPUT"
	codeSourceUnavailable   = "SOURCE_UNAVAILABLE"
	codeSourceIncomplete    = "SOURCE_INCOMPLETE"
	codeSourceStale         = "SOURCE_STALE"
	codeOnlyIfCached        = "ONLY_IF_CACHED"
	codeWritesUnavailable   = "WRITES_UNAVAILABLE"
	codeIdentityUnavailable = "IDENTITY_UNAVAILABLE"
	codeLogUnavailable      = "ACCESS_LOG_UNAVAILABLE"
	codeInternal            = "INTERNAL_SERVER_ERROR"
)

// errInternal is the error that clients get for internal errors. The log has the details.
var errInternal = errors.New("internal error")

// ErrorPresenter converts an error to the form that clients see. Its path is always that of a field in the response.
func (r *Resolver) ErrorPresenter(ctx context.Context, err error) *gqlerror.Error {
	out := graphql.DefaultErrorPresenter(ctx, err)
	inputPath := locate(ctx, out)
	var unavailable *edits.UnavailableError
	switch input, isInput := errors.AsType[*directory.InputError](err); {
	case isInput:
		out.Message = input.Error()
		setCode(out, codeBadInput)
		out.Extensions["argument"], out.Extensions["inputPath"] = input.Argument, pathOf(input.Argument)
	case errors.Is(err, directory.ErrStopped):
		over := tookTooLong()
		out.Message, out.Extensions = over.Message, over.Extensions
	case errors.Is(err, writes.ErrUnavailable):
		r.log().ErrorContext(ctx, "a write could not begin", slog.Any("error", err))
		out.Message = writes.ErrUnavailable.Error()
		setCode(out, codeWritesUnavailable)
	case errors.As(err, &unavailable):
		r.log().ErrorContext(ctx, "an identity edit could not be made", slog.Any("error", err))
		out.Message = unavailable.Error()
		setCode(out, codeIdentityUnavailable)
	case errors.Is(err, errInternal):
		out.Message = errInternal.Error()
		setCode(out, codeInternal)
	case out.Err == nil || isAboutRequest(ctx):
		if out.Extensions["code"] == nil {
			setCode(out, codeBadInput)
		}
		if len(inputPath) > 0 {
			out.Extensions["inputPath"] = inputPath
		}
	default:
		r.log().ErrorContext(ctx, "a resolver failed", slog.Any("error", err))
		out.Message = errInternal.Error()
		setCode(out, codeInternal)
	}
	return out
}

// locate sets the path of an error to the field that is being resolved. It returns what gqlgen appends to the path for a value in the field's arguments.
func locate(ctx context.Context, e *gqlerror.Error) (inputPath ast.Path) {
	fc := graphql.GetFieldContext(ctx)
	if fc == nil || fc.Field.Field == nil {
		return nil
	}
	path := fc.Path()
	if fc.Args == nil && len(e.Path) > len(path) {
		inputPath = e.Path[len(path):]
		e.Path = nil
	}
	if e.Path == nil {
		e.Path = path
	}
	return inputPath
}

// pathOf parses the path of an argument, such as filter.accounts[0].min.
func pathOf(argument string) ast.Path {
	var path ast.Path
	for name := range strings.SplitSeq(argument, ".") {
		name, rest, inList := strings.Cut(name, "[")
		path = append(path, ast.PathName(name))
		if i, err := strconv.Atoi(strings.TrimSuffix(rest, "]")); inList && err == nil {
			path = append(path, ast.PathIndex(i))
		}
	}
	return path
}

// Recover converts a panic to an error without details.
func (r *Resolver) Recover(ctx context.Context, p any) error {
	r.log().ErrorContext(ctx, "a resolver panicked", slog.String("panic", panicText(p)), slog.String("stack", string(debug.Stack())))
	return errInternal
}

// panicText returns what the log says of a panic. Only the texts of runtime errors are known to contain no data.
func panicText(p any) string {
	if e, ok := p.(runtime.Error); ok {
		return e.Error()
	}
	return fmt.Sprintf("%T", p)
}

// isAboutRequest reports whether an error that wraps another is about the request: gqlgen could not read the field's arguments, or the representations of
// _entities.
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

// reason says why a source could not be read, without the vendor's text.
func reason(e *connectors.Error) string {
	if e.Detail != "" {
		return e.Kind.String() + ": " + e.Detail
	}
	return e.Kind.String()
}

func collectionName(c connectors.Collection) string {
	return strings.ReplaceAll(c.String(), "_", " ")
}
