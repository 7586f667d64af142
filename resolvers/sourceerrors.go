package resolvers

import (
	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"roster/internal/generation"
)

// maxFieldsPerSource is the number of root fields for which one source's error is repeated.
const maxFieldsPerSource = 10

// sourceErrors returns an error for each source that lacks data in these collections, and for each whose data is older than required.
func (op *operation) sourceErrors(n generation.Required) gqlerror.List {
	var errs gqlerror.List
	for _, st := range op.view.Missing(n) {
		errs = append(errs, missing(st, op.onlyCached, op.view.At))
	}
	for _, o := range op.view.Older(n) {
		errs = append(errs, older(o, op.view.At))
	}
	return errs
}

// sourceErrorsByField returns the same errors for each root field that they concern, with the field's path. A gateway passes an error to the clients that
// asked for the field at its path, and may drop an error without a path.
func (op *operation) sourceErrorsByField(document *graphql.OperationContext) gqlerror.List {
	var errs gqlerror.List
	reported := make(map[any]int)
	names, byField := requiredByRootFields(document)
	for _, name := range names {
		for _, e := range op.sourceErrors(byField[name]) {
			if source := e.Extensions["source"]; reported[source] < maxFieldsPerSource {
				reported[source]++
				e.Path = ast.Path{ast.PathName(name)}
				errs = append(errs, e)
			}
		}
	}
	return errs
}

// requiredByRootFields returns the response names of the root fields in their order, and for each name the collections that it needs, including the fields
// below it.
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
