package resolvers

import (
	"context"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/plugin/federation/fedruntime"
)

// answerService makes _service return the subgraph's schema. gqlgen would return the schema files unchanged. Whether the caller may see the schema has
// already been checked.
func (r *Resolver) answerService(op *graphql.OperationContext) {
	next := op.ResolverMiddleware
	op.ResolverMiddleware = func(ctx context.Context, resolve graphql.Resolver) (any, error) {
		if fc := graphql.GetFieldContext(ctx); fc.Object == "Query" && fc.Field.Name == "_service" {
			return fedruntime.Service{SDL: r.servedGraph().Federation()}, nil
		}
		return next(ctx, resolve)
	}
}
