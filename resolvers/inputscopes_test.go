package resolvers_test

import (
	"strings"
	"testing"
)

// A filter by values that the caller may not see is refused before anything runs, wherever it is given.
func TestFiltersByDeniedValues(t *testing.T) {
	t.Parallel()
	ask := overHTTP(newTestServer(t, private("canary").company()...).read().withAuthentication())
	exists := map[string]any{"name": "secret", "exists": true}
	for _, tc := range []struct {
		name, document string
		vars           map[string]any
		refused        string // the inputs
	}{
		{"in the document", `{ users(filter: {attributes: [{name: "secret", exists: true}]}) { totalCount } }`, nil, "UserFilter.attributes"},
		{"one item without a list", `{ users(filter: {attributes: {name: "secret"}}) { totalCount } }`, nil, "UserFilter.attributes"},
		{"of contacts", `{ contacts(filter: {attributes: [{name: "secret"}]}) { totalCount } }`, nil, "ContactFilter.attributes"},
		{
			"of both, twice", `{ contacts(filter: {attributes: [{name: "secret"}]}) { totalCount } a: users(filter: {attributes: [{name: "secret"}]}) { totalCount }
				b: users(filter: {attributes: [{name: "secret"}]}) { totalCount } }`, nil, "ContactFilter.attributes UserFilter.attributes",
		},
		{
			"within a list, by a fragment", `{ teams { nodes { ...T } } } fragment T on Team { members(filter: {attributes: [{name: "secret"}]}) { totalCount } }`, nil,
			"UserFilter.attributes",
		},
		{
			"in a variable", `query($f: UserFilter) { users(filter: $f) { totalCount } }`,
			map[string]any{"f": map[string]any{"attributes": []any{exists}}}, "UserFilter.attributes",
		},
		{
			"in a variable within the filter", `query($a: [AttributeFilter!]) { users(filter: {attributes: $a}) { totalCount } }`,
			map[string]any{"a": exists}, "UserFilter.attributes",
		},
		{
			"in the default of a variable", `query($f: UserFilter = {attributes: [{name: "secret"}]}) { users(filter: $f) { totalCount } }`, nil, "UserFilter.attributes",
		},
		{"with a name in a variable", `query($n: String!) { users(filter: {attributes: [{name: $n}]}) { totalCount } }`, map[string]any{"n": "secret"}, "UserFilter.attributes"},
		{"null", `{ users(filter: {attributes: null}) { totalCount } }`, nil, ""},
		{"an empty list", `{ users(filter: {attributes: []}) { totalCount } }`, nil, ""},
		{"a variable without it", `query($f: UserFilter) { users(filter: $f) { totalCount } }`, map[string]any{"f": map[string]any{"active": true}}, ""},
		{"a variable that is null", `query($a: [AttributeFilter!]) { users(filter: {attributes: $a}) { totalCount } }`, map[string]any{"a": nil}, ""},
		{"a field that is not included", `{ users { totalCount } skipped: users(filter: {attributes: [{name: "secret"}]}) @skip(if: true) { totalCount } }`, nil, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			a := parsed(t, ask(t, onlyRead, tc.document, tc.vars))
			var names []string
			for _, e := range a.Errors {
				name, _ := e.Extensions["coordinate"].(string)
				names = append(names, name)
				if e.Extensions["code"] != "FORBIDDEN" || e.Message != name+" needs the scope directory:sensitive" {
					t.Errorf("the error is %+v", e)
				}
			}
			if got := strings.Join(names, " "); got != tc.refused || (a.Data == nil) != (tc.refused != "") {
				t.Errorf("refused: %q, data %v; want %q", got, a.Data, tc.refused)
			}
			if a := parsed(t, ask(t, sensitive, tc.document, tc.vars)); len(a.Errors) > 0 || a.Data == nil {
				t.Errorf("a caller with the scope gets %v", a.Errors)
			}
		})
	}
}
