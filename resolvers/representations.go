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

// entityKeys gives for each type that other services may refer to the type that its IDs name.
var entityKeys = map[string]string{
	"User": "User", "Team": "Team", "Role": "Role", "Contact": "Contact", "ContactFolder": "ContactFolder",
	"WorksectionAccount": "Account", "KommoAccount": "Account", "AltcraftAccount": "Account", "RocketChatAccount": "Account",
}

// nobody is a representation that finds nothing.
var nobody = map[string]any{"__typename": "User", "email": ""}

const (
	entitiesField           = "_entities"
	representationsArgument = "representations"
)

// checkRepresentations takes the malformed out of each batch of representations and says what is wrong with them, one by one. gqlgen would refuse the
// whole batch for one that is no object, and does not tell which of a batch it means.
func checkRepresentations(op *graphql.OperationContext, served *graph.Served, of *bounds.Answer) gqlerror.List {
	literalsToVariables(op)
	var errs gqlerror.List
	checked := make(map[string]any) // by variable
	told := make(map[string]bool)   // response keys: fields that are merged are told of once
	walk(op, op.Operation.SelectionSet, func(f *ast.Field) bool {
		arg := f.Arguments.ForName(representationsArgument)
		if f.Name != entitiesField || arg == nil {
			return false
		}
		given := listed(op.Variables[arg.Value.Raw])
		usable := make([]any, len(given))
		for i, r := range given {
			var message string
			if usable[i], message = usableRepresentation(r, served); message != "" && !told[f.Alias] {
				errs = of.Add(errs, func() *gqlerror.Error { return malformedAt(f, i, message) })
			}
		}
		told[f.Alias] = true
		checked[arg.Value.Raw] = usable
		return false
	}, nil)
	maps.Copy(op.Variables, checked)
	return errs
}

func malformedAt(f *ast.Field, i int, message string) *gqlerror.Error {
	argument := fmt.Sprintf("representations[%d]", i)
	e := &gqlerror.Error{Message: argument + ": " + message, Path: ast.Path{ast.PathName(f.Alias), ast.PathIndex(i)}}
	setCode(e, codeBadInput)
	e.Extensions["argument"] = argument
	return e
}

// usableRepresentation gives a representation as the executor takes it, and what is wrong with it; nothing is the empty text. A user of whom another
// service knows that they have no address is no mistake, and nobody.
func usableRepresentation(representation any, served *graph.Served) (usable map[string]any, wrong string) {
	r, ok := representation.(map[string]any)
	if !ok {
		return nobody, "must be an object"
	}
	typeName, ok := r["__typename"].(string)
	if !ok {
		return nobody, "must have a __typename"
	}
	own, _ := served.OwnName(typeName)
	names, ok := entityKeys[own]
	if !ok {
		return nobody, "there is no entity of type " + echo.Quoted(typeName)
	}
	if own != typeName {
		r = maps.Clone(r)
		r["__typename"] = own
	}
	if r["id"] != nil {
		if wrong := wrongID(r["id"], names, typeName, served); wrong != "" {
			return nobody, wrong
		}
		return r, ""
	}
	if own != "User" {
		return nobody, "must have an id"
	}
	email, given := r["email"]
	switch _, isText := email.(string); {
	case !given:
		return nobody, "must have an id or an email"
	case email == nil:
		return nobody, ""
	case !isText:
		return nobody, "email must be a string"
	}
	return r, ""
}

// wrongID says what is wrong with an ID that must be one of the type names.
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

// literalsToVariables puts a variable in the place of each list of representations that stands in the document itself. The document is shared with other
// requests, so that the operation gets a copy of the fields at its root.
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
	name := fmt.Sprintf("representations %d", len(op.Variables)) // no document can have a variable of that name
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

// literal gives the representations of a list in a document. One stands for a list of itself. What is not a value is null.
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
		out[i], _ = item.Value(variables) // what is no value is told of as malformed
	}
	return out
}
