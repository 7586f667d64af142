package resolvers

import (
	"context"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"

	"roster/connectors"
	"roster/internal/directory"
	"roster/internal/roster"
)

// needs is what an operation's fields can touch.
type needs struct {
	collections roster.Needs
	// presence says how many of the operation's own fields ask who is there, here or below: none, one, or two for several.
	presence int
}

// typeNeeds are the collections that decide what an object of a type is. A team or folder that no record describes comes from the account or
// contact that mentions it.
var typeNeeds = map[string]roster.Needs{
	"User":               need(connectors.Accounts),
	"UserConnection":     need(connectors.Accounts),
	"Account":            need(connectors.Accounts),
	"WorksectionAccount": need(connectors.Accounts),
	"KommoAccount":       need(connectors.Accounts),
	"AltcraftAccount":    need(connectors.Accounts),
	"RocketChatAccount":  need(connectors.Accounts),
	"Team":               teamNeeds,
	"TeamConnection":     teamNeeds,
	"Role":               roleNeeds,
	"RoleGrant":          roleNeeds,
	"RoleConnection":     roleNeeds,
	"Contact":            need(connectors.Contacts),
	"ContactConnection":  need(connectors.Contacts),
	"ContactFolder":      folderNeeds,

	"ContactFolderConnection": folderNeeds,
}

var (
	teamNeeds   = need(connectors.Teams) | roster.TeamMentions
	roleNeeds   = need(connectors.Roles) | roster.RoleMentions
	folderNeeds = need(connectors.ContactFolders) | roster.FolderMentions

	// personNeeds are the collections that a person can be made of.
	personNeeds = need(connectors.Accounts) | teamNeeds | roleNeeds
)

func need(collections ...connectors.Collection) roster.Needs {
	var n roster.Needs
	n.Add(collections...)
	return n
}

// needsOf works out what an operation can touch from its document and variables.
func needsOf(op *graphql.OperationContext) needs {
	var n needs
	walk(op, op.Operation.SelectionSet, func(f *ast.Field) bool {
		n.collections |= fieldNeeds(f, op.Variables)
		if isPresence(f) {
			n.presence = 1
		}
		return true
	}, func(typeName string) { n.collections |= typeNeeds[typeName] })
	if n.presence > 0 {
		n.presence = presenceRoots(op)
	}
	return n
}

// fieldNeeds are the collections that decide what a field gives, without what is below it.
func fieldNeeds(f *ast.Field, vars map[string]any) roster.Needs {
	n := typeNeeds[f.Definition.Type.Name()] | typeNeeds[f.ObjectDefinition.Name]
	switch f.Name {
	case "users", "members", "holders":
		n |= userFilterNeeds(given(f, vars, "filter"))
	case "contacts":
		n |= contactFilterNeeds(given(f, vars, "filter"))
	case "facets":
		n |= facetNeeds(f.ArgumentMap(vars)["by"])
	case "node", "nodes", "_entities":
		n |= nodeNeeds(f.ArgumentMap(vars))
	}
	return n
}

// decidedBy are the collections that decide what is in the list that is being resolved.
func decidedBy(ctx context.Context) roster.Needs {
	return fieldNeeds(graphql.GetFieldContext(ctx).Field.Field, graphql.GetOperationContext(ctx).Variables)
}

// given gives an argument that is an object; nil where it is not given.
func given(f *ast.Field, vars map[string]any, name string) map[string]any {
	if f.Arguments.ForName(name) == nil {
		return nil
	}
	m, _ := f.ArgumentMap(vars)[name].(map[string]any)
	return m
}

// has says whether a filter's field is given: null and an empty list count as not given.
func has(filter map[string]any, name string) bool {
	v, ok := filter[name]
	if list, is := v.([]any); is {
		return len(list) > 0
	}
	return ok && v != nil
}

// userFilterNeeds are the collections that a filter looks at, beyond the accounts.
func userFilterNeeds(filter map[string]any) roster.Needs {
	var n roster.Needs
	if has(filter, "search") || has(filter, "teams") {
		n |= teamNeeds
	}
	if has(filter, "roles") {
		n |= roleNeeds
	}
	return n
}

// contactFilterNeeds are the collections that a filter looks at, beyond the contacts.
func contactFilterNeeds(filter map[string]any) roster.Needs {
	var n roster.Needs
	if has(filter, "search") || has(filter, "folders") {
		n |= folderNeeds
	}
	if has(filter, "owners") {
		n.Add(connectors.Accounts)
	}
	return n
}

func facetNeeds(by any) roster.Needs {
	switch by {
	case "TEAM":
		return teamNeeds
	case "ROLE":
		return roleNeeds
	case "FOLDER":
		return folderNeeds
	case "OWNER":
		return need(connectors.Accounts)
	}
	return 0
}

// nodeNeeds are those of the objects that the IDs or representations name: fragments may not tell.
func nodeNeeds(args map[string]any) roster.Needs {
	var n roster.Needs
	byID := func(v any) {
		if id, ok := v.(string); ok {
			n |= typeNeeds[directory.TypeOf(id)]
		}
	}
	byID(args["id"])
	for _, id := range listed(args["ids"]) {
		byID(id)
	}
	for _, r := range listed(args["representations"]) {
		if m, ok := r.(map[string]any); ok {
			name, _ := m["__typename"].(string)
			n |= typeNeeds[name]
		}
	}
	return n
}

// listed gives a list's values; one value stands for a list of itself.
func listed(v any) []any {
	switch v := v.(type) {
	case nil:
		return nil
	case []any:
		return v
	}
	return []any{v}
}
