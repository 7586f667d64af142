package resolvers_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"roster/connectors"
)

// A person who has a role only by an inactive account does not hold it, and can be distinguished from its holders.
func TestRolesSayWhichAccountGrantsThem(t *testing.T) {
	bubble(t, func(t *testing.T) {
		crm := crm()
		crm.Accounts = all(
			connectors.Account{ID: "10", Name: "Ann", Emails: mail("ANN@example.com"), Roles: []connectors.RoleRef{{ID: "r1"}}},
			connectors.Account{ID: "11", Name: "Eve Poe", Active: true, Roles: []connectors.RoleRef{{ID: "r1"}}},
		)
		w := newTestServer(t, ws(), crm).read()
		person := func(name string) any { return map[string]any{"name": name} }
		got := w.get(`query($no: Boolean!) { roles(filter: { search: "closer" }) { nodes {
			holders { totalCount nodes { name } facets(by: ROLE) { label count } }
			said: holders(includeInactive: $no) { totalCount }
			all: holders(includeInactive: true) { nodes { name } }
		} } }`, "no", false)
		want := map[string]any{
			"holders": map[string]any{"totalCount": 1.0, "nodes": []any{person("Eve Poe")}, "facets": []any{map[string]any{"label": "Closer", "count": 1.0}}},
			"said":    map[string]any{"totalCount": 1.0},
			"all":     map[string]any{"nodes": []any{person("Ann Lee"), person("Eve Poe")}},
		}
		if diff := cmp.Diff(want, in(got, "roles", "nodes", 0)); diff != "" {
			t.Errorf("the role (-want +got):\n%s", diff)
		}
		got = w.get(`{ user(by: { email: "ann@example.com" }) { roles { name } roleGrants { active role { name } account { externalId source { name } } } } }`)
		grant := func(role, source, id string, active bool) any {
			return map[string]any{"active": active, "role": person(role), "account": map[string]any{"externalId": id, "source": person(source)}}
		}
		want = map[string]any{
			"roles":      []any{person("owner")},
			"roleGrants": []any{grant("Closer", "crm", "10", false), grant("owner", "ws", "1", true)},
		}
		if diff := cmp.Diff(want, in(got, "user")); diff != "" {
			t.Errorf("the person (-want +got):\n%s", diff)
		}
	})
}

// A person is found by any spelling of an address, for callers and for other services.
func TestFoundByAnySpelling(t *testing.T) {
	bubble(t, func(t *testing.T) {
		crm := crm()
		crm.Accounts = all(connectors.Account{ID: "10", Name: "Ida Voss", Active: true, Emails: mail("Ida@Bücher.example")})
		w := newTestServer(t, crm).read()
		for _, spelling := range []string{"ida@bücher.example", "IDA@XN--BCHER-KVA.example", "\u200bida@bu\u0308cher.example.", "ida@bücher\u3002example"} {
			got := w.get(`query($e: String!, $r: [_Any!]!) { user(by: { email: $e }) { email } _entities(representations: $r) { ... on User { email } } }`,
				"e", spelling, "r", []any{map[string]any{"__typename": "User", "email": spelling}})
			for _, found := range []any{got["user"], in(got, "_entities", 0)} {
				if text(found, "email") != "Ida@Bücher.example" {
					t.Errorf("%q finds %v", spelling, found)
				}
			}
		}
	})
}
