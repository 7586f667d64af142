package httpapi

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
)

// Observer observes operations, for metrics and traces. It is safe for concurrent use.
type Observer interface {
	// Begin is called for each valid operation before its data is loaded. It returns the context for the operation, and a function that must be called
	// once with its outcome.
	Begin(ctx context.Context, op Operation) (context.Context, func(Outcome))
}

// Operation is an operation that begins.
type Operation struct {
	Type string // query, mutation or subscription
	Name string // the name in the document, which clients choose
}

// Outcome is the outcome of an operation.
type Outcome uint8

// The outcomes.
const (
	OutcomeOK       Outcome = iota // complete
	OutcomePartial                 // a source's data is missing, or older than required
	OutcomeRefused                 // because of the request
	OutcomeTimedOut                // its time was over
	OutcomeCanceled                // the client disconnected
	OutcomeFailed                  // an internal error
)

// Outcomes are all outcomes.
var Outcomes = [...]Outcome{OutcomeOK, OutcomePartial, OutcomeRefused, OutcomeTimedOut, OutcomeCanceled, OutcomeFailed}

// String returns the name of the outcome.
func (o Outcome) String() string {
	return [...]string{"ok", "partial", "refused", "timed_out", "canceled", "failed"}[o]
}

// observed reports each operation, over any transport, to an observer.
type observed struct{ observer Observer }

var _ interface {
	graphql.HandlerExtension
	graphql.OperationInterceptor
} = observed{}

// ExtensionName implements graphql.HandlerExtension.
func (observed) ExtensionName() string { return "Observed" }

// Validate implements graphql.HandlerExtension.
func (observed) Validate(graphql.ExecutableSchema) error { return nil }

// InterceptOperation reports the operation's begin and end.
func (o observed) InterceptOperation(ctx context.Context, next graphql.OperationHandler) graphql.ResponseHandler {
	op := graphql.GetOperationContext(ctx).Operation
	ctx, ended := o.observer.Begin(ctx, Operation{Type: string(op.Operation), Name: op.Name})
	answers := next(ctx)
	if op.Operation != ast.Subscription {
		return func(ctx context.Context) *graphql.Response {
			resp := answers(ctx)
			ended(outcomeOf(ctx, resp))
			return resp
		}
	}
	worst := OutcomeOK
	end := sync.OnceFunc(func() { ended(worst) })
	context.AfterFunc(ctx, end) // the last answer of a cancelled subscription is never requested
	return func(ctx context.Context) *graphql.Response {
		resp := answers(ctx)
		if resp == nil {
			end()
		} else {
			worst = max(worst, outcomeOf(ctx, resp))
		}
		return resp
	}
}

// outcomeOf returns the outcome of an answer, from the codes of its errors.
func outcomeOf(ctx context.Context, resp *graphql.Response) Outcome {
	switch {
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		return OutcomeTimedOut
	case ctx.Err() != nil:
		return OutcomeCanceled
	case resp == nil:
		return OutcomeFailed
	}
	outcome := OutcomeOK
	inExtensions, _ := resp.Extensions["sources"].(gqlerror.List) // the errors of sources, if they are reported there
	for _, e := range slices.Concat(resp.Errors, inExtensions) {
		outcome = max(outcome, outcomeOfCode(e.Extensions["code"]))
	}
	return outcome
}

func outcomeOfCode(code any) Outcome {
	switch s, _ := code.(string); {
	case strings.HasPrefix(s, "SOURCE_"), s == "ONLY_IF_CACHED":
		return OutcomePartial
	case s == codeTimeout:
		return OutcomeTimedOut
	case s == "INTERNAL_SERVER_ERROR", s == codeLogUnavailable:
		return OutcomeFailed
	}
	return OutcomeRefused
}
