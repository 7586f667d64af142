package resolvers

import (
	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
)

// walker visits the fields of a document that will be resolved, each fragment once. That is enough, because what a field needs does not depend on its place,
// and it keeps the walk short for a document whose fragments use each other many times.
type walker struct {
	vars map[string]any
	seen map[*ast.FragmentDefinition]bool
	all  bool // also what @skip and @include leave out
	// field is called for each field. It reports whether to visit the fields below.
	field func(*ast.Field) bool
	// on is called for the type condition of each fragment; may be nil.
	on func(typeName string)
}

func walk(op *graphql.OperationContext, selections ast.SelectionSet, field func(*ast.Field) bool, on func(string)) {
	w := walker{vars: op.Variables, seen: make(map[*ast.FragmentDefinition]bool), field: field, on: on}
	w.walk(selections)
}

func (w *walker) walk(selections ast.SelectionSet) {
	for _, s := range selections {
		switch s := s.(type) {
		case *ast.Field:
			if w.includes(s.Directives) && s.Definition != nil && w.field(s) {
				w.walk(s.SelectionSet)
			}
		case *ast.InlineFragment:
			if w.includes(s.Directives) {
				w.fragment(s.TypeCondition, s.SelectionSet)
			}
		case *ast.FragmentSpread:
			if s.Definition != nil && !w.seen[s.Definition] && w.includes(s.Directives) {
				w.seen[s.Definition] = true
				w.fragment(s.Definition.TypeCondition, s.Definition.SelectionSet)
			}
		}
	}
}

func (w *walker) includes(directives ast.DirectiveList) bool {
	return w.all || included(directives, w.vars)
}

func (w *walker) fragment(typeName string, selections ast.SelectionSet) {
	if w.on != nil && typeName != "" {
		w.on(typeName)
	}
	w.walk(selections)
}

// included evaluates @skip and @include.
func included(directives ast.DirectiveList, vars map[string]any) bool {
	given := func(name string, otherwise bool) bool {
		d := directives.ForName(name)
		if d == nil {
			return otherwise
		}
		yes, _ := d.ArgumentMap(vars)["if"].(bool)
		return yes
	}
	return len(directives) == 0 || (!given("skip", false) && given("include", true))
}
