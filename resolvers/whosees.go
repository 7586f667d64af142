package resolvers

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"

	"roster/graph"
	"roster/internal/access"
)

// WhoSees returns a line for each field of the schema, with the scopes that a caller needs for it. It comes from the policy that denies fields. The fields are
// those of objects and interfaces, and those of inputs that need more than the scope for reading, in the order of the names of their types and in the
// schema's order within a type.
func WhoSees(o graph.Options) (string, error) {
	r := &Resolver{Graph: o}
	_, schema := r.config()
	p, err := newPolicy(schema)
	if err != nil {
		return "", err
	}
	served := r.servedGraph()
	var b strings.Builder
	for _, def := range fieldsOf(schema, ast.Object, ast.Interface, ast.InputObject) {
		for _, f := range def.Fields {
			if !strings.HasPrefix(f.Name, "__") && (def.Kind != ast.InputObject || p.inputs.needs[coordinate{def.Name, f.Name}] != nil) {
				fmt.Fprintf(&b, "%-46s %s\n", served.Coordinate(def.Name, f.Name), p.scopesOf(def.Name, f.Name))
			}
		}
	}
	return b.String(), nil
}

// fieldsOf returns the types of these kinds that have fields. Entity is no such type: gqlgen uses it to make the resolvers of entities.
func fieldsOf(schema *ast.Schema, kinds ...ast.DefinitionKind) []*ast.Definition {
	var defs []*ast.Definition
	for _, def := range schema.Types {
		if slices.Contains(kinds, def.Kind) && !strings.HasPrefix(def.Name, "__") && def.Name != "Entity" {
			defs = append(defs, def)
		}
	}
	slices.SortFunc(defs, func(a, b *ast.Definition) int { return cmp.Compare(a.Name, b.Name) })
	return defs
}

// scopesOf returns the scopes that open a field, in words.
func (p *policy) scopesOf(object, field string) string {
	at := coordinate{object, field}
	all := []string{access.ScopeRead}
	for _, alternatives := range slices.Concat(p.declared[at], p.needs[at], p.inputs.needs[at]) {
		scopes := requirement{alternatives}.String()
		if len(alternatives) > 1 {
			scopes = "(" + scopes + ")"
		}
		all = append(all, scopes)
	}
	if object == "Query" && field == "_service" { // httpapi refuses the whole document
		all = append(all, access.ScopeSchema)
	}
	return strings.Join(slices.Compact(all), " and ")
}
