package resolvers_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"roster/internal/access"
)

// A wrong value of a variable is rejected before anything runs, over every transport, and nothing is written.
func TestWrongVariablesAreRejectedFirst(t *testing.T) {
	t.Parallel()
	source := newTeamSource()
	w := newTestServer(t, source, crm()).read()
	const scopes = access.ScopeRead + " " + access.ScopeWrite
	teams := func() int {
		source.Teams.(*teamSource).mu.Lock()
		defer source.Teams.(*teamSource).mu.Unlock()
		return len(source.Teams.(*teamSource).teams)
	}
	const create = `createTeam(input: {source: "ws", name: "One", dryRun: $d}) { outcome }`
	for _, tc := range []struct {
		name, document string
		variables      map[string]any
		says           string
		inputPath      []any
	}{
		{"null for a rehearsal", `mutation($d: Boolean = true) { ` + create + ` }`, map[string]any{"d": nil},
			`variable "$d" cannot be null: it is used in the argument "input" of the field createTeam, at dryRun, whose type is Boolean!`, []any{"input", "dryRun"}},
		{"in the second of two writes", `mutation($d: Boolean = true) { a: createTeam(input: {source: "ws", name: "Two"}) { outcome } b: ` + create + ` }`,
			map[string]any{"d": nil}, `the field b, at dryRun`, []any{"input", "dryRun"}},
		{"null for a number of facets", `query($d: Int = 5) { users(first: 0) { facets(by: SOURCE, first: $d) { value } } }`, map[string]any{"d": nil},
			`the field users.facets, whose type is Int!`, []any{"first"}},
		{"null for an ID", `query($d: ID = "x") { node(id: $d) { id } }`, map[string]any{"d": nil}, `the field node, whose type is ID!`, []any{"id"}},
		{"null for IDs", `query($d: [ID!] = ["x"]) { nodes(ids: $d) { id } }`, map[string]any{"d": nil}, `the field nodes, whose type is [ID!]!`, []any{"ids"}},
		{"null in a filter", `query($d: Int = 3) { users(first: 0, filter: {accounts: [{min: $d}]}) { totalCount } }`, map[string]any{"d": nil},
			`the field users, at accounts[0].min, whose type is Int!`, []any{"filter", "accounts", 0.0, "min"}},
		{"null for include", `query($d: Boolean = true) { users(first: 1) @include(if: $d) { totalCount } }`, map[string]any{"d": nil},
			`the argument "if" of @include at users`, []any{"if"}},
		{"null for skip, in a fragment", `query($d: Boolean = true) { users(first: 1) { ...F @skip(if: $d) } } fragment F on UserConnection { totalCount }`,
			map[string]any{"d": nil}, `the argument "if" of @skip at users`, []any{"if"}},
		{"null for include below a write", `mutation($d: Boolean = true) { createTeam(input: {source: "ws", name: "Two"}) { outcome team @include(if: $d) { name } } }`,
			map[string]any{"d": nil}, `the argument "if" of @include at createTeam.team`, []any{"if"}},
		{"another enum's value", `query($f: UserFilter) { a: users(first: 0, filter: $f) { totalCount } }`,
			map[string]any{"f": map[string]any{"accessLevels": []any{"BOSS"}}}, `variable "$f", at accessLevels[0]: "BOSS" is not a value of AccessLevel`,
			[]any{"f", "accessLevels", 0.0}},
		{"a text for a number", `query($n: Int) { users(first: $n) { totalCount } }`, map[string]any{"n": "1"}, `variable "$n": "1" is not an Int`, []any{"n"}},
		{"a number for a text", `mutation($n: String!) { createTeam(input: {source: "ws", name: $n}) { outcome } }`, map[string]any{"n": 42},
			`variable "$n": 42 is not a String`, []any{"n"}},
		{"a fraction for an ID", `query($i: ID!) { node(id: $i) { id } }`, map[string]any{"i": 1.5}, `variable "$i": 1.5 is not an ID`, []any{"i"}},
		{"more than 32 bits", `query($n: Int) { users(first: $n) { totalCount } }`, map[string]any{"n": json.Number("-2147483649")},
			`variable "$n": -2147483649 is not an Int: a whole number of 32 bits`, []any{"n"}},
		{"a number for a flag", `query($b: Boolean) { users(first: 0, filter: {active: $b}) { totalCount } }`, map[string]any{"b": 1},
			`variable "$b": 1 is not a Boolean: true or false`, []any{"b"}},
	} {
		for way, ask := range map[string]send{"POST": overHTTP(w.withAuthentication()), "WebSocket": overSocket(t, w.withAuthentication()), "server-sent events": overEvents(t, w.withAuthentication())} {
			t.Run(tc.name+" by "+way, func(t *testing.T) {
				text := ask(t, scopes, tc.document, tc.variables)
				a := parsed(t, text)
				if len(a.Errors) != 1 || !strings.Contains(a.Errors[0].Message, tc.says) || strings.Contains(text, `"data"`) || strings.Contains(text, `"path"`) {
					t.Fatalf("the answer is %s, want one error that says %q, and neither data nor a path", text, tc.says)
				}
				if diff := cmp.Diff(map[string]any{"code": "BAD_USER_INPUT", "inputPath": tc.inputPath}, a.Errors[0].Extensions); diff != "" {
					t.Errorf("extensions (-want +got):\n%s", diff)
				}
				if n := teams(); n > 0 || w.log.Len() > 0 {
					t.Errorf("%d teams were made; the log has %s", n, &w.log)
				}
			})
		}
	}
}

// Valid values of variables are accepted, over every transport.
func TestValidVariablesAreAccepted(t *testing.T) {
	t.Parallel()
	w := newTestServer(t, newTeamSource(), crm()).read()
	for _, tc := range []struct {
		name, document string
		variables      map[string]any
		want           string
	}{
		{"a whole number with a point", `query($n: Int) { users(first: $n) { nodes { id: __typename } } }`, map[string]any{"n": json.Number("0.0")}, `{"data":{"users":{"nodes":[]}}}`},
		{"none for a rehearsal", `mutation($d: Boolean = true) { createTeam(input: {source: "ws", name: "One", dryRun: $d}) { outcome } }`, nil,
			`{"data":{"createTeam":{"outcome":"CHECKED"}}}`},
		{"null where what uses it is left out", `query($d: ID = "x", $s: Boolean!) { node(id: $d) @skip(if: $s) { id } __typename }`,
			map[string]any{"d": nil, "s": true}, `{"data":{"__typename":"Query"}}`},
		{"one value for a list", `query($i: [ID!]!) { nodes(ids: $i) { id } }`, map[string]any{"i": 5}, `{"data":{"nodes":[null]}}`},
	} {
		for way, ask := range map[string]send{"POST": overHTTP(w.withAuthentication()), "WebSocket": overSocket(t, w.withAuthentication()), "server-sent events": overEvents(t, w.withAuthentication())} {
			t.Run(tc.name+" by "+way, func(t *testing.T) {
				if got := ask(t, access.ScopeRead+" "+access.ScopeWrite, tc.document, tc.variables); got != tc.want {
					t.Errorf("the answer is %s, want %s", got, tc.want)
				}
			})
		}
	}
}
