package resolvers_test

import (
	"flag"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/vektah/gqlparser/v2/ast"

	"roster/internal/access"
	"roster/resolvers"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// scopeSets returns every set of the scopes that decide on fields. The scope for the schema decides on whole documents.
func scopeSets() []string {
	scopes := slices.DeleteFunc(slices.Clone(access.AllScopes[:]), func(scope string) bool { return scope == access.ScopeSchema })
	var sets []string
	for bits := range 1 << len(scopes) {
		var set []string
		for i, scope := range scopes {
			if bits&(1<<i) != 0 {
				set = append(set, scope)
			}
		}
		sets = append(sets, strings.Join(set, " "))
	}
	return sets
}

// The table shows every field of the schema for callers with every set of scopes. It is for people to read. There are several routes to each field and three transports: see seenByTurns.
func TestScopes(t *testing.T) {
	t.Parallel()
	w := newTestServerBy(t, anchored("canary"), fetchedOnce(append(private("canary").company(), private("canary").lookalikes()))).read()
	guarded := w.withAuthentication()
	got := scopeTable(t, []send{overHTTP(guarded), overSocket(t, guarded), overEvents(t, guarded)})
	const golden = "testdata/scopes.golden"
	if *update {
		if err := os.WriteFile(golden, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("go test ./resolvers -run TestScopes -update, and read the difference (-want +got):\n%s", diff)
	}
}

// scopeTable returns a line for each field and a column for each set of scopes.
func scopeTable(t *testing.T, transports []send) string {
	t.Helper()
	schema := (&resolvers.Resolver{}).Schema().Schema()
	sets := scopeSets()
	var b strings.Builder
	b.WriteString("What callers see, by their scopes: yes, null (with one error FORBIDDEN), part (without what it tells of fields that they may not see), or - where the operation is refused. Written by TestScopes.\n\n")
	for i, set := range sets {
		fmt.Fprintf(&b, "%2d  %s\n", i, set)
	}
	b.WriteString("\n" + strings.Repeat(" ", 40))
	for i := range sets {
		fmt.Fprintf(&b, " %-4d", i)
	}
	b.WriteString("\n")
	paths := pathsTo(schema)
	row := 0
	for _, name := range slices.Sorted(maps.Keys(paths)) {
		for _, f := range schema.Types[name].Fields {
			if strings.HasPrefix(f.Name, "__") {
				continue
			}
			fmt.Fprintf(&b, "%-40s", name+"."+f.Name)
			var ways []way
			for _, route := range routesTo(t, transports[0], schema, paths[name], name, f) {
				for _, ask := range transports {
					ways = append(ways, newWay(t, schema, ask, route, name, f))
				}
			}
			met := make(map[string]map[int]bool) // by what a caller sees: the ways that were asked
			for i, set := range sets {
				fmt.Fprintf(&b, " %-4s", seenByTurns(t, set, name+"."+f.Name, row+i, ways, met))
			}
			for seen, asked := range met {
				if seen != "yes" && len(asked) != len(ways) {
					t.Errorf("%s.%s: only %d of %d ways are asked where callers see %q", name, f.Name, len(asked), len(ways), seen)
				}
			}
			b.WriteString("\n")
			row++
		}
	}
	lines := strings.Split(b.String(), "\n")
	for i := range lines {
		lines[i] = strings.TrimRight(lines[i], " ")
	}
	return strings.Join(lines, "\n")
}

// seenByTurns returns what a caller gets by some of the ways, and adds to met which ones. All ways in all cells would be some 170,000 requests: SCOPES=all sends them. Otherwise
// two ways are asked for each set of scopes, other ones with each turn. If something is denied to a caller who lacks one scope only, all ways are asked: so each check of a scope
// meets each way.
func seenByTurns(t *testing.T, set, field string, turn int, ways []way, met map[string]map[int]bool) string {
	t.Helper()
	asked := []int{turn % len(ways), (turn + len(ways)/2) % len(ways)}
	seen := seenAs(t, set, field, ways[asked[0]], ways[asked[1]])
	if os.Getenv("SCOPES") == "all" || seen != "yes" && lacksOne(set) {
		asked = nil
		for i := range ways {
			asked = append(asked, i)
		}
		if all := seenAs(t, set, field, ways...); all != seen {
			t.Errorf("%s for %q: %s and %s", field, set, seen, all)
		}
	}
	if met[seen] == nil {
		met[seen] = make(map[int]bool)
	}
	for _, i := range asked {
		met[seen][i] = true
	}
	return seen
}

// lacksOne reports whether a set has all scopes that decide on fields, but one.
func lacksOne(set string) bool { return len(strings.Fields(set)) == len(access.AllScopes)-2 }

// route is a document that selects one field.
type route struct {
	document  string
	variables map[string]any
}

// way is a route over one transport, and its answer to a caller with all scopes.
type way struct {
	route
	ask send
	all string
}

// newWay asks once with all scopes, and checks that the answer has a value that could be denied.
func newWay(t *testing.T, schema *ast.Schema, ask send, r route, typeName string, f *ast.FieldDefinition) way {
	t.Helper()
	w := way{route: r, ask: ask, all: ask(t, allScopes(), r.document, r.variables)}
	if a := parsed(t, w.all); len(a.Errors) > 0 || a.Data == nil {
		t.Errorf("%s.%s for a caller with all scopes, by %s: %s", typeName, f.Name, r.document, w.all)
	}
	protected := f.Directives.ForName("requiresScopes") != nil && f.Name != "bytes" // which is the size of all values
	if protected && !schema.Types[f.Type.Name()].IsCompositeType() && !strings.Contains(w.all, "canary") && !strings.Contains(w.all, "7.7000") {
		t.Errorf("%s.%s has no value that could be denied, by %s: %s", typeName, f.Name, r.document, w.all)
	}
	return w
}

// seenAs returns what a caller gets by all these ways, which must agree.
func seenAs(t *testing.T, scopes, field string, ways ...way) string {
	t.Helper()
	var seen []string
	for _, w := range ways {
		text := w.ask(t, scopes, w.document, w.variables)
		a := parsed(t, text)
		var codes []string
		for _, e := range a.Errors {
			code, _ := e.Extensions["code"].(string)
			codes = append(codes, code)
		}
		as := "?"
		switch {
		case text == w.all || strings.Contains(w.document, "viewer") && a.Errors == nil:
			as = "yes"
		case (strings.Contains(w.document, "provenance") || strings.Contains(w.document, "coverage")) && a.Errors == nil && !strings.Contains(text, "canary"):
			as = "part"
		case a.Data == nil && slices.Equal(codes, []string{"FORBIDDEN"}):
			as = "-"
		case slices.Equal(codes, []string{"FORBIDDEN"}) && !strings.Contains(text, "canary") && !strings.Contains(text, "7.7000"):
			as = "null"
		}
		if as == "?" {
			t.Errorf("%s for %q by %s: %s", field, scopes, w.document, text)
		}
		seen = append(seen, as)
	}
	if len(slices.Compact(seen)) != 1 {
		t.Errorf("%s for %q: the routes have the results %v", field, scopes, seen)
	}
	return seen[0]
}

// routesTo returns the routes to a field: the shortest path from the root and, if its type is an entity, also by _entities, node, nodes and a root field for its type. Each route is
// used plainly, in a fragment, and with an alias.
func routesTo(t *testing.T, ask send, schema *ast.Schema, path, typeName string, f *ast.FieldDefinition) []route {
	t.Helper()
	field := f.Name
	if f.Name == "facets" {
		field += "(by: SOURCE)"
	}
	switch f.Name {
	case "attributeFacets":
		field += `(name: "secret")`
	case "user":
		if typeName == "Query" {
			field += `(by: {email: "ann@example.com"})`
		}
	case "node":
		if typeName == "Query" {
			field += `(id: "x")`
		}
	case "nodes":
		if typeName == "Query" {
			field += `(ids: [])`
		}
	case "account":
		if typeName == "Viewer" {
			field += `(source: "none")`
		}
	case "_entities":
		field += `(representations: [])`
	case "team", "role", "contact", "contactFolder":
		if typeName == "Query" {
			id := text(firstID(parsed(t, ask(t, allScopes(), "{"+f.Name+"s{nodes{id}}}", nil)).Data))
			field += `(id: "` + id + `")`
		}
	}
	operation := ""
	if typeName == "Mutation" { // a dry run
		operation = "mutation"
		field += mutations[f.Name]
	}
	if given := schema.Types[f.Type.Name()]; given.IsCompositeType() {
		field += "{__typename}"
	}
	documents := []route{
		{document: operation + "{" + fmt.Sprintf(path, field) + "}"},
		{document: operation + "{" + fmt.Sprintf(path, "...F") + "} fragment F on " + typeName + " {x: " + field + "}"},
	}
	if def := schema.Types[typeName]; def.Directives.ForName("key") != nil {
		id := text(firstID(parsed(t, ask(t, allScopes(), "{"+fmt.Sprintf(path, "id")+"}", nil)).Data))
		on := "{...on " + typeName + "{" + field + "}}"
		vars := map[string]any{"id": id, "r": []any{map[string]any{"__typename": typeName, "id": id}}}
		documents = append(documents,
			route{document: "query($r:[_Any!]!){_entities(representations:$r)" + on + "}", variables: vars},
			route{document: "query($id:ID!){node(id:$id)" + on + "}", variables: vars},
			route{document: "query($id:ID!){nodes(ids:[$id])" + on + "}", variables: vars})
		if root := schema.Query.Fields.ForName(strings.ToLower(typeName[:1]) + typeName[1:]); root != nil && root.Arguments.ForName("id") != nil {
			documents = append(documents, route{document: "query($id:ID!){" + root.Name + "(id:$id)" + on + "}", variables: vars})
		}
	}
	return documents
}

// mutations are inputs that change nothing.
var mutations = map[string]string{
	"inviteUser": `(input:{source:"none",email:"x"})`, "createTeam": `(input:{source:"none",name:"x"})`,
	"createContact": `(input:{source:"none",name:"x",email:"x"})`, "createContactFolder": `(input:{source:"none",name:"x"})`,
	"subscribeToTask":     `(input:{source:"none",taskId:"1",user:{id:"x"}})`,
	"unsubscribeFromTask": `(input:{source:"none",taskId:"1",user:{id:"x"}})`, "refreshSource": `(input:{source:"none"})`,
	"linkAccounts": `(input:{accounts:[],reason:"x"})`, "splitAccount": `(input:{account:"x",reason:"x"})`, "undoIdentity": `(input:{id:"x",reason:"x"})`,
}

func allScopes() string { return strings.Join(access.AllScopes[:], " ") }

// firstID returns the first ID in an answer.
func firstID(v any) any {
	switch v := v.(type) {
	case map[string]any:
		if id, ok := v["id"]; ok {
			return id
		}
		for _, name := range slices.Sorted(maps.Keys(v)) {
			if id := firstID(v[name]); id != nil {
				return id
			}
		}
	case []any:
		for _, item := range v {
			if id := firstID(item); id != nil {
				return id
			}
		}
	}
	return nil
}

// pathsTo returns for each reachable object type the shortest selection around it, with %s in place of its fields.
func pathsTo(schema *ast.Schema) map[string]string {
	paths := map[string]string{"Query": "%s"}
	if schema.Mutation != nil {
		paths["Mutation"] = "%s"
	}
	for queue := []string{"Query"}; len(queue) > 0; queue = queue[1:] {
		at := schema.Types[queue[0]]
		if at.Name == "Viewer" { // from the viewer everything is reachable, but the test has no user
			paths["WorksectionViewer"], paths["ViewerAccount"] = "viewer{worksection{%s}}", `viewer{account(source:"none"){%s}}`
			continue
		}
		isPreview := func(f *ast.FieldDefinition) bool { return f.Name == "identityPreview" } // leads to objects too, but has none without a change: last
		fields := slices.DeleteFunc(slices.Clone(at.Fields), isPreview)
		if i := slices.IndexFunc(at.Fields, isPreview); i >= 0 {
			fields = append(fields, at.Fields[i])
		}
		for _, f := range fields {
			to := schema.Types[f.Type.Name()]
			if strings.HasPrefix(f.Name, "__") || !to.IsCompositeType() || f.Name != "facets" && slices.ContainsFunc(f.Arguments, isRequired) {
				continue
			}
			field := f.Name
			if f.Name == "facets" {
				field += "(by: SOURCE)"
			}
			if f.Name == "provenance" { // one field that everyone may see, and one that not everyone may
				field += `(fields: ["title", "phones"])`
			}
			for _, object := range schema.GetPossibleTypes(to) {
				if _, known := paths[object.Name]; known {
					continue
				}
				inner := "%s"
				if to.IsAbstractType() {
					inner = "...on " + object.Name + "{%s}"
				}
				paths[object.Name] = fmt.Sprintf(paths[at.Name], field+"{"+inner+"}")
				queue = append(queue, object.Name)
			}
		}
	}
	return paths
}
