package httpapi

import (
	"context"

	"github.com/vektah/gqlparser/v2/ast"

	"roster/internal/access"
)

// schemaFields are the root fields that show the schema. __typename is always allowed. The field in serviceField shows the schema to federation routers, and
// has its own scope.
var (
	schemaFields = map[string]bool{"__schema": true, "__type": true}
	serviceField = map[string]bool{"_service": true}
)

// asksFor reports whether a document selects one of these fields anywhere. It visits each fragment once.
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

// mayReadSchema reports whether the caller may read the schema as text: that of the subgraph, and the one for clients.
func (h *handler) mayReadSchema(ctx context.Context) bool {
	return h.documents.introspection || access.FromContext(ctx).May(access.ScopeSchema)
}
