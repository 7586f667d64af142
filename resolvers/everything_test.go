package resolvers_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/vektah/gqlparser/v2/ast"

	"roster/connectors"
	"roster/resolvers"
)

// everything returns a selection of all fields of a type, to a depth.
func everything(schema *ast.Schema, def *ast.Definition, depth int) string {
	if def.Kind == ast.Scalar || def.Kind == ast.Enum {
		return ""
	}
	var b strings.Builder
	b.WriteString(" { __typename")
	for _, f := range def.Fields {
		if strings.HasPrefix(f.Name, "_") || f.Name != "facets" && slices.ContainsFunc(f.Arguments, isRequired) && !(def.Name == "Viewer" && f.Name == "account") {
			continue
		}
		below := schema.Types[f.Type.Name()]
		composite := below.Kind != ast.Scalar && below.Kind != ast.Enum
		if composite && depth == 0 {
			continue
		}
		args := ""
		if f.Name == "facets" {
			args = "(by: SOURCE)"
		}
		if def.Name == "Viewer" && f.Name == "account" {
			args = `(source: "none")`
		}
		b.WriteString(" " + f.Name + args + everything(schema, below, depth-1))
	}
	if def.IsAbstractType() {
		for _, p := range schema.GetPossibleTypes(def) {
			fmt.Fprintf(&b, " ... on %s%s", p.Name, everything(schema, p, min(depth, 1)))
		}
	}
	b.WriteString(" }")
	return b.String()
}

func isRequired(a *ast.ArgumentDefinition) bool { return a.Type.NonNull && a.DefaultValue == nil }

// If sources leave out everything optional, every non-null field still has a value.
func TestEveryFieldOfBareRecords(t *testing.T) {
	t.Parallel()
	schema := (&resolvers.Resolver{}).Schema().Schema()
	document := "query" + everything(schema, schema.Query, 3)
	bare := func(kind connectors.KindName) *connectors.Source {
		return &connectors.Source{
			Name: string(kind), Kind: kind,
			Accounts: all(connectors.Account{ID: "1"}, connectors.Account{ID: "2", Teams: []connectors.TeamRef{{Name: "x"}, {}}, Roles: []connectors.RoleRef{{ID: "y"}, {}}}),
			Teams:    all(connectors.Team{ID: "1"}), Roles: all(connectors.Role{ID: "1"}),
			Contacts:       all(connectors.Contact{ID: "1"}, connectors.Contact{ID: "2", OwnerID: "gone", Folder: &connectors.FolderRef{}}),
			ContactFolders: all(connectors.ContactFolder{ID: "1"}),
			Presence:       &presenceSource{},
		}
	}
	for name, sources := range map[string][]*connectors.Source{
		"no source":    nil,
		"rich records": {ws(), crm(), mailer(), chat()},
		"bare records": {bare("worksection"), bare("kommo"), bare("altcraft"), bare("rocketchat")},
	} {
		t.Run(name, func(t *testing.T) {
			// Not in a synctest bubble: the dataloader waits while it holds a lock, which would stop the bubble's clock.
			t.Parallel()
			w := newTestServer(t, sources...).read()
			w.get(document)
			if w.log.Len() > 0 {
				t.Errorf("the log has %s", &w.log)
			}
		})
	}
}
