package httpapi

import (
	"context"
	"sync"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
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
	var mu sync.Mutex // for worst: the context may end while an answer is being made
	worst := OutcomeOK
	end := sync.OnceFunc(func() {
		mu.Lock()
		defer mu.Unlock()
		ended(worst)
	})
	context.AfterFunc(ctx, end) // the last answer of a cancelled subscription is never requested
	return func(ctx context.Context) *graphql.Response {
		resp := answers(ctx)
		if resp == nil {
			end()
		} else {
			mu.Lock()
			worst = max(worst, outcomeOf(ctx, resp))
			mu.Unlock()
		}
		return resp
	}
}
