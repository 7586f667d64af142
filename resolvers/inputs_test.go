package resolvers_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/vektah/gqlparser/v2/ast"
	"pgregory.net/rapid"
)

// inputs makes arguments from the schema, so that a new argument, filter, order or facet is tried without a change here.
type inputs struct {
	schema *ast.Schema
	ids    []string
}

// attributeName is that of the attribute of private.
const attributeName = `"secret"`

// words are parts of denied values and of others: see private.
var words = []string{"canary", "zebra", "canary-raw", "street", "77000638", "7.7", "canary-key", "secret", "ann", "c", ""}

// everyArgument returns, for each argument in each type of object that a query can reach, the field with each value of this argument alone. ALIAS is the place
// of an alias.
func (in inputs) everyArgument(t testing.TB) (arguments [][]string) {
	t.Helper()
	for def, at := range in.places(t) {
		for _, f := range def.Fields {
			for _, a := range f.Arguments {
				var fields []string
				for _, value := range in.literals(t, a.Type) {
					fields = append(fields, "ALIAS: "+at.before+in.field(t, f, a.Name+": "+value)+at.after)
				}
				arguments = append(arguments, fields)
			}
		}
	}
	return arguments
}

// place is the text around a field of a type, from the root of a query. The alias of its first field goes before it.
type place struct{ before, after string }

// places finds a way to each type of object: without the fields whose arguments are tried there.
func (in inputs) places(t testing.TB) map[*ast.Definition]place {
	t.Helper()
	out := map[*ast.Definition]place{in.schema.Query: {}}
	for queue := []*ast.Definition{in.schema.Query}; len(queue) > 0; queue = queue[1:] {
		for _, f := range queue[0].Fields {
			for _, to := range in.schema.GetPossibleTypes(in.schema.Types[f.Type.Name()]) {
				if _, known := out[to]; known || to.BuiltIn || strings.HasPrefix(f.Name, "__") {
					continue
				}
				at := out[queue[0]]
				out[to] = place{at.before + f.Name + in.arguments(t, f, "") + " { __typename ... on " + to.Name + " { ", " } }" + at.after}
				queue = append(queue, to)
			}
		}
	}
	return out
}

// field returns a field with an argument, and the names and IDs of what it returns.
func (in inputs) field(t testing.TB, f *ast.FieldDefinition, argument string) string {
	t.Helper()
	text := f.Name + in.arguments(t, f, argument)
	switch def := in.schema.Types[f.Type.Name()]; {
	case def.Name == "IdentityEditConnection": // edits have no name
		return text + " { totalCount nodes { id } pageInfo { endCursor hasNextPage } }"
	case strings.HasSuffix(def.Name, "Connection"):
		return text + " { totalCount nodes { id name } pageInfo { endCursor hasNextPage } }"
	case def.IsAbstractType(): // fields of several types can be in conflict
		return text + " { __typename ... on Node { id } }"
	case def.IsCompositeType():
		return text + everything(in.schema, def, 0)
	default:
		return text
	}
}

// arguments returns an argument, and any value of each other one that is required.
func (in inputs) arguments(t testing.TB, f *ast.FieldDefinition, argument string) string {
	t.Helper()
	var all []string
	if argument != "" {
		all = append(all, argument)
	}
	for _, a := range f.Arguments {
		if isRequired(a) && !strings.HasPrefix(argument, a.Name+":") {
			value := in.literals(t, a.Type)[0]
			if f.Name == "attributeFacets" && a.Name == "name" {
				value = attributeName
			}
			all = append(all, a.Name+": "+value)
		}
	}
	if len(all) == 0 {
		return ""
	}
	return "(" + strings.Join(all, ", ") + ")"
}

// literals returns all values of a type that are worth trying. Objects have one field each, besides those that are required.
func (in inputs) literals(t rapid.TB, of *ast.Type) []string {
	t.Helper()
	if of.Elem != nil {
		var lists []string
		for _, item := range in.literals(t, of.Elem) {
			lists = append(lists, "["+item+"]")
		}
		return lists
	}
	quoted := func(format string, of []string) (out []string) {
		for _, word := range of {
			out = append(out, fmt.Sprintf(format, word))
		}
		return out
	}
	def := in.schema.Types[of.Name()]
	switch def.Kind {
	case ast.Enum:
		var values []string
		for _, v := range def.EnumValues {
			values = append(values, v.Name)
		}
		return values
	case ast.InputObject:
		var objects []string
		for _, f := range def.Fields {
			for _, value := range in.literals(t, f.Type) {
				objects = append(objects, "{"+f.Name+": "+value+in.required(t, def, f)+"}")
			}
		}
		return objects
	}
	switch def.Name {
	case "String":
		return quoted("%q", words)
	case "ID":
		return quoted("%q", append([]string{"x"}, in.ids...))
	case "Int":
		return []string{"0", "1", "2", "3"}
	case "Float":
		return []string{"0.0", "7.7"}
	case "Boolean":
		return []string{"true", "false"}
	case "DateTime":
		return []string{`"2000-01-01T00:00:00Z"`, `"2100-01-01T00:00:00Z"`}
	case "_Any":
		return append(quoted(`{__typename: "User", email: %q}`, words), quoted(`{__typename: "User", id: %q}`, in.ids)...)
	}
	t.Fatalf("which values of %s are worth trying? Say it here", def.Name)
	return nil
}

// required returns any values of the other fields of an object that it must have.
func (in inputs) required(t rapid.TB, def *ast.Definition, but *ast.FieldDefinition) string {
	t.Helper()
	var text string
	for _, f := range def.Fields {
		if f != but && f.Type.NonNull && f.DefaultValue == nil {
			value := in.literals(t, f.Type)[0]
			if def.Name == "AttributeFilter" {
				value = attributeName
			}
			text += ", " + f.Name + ": " + value
		}
	}
	return text
}

// drawPage draws a list with several arguments, and what it is asked for. $after is the cursor.
func (in inputs) drawPage(t *rapid.T) string {
	var lists ast.FieldList
	for _, f := range in.schema.Query.Fields {
		if strings.HasSuffix(f.Type.Name(), "Connection") {
			lists = append(lists, f)
		}
	}
	list := rapid.SampledFrom(lists).Draw(t, "list")
	arguments := "after: $after"
	for _, a := range list.Arguments {
		if a.Name == "filter" || a.Name == "orderBy" || a.Name == "first" {
			arguments += ", " + a.Name + ": " + in.draw(t, a.Type)
		}
	}
	connection := in.schema.Types[list.Type.Name()]
	facets := ""
	if f := connection.Fields.ForName("facets"); f != nil {
		facets = "facets(by: " + in.draw(t, f.Arguments.ForName("by").Type) + ") { value label count }"
	}
	node := in.schema.Types[connection.Fields.ForName("nodes").Type.Name()]
	return fmt.Sprintf("query ($after: String) { page: %s(%s) { totalCount %s pageInfo { endCursor hasNextPage } nodes%s } }",
		list.Name, arguments, facets, everything(in.schema, node, 1))
}

// draw draws a value of a type. Of an object, it draws some of the fields.
func (in inputs) draw(t *rapid.T, of *ast.Type) string {
	def := in.schema.Types[of.Name()]
	if of.Elem != nil || def.Kind != ast.InputObject {
		return rapid.SampledFrom(in.literals(t, of)).Draw(t, of.String())
	}
	var fields []string
	for _, f := range def.Fields {
		if f.Type.NonNull && f.DefaultValue == nil || rapid.IntRange(0, 3).Draw(t, f.Name+"?") == 3 {
			fields = append(fields, f.Name+": "+in.draw(t, f.Type))
		}
	}
	return "{" + strings.Join(fields, ", ") + "}"
}
