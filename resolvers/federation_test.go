package resolvers_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"roster/connectors"
)

func TestEntities(t *testing.T) {
	bubble(t, func(t *testing.T) {
		w := newTestServer(t, ws(), crm(), mailer(), chat()).read()
		const document = `query($r: [_Any!]!) { _entities(representations: $r) {
			__typename ... on User { name } ... on Team { name } ... on Role { name } ... on Contact { name } ... on ContactFolder { name }
			... on Account { externalId }
		} }`
		all := w.get(`{
			users(first: 1) { nodes { __typename id name accounts { __typename id externalId } } }
			teams(first: 1) { nodes { __typename id name } } roles(first: 1) { nodes { __typename id name } }
			contacts(first: 1) { nodes { __typename id name } } contactFolders { nodes { __typename id name } }
		}`)
		var given, want []any
		know := func(v any) {
			m, _ := v.(map[string]any)
			given = append(given, map[string]any{"__typename": m["__typename"], "id": m["id"]})
			known := map[string]any{"__typename": m["__typename"]}
			for _, name := range []string{"name", "externalId"} {
				if m[name] != nil {
					known[name] = m[name]
				}
			}
			want = append(want, known)
		}
		add := func(representation, entity any) { given, want = append(given, representation), append(want, entity) }
		for _, list := range []string{"users", "teams", "roles", "contacts", "contactFolders"} {
			know(in(all, list, "nodes", 0))
		}
		for i := range 4 {
			know(in(all, "users", "nodes", 0, "accounts", i))
		}
		ben := map[string]any{"__typename": "User", "name": "Ben Fox"}
		add(map[string]any{"__typename": "User", "email": "BEN@example.com"}, ben)
		add(map[string]any{"__typename": "User", "email": "nobody@example.com"}, nil)
		// An account of another vendor than the representation's type.
		add(map[string]any{"__typename": "KommoAccount", "id": in(all, "users", "nodes", 0, "accounts", 0, "id")}, nil)
		add(map[string]any{"__typename": "User", "email": "ben@example.com", "id": nil}, ben)
		if diff := cmp.Diff(want, w.get(document, "r", given)["_entities"]); diff != "" {
			t.Errorf("entities (-want +got):\n%s", diff)
		}

		bad := []any{
			"x", map[string]any{}, map[string]any{"__typename": "Nothing", "id": "x"}, map[string]any{"__typename": "Team"},
			map[string]any{"__typename": "User", "id": in(all, "teams", "nodes", 0, "id")}, map[string]any{"__typename": "User", "email": 5},
			map[string]any{"__typename": "User", "email": "ben@example.com"},
		}
		a := w.ask(document, "r", bad)
		if diff := cmp.Diff([]any{nil, nil, nil, nil, nil, nil, ben}, a.Data["_entities"]); diff != "" {
			t.Errorf("entities (-want +got):\n%s", diff)
		}
		if len(a.Errors) != len(bad)-1 {
			t.Errorf("%d errors for %d malformed representations: %v", len(a.Errors), len(bad)-1, a.Errors)
		}
		for i, e := range a.Errors {
			if diff := cmp.Diff([]any{"_entities", float64(i)}, e.Path); diff != "" {
				t.Errorf("the place of %q (-want +got):\n%s", e.Message, diff)
			}
		}
		if w.log.Len() > 0 {
			t.Errorf("a client's mistake is logged: %s", &w.log)
		}
	})
}

// Representations may be literals in the document, and contain variables.
func TestEntitiesInTheDocument(t *testing.T) {
	bubble(t, func(t *testing.T) {
		w := newTestServer(t, ws(), crm()).read()
		const document = `query($e: String, $skip: Boolean!) {
			a: _entities(representations: [{ __typename: "User", email: $e }, { __typename: "Car" }, 5, { __typename: "User", email: null }, { __typename: "Team" }]) {
				... on User { name }
			}
			...F @skip(if: $skip)
		}
		fragment F on Query { _entities(representations: { __typename: "User", email: "ben@example.com" }) { ... on User { name } } }`
		ben := map[string]any{"name": "Ben Fox"}
		for range 2 { // the second time, the document is cached
			a := w.ask(document, "e", "ben@example.com", "skip", false)
			if diff := cmp.Diff(map[string]any{"a": []any{ben, nil, nil, nil, nil}, "_entities": []any{ben}}, a.Data); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			var got []any
			for _, e := range a.Errors {
				got = append(got, e.Path, e.Message)
			}
			want := []any{[]any{"a", 1.0}, `representations[1]: there is no entity of type "Car"`, []any{"a", 2.0}, "representations[2]: must be an object",
				[]any{"a", 4.0}, "representations[4]: must have an id"}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("errors (-want +got):\n%s", diff)
			}
		}
		if a := w.ask(document, "e", nil, "skip", true); a.Data["_entities"] != nil || in(a.Data, "a", 0) != nil || len(a.Errors) != 3 {
			t.Errorf("without an address, and with one field skipped: %+v", a)
		}
	})
}

// A user whose address another service knows to be null has no entity, without an error.
func TestEntityWithoutAddress(t *testing.T) {
	bubble(t, func(t *testing.T) {
		w := newTestServer(t, ws()).read()
		got := w.get(`query($r: [_Any!]!) { _entities(representations: $r) { ... on User { name } } }`, "r", []any{
			map[string]any{"__typename": "User", "email": nil}, map[string]any{"__typename": "User", "email": nil, "id": nil},
			map[string]any{"__typename": "User", "email": "ben@example.com"},
		})
		if diff := cmp.Diff([]any{nil, nil, map[string]any{"name": "Ben Fox"}}, got["_entities"]); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
}

// Behind a router, the completeness of a person is the only sign of a missing source.
func TestPersonShowsMissingSources(t *testing.T) {
	bubble(t, func(t *testing.T) {
		away := mailer()
		away.Accounts = failing[connectors.Account](connectors.Error{Kind: connectors.KindUnavailable})
		began := time.Now()
		w := newTestServer(t, ws(), away).read()
		a := w.ask(`query($r: [_Any!]!) { _entities(representations: $r) { ... on User { name asOf completeness { complete missing { name } } } } }`,
			"r", []any{map[string]any{"__typename": "User", "email": "ben@example.com"}})
		want := []any{map[string]any{"name": "Ben Fox", "asOf": began.Format(time.RFC3339Nano),
			"completeness": map[string]any{"complete": false, "missing": []any{map[string]any{"name": "mailer"}}}}}
		if diff := cmp.Diff(want, a.Data["_entities"]); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		whole := newTestServer(t, ws()).read().get(`{ users(first: 1) { nodes { completeness { complete missing { name } } } } }`)
		if diff := cmp.Diff(map[string]any{"complete": true, "missing": []any{}}, in(whole, "users", "nodes", 0, "completeness")); diff != "" {
			t.Errorf("with complete data (-want +got):\n%s", diff)
		}
	})
}

// If a router requests the presence of many people, the source is called once.
func TestEntitiesPresence(t *testing.T) {
	bubble(t, func(t *testing.T) {
		source, p := manyPeople(80)
		w := newTestServer(t, source).read()
		page := w.get(`{ users(first: 80) { nodes { __typename id } } }`)
		got := w.get(`query($r: [_Any!]!) { _entities(representations: $r) { ... on User { presence } } }`, "r", in(page, "users", "nodes"))
		everyone(t, got, "ONLINE")
		if len(p.asked()) != 1 {
			t.Errorf("%d calls, want one", len(p.asked()))
		}
	})
}

func TestEntitiesInOtherForms(t *testing.T) {
	bubble(t, func(t *testing.T) {
		w := newTestServer(t, ws(), crm(), mailer(), chat()).read()
		ben := map[string]any{"__typename": "User", "email": "ben@example.com"}
		want := []any{map[string]any{"name": "Ben Fox"}}
		const one = `query($r: [_Any!]!) { _entities(representations: $r) { ... on User { name } } }`
		if diff := cmp.Diff(want, w.get(one, "r", ben)["_entities"]); diff != "" {
			t.Errorf("a single value as a list (-want +got):\n%s", diff)
		}
		const inFragment = `query($r: [_Any!]!) { ...F } fragment F on Query { _entities(representations: $r) { ... on User { name } } }`
		a := w.ask(inFragment, "r", []any{"x", ben})
		if diff := cmp.Diff([]any{nil, want[0]}, a.Data["_entities"]); diff != "" || len(a.Errors) != 1 {
			t.Errorf("within a fragment, errors %v (-want +got):\n%s", a.Errors, diff)
		}
	})
}
