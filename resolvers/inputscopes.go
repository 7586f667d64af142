package resolvers

import (
	"slices"
	"strings"
	"sync"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"roster/graph/generated"
	"roster/internal/access"
	"roster/internal/plan"
)

// inputScopes is the directive of fields of inputs that need scopes.
const inputScopes = "inputScopes"

// inputs are the fields of inputs that need scopes: filters by values that not everybody may see.
type inputs struct {
	needs map[coordinate]requirement
	// fields has, for each input that has such a field, in it or deeper, the inputs of its fields by their names.
	fields map[string]map[string]string
}

// schemaInputs are those of the schema, whatever names clients know it by.
var schemaInputs = sync.OnceValue(func() inputs {
	in, _ := readInputs(generated.NewExecutableSchema(generated.Config{}).Schema())
	return in
})

// readInputs reads which fields of inputs need which scopes.
func readInputs(schema *ast.Schema) (in inputs, scopes []string) {
	in = inputs{needs: make(map[coordinate]requirement), fields: make(map[string]map[string]string)}
	for _, def := range schema.Types {
		if def.Kind != ast.InputObject {
			continue
		}
		for _, f := range def.Fields {
			var need requirement
			if need.add(f.Directives, inputScopes); len(need) == 0 {
				continue
			}
			in.needs[coordinate{def.Name, f.Name}] = need
			in.mark(def.Name, f.Name, "")
			scopes = append(scopes, slices.Concat(slices.Concat(need...)...)...)
		}
	}
	for found := true; found; { // inputs within inputs
		found = false
		for _, def := range schema.Types {
			for _, f := range def.Fields {
				_, known := in.fields[def.Name][f.Name]
				if inner := f.Type.Name(); def.Kind == ast.InputObject && !known && in.fields[inner] != nil {
					in.mark(def.Name, f.Name, inner)
					found = true
				}
			}
		}
	}
	return in, scopes
}

func (in *inputs) mark(object, field, inner string) {
	if in.fields[object] == nil {
		in.fields[object] = make(map[string]string)
	}
	in.fields[object][field] = inner
}

// scoped returns the fields of a document that may give an input that needs scopes: in the document, or in a variable.
func (in *inputs) scoped(op *graphql.OperationContext) (fields []*ast.Field) {
	walk(op, op.Operation.SelectionSet, func(f *ast.Field) bool {
		if slices.ContainsFunc(f.Arguments, func(a *ast.Argument) bool {
			def := f.Definition.Arguments.ForName(a.Name)
			return def != nil && in.fields[def.Type.Name()] != nil &&
				(plan.HasVariables(ast.ArgumentList{a}) || in.written(def.Type.Name(), a.Value, nil, func(coordinate) {}))
		}) {
			fields = append(fields, f)
		}
		return true
	}, nil)
	return fields
}

// written reports whether a value in a document, with these variables, gives a field that needs scopes, and tells report which. Null and an empty list count
// as not given.
func (in *inputs) written(object string, v *ast.Value, variables map[string]any, report func(coordinate)) (found bool) {
	switch v.Kind {
	case ast.Variable:
		return in.given(object, variables[v.Raw], report)
	case ast.ListValue:
		for _, item := range v.Children {
			found = in.written(object, item.Value, variables, report) || found
		}
	case ast.ObjectValue:
		for _, member := range v.Children {
			switch inner, is := in.fields[object][member.Name]; {
			case !is:
			case inner != "":
				found = in.written(inner, member.Value, variables, report) || found
			case member.Value.Kind == ast.Variable && isGiven(variables[member.Value.Raw]),
				member.Value.Kind == ast.ListValue && len(member.Value.Children) > 0, member.Value.Kind == ast.ObjectValue:
				found = true
				report(coordinate{object, member.Name})
			}
		}
	default: // null
	}
	return found
}

// given is written for the value of a variable.
func (in *inputs) given(object string, value any, report func(coordinate)) (found bool) {
	switch value := value.(type) {
	case []any:
		for _, item := range value {
			found = in.given(object, item, report) || found
		}
	case map[string]any:
		for field, inner := range in.fields[object] {
			switch {
			case !isGiven(value[field]):
			case inner == "":
				found = true
				report(coordinate{object, field})
			default:
				found = in.given(inner, value[field], report) || found
			}
		}
	}
	return found
}

func isGiven(value any) bool {
	list, isList := value.([]any)
	return value != nil && (!isList || len(list) > 0)
}

// deniedInputs returns the errors with which an operation is refused that gives inputs for which the caller lacks scopes: a filter would tell the values that
// its field hides.
func (p *policy) deniedInputs(fields []*ast.Field, variables map[string]any, caller *access.Principal) gqlerror.List {
	var errs gqlerror.List
	var known []coordinate
	for _, f := range fields {
		for _, a := range f.Arguments {
			p.inputs.written(f.Definition.Arguments.ForName(a.Name).Type.Name(), a.Value, variables, func(at coordinate) {
				need := p.inputs.needs[at]
				if need.metBy(caller) || slices.Contains(known, at) {
					return
				}
				known = append(known, at)
				name := p.coordinate(at.object, at.field)
				e := &gqlerror.Error{Message: name + " needs the scope " + need.String(), Extensions: map[string]any{"code": codeForbidden, "coordinate": name}}
				if a.Position != nil {
					e.Locations = []gqlerror.Location{{Line: a.Position.Line, Column: a.Position.Column}}
				}
				errs = append(errs, e)
			})
		}
	}
	slices.SortFunc(errs, func(a, b *gqlerror.Error) int { return strings.Compare(a.Message, b.Message) })
	return errs
}
