package resolvers

import (
	"fmt"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"roster/internal/directory"
)

// entityKeys gives for each type that other services may refer to the type that its IDs name.
var entityKeys = map[string]string{
	"User": "User", "Team": "Team", "Role": "Role", "Contact": "Contact", "ContactFolder": "ContactFolder",
	"WorksectionAccount": "Account", "KommoAccount": "Account", "AltcraftAccount": "Account", "RocketChatAccount": "Account",
}

// nobody is a representation that finds nothing.
var nobody = map[string]any{"__typename": "User", "email": ""}

// setAside takes the malformed out of each batch of representations and says what is wrong with them, one by one. gqlgen would refuse the whole
// batch for one that is no object, and does not tell which of a batch it means. Representations come in a variable, as every router sends them.
func setAside(op *graphql.OperationContext) gqlerror.List {
	var errs gqlerror.List
	usable := make(map[string][]any) // by variable
	walk(op, op.Operation.SelectionSet, func(f *ast.Field) bool {
		arg := f.Arguments.ForName("representations")
		if f.Name != "_entities" || arg == nil || arg.Value.Kind != ast.Variable {
			return false
		}
		given := listed(op.Variables[arg.Value.Raw])
		good := make([]any, len(given))
		for i, r := range given {
			good[i] = r
			if message := malformed(r); message != "" {
				good[i] = nobody
				errs = append(errs, malformedAt(f, i, message))
			}
		}
		usable[arg.Value.Raw] = good
		return false
	}, nil)
	for name, good := range usable {
		op.Variables[name] = good
	}
	return errs
}

func malformedAt(f *ast.Field, i int, message string) *gqlerror.Error {
	argument := fmt.Sprintf("representations[%d]", i)
	e := &gqlerror.Error{Message: argument + ": " + message, Path: ast.Path{ast.PathName(f.Alias), ast.PathIndex(i)}}
	setCode(e, codeBadInput)
	e.Extensions["argument"] = argument
	return e
}

// malformed says what is wrong with a representation; nothing is the empty text.
func malformed(representation any) string {
	r, ok := representation.(map[string]any)
	if !ok {
		return "must be an object"
	}
	typeName, ok := r["__typename"].(string)
	if !ok {
		return "must have a __typename"
	}
	named, ok := entityKeys[typeName]
	switch {
	case !ok:
		return fmt.Sprintf("there is no entity of type %q", typeName)
	case r["id"] != nil:
		return wrongID(r["id"], typeName, named)
	case typeName != "User":
		return "must have an id"
	case r["email"] == nil:
		return "must have an id or an email"
	}
	if _, ok := r["email"].(string); !ok {
		return "email must be a string"
	}
	return ""
}

func wrongID(id any, typeName, named string) string {
	text, ok := id.(string)
	if !ok {
		return "id must be a string"
	}
	switch is := directory.TypeOf(text); {
	case is == named || (named == "User" && is == "Account"):
		return ""
	case is == "":
		return fmt.Sprintf("%q is not an ID of this graph", text)
	default:
		return fmt.Sprintf("%q is the ID of another type: %s, not %s", text, is, typeName)
	}
}
