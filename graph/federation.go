package graph

import (
	"slices"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"
)

// Options say how the graph is presented to its clients and to a federation router.
type Options struct {
	// Prefix begins the names of types and, in lower case, those of root fields. Empty leaves the names as they are.
	Prefix string
	// SecurityDirectives puts @requiresScopes into the schema of the subgraph: for a router that checks scopes in the place of Roster.
	SecurityDirectives bool
}

// securityDirectives are those by which a router decides who may see what.
var securityDirectives = []string{"requiresScopes", "authenticated", "policy"}

// Federation gives the schema of the subgraph, as _service states it: one block for each type, and null in the place of an entity's field where
// Roster cannot be reached or does not know the entity, so that a router need not drop what other subgraphs have given.
func Federation(o Options) string {
	doc := document()
	leaveInputsOut(doc, o.SecurityDirectives)
	if !o.SecurityDirectives {
		strip(doc, func(name string) bool { return slices.Contains(securityDirectives, name) })
		for _, extension := range doc.SchemaExtension {
			for _, link := range extension.Directives {
				removeImports(link)
			}
		}
	}
	leaveToObjects(doc.Definitions)
	loosen(doc.Definitions)
	newNames(o.Prefix).document(doc)
	return text(doc)
}

// inputScopes is the directive of fields of inputs that need scopes. It is Roster's own, and no router knows it.
const inputScopes = "inputScopes"

// leaveInputsOut removes the directive, and, for a router that checks scopes in the place of Roster, the fields that have it: the router could not check them.
func leaveInputsOut(doc *ast.SchemaDocument, routerChecks bool) {
	if routerChecks {
		for _, def := range doc.Definitions {
			def.Fields = slices.DeleteFunc(def.Fields, func(f *ast.FieldDefinition) bool { return f.Directives.ForName(inputScopes) != nil })
		}
	}
	strip(doc, func(name string) bool { return name == inputScopes })
	doc.Directives = slices.DeleteFunc(doc.Directives, func(d *ast.DirectiveDefinition) bool { return d.Name == inputScopes })
}

// leaveToObjects removes from the fields of interfaces the directives that federation allows on those of objects only. A router derives the cost and the
// scopes of an interface's field from the objects that implement the interface.
func leaveToObjects(defs ast.DefinitionList) {
	for _, def := range defs {
		if def.Kind != ast.Interface {
			continue
		}
		for _, f := range def.Fields {
			f.Directives = without(f.Directives, func(name string) bool { return name == "cost" || slices.Contains(securityDirectives, name) })
		}
	}
}

// removeImports takes the security directives out of the imports of a @link.
func removeImports(link *ast.Directive) {
	imports := link.Arguments.ForName("import")
	if imports == nil {
		return
	}
	imports.Value.Children = slices.DeleteFunc(imports.Value.Children, func(c *ast.ChildValue) bool {
		return slices.Contains(securityDirectives, strings.TrimPrefix(c.Value.Raw, "@"))
	})
}

// loosen makes nullable what a router has to fill with null when Roster gives no answer: root fields, and the fields of entities apart from their keys.
// The interfaces that entities implement follow, and so do the other types that implement them: else one document could not ask a field of both.
func loosen(defs ast.DefinitionList) {
	keys := make(map[string][]string)   // by entity
	common := make(map[string][]string) // by interface: the keys that all of its entities have
	for _, def := range defs {
		for _, d := range def.Directives.ForNames("key") {
			keys[def.Name] = append(keys[def.Name], strings.Fields(d.Arguments.ForName("fields").Value.Raw)...)
		}
	}
	for _, def := range defs {
		if keys[def.Name] == nil {
			continue
		}
		for _, name := range def.Interfaces {
			if _, known := common[name]; !known {
				common[name] = slices.Clone(keys[def.Name])
			}
			common[name] = slices.DeleteFunc(common[name], func(key string) bool { return !slices.Contains(keys[def.Name], key) })
		}
	}
	for _, def := range defs {
		kept, concerned := keys[def.Name]
		if of, is := common[def.Name]; is {
			kept, concerned = of, true
		}
		for _, name := range def.Interfaces {
			if of, is := common[name]; is {
				kept, concerned = append(kept[:len(kept):len(kept)], of...), true
			}
		}
		if concerned || def.Name == "Query" {
			loosenFields(def, kept)
		}
	}
}

// loosenFields makes the fields of a type nullable, but those that are kept as they are. Definitions may share their fields' types with a schema that
// stays as it is.
func loosenFields(def *ast.Definition, kept []string) {
	for i, f := range def.Fields {
		if !f.Type.NonNull || slices.Contains(kept, f.Name) || strings.HasPrefix(f.Name, "_") {
			continue
		}
		field, nullable := *f, *f.Type
		nullable.NonNull = false
		field.Type = &nullable
		def.Fields[i] = &field
	}
}
