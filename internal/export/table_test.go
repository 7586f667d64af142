package export_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"

	"roster/internal/access"
	"roster/internal/export"
)

// schema is a small one with the lists that the tests export.
var schema = gqlparser.MustLoadSchema(&ast.Source{Input: `
	directive @requiresScopes(scopes: [[String!]!]!) on FIELD_DEFINITION
	type Query { teams(first: Int, after: String, filter: TeamFilter): TeamConnection, roles(first: Int, after: String, orderBy: Order!): RoleConnection }
	input TeamFilter { search: String }
	enum Order { NAME }
	type TeamConnection { nodes: [Team!]! }
	type RoleConnection { nodes: [Role!]! }
	type Source { name: String! }
	type Team { id: ID!, externalId: String, name: String!, kind: Int, source: Source!, tags: [String!], parts: [Part!], boss: Part, members(first: Int): [Part!] }
	type Part { name: String, raw: String @requiresScopes(scopes: [["directory:raw", "directory:sensitive"]]), public: Boolean, source: Source!, team: Team }
	type Role { id: ID!, externalId: String, name: String!, description: String, accessLevel: Int, source: Source! }`})

func lists() *export.Lists {
	return &export.Lists{
		Schema: schema, TypeName: typeName, RootField: func(own string) string { return "acme_" + own },
		MaySee: func(p *access.Principal, object, field string) bool {
			return p != nil || object+"."+field != "Team.kind"
		}, Sources: func() []string { return []string{"crm", "chat"} },
	}
}

func typeName(own string) string {
	if schema.Types[own].BuiltIn {
		return own
	}
	return "Acme" + own
}

func TestDocument(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		list    string
		columns []string
		want    string
	}{
		"each field once": {"teams", []string{"name", "parts.name", "boss.name", "parts.source.name"},
			`query ExportTeams($filter: AcmeTeamFilter, $first: Int, $after: String) { acme_teams(filter: $filter, first: $first, after: $after) ` +
				`{ nodes { name parts { name source { name } } boss { name } } pageInfo { hasNextPage endCursor } } }`},
		"the columns of one source": {"teams", []string{"parts.crm.name"},
			`query ExportTeams($filter: AcmeTeamFilter, $first: Int, $after: String) { acme_teams(filter: $filter, first: $first, after: $after) ` +
				`{ nodes { parts { source { name } name } } pageInfo { hasNextPage endCursor } } }`},
		"what the list accepts": {"roles", []string{"id"},
			`query ExportRoles($orderBy: AcmeOrder!, $first: Int, $after: String) { acme_roles(orderBy: $orderBy, first: $first, after: $after) ` +
				`{ nodes { id } pageInfo { hasNextPage endCursor } } }`},
	} {
		table, err := lists().Table(tc.list, tc.columns, nil)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if diff := cmp.Diff(tc.want, table.Document()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestColumns(t *testing.T) {
	t.Parallel()
	for columns, want := range map[string]string{
		"nobody":             `"nobody" is not a field of AcmeTeam`,
		"__typename":         `"__typename" is not a field of AcmeTeam`,
		"":                   `"" is not a field of AcmeTeam`,
		"name,,kind":         `"" is not a field of AcmeTeam`,
		"name,kind,name":     `"name" is there twice`,
		"parts":              `"parts": name a field of it`,
		"parts.crm":          `"parts.crm": name a field of it`,
		"parts.crm.chat.id":  `"chat" is not a field of AcmePart`,
		"parts.nowhere.name": `"nowhere" is not a field of AcmePart`,
		"crm.name":           `"crm" is not a field of AcmeTeam`,
		"name.crm":           `"name.crm": there is nothing below a value`,
		"parts.raw":          `"parts.raw": "raw" is not exported`,
		"members.name":       `"members" is a list of its own`,
	} {
		_, err := lists().Table("teams", strings.Split(columns, ","), nil)
		if err == nil || !strings.HasPrefix(err.Error(), "columns: ") || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: the error is %v, want %s", columns, err, want)
		}
	}
	if table, err := lists().Table("nobody", nil, nil); table != nil || err != nil {
		t.Errorf("an unknown list: %v, %v", table, err)
	}
	for p, want := range map[*access.Principal]bool{nil: false, {}: true} {
		table, err := lists().Table("teams", nil, p)
		if err != nil {
			t.Fatal(err)
		}
		if got := slices.Contains(table.Columns(), "kind"); got != want {
			t.Errorf("the default columns are %v, want kind: %t", table.Columns(), want)
		}
	}
}

func TestRows(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct{ columns, nodes, want string }{
		"values":               {"name,kind,boss.public", `{"name":"a","kind":-12345678901234567890,"boss":{"public":true}}`, "a,-12345678901234567890,true"},
		"nulls":                {"name,kind,tags,boss.name", `{"name":null,"kind":null,"tags":null,"boss":null}`, ",,,"},
		"lists":                {"tags,parts.name", `{"tags":["a","b"],"parts":[{"name":"c"},{"name":"d"}]}`, "a; b,c; d"},
		"parallel lists":       {"parts.name,parts.public", `{"parts":[{"name":"c","public":null},{"name":null,"public":false}]}`, "c; ,; false"},
		"nothing but nulls":    {"name,parts.name", `{"name":"a","parts":[{"name":null},{"name":null}]}`, "a,"},
		"lists in lists":       {"parts.team.tags,name", `{"name":"a","parts":[{"team":{"tags":["b","c"]}},{"team":null},{"team":{"tags":["d"]}}]}`, "b; c; ; d,a"},
		"one source":           {"parts.crm.name,name", `{"name":"a","parts":[{"name":"b","source":{"name":"chat"}},{"name":"c","source":{"name":"crm"}}]}`, "c,a"},
		"one object of it":     {"boss.crm.name,boss.chat.name", `{"boss":{"name":"b","source":{"name":"crm"}}}`, "b,"},
		"quotes and separator": {"name,tags", `{"name":"a,\"b\"","tags":["x;y"]}`, `"a,""b""",x;y`},
		"line breaks":          {"name,kind", `{"name":"a\nb\rc\r\nd","kind":1}`, "\"a\r\nb\r\nc\r\nd\",1"},
		"a single empty cell":  {"name", `{"name":""}`, `""`},
		"formulas":             {"name,tags,kind", `{"name":"=1+1","tags":["-a","b","@c"],"kind":-1}`, "'=1+1,'-a; b; '@c,-1"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			table, err := lists().Table("teams", strings.Split(tc.columns, ","), nil)
			if err != nil {
				t.Fatal(err)
			}
			page, err := export.ReadPage([]byte(`{"acme_teams":{"nodes":[` + tc.nodes + `],"pageInfo":{"hasNextPage":true,"endCursor":"x"}}}`))
			if err != nil || !page.PageInfo.HasNextPage || page.PageInfo.EndCursor != "x" {
				t.Fatalf("the page is %+v, %v", page, err)
			}
			var b strings.Builder
			if err := table.WriteHeader(&b); err != nil {
				t.Fatal(err)
			}
			if err := table.WriteRows(&b, page); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tc.columns+"\r\n"+tc.want+"\r\n", b.String()); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
	for _, answer := range []string{"", "null", "{}", `{"acme_teams":null}`, `{"acme_teams":{"nodes":1}}`} {
		if page, err := export.ReadPage([]byte(answer)); err == nil {
			t.Errorf("%q is read as %+v", answer, page)
		}
	}
}
