package resolvers

import (
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"roster/internal/generation"
)

// maxFieldsTold is for how many of an operation's own fields a source that lacks something is reported.
const maxFieldsTold = 10

// lacking gives an error for each source that lacks data in these collections, and one for each that has it older than the caller wishes.
func (op *operation) lacking(n generation.Required) gqlerror.List {
	var errs gqlerror.List
	for _, st := range op.view.Missing(n) {
		errs = append(errs, missing(st, op.onlyKept, time.Now()))
	}
	for _, o := range op.view.Older(n) {
		errs = append(errs, older(o, time.Now()))
	}
	return errs
}

// lackingByField gives the same errors for each of the operation's own fields that lacks something, with its path. A gateway passes an error on to
// those who ask for the field at its path, and may drop one without a path.
func (op *operation) lackingByField(document *graphql.OperationContext) gqlerror.List {
	var errs gqlerror.List
	told := make(map[any]int)
	names, byField := requiredByRootFields(document)
	for _, name := range names {
		for _, e := range op.lacking(byField[name]) {
			if source := e.Extensions["source"]; told[source] < maxFieldsTold {
				told[source]++
				e.Path = ast.Path{ast.PathName(name)}
				errs = append(errs, e)
			}
		}
	}
	return errs
}

// requiredByRootFields returns the names of the root fields in the response, in their order, and by name the collections that each needs, including the
// fields below it.
func requiredByRootFields(document *graphql.OperationContext) (names []string, byField map[string]generation.Required) {
	byField = make(map[string]generation.Required)
	walk(document, document.Operation.SelectionSet, func(root *ast.Field) bool {
		if _, known := byField[root.Alias]; !known {
			names = append(names, root.Alias)
		}
		n := requiredByField(root, document.Variables)
		walk(document, root.SelectionSet, func(f *ast.Field) bool {
			n |= requiredByField(f, document.Variables)
			return true
		}, func(typeName string) { n |= requiredByType[typeName] })
		byField[root.Alias] |= n
		return false
	}, nil)
	return names, byField
}
