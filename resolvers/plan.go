package resolvers

import (
	"context"
	"log/slog"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"

	"roster/connectors"
	"roster/graph/generated"
	"roster/internal/access"
	"roster/internal/bounds"
	"roster/internal/directory"
	"roster/internal/plan"
)

// Planned returns how many operations plans have executed, and how many were left to gqlgen.
func (r *Resolver) Planned() (planned, left int64) {
	s := r.plans().Stats()
	return s.Planned, s.Left
}

// plans returns the counts of plans.
func (r *Resolver) plans() *plan.Counts {
	if r.Plans != nil {
		return r.Plans
	}
	return &r.ownPlans
}

// Exec executes the operation of the context by its plan, or leaves it to gqlgen. A subscription has many answers, and no plan.
func (e *executable) Exec(ctx context.Context) graphql.ResponseHandler {
	if op, prepared := ctx.Value(operationKey{}).(*operation); prepared && graphql.GetOperationContext(ctx).Operation.Operation == ast.Subscription {
		return e.subscribed(ctx, op)
	}
	variant := e.planOf(ctx)
	if variant == nil {
		return e.byGqlgen(ctx)
	}
	ran := false
	return func(ctx context.Context) *graphql.Response {
		if ran {
			return nil
		}
		ran = true
		resp, _ := e.execute(ctx, operationOf(ctx), graphql.GetOperationContext(ctx), variant)
		return resp
	}
}

// execute executes an operation by its plan, or leaves it to gqlgen if there is none, or if the plan cannot run to its end. Then the plan's execution is nil.
func (e *executable) execute(ctx context.Context, op *operation, running *graphql.OperationContext, variant *plan.Variant) (*graphql.Response, *plan.Run) {
	query := variant.Plan()
	if query == nil {
		return e.byGqlgen(ctx)(ctx), nil
	}
	op.planned = true
	run := &op.execution
	*run = execution{resolver: e.resolver, denied: op.denied}
	run.Ctx, run.Caller = ctx, run
	if of := bounds.FromContext(ctx); of != nil {
		run.Room = of
	}
	if data, ok := generated.RunPlan(e.ExecutableSchema, running, &run.Run, query); ok {
		e.resolver.plans().Planned()
		op.response.Data = data
		return &op.response, &run.Run
	}
	if run.Panic != nil && variant.Fail() && e.resolver.plans().Panicked(time.Now()) {
		e.resolver.log().ErrorContext(ctx, "a plan panicked: gqlgen executes the operation, also from now on; other such panics are logged once a minute",
			slog.String("panic", panicText(run.Panic)), slog.String("stack", string(run.Stack)))
	}
	op.planned = false
	op.items.Store(0)
	op.full.Store(false)
	return e.byGqlgen(ctx)(ctx), nil
}

// PlanOf returns the plan that executes an operation; nil for none.
func (e *extension) PlanOf(ctx context.Context, running *graphql.OperationContext) *plan.Variant {
	if e.schema == nil || !e.schema.executes(ctx) {
		return nil
	}
	if v := e.variantOf(ctx, running); v.Plan() != nil {
		return v
	}
	return nil
}

// Execute does for an operation of a plan what gqlgen's executor does for others with the extension's methods, with fewer steps. Bound replaces an answer that
// is too long. Body is the whole answer if it has nothing but data. The answer is nil if the context has ended before the operation has begun.
func (e *extension) Execute(
	ctx context.Context, running *graphql.OperationContext, variant *plan.Variant,
	bound func(context.Context, *graphql.Response) *graphql.Response,
) (resp *graphql.Response, body []byte) {
	known, ok := variant.Facts.(*facts)
	if !ok {
		known = factsOf(running)
	}
	ctx, op, errs := e.prepare(ctx, running, known)
	switch {
	case errs != nil:
		return &graphql.Response{Errors: errs}, nil
	case ctx.Err() != nil:
		return nil, nil
	}
	if known.entities { // its representations can be variables now
		variant = e.variantOf(ctx, running)
	}
	resp, run := e.schema.execute(ctx, op, running, variant)
	if resp == nil {
		return nil, nil
	}
	if run != nil {
		body = run.Body
	}
	if run == nil || run.Failed() {
		resp.Errors = append(resp.Errors, graphql.GetErrors(ctx)...)
	}
	return e.complete(ctx, op, bound(ctx, resp)), body
}

// byGqlgen leaves the operation to gqlgen.
func (e *executable) byGqlgen(ctx context.Context) graphql.ResponseHandler {
	e.resolver.plans().Left()
	if op, ok := ctx.Value(operationKey{}).(*operation); ok {
		op.turn = make(chan struct{}, 1)
	}
	return e.ExecutableSchema.Exec(ctx)
}

// planOf returns the context's operation with its plan; nil if gqlgen has to execute it. Sources can be asked about tokens of the caller, which gqlgen does
// concurrently.
func (e *executable) planOf(ctx context.Context) *plan.Variant {
	if _, prepared := ctx.Value(operationKey{}).(*operation); !prepared || !e.executes(ctx) {
		return nil
	}
	return e.resolver.variantOf(ctx, graphql.GetOperationContext(ctx))
}

// executes reports whether plans may execute operations of the context.
func (e *executable) executes(ctx context.Context) bool {
	return !e.resolver.WithoutPlans && !access.SourceTokensOf(ctx).Any()
}

// execution is one execution of a plan.
type execution struct {
	plan.Run
	resolver *Resolver
	denied   *deniedFields
}

// IsDenied implements plan.Caller.
func (e *execution) IsDenied(f *plan.Field, path func() ast.Path) bool {
	if !e.denied.fields[coordinate{f.Object, f.Collected.Name}] {
		return false
	}
	e.denied.locate(f.Collected.Field, f.Object, path)
	return true
}

// Await implements plan.Caller: it loads the presence of all these people and accounts in one batch.
func (e *execution) Await(ctx context.Context, objects []any) {
	var refs []connectors.Ref
	for _, o := range objects {
		if n, ok := o.(directory.Node); ok {
			refs = append(refs, e.resolver.presenceRefs(n)...)
		}
	}
	operationOf(ctx).presence.prefetch(ctx, refs)
}
