package httpapi

import (
	"context"
	"fmt"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
)

// maxDepth is how deep an operation's fields may lie in each other. People have accounts and accounts have people: each pair of levels multiplies
// the answer.
const maxDepth = 12

// depthLimit refuses operations that go too deep. Introspection does not count: its answer is no larger for it.
type depthLimit struct{}

var _ graphql.OperationContextMutator = depthLimit{}

// ExtensionName names the extension.
func (depthLimit) ExtensionName() string { return "DepthLimit" }

// Validate has nothing to check.
func (depthLimit) Validate(graphql.ExecutableSchema) error { return nil }

// MutateOperationContext checks the operation before it runs.
func (depthLimit) MutateOperationContext(_ context.Context, op *graphql.OperationContext) *gqlerror.Error {
	d := depths{fragments: make(map[string]int)}
	if depth := d.of(op.Operation.SelectionSet); depth > maxDepth {
		return &gqlerror.Error{
			Message:    fmt.Sprintf("the operation is %d levels deep; the limit is %d", depth, maxDepth),
			Extensions: map[string]any{"code": codeBadRequest},
		}
	}
	return nil
}

// depths measures selections, each fragment once. Validation has made sure that no fragment contains itself.
type depths struct{ fragments map[string]int }

func (d depths) of(selections ast.SelectionSet) int {
	deepest := 0
	for _, s := range selections {
		depth := 0
		switch s := s.(type) {
		case *ast.Field:
			depth = 1
			if s.Name != "__schema" && s.Name != "__type" {
				depth += d.of(s.SelectionSet)
			}
		case *ast.InlineFragment:
			depth = d.of(s.SelectionSet)
		case *ast.FragmentSpread:
			depth = d.fragment(s)
		}
		deepest = max(deepest, depth)
	}
	return deepest
}

func (d depths) fragment(s *ast.FragmentSpread) int {
	depth, known := d.fragments[s.Name]
	if !known && s.Definition != nil {
		depth = d.of(s.Definition.SelectionSet)
		d.fragments[s.Name] = depth
	}
	return depth
}
