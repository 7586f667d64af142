package resolvers

import (
	"fmt"
	"slices"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"

	"roster/internal/access"
)

// coordinate is a field of an object type, as User.phones.
type coordinate struct{ object, field string }

// requirement is what a field needs: of each directive that concerns it, one of its alternatives, and of that all scopes.
type requirement [][][]string

func (r requirement) metBy(p *access.Principal) bool {
	for _, alternatives := range r {
		if !slices.ContainsFunc(alternatives, func(all []string) bool {
			return !slices.ContainsFunc(all, func(scope string) bool { return !p.May(scope) })
		}) {
			return false
		}
	}
	return true
}

// String gives the scopes in words.
func (r requirement) String() string {
	var each []string
	for _, alternatives := range r {
		var either []string
		for _, all := range alternatives {
			either = append(either, strings.Join(all, " and "))
		}
		each = append(each, strings.Join(either, " or "))
	}
	return strings.Join(each, ", and ")
}

// policy is which field needs which scopes beyond the one for the graph, as the schema's own directives say.
type policy struct {
	needs map[coordinate]requirement
	// declared are the fields of interfaces that say so themselves: they are reported under the interface's name.
	declared map[coordinate]requirement
	objects  map[string][]string // the object types behind each composite type
	scopes   []string            // all that any field needs: who has them is not held up
	// coordinate gives a field's name as clients know it.
	coordinate func(object, field string) string
}

// newPolicy reads the schema. A field of an object needs what it says itself, what its type says, what the interfaces say that have it too, and
// what the type that it gives says. Mutations need the scope for writing unless they say otherwise. It refuses a schema that it could not enforce.
func newPolicy(schema *ast.Schema) (*policy, error) {
	p := &policy{needs: make(map[coordinate]requirement), declared: make(map[coordinate]requirement), objects: make(map[string][]string),
		coordinate: func(object, field string) string { return object + "." + field }}
	for _, def := range schema.Types {
		for _, unknown := range []string{"authenticated", "policy"} {
			if says(def, unknown) {
				return nil, fmt.Errorf("type %s: @%s is not enforced here", def.Name, unknown)
			}
		}
		if !def.IsCompositeType() {
			continue
		}
		for _, object := range schema.GetPossibleTypes(def) {
			p.objects[def.Name] = append(p.objects[def.Name], object.Name)
		}
		slices.Sort(p.objects[def.Name])
		if err := p.read(schema, def); err != nil {
			return nil, err
		}
	}
	slices.Sort(p.scopes)
	p.scopes = slices.Compact(p.scopes)
	return p, nil
}

// says whether a type or one of its fields has a directive.
func says(def *ast.Definition, directive string) bool {
	return def.Directives.ForName(directive) != nil ||
		slices.ContainsFunc(def.Fields, func(f *ast.FieldDefinition) bool { return f.Directives.ForName(directive) != nil })
}

func (p *policy) read(schema *ast.Schema, def *ast.Definition) error {
	for _, f := range def.Fields {
		var need requirement
		need.add(f.Directives)
		need.add(def.Directives)
		if given := schema.Types[f.Type.Name()]; given != nil {
			need.add(given.Directives)
		}
		at := coordinate{def.Name, f.Name}
		if def.IsAbstractType() {
			if len(need) > 0 {
				p.declared[at] = need
			}
			continue
		}
		for _, name := range def.Interfaces {
			if i := schema.Types[name]; i != nil && i.Fields.ForName(f.Name) != nil {
				need.add(i.Fields.ForName(f.Name).Directives)
				need.add(i.Directives)
			}
		}
		if def == schema.Mutation && len(need) == 0 {
			need = requirement{{{access.ScopeWrite}}}
		}
		if len(need) == 0 {
			continue
		}
		if f.Type.NonNull {
			return fmt.Errorf("field %s.%s needs scopes and can be no null: it would take its neighbours with it", at.object, at.field)
		}
		p.needs[at] = need
		for _, alternatives := range need {
			p.scopes = append(p.scopes, slices.Concat(alternatives...)...)
		}
	}
	return nil
}

// add adds what a @requiresScopes among the directives asks for.
func (r *requirement) add(directives ast.DirectiveList) {
	d := directives.ForName("requiresScopes")
	if d == nil {
		return
	}
	var alternatives [][]string
	for _, all := range d.Arguments.ForName("scopes").Value.Children {
		var scopes []string
		for _, scope := range all.Value.Children {
			scopes = append(scopes, scope.Value.Raw)
		}
		alternatives = append(alternatives, scopes)
	}
	*r = append(*r, alternatives)
}
