package resolvers

import (
	"fmt"
	"maps"
	"slices"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"roster/graph"
	"roster/internal/bounds"
	"roster/internal/directory"
	"roster/internal/echo"
)

// entityKeys has, for each entity type, the type of its IDs. The types of accounts are added to it.
var entityKeys = map[string]string{
	"User": "User", "Team": "Team", "Role": "Role", "Contact": "Contact", "ContactFolder": "ContactFolder",
}

// noEntity is a representation to which no entity corresponds.
var noEntity = map[string]any{"__typename": "User", "email": ""}

const (
	entitiesField           = "_entities"
	representationsArgument = "representations"
)

// checkRepresentations replaces malformed representations, and returns an error for each. gqlgen would reject the whole batch for one that is not an object,
// and its error does not say which one it was.
func checkRepresentations(op *graphql.OperationContext, served *graph.Served, of *bounds.Answer) gqlerror.List {
	literalsToVariables(op)
	var errs gqlerror.List
	checked := make(map[string]*representations) // by variable, because many fields can use one
	reported := make(map[string]bool)            // by response name, because merged fields are reported once
	walk(op, op.Operation.SelectionSet, func(f *ast.Field) bool {
		arg := f.Arguments.ForName(representationsArgument)
		if f.Name != entitiesField || arg == nil {
			return false
		}
		list := checked[arg.Value.Raw]
		if list == nil {
			list = usableRepresentations(listed(op.Variables[arg.Value.Raw]), served)
			checked[arg.Value.Raw] = list
		}
		if !reported[f.Alias] {
			for _, m := range list.malformed {
				errs = of.Add(errs, func() *gqlerror.Error { return malformedAt(f, m.index, m.wrong) })
			}
		}
		reported[f.Alias] = true
		return false
	}, nil)
	for variable, list := range checked {
		op.Variables[variable] = list.usable
	}
	return errs
}

// representations is a list of representations that has been checked.
type representations struct {
	usable    []any // for the executor
	malformed []malformed
}

type malformed struct {
	index int
	wrong string
}

func usableRepresentations(given []any, served *graph.Served) *representations {
	list := &representations{usable: make([]any, len(given))}
	for i, r := range given {
		var wrong string
		if list.usable[i], wrong = usableRepresentation(r, served); wrong != "" {
			list.malformed = append(list.malformed, malformed{i, wrong})
		}
	}
	return list
}

func malformedAt(f *ast.Field, i int, message string) *gqlerror.Error {
	argument := fmt.Sprintf("representations[%d]", i)
	e := &gqlerror.Error{Message: argument + ": " + message, Path: ast.Path{ast.PathName(f.Alias), ast.PathIndex(i)}}
	setCode(e, codeBadInput)
	e.Extensions["argument"] = argument
	return e
}

// usableRepresentation returns a representation for the executor, and what is wrong with it, or "". A user whose email is null is valid, and has no
// entity.
func usableRepresentation(representation any, served *graph.Served) (usable map[string]any, wrong string) {
	r, ok := representation.(map[string]any)
	if !ok {
		return noEntity, "must be an object"
	}
	typeName, ok := r["__typename"].(string)
	if !ok {
		return noEntity, "must have a __typename"
	}
	own, _ := served.OwnName(typeName)
	names, ok := entityKeys[own]
	if !ok {
		return noEntity, "there is no entity of type " + echo.Quoted(typeName)
	}
	if own != typeName {
		r = maps.Clone(r)
		r["__typename"] = own
	}
	if r["id"] != nil {
		if wrong := wrongID(r["id"], names, typeName, served); wrong != "" {
			return noEntity, wrong
		}
		return r, ""
	}
	if own != "User" {
		return noEntity, "must have an id"
	}
	email, given := r["email"]
	switch _, isText := email.(string); {
	case !given:
		return noEntity, "must have an id or an email"
	case email == nil:
		return noEntity, ""
	case !isText:
		return noEntity, "email must be a string"
	}
	return r, ""
}

// wrongID says what is wrong with an ID of an entity, or returns "".
func wrongID(id any, names, typeName string, served *graph.Served) string {
	text, ok := id.(string)
	if !ok {
		return "id must be a string"
	}
	switch is := directory.TypeOf(text); {
	case is == names || (names == "User" && is == "Account"):
		return ""
	case is == "":
		return echo.Quoted(text) + " is not an ID of this graph"
	default:
		return fmt.Sprintf("%s is the ID of another type: %s, not %s", echo.Quoted(text), served.TypeName(is), typeName)
	}
}

// literalsToVariables replaces each literal list of representations by a variable. The document is shared with other requests, so the operation gets a copy of
// its root fields.
func literalsToVariables(op *graphql.OperationContext) {
	found := false
	walk(op, op.Operation.SelectionSet, func(f *ast.Field) bool {
		arg := f.Arguments.ForName(representationsArgument)
		found = found || f.Name == entitiesField && arg != nil && arg.Value.Kind != ast.Variable
		return false
	}, nil)
	if !found {
		return
	}
	operation := *op.Operation
	operation.SelectionSet = rootWithVariables(op, op.Operation.SelectionSet)
	op.Operation = &operation
}

func rootWithVariables(op *graphql.OperationContext, set ast.SelectionSet) ast.SelectionSet {
	out := make(ast.SelectionSet, len(set))
	for i, s := range set {
		switch s := s.(type) {
		case *ast.Field:
			out[i] = withVariable(op, s)
		case *ast.InlineFragment:
			inline := *s
			inline.SelectionSet = rootWithVariables(op, s.SelectionSet)
			out[i] = &inline
		case *ast.FragmentSpread:
			out[i] = &ast.InlineFragment{
				TypeCondition: s.Definition.TypeCondition, Directives: s.Directives, ObjectDefinition: s.ObjectDefinition, Position: s.Position,
				SelectionSet: rootWithVariables(op, s.Definition.SelectionSet),
			}
		}
	}
	return out
}

func withVariable(op *graphql.OperationContext, f *ast.Field) *ast.Field {
	at := slices.IndexFunc(f.Arguments, func(a *ast.Argument) bool { return a.Name == representationsArgument })
	if f.Name != entitiesField || at < 0 || f.Arguments[at].Value.Kind == ast.Variable {
		return f
	}
	name := fmt.Sprintf("representations %d", len(op.Variables)) // with a space, so that no document has a variable of this name
	if op.Variables == nil {
		op.Variables = make(map[string]any)
	}
	op.Variables[name] = literal(f.Arguments[at].Value, op.Variables)
	field, arg := *f, *f.Arguments[at]
	arg.Value = &ast.Value{Kind: ast.Variable, Raw: name, Position: arg.Value.Position, ExpectedType: arg.Value.ExpectedType}
	field.Arguments = slices.Clone(f.Arguments)
	field.Arguments[at] = &arg
	return &field
}

// literal returns the representations of a literal list. A single value is a list with one item. An invalid value is null.
func literal(v *ast.Value, variables map[string]any) []any {
	items := []*ast.Value{v}
	if v.Kind == ast.ListValue {
		items = items[:0]
		for _, c := range v.Children {
			items = append(items, c.Value)
		}
	}
	out := make([]any, len(items))
	for i, item := range items {
		out[i], _ = item.Value(variables) // null is reported as malformed
	}
	return out
}
