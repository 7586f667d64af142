package httpapi

import (
	"context"

	"github.com/vektah/gqlparser/v2/ast"

	"roster/internal/access"
)

// schemaFields are the fields of a query that tell the schema. Which type a value has, __typename, anybody may know. serviceField tells it to a
// federation router, and has a scope of its own.
var (
	schemaFields = map[string]bool{"__schema": true, "__type": true}
	serviceField = map[string]bool{"_service": true}
)

// asksFor says whether the document has one of these fields at a root. Fragments may hold them, and each is looked at by itself.
func asksFor(doc *ast.QueryDocument, fields map[string]bool) bool {
	for _, op := range doc.Operations {
		if selects(op.SelectionSet, fields) {
			return true
		}
	}
	for _, f := range doc.Fragments {
		if selects(f.SelectionSet, fields) {
			return true
		}
	}
	return false
}

func selects(set ast.SelectionSet, fields map[string]bool) bool {
	for _, s := range set {
		switch s := s.(type) {
		case *ast.Field:
			if fields[s.Name] || selects(s.SelectionSet, fields) {
				return true
			}
		case *ast.InlineFragment:
			if selects(s.SelectionSet, fields) {
				return true
			}
		}
	}
	return false
}

var introspectionOff = &refusal{code: codeIntrospection, message: "introspection is off: roster schema prints the schema, and introspection: true in " +
	"the configuration lets clients ask for it"}

var schemaForbidden = &refusal{code: codeForbidden, message: "the schema needs the scope " + access.ScopeSchema + ", or introspection: true in the " +
	"configuration; roster schema prints it"}

// mayReadSchema says whether the caller may have the schema as a text: that of the subgraph, and the one for clients.
func (d *door) mayReadSchema(ctx context.Context) bool {
	return d.documents.introspection || access.FromContext(ctx).May(access.ScopeSchema)
}
