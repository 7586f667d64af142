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

// Observer follows operations, for metrics and traces. Safe for concurrent use.
type Observer interface {
	// Begin is told of an operation that has been understood, before anything is loaded for it. It gives the context to run it under, and
	// what has to be told how it ended, once.
	Begin(ctx context.Context, op Operation) (context.Context, func(Outcome))
}

// Operation is an operation that begins.
type Operation struct {
	Type string // query, mutation or subscription
	Name string // as its document has it: the client's own word
}

// Outcome is how an operation ended: one of a closed set.
type Outcome uint8

// The outcomes.
const (
	OutcomeOK       Outcome = iota // all that was asked for
	OutcomePartial                 // what a source lacks is missing, or is older than asked
	OutcomeRefused                 // the fault is the caller's
	OutcomeTimedOut                // it was given up
	OutcomeCanceled                // the caller has gone
	OutcomeFailed                  // the fault is ours
)

// Outcomes are all outcomes.
var Outcomes = [...]Outcome{OutcomeOK, OutcomePartial, OutcomeRefused, OutcomeTimedOut, OutcomeCanceled, OutcomeFailed}

// String gives the outcome in a word.
func (o Outcome) String() string {
	return [...]string{"ok", "partial", "refused", "timed_out", "canceled", "failed"}[o]
}

// observed tells an observer of each operation, whichever way it has come in.
type observed struct{ observer Observer }

var _ interface {
	graphql.HandlerExtension
	graphql.OperationInterceptor
} = observed{}

// ExtensionName names the extension.
func (observed) ExtensionName() string { return "Observed" }

// Validate has nothing to check.
func (observed) Validate(graphql.ExecutableSchema) error { return nil }

// InterceptOperation tells of the operation's beginning and its end.
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
	context.AfterFunc(ctx, end) // nobody asks for the last answer of one that has been left
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

// outcomeOf judges an answer by the codes of its errors.
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
	apart, _ := resp.Extensions["sources"].(gqlerror.List) // where that is how sources' faults are told
	for _, e := range slices.Concat(resp.Errors, apart) {
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
