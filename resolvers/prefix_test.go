package resolvers_test

import (
	"context"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"roster/graph"
	"roster/internal/access"
	"roster/internal/httpapi"
	"roster/resolvers"
)

// prefixed returns the same server with prefixed names.
func (w *testServer) prefixed(prefix string) *testServer {
	out := *w
	out.api = &resolvers.Resolver{Publisher: w.api.Publisher, Keeper: w.api.Keeper, Presence: w.api.Presence, Writer: w.api.Writer, Logger: w.api.Logger,
		Graph: graph.Options{Prefix: prefix}}
	out.handler = httpapi.New(httpapi.Options{API: out.api, Introspection: true})
	return &out
}

// With a prefix, only the names of types and root fields differ.
func TestPrefix(t *testing.T) {
	bubble(t, func(t *testing.T) {
		w := newTestServer(t, ws(), crm(), mailer(), chat()).read()
		p := w.prefixed("Roster")
		const plain = `query Q($f: UserFilter, $i: ID!, $k: UserLookup!) {
			__typename
			users(first: 2, filter: $f) { __typename nodes { ...Person } facets(by: SOURCE) { kind: __typename value } }
			node(id: $i) { is: __typename id ... on User { name accounts { __typename ... on KommoAccount { admin } } } }
			someone: user(by: $k) { ...Person }
			sources { __typename name }
			...Rest
		}
		fragment Person on User { __typename id name teams { __typename name } accounts { __typename ...Of } }
		fragment Of on Account { externalId source { name } }
		fragment Rest on Query { viewer { __typename scopes } teams(first: 1) { totalCount } }`
		named := strings.NewReplacer("UserFilter", "RosterUserFilter", "UserLookup", "RosterUserLookup", "\tusers(", "\tusers: rosterUsers(", "node(id", "node: rosterNode(id",
			"someone: user(", "someone: rosterUser(", "\tsources {", "\tsources: rosterSources {", "viewer {", "viewer: rosterViewer {", "teams(first", "teams: rosterTeams(first",
			"on User", "on RosterUser", "on KommoAccount", "on RosterKommoAccount", "on Account", "on RosterAccount").Replace(plain)
		id := text(w.get(`{ user(by: { email: "ann@example.com" }) { id } }`), "user", "id")
		vars := []any{"f", map[string]any{"active": true}, "i", id, "k", map[string]any{"email": "ben@example.com"}}
		want, got := w.get(plain, vars...), p.get(named, vars...)
		var rename func(v any, key string) any
		rename = func(v any, key string) any {
			switch v := v.(type) {
			case map[string]any:
				for k, inner := range v {
					v[k] = rename(inner, k)
				}
			case []any:
				for i, inner := range v {
					v[i] = rename(inner, key)
				}
			case string:
				if (key == "__typename" || key == "is" || key == "kind") && v != "Query" {
					return "Roster" + v
				}
			}
			return v
		}
		if diff := cmp.Diff(rename(want, ""), any(got)); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		entities := p.get(`query($r: [_Any!]!) { _entities(representations: $r) { __typename ... on RosterUser { name } } }`,
			"r", []any{map[string]any{"__typename": "RosterUser", "id": id}, map[string]any{"__typename": "RosterUser", "email": "ben@example.com"}})
		if diff := cmp.Diff([]any{map[string]any{"__typename": "RosterUser", "name": "Ann Lee"}, map[string]any{"__typename": "RosterUser", "name": "Ben Fox"}},
			entities["_entities"]); diff != "" {
			t.Errorf("entities (-want +got):\n%s", diff)
		}
		for query, want := range map[string]string{
			`query($v: RosterUserFilter) { rosterUsers(filter: $v) { totalCount } }`:                                `variable "$v": 5 is not an object, as RosterUserFilter is`,
			`query($v: RosterUserLookup!) { rosterUser(by: $v) { id } }`:                                            `variable "$v": 5 is not an object, as RosterUserLookup is`,
			`query($v: RosterOrderDirection) { rosterUsers(orderBy: {field: NAME, direction: $v}) { totalCount } }`: `variable "$v": 5 is not a value of RosterOrderDirection`,
		} {
			if got := p.ask(query, "v", 5); len(got.Errors) != 1 || got.Errors[0].Message != want {
				t.Errorf("%s: the errors are %v, want %s", query, got.Errors, want)
			}
		}
		for query, want := range map[string]string{
			`query($v: RosterUserLookup!) { rosterUser(by: $v) { id } }`: `variable "$v": cannot be null: its type is RosterUserLookup!`,
			`query($v: RosterOrderDirection) { rosterUsers(orderBy: {field: NAME, direction: $v}) { totalCount } }`: `variable "$v" cannot be null: it is used in the argument "orderBy" of ` +
				`the field rosterUsers, at direction, whose type is RosterOrderDirection!`,
		} {
			if got := p.ask(query, "v", nil); len(got.Errors) != 1 || got.Errors[0].Message != want {
				t.Errorf("%s: the errors are %v, want %s", query, got.Errors, want)
			}
		}
		for _, query := range []string{`query($v: Boolean = true) { rosterUsers { __typename @skip(if: $v) } }`, `query($v: Boolean = true) { rosterUsers { is: __typename @skip(if: $v) } }`} {
			want := `variable "$v" cannot be null: it is used in the argument "if" of @skip at rosterUsers.__typename, whose type is Boolean!`
			if got := p.ask(query, "v", nil); len(got.Errors) != 1 || got.Errors[0].Message != want {
				t.Errorf("%s: the errors are %v, want %s", query, got.Errors, want)
			}
		}
		for _, wrong := range []string{`{ users(first: 1) { totalCount } }`, `{ rosterNode(id: "x") { ... on User { id } } }`,
			`query($f: UserFilter) { rosterUsers(filter: $f) { totalCount } }`} {
			if a := p.ask(wrong); len(a.Errors) == 0 || a.Errors[0].Extensions["code"] != "GRAPHQL_VALIDATION_FAILED" {
				t.Errorf("%s: %+v, want it refused", wrong, a)
			}
		}
		if a := p.ask(`{ _entities(representations: [{ __typename: "User", id: "x" }]) { __typename } }`); len(a.Errors) != 1 ||
			!strings.Contains(a.Errors[0].Message, `no entity of type "User"`) {
			t.Errorf("an entity with a name that is not served: %+v", a)
		}
		about := p.get(`{ __schema { queryType { fields { name } } } __type(name: "RosterUser") { name fields { name type { ofType { name } } } }
			none: __type(name: "User") { name } }`)
		if text(about, "__type", "name") != "RosterUser" || about["none"] != nil {
			t.Errorf("introspection shows %v", about)
		}
	})
}

// Errors about denied fields use the served names.
func TestPrefixOfDeniedFields(t *testing.T) {
	bubble(t, func(t *testing.T) {
		w := newTestServer(t, ws()).read().prefixed("Roster")
		w.handler = httpapi.New(httpapi.Options{API: w.api, Access: nobodySpecial{}})
		a := w.ask(`{ rosterUsers(first: 1) { nodes { name phones { raw } } } }`)
		if len(a.Errors) != 1 || a.Errors[0].Extensions["coordinate"] != "RosterUser.phones" || in(a.Data, "rosterUsers", "nodes", 0, "name") == nil {
			t.Errorf("got %+v", a)
		}
	})
}

// Two types may have a field with the same name, one of them nullable. A router, in whose schema both are nullable, selects both under one key.
func TestDocumentsOfARouter(t *testing.T) {
	bubble(t, func(t *testing.T) {
		w := newTestServer(t, ws(), crm()).read()
		ids := w.get(`{ teams(first: 1) { nodes { id } } roles(first: 1) { nodes { id } } }`)
		a := w.get(`query($ids: [ID!]!) { nodes(ids: $ids) { ... on Team { externalId } ... on Role { externalId } } }`,
			"ids", []any{text(ids, "teams", "nodes", 0, "id"), text(ids, "roles", "nodes", 0, "id")})
		for i := range 2 {
			if text(a, "nodes", i, "externalId") == "" {
				t.Errorf("got %v", a)
			}
		}
		if a := w.ask(`{ nodes(ids: []) { ... on Team { kind } ... on ContactFolder { kind } } }`); len(a.Errors) == 0 {
			t.Error("two types of fields are merged")
		}
	})
}

// nobodySpecial gives every caller the scope for reading only.
type nobodySpecial struct{}

func (nobodySpecial) Authenticate(context.Context, string) (*access.Principal, error) {
	return &access.Principal{Method: access.ByKey, Subject: "k", Scopes: access.Scopes{access.ScopeRead}}, nil
}
