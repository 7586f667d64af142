package plan_test

import (
	"context"
	"runtime"
	"testing"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"

	"roster/internal/plan"
)

// What there is no room to keep is compiled once for all operations that use it at the same time.
func TestPlansThatAreNotKept(t *testing.T) {
	t.Parallel()
	schema := gqlparser.MustLoadSchema(&ast.Source{Input: "type Query { id: ID }"})
	doc := gqlparser.MustLoadQuery(schema, "query($a: Boolean!) { __typename @skip(if: $a) }") //nolint:staticcheck // its rules do not matter here
	compiled, bytes := 0, 0
	c := &plan.Compiler{
		Schema: schema, Types: plan.Types{{Name: "Query"}}, Typename: func(alias, object string) (key, name string) { return alias, object },
		Facts: func(*graphql.OperationContext) (any, int) { compiled++; return nil, bytes },
	}
	for _, tc := range []struct {
		facts      int
		wantBytes  bool
		afterwards int // compiled when nobody uses what was compiled before
	}{{0, true, 2}, {2 << 20, false, 4}} {
		compiled, bytes = 0, tc.facts
		plans, grown := plan.NewDocument(doc), 0
		plans.Grown = func() { grown++ }
		ctx := context.WithValue(t.Context(), plan.ContextKey, plans)
		variant := func(skip bool) *plan.Variant {
			return plan.OperationOf(ctx, doc, doc.Operations[0]).Variant(c, &graphql.OperationContext{Doc: doc, Operation: doc.Operations[0], Variables: map[string]any{"a": skip}})
		}
		func() {
			first := variant(true)
			if again := variant(true); again != first || compiled != 1 {
				t.Errorf("with facts of %d bytes, the operation was compiled %d times", tc.facts, compiled)
			}
			runtime.KeepAlive(first)
		}()
		if other := variant(false); len(other.Plan().Fields) != 1 {
			t.Error("the plan is that of another variable")
		}
		runtime.GC()
		variant(true)
		variant(false)
		if kept := plans.Bytes() > 0; kept != tc.wantBytes || kept != (grown > 0) || compiled != tc.afterwards {
			t.Errorf("with facts of %d bytes, plans take %d bytes, and were compiled %d times", tc.facts, plans.Bytes(), compiled)
		}
	}
}
