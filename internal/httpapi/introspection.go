package httpapi

import (
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
)

// schemaFields are the fields of a query that tell the schema. Which type a value has, __typename, anybody may know.
var schemaFields = map[string]bool{"__schema": true, "__type": true, "_service": true}

// introspects gives a field by which the document asks for the schema; empty where it does not. Such fields stand at the root only, but fragments
// may hold them, and each is looked at by itself.
func introspects(doc *ast.QueryDocument) string {
	for _, op := range doc.Operations {
		if name := introspecting(op.SelectionSet); name != "" {
			return name
		}
	}
	for _, f := range doc.Fragments {
		if name := introspecting(f.SelectionSet); name != "" {
			return name
		}
	}
	return ""
}

func introspecting(set ast.SelectionSet) string {
	for _, s := range set {
		var name string
		switch s := s.(type) {
		case *ast.Field:
			if schemaFields[s.Name] {
				return s.Name
			}
			name = introspecting(s.SelectionSet)
		case *ast.InlineFragment:
			name = introspecting(s.SelectionSet)
		}
		if name != "" {
			return name
		}
	}
	return ""
}

func introspectionOff(field string) gqlerror.List {
	e := &refusal{code: codeIntrospection,
		message: field + " is not answered here: roster schema prints the schema, and introspection: true in the configuration lets clients ask for it"}
	return e.list()
}
