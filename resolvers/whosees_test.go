package resolvers

import (
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/vektah/gqlparser/v2/ast"

	"roster/graph"
)

// openFields has the fields for which somebody has decided that directory:read is enough. "Type.*" stands for all fields of a type, also future ones.
const openFields = "testdata/open-fields.txt"

// A new field has a decision: it needs scopes, or it is listed as open.
func TestEachFieldHasADecision(t *testing.T) {
	t.Parallel()
	_, schema := new(Resolver).config()
	p, err := newPolicy(schema)
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(openFields)
	if err != nil {
		t.Fatal(err)
	}
	open := make(map[string]bool)
	for line := range strings.Lines(string(text)) {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "#") {
			open[line] = true
		}
	}
	unused := maps.Clone(open)
	for _, def := range fieldsOf(schema, ast.Object, ast.Interface) {
		for _, f := range def.Fields {
			name := def.Name + "." + f.Name
			restricted := len(p.needs[coordinate{def.Name, f.Name}])+len(p.declared[coordinate{def.Name, f.Name}]) > 0 || name == "Query._service"
			listed := open[name] || open[def.Name+".*"]
			delete(unused, def.Name+".*")
			switch {
			case strings.HasPrefix(f.Name, "__"):
			case restricted && open[name]:
				t.Errorf("%s needs a scope, and is listed as open: remove its line from resolvers/%s", name, openFields)
			case open[name] && open[def.Name+".*"]:
				t.Errorf("%s is covered by %s.*: remove its line from resolvers/%s", name, def.Name, openFields)
			case !restricted && !listed:
				t.Errorf("nobody has decided who sees %s. If not everybody with directory:read may see it, give it @requiresScopes in graph/schema. "+
					"Otherwise add the line %s to resolvers/%s", name, name, openFields)
			}
			delete(unused, name)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(unused)) {
		t.Errorf("resolvers/%s has %s, which is not in the schema: remove the line", openFields, name)
	}
}

// The page says what is enforced.
func TestWhoSeesIsDocumented(t *testing.T) {
	t.Parallel()
	table, err := WhoSees(graph.Options{})
	if err != nil {
		t.Fatal(err)
	}
	page, err := os.ReadFile("../docs/who-sees.md")
	if err != nil {
		t.Fatal(err)
	}
	_, shown, _ := strings.Cut(string(page), "```text\n")
	if diff := cmp.Diff(table, strings.TrimSuffix(shown, "```\n")); diff != "" {
		t.Errorf("docs/who-sees.md is not up to date: run go generate ./resolvers (-want +got):\n%s", diff)
	}
}

// The table names the scopes of a field's own directive, of an interface's, and the alternatives.
func TestWhoSees(t *testing.T) {
	t.Parallel()
	p, err := newPolicy(loadSchema(t, `
		interface Named { secret: String @requiresScopes(scopes: [["s"]]) }
		type A implements Named { name: String  secret: String @requiresScopes(scopes: [["a"]])  either: String @requiresScopes(scopes: [["x", "y"], ["z"]]) }
		type Query { a: A }
		type Mutation { change: String }
	`))
	if err != nil {
		t.Fatal(err)
	}
	for field, want := range map[string]string{
		"A.name":          "directory:read",
		"A.secret":        "directory:read and a and s",
		"A.either":        "directory:read and (x and y or z)",
		"Named.secret":    "directory:read and s",
		"Query.a":         "directory:read",
		"Mutation.change": "directory:read and directory:write",
	} {
		object, name, _ := strings.Cut(field, ".")
		if got := p.scopesOf(object, name); got != want {
			t.Errorf("%s: %q, want %q", field, got, want)
		}
	}
}
