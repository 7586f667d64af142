package resolvers

import (
	"context"
	"sync/atomic"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"

	"roster/connectors"
	"roster/graph/generated"
	"roster/internal/access"
	"roster/internal/bounds"
	"roster/internal/directory"
	"roster/internal/plan"
)

// planCounts counts the operations that plans and gqlgen have executed.
type planCounts struct{ planned, left atomic.Int64 }

// Planned returns how many operations plans have executed, and how many were left to gqlgen.
func (r *Resolver) Planned() (planned, left int64) {
	return r.plans.planned.Load(), r.plans.left.Load()
}

// Exec executes the operation of the context by its plan, or leaves it to gqlgen.
func (e *executable) Exec(ctx context.Context) graphql.ResponseHandler {
	query := e.planOf(ctx)
	if query == nil {
		return e.byGqlgen(ctx)
	}
	ran := false
	return func(ctx context.Context) *graphql.Response {
		if ran {
			return nil
		}
		ran = true
		if data, ok := e.runPlan(ctx, query); ok {
			e.resolver.plans.planned.Add(1)
			return &graphql.Response{Data: data}
		}
		op := operationOf(ctx)
		op.planned = false
		op.items.Store(0)
		op.full.Store(false)
		return e.byGqlgen(ctx)(ctx)
	}
}

// byGqlgen leaves the operation to gqlgen.
func (e *executable) byGqlgen(ctx context.Context) graphql.ResponseHandler {
	e.resolver.plans.left.Add(1)
	if op, ok := ctx.Value(operationKey{}).(*operation); ok {
		op.turn = make(chan struct{}, 1)
	}
	return e.ExecutableSchema.Exec(ctx)
}

// planOf returns the plan of the context's operation; nil if gqlgen has to execute it. Sources can be asked about tokens of the caller, which gqlgen does
// concurrently.
func (e *executable) planOf(ctx context.Context) *plan.Selection {
	if _, prepared := ctx.Value(operationKey{}).(*operation); !prepared || e.resolver.WithoutPlans || access.SourceTokensOf(ctx).Any() {
		return nil
	}
	running := graphql.GetOperationContext(ctx)
	return e.resolver.variantOf(ctx, running).Selection
}

func (e *executable) runPlan(ctx context.Context, query *plan.Selection) ([]byte, bool) {
	op := operationOf(ctx)
	op.planned = true
	run := &plan.Run{Ctx: ctx, Denied: op.denied.isDenied, Await: func(objects []any) { e.resolver.awaitPresence(ctx, objects) }}
	if of := bounds.FromContext(ctx); of != nil {
		run.Room = of
	}
	return generated.RunPlan(e.ExecutableSchema, graphql.GetOperationContext(ctx), run, query)
}

// isDenied reports whether the caller may not see a field of a plan.
func (d *deniedFields) isDenied(f *plan.Field, path func() ast.Path) bool {
	if !d.fields[coordinate{f.Object, f.Collected.Name}] {
		return false
	}
	d.locate(f.Collected.Field, f.Object, path)
	return true
}

// awaitPresence loads the presence of all these people and accounts in one batch.
func (r *Resolver) awaitPresence(ctx context.Context, objects []any) {
	var refs []connectors.Ref
	for _, o := range objects {
		if n, ok := o.(directory.Node); ok {
			refs = append(refs, r.presenceRefs(n)...)
		}
	}
	operationOf(ctx).presence.prefetch(ctx, refs)
}
