package resolvers

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"strings"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"roster/connectors"
	"roster/internal/directory"
)

// The codes that errors carry in extensions.code, beside gqlgen's own for documents that cannot be parsed or validated.
const (
	codeBadInput          = "BAD_USER_INPUT"
	codeSourceUnavailable = "SOURCE_UNAVAILABLE"
	codeSourceIncomplete  = "SOURCE_INCOMPLETE"
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
	case errors.Is(err, errInternal):
		out.Message = errInternal.Error()
		setCode(out, codeInternal)
	case isAboutInput(err) || isAboutEntities(out):
		if out.Extensions["code"] == nil {
			setCode(out, codeBadInput)
		}
	default:
		if r.Logger != nil {
			r.Logger.ErrorContext(ctx, "a resolver failed", slog.Any("error", err))
		}
		out.Message = errInternal.Error()
		setCode(out, codeInternal)
	}
	return out
}

// Recover turns a panic into an error that tells the client nothing.
func (r *Resolver) Recover(ctx context.Context, p any) error {
	if r.Logger != nil {
		r.Logger.ErrorContext(ctx, "a resolver panicked", slog.String("panic", fmt.Sprint(p)), slog.String("stack", string(debug.Stack())))
	}
	return errInternal
}

// isAboutInput says whether the error is about the document, its variables or arguments, and so made to be shown: gqlgen gives such errors
// their place itself, while a resolver's come bare.
func isAboutInput(err error) bool {
	_, ok := errors.AsType[*gqlerror.Error](err)
	return ok
}

// isAboutEntities says whether the error lies with _entities itself, which reports the representations that it cannot use.
func isAboutEntities(e *gqlerror.Error) bool { return e.Path.String() == "_entities" }

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
