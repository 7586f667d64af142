package resolvers

import (
	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"

	"roster/connectors"
	"roster/internal/directory"
	"roster/internal/roster"
)

// needs is what an operation's fields can touch.
type needs struct {
	collections roster.Needs
	presence    bool
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
	"RoleConnection":     roleNeeds,
	"Contact":            need(connectors.Contacts),
	"ContactConnection":  need(connectors.Contacts),
	"ContactFolder":      folderNeeds,

	"ContactFolderConnection": folderNeeds,
}

var (
	teamNeeds   = need(connectors.Teams, connectors.Accounts)
	roleNeeds   = need(connectors.Roles, connectors.Accounts)
	folderNeeds = need(connectors.ContactFolders, connectors.Contacts)
)

func need(collections ...connectors.Collection) roster.Needs {
	var n roster.Needs
	n.Add(collections...)
	return n
}

// needsOf works out what an operation can touch from its document and variables.
func needsOf(op *graphql.OperationContext) needs {
	var n needs
	w := walker{vars: op.Variables, seen: make(map[*ast.FragmentDefinition]bool)}
	w.onType = func(name string) { n.collections |= typeNeeds[name] }
	w.walk(op.Operation.SelectionSet, func(f *ast.Field) {
		n.collections |= typeNeeds[f.Definition.Type.Name()]
		switch f.Name {
		case "presence", "statusText":
			n.presence = true
		case "users", "members", "holders":
			n.collections |= userFilterNeeds(given(w.args(f), "filter"))
		case "contacts":
			n.collections |= contactFilterNeeds(given(w.args(f), "filter"))
		case "facets":
			n.collections |= facetNeeds(w.args(f)["by"])
		case "node", "nodes", "_entities":
			n.collections |= nodeNeeds(w.args(f))
		}
	})
	return n
}

// given gives an argument that is an object; nil where it is not given.
func given(args map[string]any, name string) map[string]any {
	m, _ := args[name].(map[string]any)
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
	ids, _ := args["ids"].([]any)
	for _, id := range ids {
		byID(id)
	}
	representations, _ := args["representations"].([]any)
	for _, r := range representations {
		if m, ok := r.(map[string]any); ok {
			name, _ := m["__typename"].(string)
			n |= typeNeeds[name]
		}
	}
	return n
}

// walker goes through a document's fields, each fragment once: what a field needs does not depend on where it stands, and a document whose
// fragments double can not make the walk long.
type walker struct {
	vars   map[string]any
	seen   map[*ast.FragmentDefinition]bool
	onType func(name string)
}

func (w *walker) args(f *ast.Field) map[string]any { return f.ArgumentMap(w.vars) }

func (w *walker) walk(selections ast.SelectionSet, visit func(*ast.Field)) {
	for _, s := range selections {
		switch s := s.(type) {
		case *ast.Field:
			if s.Definition != nil {
				visit(s)
				w.walk(s.SelectionSet, visit)
			}
		case *ast.InlineFragment:
			w.typed(s.TypeCondition)
			w.walk(s.SelectionSet, visit)
		case *ast.FragmentSpread:
			if s.Definition != nil && !w.seen[s.Definition] {
				w.seen[s.Definition] = true
				w.typed(s.Definition.TypeCondition)
				w.walk(s.Definition.SelectionSet, visit)
			}
		}
	}
}

func (w *walker) typed(name string) {
	if w.onType != nil && name != "" {
		w.onType(name)
	}
}
