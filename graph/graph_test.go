package graph_test

import (
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/parser"

	"roster/graph"
)

// federation is what the schema takes from Apollo's federation.
const federation = `
scalar FieldSet
scalar Scope
scalar link__Import
directive @link(url: String!, import: [link__Import]) repeatable on SCHEMA
directive @key(fields: FieldSet!, resolvable: Boolean = true) repeatable on OBJECT | INTERFACE
directive @shareable repeatable on OBJECT | FIELD_DEFINITION
directive @requiresScopes(scopes: [[Scope!]!]!) on FIELD_DEFINITION | OBJECT | INTERFACE | SCALAR | ENUM
`

func load(t *testing.T, texts ...string) *ast.Schema {
	t.Helper()
	var sources []*ast.Source
	for _, text := range texts {
		sources = append(sources, &ast.Source{Input: text})
	}
	schema, err := gqlparser.LoadSchema(sources...)
	if err != nil {
		t.Fatalf("the schema is not well-formed: %v", err)
	}
	return schema
}

func field(t *testing.T, s *ast.Schema, object, name string) string {
	t.Helper()
	def := s.Types[object]
	if def == nil || def.Fields.ForName(name) == nil {
		t.Fatalf("there is no %s.%s", object, name)
	}
	return def.Fields.ForName(name).Type.String()
}

// A router sees null where it may have to put it; a client that asks Roster itself need not reckon with that.
func TestNullableForRoutersOnly(t *testing.T) {
	t.Parallel()
	router, client := load(t, graph.Federation(graph.Options{}), federation), load(t, graph.Client(graph.Options{}))
	for _, tc := range []struct{ object, field, router, client string }{
		{"User", "id", "ID!", "ID!"},
		{"User", "email", "String", "String"},
		{"User", "name", "String", "String!"},
		{"User", "accounts", "[Account!]", "[Account!]!"},
		{"User", "completeness", "Completeness", "Completeness!"},
		{"Account", "id", "ID!", "ID!"},
		{"Account", "user", "User", "User!"},
		{"KommoAccount", "name", "String", "String!"},
		{"Node", "id", "ID!", "ID!"},
		{"Query", "viewer", "Viewer", "Viewer!"},
		{"Source", "id", "ID!", "ID!"},
		{"Source", "name", "String", "String!"}, // beside entities a Node
		{"UserConnection", "nodes", "[User!]!", "[User!]!"},
		{"Completeness", "complete", "Boolean!", "Boolean!"},
		{"Phone", "raw", "String!", "String!"},
	} {
		if got := field(t, router, tc.object, tc.field); got != tc.router {
			t.Errorf("a router sees %s.%s: %s, want %s", tc.object, tc.field, got, tc.router)
		}
		if got := field(t, client, tc.object, tc.field); got != tc.client {
			t.Errorf("a client sees %s.%s: %s, want %s", tc.object, tc.field, got, tc.client)
		}
	}
	for name, def := range client.Types { // what is put in stays as it is
		for _, f := range def.Fields {
			if def.Kind == ast.InputObject && router.Types[name].Fields.ForName(f.Name).Type.String() != f.Type.String() {
				t.Errorf("%s.%s differs", name, f.Name)
			}
			for _, a := range f.Arguments {
				if got := router.Types[name].Fields.ForName(f.Name).Arguments.ForName(a.Name).Type.String(); got != a.Type.String() {
					t.Errorf("%s.%s(%s) differs", name, f.Name, a.Name)
				}
			}
		}
	}
}

func TestDirectives(t *testing.T) {
	t.Parallel()
	if text := graph.Federation(graph.Options{}); strings.Contains(text, "requiresScopes") {
		t.Error("security directives are there unasked")
	}
	with := load(t, graph.Federation(graph.Options{SecurityDirectives: true}), federation)
	for _, input := range []string{"UserFilter", "ContactFilter"} { // a router cannot check inputs
		if with.Types[input].Fields.ForName("attributes") != nil {
			t.Errorf("%s.attributes is in the schema of a router that checks scopes", input)
		}
	}
	for _, text := range []string{graph.Federation(graph.Options{}), graph.Client(graph.Options{})} {
		if strings.Contains(text, "inputScopes") || strings.Count(text, "  attributes: [AttributeFilter!]") != 2 {
			t.Error("the filters by attributes are missing, or have a directive that nobody else knows")
		}
	}
	for _, at := range [][2]string{{"User", "phones"}, {"Contact", "addresses"}} {
		if with.Types[at[0]].Fields.ForName(at[1]).Directives.ForName("requiresScopes") == nil {
			t.Errorf("%s.%s names no scope", at[0], at[1])
		}
	}
	for _, f := range with.Mutation.Fields { // Roster wants one for each
		if f.Directives.ForName("requiresScopes") == nil {
			t.Errorf("Mutation.%s names no scope", f.Name)
		}
	}
	client := load(t, graph.Client(graph.Options{}))
	if client.Types["UserLookup"].Directives.ForName("oneOf") == nil {
		t.Error("UserLookup has no @oneOf for clients")
	}
	page, err := os.ReadFile("../docs/clients.md")
	if err != nil {
		t.Fatal(err)
	}
	for name, def := range client.Types {
		if def.Kind != ast.Scalar || def.BuiltIn {
			continue
		}
		if def.Directives.ForName("specifiedBy") == nil {
			t.Errorf("%s has no @specifiedBy", name)
		}
		for _, says := range []string{"| `" + name + "` |", name + ": '", "  " + name + ": { type: "} { // the table, and a line for each generator
			if !strings.Contains(string(page), says) {
				t.Errorf("docs/clients.md lacks %q", says)
			}
		}
	}
}

// Mesh keeps the last block of a type only.
func TestOneBlockForEachType(t *testing.T) {
	t.Parallel()
	doc, err := parser.ParseSchema(&ast.Source{Input: graph.Federation(graph.Options{})})
	if err != nil {
		t.Fatal(err)
	}
	if len(doc.Extensions) > 0 {
		t.Errorf("%d types are extended", len(doc.Extensions))
	}
	seen := make(map[string]bool)
	for _, def := range doc.Definitions {
		if seen[def.Name] {
			t.Errorf("%s is defined twice", def.Name)
		}
		seen[def.Name] = true
	}
}

func TestPrefix(t *testing.T) {
	t.Parallel()
	for prefix, roots := range map[string][]string{"Roster": {"rosterNode", "rosterUsers"}, "Acme_": {"acme_node", "acme_users"}} {
		plain, named := load(t, graph.Federation(graph.Options{}), federation), load(t, graph.Federation(graph.Options{Prefix: prefix}), federation)
		for name, def := range plain.Types {
			want := name
			if def.Kind != ast.Scalar && name != "Query" && name != "Mutation" && name != "Subscription" && !strings.HasPrefix(name, "__") {
				want = prefix + name
			}
			if named.Types[want] == nil {
				t.Errorf("there is no %s", want)
			}
		}
		if diff := cmp.Diff(len(plain.Types), len(named.Types)); diff != "" {
			t.Errorf("the number of types (-want +got):\n%s", diff)
		}
		for _, root := range roots {
			if named.Query.Fields.ForName(root) == nil {
				t.Errorf("there is no root field %s", root)
			}
		}
		if got := field(t, named, prefix+"User", "teams"); got != "["+prefix+"Team!]" {
			t.Errorf("a person's teams are %s", got)
		}
		load(t, graph.Client(graph.Options{Prefix: prefix}))
	}
}

// A router refuses @cost and scopes on the fields of an interface. It derives them from the objects, so each object must have what the interface has here.
func TestInterfacesLeaveCostAndScopesToObjects(t *testing.T) {
	t.Parallel()
	router := load(t, graph.Federation(graph.Options{SecurityDirectives: true}), federation)
	client := load(t, graph.Client(graph.Options{}))
	for name, def := range client.Types {
		if def.Kind != ast.Interface || strings.HasPrefix(name, "__") {
			continue
		}
		for _, f := range router.Types[name].Fields {
			for _, directive := range []string{"cost", "requiresScopes"} {
				if f.Directives.ForName(directive) != nil {
					t.Errorf("%s.%s of an interface has @%s for a router", name, f.Name, directive)
				}
			}
		}
	}
	for _, account := range router.GetPossibleTypes(router.Types["Account"]) {
		for _, directive := range []string{"cost", "requiresScopes"} {
			if account.Fields.ForName("raw").Directives.ForName(directive) == nil {
				t.Errorf("%s.raw has no @%s for a router", account.Name, directive)
			}
		}
	}
}
