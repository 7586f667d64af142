package resolvers_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/vektah/gqlparser/v2/ast"
	"pgregory.net/rapid"

	"roster/internal/access"
	"roster/internal/directory"
	"roster/internal/snapshot"
	"roster/resolvers"
)

// There is one error for each definition, however often it is selected. Other fields have their values.
func TestDeniedFields(t *testing.T) {
	t.Parallel()
	w := newTestServer(t, private("canary").company()...).read()
	ask := overHTTP(w.withAuthentication())
	for name, tc := range map[string]struct {
		document string
		want     string
	}{
		"once for all items, places and names": {
			`{users{nodes{phones{raw} again:phones{kind}}} more:users{nodes{name ...F}}} fragment F on User{phones{number}}`,
			`User.phones@1:14 in users.nodes.0.phones`,
		},
		"each definition": {
			`{users{nodes{phones{raw} addresses accounts{name ...on WorksectionAccount{rate phones{raw}} ...on KommoAccount{phones{raw}}}}} contacts{nodes{phones{raw}}}}`,
			`User.phones@1:14 in users.nodes.0.phones User.addresses@1:26 in users.nodes.0.addresses
				WorksectionAccount.rate@1:75 in users.nodes.0.accounts.0.rate WorksectionAccount.phones@1:80 in users.nodes.0.accounts.0.phones
				KommoAccount.phones@1:112 in users.nodes.0.accounts.1.phones Contact.phones@1:143 in contacts.nodes.0.phones`,
		},
		"what is left out":                 {`{users{nodes{name phones @skip(if:true){raw} ...on User @include(if:false){addresses}}}}`, ``},
		"where nobody is":                  {`{users(filter:{search:"nobody"}){nodes{phones{raw}}}}`, `User.phones@1:40`},
		"in the first place that there is": {`{none:users(filter:{search:"nobody"}){nodes{...F}} users{nodes{...F}}} fragment F on User{phones{raw}}`, `User.phones@1:91 in users.nodes.0.phones`},
		"nothing of the kind":              {`{users{nodes{name emails{address}}}}`, ``},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			text := ask(t, onlyRead, tc.document, nil)
			var got []string
			var a struct {
				Errors []struct {
					answerError
					Locations []struct{ Line, Column int }
				}
			}
			if err := json.Unmarshal([]byte(text), &a); err != nil {
				t.Fatal(err)
			}
			for _, e := range a.Errors {
				got = append(got, fmt.Sprintf("%v@%d:%d", e.Extensions["coordinate"], e.Locations[0].Line, e.Locations[0].Column))
				if len(e.Path) > 0 {
					got = append(got, "in", strings.Trim(strings.ReplaceAll(fmt.Sprint(e.Path), " ", "."), "[]"))
				}
				if e.Extensions["code"] != "FORBIDDEN" || !strings.Contains(e.Message, "directory:sensitive") {
					t.Errorf("the error is %+v", e)
				}
			}
			if diff := cmp.Diff(strings.Join(strings.Fields(tc.want), " "), strings.Join(got, " ")); diff != "" {
				t.Errorf("errors (-want +got):\n%s", diff)
			}
			if strings.Contains(text, "canary") || strings.Contains(text, "must not be null") {
				t.Errorf("the answer is %s", text)
			}
			if all := parsed(t, ask(t, sensitive, tc.document, nil)); len(all.Errors) > 0 {
				t.Errorf("a caller with the scope gets %v", all.Errors)
			}
		})
	}
}

// Directories that differ only in denied values have the same answers, whatever the query: each argument, filter, order and facet of the schema is tried.
func TestDeniedValuesDoNotLeak(t *testing.T) {
	t.Parallel()
	var servers []send
	for _, p := range []private{"canary", "zebra-canary", ""} {
		sources := append(p.company(), p.lookalikes())
		servers = append(servers, overHTTP(newTestServerBy(t, anchored(p), snapshot.Options{Sources: sources}).read().withAuthentication()))
	}
	schema := (&resolvers.Resolver{}).Schema().Schema()
	everythingThere := "query" + everything(schema, schema.Query, 3)
	people := "{ users { nodes" + everything(schema, schema.Types["User"], 2) + " } }" // with all of their accounts
	same := func(t rapid.TB, document string, vars map[string]any) answer {
		var first, whole string
		for i, ask := range servers {
			whole = ask(t, onlyRead, document, vars)
			text := readAt.ReplaceAllString(whole, "$1:then")
			if strings.Contains(text, "canary") && !strings.Contains(document, "canary") || strings.Contains(text, "7.7000") {
				t.Fatalf("a denied value is in the answer: %s\n%s", document, text)
			}
			if i == 0 {
				first = text
			}
			if text != first {
				t.Fatalf("%s %v distinguishes the directories:\n%s\n%s", document, vars, first, text)
			}
		}
		return parsed(t, whole)
	}
	same(t, everythingThere, nil)
	same(t, people, nil)

	const attributeFacets = `{ users { __typename attributeFacets(name: "secret") { value } } contacts { __typename attributeFacets(name: "secret") { value } } }`
	same(t, attributeFacets, nil)

	// What is tried below would be noticed: each restricted value differs between the directories.
	restricted := func(ask send) map[string][]string {
		return restrictedValues(schema, []any{parsed(t, ask(t, seesAll, everythingThere, nil)).Data, parsed(t, ask(t, seesAll, people, nil)).Data,
			parsed(t, ask(t, seesAll, attributeFacets, nil)).Data})
	}
	with, without := restricted(servers[0]), restricted(servers[2])
	for _, def := range schema.Types {
		for _, f := range def.Fields {
			if at := def.Name + "." + f.Name; def.Kind == ast.Object && isSensitive(f) && slices.Equal(with[at], without[at]) {
				t.Errorf("%s is %s in each directory: let private have values of it", at, with[at])
			}
		}
	}

	in := inputs{schema, idsIn(servers[0](t, onlyRead, everythingThere, nil))}
	for _, fields := range in.everyArgument(t) {
		whole := true
		for chunk := range slices.Chunk(fields, 30) {
			var document strings.Builder
			for i, field := range chunk {
				document.WriteString(strings.Replace(field, "ALIAS", fmt.Sprintf(" a%d", i), 1))
			}
			whole = same(t, "{"+document.String()+"}", nil).Data != nil && whole
		}
		if whole {
			continue
		}
		for _, field := range fields { // an error of one of them hides the others
			for _, e := range same(t, strings.Replace("{"+field+"}", "ALIAS: ", "", 1), nil).Errors {
				if strings.HasPrefix(fmt.Sprint(e.Extensions["code"]), "GRAPHQL_") {
					t.Fatalf("%s\nis not valid: %s", field, e.Message)
				}
			}
		}
	}
	rapid.Check(t, func(t *rapid.T) { // several arguments together
		document, vars := in.drawPage(t), map[string]any{}
		for range 3 { // and the next pages
			a := same(t, document, vars)
			cursor := text(a.Data, "page", "pageInfo", "endCursor")
			if cursor == "" {
				return
			}
			vars["after"] = cursor
		}
	})
}

// readAt matches the times of fetches, which differ between servers.
var readAt = regexp.MustCompile(`("asOf"|"observedAt"|"changedAt"|"syncedAt"|"triedAt"):"[^"]*"`)

func isSensitive(f *ast.FieldDefinition) bool {
	d := f.Directives.ForName("requiresScopes")
	return d != nil && strings.Contains(d.Arguments.ForName("scopes").Value.String(), access.ScopeSensitive)
}

// restrictedValues returns the values of each restricted field in the data, as text.
func restrictedValues(schema *ast.Schema, data any) map[string][]string {
	out := make(map[string][]string)
	var walk func(v any)
	walk = func(v any) {
		switch v := v.(type) {
		case []any:
			for _, item := range v {
				walk(item)
			}
		case map[string]any:
			name, _ := v["__typename"].(string)
			for _, field := range slices.Sorted(maps.Keys(v)) {
				if def := schema.Types[name]; def != nil && def.Fields.ForName(field) != nil && isSensitive(def.Fields.ForName(field)) {
					out[name+"."+field] = append(out[name+"."+field], fmt.Sprint(v[field]))
				}
				walk(v[field])
			}
		}
	}
	walk(data)
	return out
}

// idsIn returns IDs in an answer, one of each type.
func idsIn(text string) []string {
	var ids []string
	for _, m := range regexp.MustCompile(`"id":"([^"]*)"`).FindAllStringSubmatch(text, -1) {
		ids = append(ids, m[1])
	}
	slices.Sort(ids)
	return slices.CompactFunc(ids, func(a, b string) bool { return directory.TypeOf(a) == directory.TypeOf(b) })
}

// Callers who share a server, with its cached documents and the memory of answers, each get their own answer, also concurrently.
func TestCallersAlternate(t *testing.T) {
	t.Parallel()
	w := newTestServer(t, private("canary").company()...).read()
	ask := overHTTP(w.withAuthentication())
	const document = `{users{nodes{name phones{raw}}} viewer{scopes}}`
	for i := range 10 {
		if text := ask(t, onlyRead, document, nil); strings.Contains(text, "canary") || !strings.Contains(text, "FORBIDDEN") {
			t.Fatalf("turn %d: the caller without the scope gets %s", i, text)
		}
		if text := ask(t, sensitive, document, nil); !strings.Contains(text, "canary-raw") || strings.Contains(text, "FORBIDDEN") {
			t.Fatalf("turn %d: the caller with the scope gets %s", i, text)
		}
	}
	var together sync.WaitGroup
	for range 4 {
		for _, scopes := range []string{onlyRead, sensitive} {
			together.Go(func() {
				for range 50 {
					if text := ask(t, scopes, document, nil); strings.Contains(text, "canary") == strings.Contains(text, "FORBIDDEN") ||
						strings.Contains(text, "canary") != (scopes == sensitive) {
						t.Errorf("%s gets %s", scopes, text)
					}
				}
			})
		}
	}
	together.Wait()
}
