package graph

import (
	"strings"

	"github.com/vektah/gqlparser/v2/ast"
)

// names knows each type and root field by the name that is served and by the one of the schema's files, which the executor goes by. Without a prefix
// they are the same. Scalars keep their names, since subgraphs share them, and so do the types of the operations.
type names struct {
	prefix string
	served map[string]string // by the schema's own name
	own    map[string]string // by the name that is served
}

func newNames(prefix string) *names {
	n := &names{prefix: prefix, served: make(map[string]string), own: make(map[string]string)}
	for _, def := range document().Definitions {
		name := def.Name
		if def.Kind != ast.Scalar && !isRoot(name) {
			name = prefix + name
		}
		n.served[def.Name], n.own[name] = name, def.Name
	}
	return n
}

func isRoot(typeName string) bool {
	return typeName == "Query" || typeName == "Mutation" || typeName == "Subscription"
}

// typeName gives the name under which a type is served. Types that are not Roster's, such as GraphQL's own, keep theirs.
func (n *names) typeName(own string) string {
	if name, ok := n.served[own]; ok {
		return name
	}
	return own
}

// fieldName gives the name under which a field of an object is served.
func (n *names) fieldName(object, field string) string {
	if n.prefix == "" || !isRoot(object) || strings.HasPrefix(field, "_") {
		return field
	}
	if !strings.HasSuffix(n.prefix, "_") {
		field = strings.ToUpper(field[:1]) + field[1:]
	}
	return strings.ToLower(n.prefix[:1]) + n.prefix[1:] + field
}

// document renames what a schema document defines.
func (n *names) document(doc *ast.SchemaDocument) {
	if n.prefix == "" {
		return
	}
	for i, def := range doc.Definitions {
		doc.Definitions[i] = n.definition(def)
	}
}

// definition gives a type with the names that are served. What it is made of stays as it is.
func (n *names) definition(def *ast.Definition) *ast.Definition {
	out := *def
	out.Name = n.typeName(def.Name)
	out.Interfaces, out.Types = n.typeNames(def.Interfaces), n.typeNames(def.Types)
	out.Fields = make(ast.FieldList, len(def.Fields))
	for i, f := range def.Fields {
		field := *f
		field.Name, field.Type = n.fieldName(def.Name, f.Name), n.typed(f.Type)
		field.Arguments = make(ast.ArgumentDefinitionList, len(f.Arguments))
		for j, a := range f.Arguments {
			arg := *a
			arg.Type = n.typed(a.Type)
			field.Arguments[j] = &arg
		}
		out.Fields[i] = &field
	}
	return &out
}

func (n *names) typeNames(own []string) []string {
	var out []string
	for _, name := range own {
		out = append(out, n.typeName(name))
	}
	return out
}

func (n *names) typed(t *ast.Type) *ast.Type {
	if t == nil {
		return nil
	}
	out := *t
	out.NamedType, out.Elem = n.typeName(t.NamedType), n.typed(t.Elem)
	return &out
}

// untyped gives the type that the executor knows under the name that is served.
func (n *names) untyped(t *ast.Type) *ast.Type {
	if t == nil {
		return nil
	}
	out := *t
	out.NamedType, out.Elem = n.ownName(t.NamedType), n.untyped(t.Elem)
	return &out
}

func (n *names) ownName(served string) string {
	if name, ok := n.own[served]; ok {
		return name
	}
	return served
}

// schema gives a schema with the names that are served.
func (n *names) schema(s *ast.Schema) *ast.Schema {
	if n.prefix == "" {
		return s
	}
	out := *s
	out.Types = make(map[string]*ast.Definition, len(s.Types))
	for _, def := range s.Types {
		renamed := n.definition(def)
		out.Types[renamed.Name] = renamed
	}
	list := func(of map[string][]*ast.Definition) map[string][]*ast.Definition {
		lists := make(map[string][]*ast.Definition, len(of))
		for name, defs := range of {
			var renamed []*ast.Definition
			for _, def := range defs {
				renamed = append(renamed, out.Types[n.typeName(def.Name)])
			}
			lists[n.typeName(name)] = renamed
		}
		return lists
	}
	out.PossibleTypes, out.Implements = list(s.PossibleTypes), list(s.Implements)
	out.Query, out.Mutation, out.Subscription = out.Types["Query"], out.Types["Mutation"], out.Types["Subscription"]
	return &out
}
