package graph

import "slices"

// clientDirectives are those that clients' tools know: GraphQL's own.
var clientDirectives = []string{"deprecated", "specifiedBy", "oneOf"}

// Client gives the schema as clients see it: without what is meant for routers. Tools that know nothing but GraphQL can read it.
func Client(o Options) string {
	doc := document()
	strip(doc, func(name string) bool { return !slices.Contains(clientDirectives, name) })
	doc.SchemaExtension, doc.Directives = nil, nil
	newNames(o.Prefix).document(doc)
	return text(doc)
}
