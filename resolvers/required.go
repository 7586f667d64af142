package resolvers

import (
	"context"
	"slices"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"

	"roster/connectors"
	"roster/graph/model"
	"roster/internal/directory"
	"roster/internal/generation"
)

// required is what an operation needs.
type required struct {
	collections generation.Required
	// presence is the number of root fields that request presence, in or below them: 0, 1, or 2 for several.
	presence int
	// private is true if a field depends on more than a generation and the caller's scopes; see reuse.go.
	private bool
	// shows says what the answer shows of times. Observed is true if it shows when accounts were observed.
	shows    generation.Shows
	observed bool
}

// requiredByType has the collections that an object of a type is made from. A team or folder that is in no list is made from the account or
// contact that mentions it.
var requiredByType = map[string]generation.Required{
	"User":              setOf(connectors.Accounts),
	"UserConnection":    setOf(connectors.Accounts),
	"Account":           setOf(connectors.Accounts),
	"IdentityPreview":   setOf(connectors.Accounts),
	"Leaver":            setOf(connectors.Accounts),
	"Team":              requiredForTeams,
	"TeamConnection":    requiredForTeams,
	"Role":              requiredForRoles,
	"RoleGrant":         requiredForRoles,
	"RoleConnection":    requiredForRoles,
	"Contact":           setOf(connectors.Contacts),
	"ContactConnection": setOf(connectors.Contacts),
	"ContactFolder":     requiredForFolders,

	"ContactFolderConnection": requiredForFolders,
}

func init() {
	for _, name := range model.AccountTypes() {
		requiredByType[name] = requiredByType["Account"]
		entityKeys[name] = "Account"
	}
}

var (
	requiredForTeams   = setOf(connectors.Teams) | generation.TeamMentions
	requiredForRoles   = setOf(connectors.Roles) | generation.RoleMentions
	requiredForFolders = setOf(connectors.ContactFolders) | generation.FolderMentions

	// requiredForPeople are the collections that a person is made from.
	requiredForPeople = setOf(connectors.Accounts) | requiredForTeams | requiredForRoles
)

func setOf(collections ...connectors.Collection) generation.Required {
	var n generation.Required
	n.Add(collections...)
	return n
}

// requiredByField returns the collections that a field's value depends on, without the fields below it.
func requiredByField(f *ast.Field, vars map[string]any) generation.Required {
	n := requiredByFieldsType(f)
	switch f.Name {
	case "users", "members", "holders":
		n |= requiredByUserFilter(given(f, vars, "filter"))
	case "contacts":
		n |= requiredByContactFilter(given(f, vars, "filter"))
	case "facets":
		n |= requiredByFacet(f.ArgumentMap(vars)["by"])
	case "coverage":
		n.Add(connectors.AllCollections[:]...)
	case "provenance":
		n |= requiredByProvenance(f.ObjectDefinition.Name, f.ArgumentMap(vars)["fields"])
	case "node", "nodes", "_entities":
		n |= requiredByNode(f.ArgumentMap(vars))
	}
	return n
}

// requiredByFieldsType returns the collections that a field's value depends on, whatever its arguments are.
func requiredByFieldsType(f *ast.Field) generation.Required {
	return requiredByType[f.Definition.Type.Name()] | requiredByType[f.ObjectDefinition.Name]
}

// requiredByList returns the collections that the list being resolved depends on.
func requiredByList(ctx context.Context) generation.Required {
	return requiredByField(graphql.GetFieldContext(ctx).Field.Field, graphql.GetOperationContext(ctx).Variables)
}

// given returns an argument that is an object; nil if it is absent.
func given(f *ast.Field, vars map[string]any, name string) map[string]any {
	if f.Arguments.ForName(name) == nil {
		return nil
	}
	m, _ := f.ArgumentMap(vars)[name].(map[string]any)
	return m
}

// has reports whether a filter's field is set: null and an empty list do not count.
func has(filter map[string]any, name string) bool {
	v, ok := filter[name]
	if list, is := v.([]any); is {
		return len(list) > 0
	}
	return ok && v != nil
}

// requiredByUserFilter returns the collections that a filter uses, besides the accounts.
func requiredByUserFilter(filter map[string]any) generation.Required {
	var n generation.Required
	if has(filter, "search") || has(filter, "teams") {
		n |= requiredForTeams
	}
	if has(filter, "roles") {
		n |= requiredForRoles
	}
	return n
}

// requiredByContactFilter returns the collections that a filter uses, besides the contacts.
func requiredByContactFilter(filter map[string]any) generation.Required {
	var n generation.Required
	if has(filter, "search") || has(filter, "folders") {
		n |= requiredForFolders
	}
	if has(filter, "owners") {
		n.Add(connectors.Accounts)
	}
	return n
}

func requiredByFacet(by any) generation.Required {
	switch by {
	case "TEAM":
		return requiredForTeams
	case "ROLE":
		return requiredForRoles
	case "FOLDER":
		return requiredForFolders
	case "OWNER":
		return setOf(connectors.Accounts)
	}
	return 0
}

// requiredByProvenance returns the collections that tell of these fields of an object, besides those that it is made from. Without fields, all are asked for.
func requiredByProvenance(object string, fields any) generation.Required {
	var n generation.Required
	asks := func(field string) bool { return fields == nil || slices.Contains(listed(fields), any(field)) }
	if object == "User" && asks("teams") {
		n |= requiredForTeams
	}
	if object == "User" && asks("roles") {
		n |= requiredForRoles
	}
	if asks("members") || asks("holders") || asks("owner") || asks("user") { // of a team, a role or a contact: people
		n.Add(connectors.Accounts)
	}
	if object == "Contact" && asks("folder") {
		n |= requiredForFolders
	}
	return n
}

// requiredByNode returns the collections of the objects that the IDs or representations name. Fragments need not name the type.
func requiredByNode(args map[string]any) generation.Required {
	var n generation.Required
	byID := func(v any) {
		if id, ok := v.(string); ok {
			n |= requiredByType[directory.TypeOf(id)]
		}
	}
	byID(args["id"])
	for _, id := range listed(args["ids"]) {
		byID(id)
	}
	for _, r := range listed(args["representations"]) {
		if m, ok := r.(map[string]any); ok {
			name, _ := m["__typename"].(string)
			n |= requiredByType[name]
		}
	}
	return n
}

// listed returns a list's values; a single value is a list of one item.
func listed(v any) []any {
	switch v := v.(type) {
	case nil:
		return nil
	case []any:
		return v
	}
	return []any{v}
}
