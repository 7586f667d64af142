package resolvers_test

import (
	"context"
	"runtime"
	"sync/atomic"
	"testing"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/executor"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"roster/internal/access"
	"roster/internal/cost"
)

// gqlgen resolves the root fields of an operation one after another, so that the lists of many fields do not have all their goroutines at once.
func TestRootFieldsTakeTurns(t *testing.T) {
	bubble(t, func(t *testing.T) {
		w := newTestServer(t, ws(), chat()).read()
		w.api.WithoutPlans = true
		exec := executor.New(w.api.Schema())
		exec.Use(w.api.Extension(func(context.Context, cost.Lists) gqlerror.List { return nil }))
		var running, most atomic.Int32
		exec.AroundRootFields(func(ctx context.Context, next graphql.RootResolver) graphql.Marshaler {
			most.Store(max(most.Load(), running.Add(1)))
			defer running.Add(-1)
			for range 100 { // any other field can begin
				runtime.Gosched()
			}
			return next(ctx)
		})
		const document = `{ a: users(first: 1) { nodes { name } } b: teams { totalCount }
			c: node(id: "x") { id } d: _entities(representations: [{ __typename: "User", email: "ben@example.com" }]) { __typename } }`
		ctx := access.NewContext(graphql.StartOperationTrace(t.Context()), access.Everyone())
		op, errs := exec.CreateOperationContext(ctx, &graphql.RawParams{Query: document})
		if len(errs) > 0 {
			t.Fatal(errs)
		}
		next, ctx := exec.DispatchOperation(ctx, op)
		if resp := next(ctx); len(resp.Errors) > 0 || most.Load() != 1 {
			t.Errorf("%d root fields are resolved at once; the answer: %s %v", most.Load(), resp.Data, resp.Errors)
		}
	})
}
