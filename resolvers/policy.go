package resolvers

import (
	"fmt"
	"slices"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"

	"roster/graph/model"
	"roster/internal/access"
)

// coordinate is a field of an object type, such as User.phones.
type coordinate struct{ object, field string }

// requirement is the scopes that a field needs. It has the alternatives of each directive that concerns the field. Of each directive, the caller must have
// all scopes of one alternative.
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

// String returns the scopes for a message.
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

// policy has the scopes, beyond that for reading the graph, that each field needs by the schema's directives.
type policy struct {
	needs map[coordinate]requirement
	// declared has the fields of interfaces with directives of their own. Errors name the interface for them.
	declared map[coordinate]requirement
	objects  map[string][]string // the object types behind each composite type
	scopes   []string            // all scopes that any field needs; a caller who has all of them is not checked further
	// ofAccounts has the fields of all types of accounts, by their names in lower case. Such a field needs what it needs in any of the types.
	ofAccounts map[string]requirement
	inputs     inputs
	// coordinate returns the name of a field as clients know it.
	coordinate func(object, field string) string
}

// newPolicy reads the schema. A field needs the scopes of its own directive, of its object's type, of its interfaces and their fields, and of the type that
// it returns. A mutation needs the scope for writing unless it declares others. newPolicy returns an error if the schema could not be enforced.
func newPolicy(schema *ast.Schema) (*policy, error) {
	p := &policy{needs: make(map[coordinate]requirement), declared: make(map[coordinate]requirement), objects: make(map[string][]string),
		ofAccounts: make(map[string]requirement), coordinate: func(object, field string) string { return object + "." + field }}
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
	for _, name := range model.AccountTypes() {
		if def := schema.Types[name]; def != nil {
			for _, f := range def.Fields {
				key := strings.ToLower(f.Name)
				p.ofAccounts[key] = append(p.ofAccounts[key], p.needs[coordinate{name, f.Name}]...)
			}
		}
	}
	var scopes []string
	p.inputs, scopes = readInputs(schema)
	p.scopes = append(p.scopes, scopes...)
	slices.Sort(p.scopes)
	p.scopes = slices.Compact(p.scopes)
	return p, nil
}

// says reports whether a type or one of its fields has a directive.
func says(def *ast.Definition, directive string) bool {
	return def.Directives.ForName(directive) != nil ||
		slices.ContainsFunc(def.Fields, func(f *ast.FieldDefinition) bool { return f.Directives.ForName(directive) != nil })
}

func (p *policy) read(schema *ast.Schema, def *ast.Definition) error {
	for _, f := range def.Fields {
		var need requirement
		need.add(f.Directives, requiresScopes)
		need.add(def.Directives, requiresScopes)
		if given := schema.Types[f.Type.Name()]; given != nil {
			need.add(given.Directives, requiresScopes)
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
				need.add(i.Fields.ForName(f.Name).Directives, requiresScopes)
				need.add(i.Directives, requiresScopes)
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

// requiresScopes is the directive of fields and types that need scopes.
const requiresScopes = "requiresScopes"

// add adds the scopes of a directive, if there is one.
func (r *requirement) add(directives ast.DirectiveList, name string) {
	d := directives.ForName(name)
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
