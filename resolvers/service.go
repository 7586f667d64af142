package resolvers

import (
	"context"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/plugin/federation/fedruntime"
	"github.com/vektah/gqlparser/v2/ast"
)

// state has _service state the schema of the subgraph, in the place of gqlgen, which would give the files as they are. Whether the caller may know it
// has been decided where the document came in.
func (r *Resolver) state(op *graphql.OperationContext) {
	asked := false
	walk(op, op.Operation.SelectionSet, func(f *ast.Field) bool {
		asked = asked || f.Name == "_service"
		return false
	}, nil)
	if !asked {
		return
	}
	next := op.ResolverMiddleware
	op.ResolverMiddleware = func(ctx context.Context, resolve graphql.Resolver) (any, error) {
		if fc := graphql.GetFieldContext(ctx); fc.Object == "Query" && fc.Field.Name == "_service" {
			return fedruntime.Service{SDL: r.presented().Federation()}, nil
		}
		return next(ctx, resolve)
	}
}
