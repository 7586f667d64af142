package resolvers

import (
	"context"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
)

// MutateOperationContext turns each representation that is no object into one without a type, so that it fails by itself: gqlgen would refuse
// the whole batch for it.
func (extension) MutateOperationContext(_ context.Context, op *graphql.OperationContext) *gqlerror.Error {
	for _, s := range op.Operation.SelectionSet {
		f, ok := s.(*ast.Field)
		if !ok || f.Name != "_entities" {
			continue
		}
		arg := f.Arguments.ForName("representations")
		if arg == nil || arg.Value.Kind != ast.Variable {
			continue
		}
		list, _ := op.Variables[arg.Value.Raw].([]any)
		for i, r := range list {
			if _, ok := r.(map[string]any); !ok {
				list[i] = map[string]any{}
			}
		}
	}
	return nil
}
