package resolvers_test

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

// accountIDs returns the IDs of accounts by the source and the source's own ID, and userIDs those of their users.
func (w *testServer) accountIDs() (accountIDs, userIDs map[string]string) {
	accountIDs, userIDs = make(map[string]string), make(map[string]string)
	nodes, _ := in(w.get(`{ users { nodes { id accounts { id externalId source { name } } } } }`), "users", "nodes").([]any)
	for _, u := range nodes {
		accounts, _ := in(u, "accounts").([]any)
		for _, a := range accounts {
			name := text(a, "source", "name") + "/" + text(a, "externalId")
			accountIDs[name], userIDs[name] = text(a, "id"), text(u, "id")
		}
	}
	return accountIDs, userIDs
}

const editPayload = `{ outcome shown edit { id kind inForce made { by reason } undone { reason } accounts { source externalId } from { source externalId } }
	people { id formerIds accounts { externalId } } userErrors { field code message } }`

// The answer to an edit, and each later one, shows the people as they are with it. Undoing it restores all IDs. Old IDs find the person all the time.
func TestEditsOfIdentities(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newTestServer(t, ws(), crm(), chat()).read()
		ids, before := w.accountIDs()
		const total = `{ users { totalCount } }`
		if n := in(w.get(total), "users", "totalCount"); n != 4.0 {
			t.Fatalf("%v people", n)
		}
		linked := in(w.get(`mutation($a: [ID!]!) { linkAccounts(input: {accounts: $a, reason: " Ben's old account "}) `+editPayload+` }`,
			"a", []string{ids["chat/u3"], ids["ws/2"]}), "linkAccounts")
		edit := text(linked, "edit", "id")
		want := map[string]any{"outcome": "DONE", "shown": true, "userErrors": []any{},
			"edit": map[string]any{"id": edit, "kind": "LINK", "inForce": true, "made": map[string]any{"by": nil, "reason": "Ben's old account"}, "undone": nil,
				"accounts": []any{map[string]any{"source": "chat", "externalId": "u3"}, map[string]any{"source": "ws", "externalId": "2"}}, "from": []any{}},
			"people": []any{map[string]any{"id": before["ws/2"], "formerIds": []any{before["chat/u3"]},
				"accounts": []any{map[string]any{"externalId": "2"}, map[string]any{"externalId": "u3"}}}}}
		if diff := cmp.Diff(want, linked); diff != "" {
			t.Errorf("the answer (-want +got):\n%s", diff)
		}
		if n := in(w.get(total), "users", "totalCount"); n != 3.0 {
			t.Errorf("%v people after the link", n)
		}
		for _, id := range []string{before["chat/u3"], ids["chat/u3"], before["ws/2"]} {
			got := in(w.get(`query($id: ID!) { user(by: {id: $id}) { id formerIds } }`, "id", id), "user")
			if text(got, "id") != before["ws/2"] || text(got, "formerIds", 0) != before["chat/u3"] {
				t.Errorf("%s finds %v", id, got)
			}
		}
		split := in(w.get(`mutation($a: ID!) { splitAccount(input: {account: $a, reason: "another Ann"}) `+editPayload+` }`, "a", ids["ws/1"]), "splitAccount")
		if text(split, "outcome") != "DONE" || text(split, "edit", "from", 1, "externalId") != "u1" || text(split, "people", 1, "accounts", 1, "externalId") != "u1" {
			t.Errorf("the split: %v", split)
		}
		refused := in(w.get(`mutation($a: [ID!]!) { linkAccounts(input: {accounts: $a, reason: "x"}) `+editPayload+` }`, "a", []string{ids["ws/1"], ids["crm/10"]}), "linkAccounts")
		if text(refused, "userErrors", 0, "code") != "CONTRADICTION" || !strings.Contains(text(refused, "userErrors", 0, "message"), "the edit "+text(split, "edit", "id")) {
			t.Errorf("a contradiction: %v", refused)
		}
		for _, id := range []string{edit, text(split, "edit", "id")} {
			undone := in(w.get(`mutation($id: ID!) { undoIdentity(input: {id: $id, reason: "a mistake"}) `+editPayload+` }`, "id", id), "undoIdentity")
			if text(undone, "outcome") != "DONE" || in(undone, "edit", "inForce") != false || text(undone, "edit", "undone", "reason") != "a mistake" {
				t.Errorf("undone: %v", undone)
			}
		}
		if _, after := w.accountIDs(); !maps.Equal(before, after) {
			t.Errorf("the IDs of people (-before +after):\n%s", cmp.Diff(before, after))
		}
		if lines := strings.Count(w.audit.String(), "msg=write"); lines != 5 {
			t.Errorf("%d audit lines, want one for each mutation: %s", lines, w.audit.String())
		}
		for _, part := range []string{"write.field=linkAccounts", "write.outcome=DONE", "write.id=" + edit, "write.errors=[CONTRADICTION]"} {
			if !strings.Contains(w.audit.String(), part) {
				t.Errorf("no audit line has %s: %s", part, w.audit.String())
			}
		}
	})
}

// The list has all edits, the newest first, in pages, also those whose accounts are gone.
func TestListOfEdits(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newTestServer(t, ws(), crm(), chat()).read()
		ids, _ := w.accountIDs()
		var made []string
		for i, pair := range [][2]string{{"chat/u2", "chat/u3"}, {"chat/u3", "ws/2"}, {"ws/1", "crm/10"}} {
			a := in(w.get(fmt.Sprintf(`mutation($a: [ID!]!) { linkAccounts(input: {accounts: $a, reason: "%d"}) { edit { id } } }`, i), "a", []string{ids[pair[0]], ids[pair[1]]}), "linkAccounts")
			made = append(made, text(a, "edit", "id"))
			time.Sleep(time.Second) // of the bubble
		}
		w.get(`mutation($id: ID!) { undoIdentity(input: {id: $id, reason: "x"}) { outcome } }`, "id", made[1])
		list := func(args string) (reasons []string, page any) {
			page = in(w.get(`{ identityEdits(`+args+`) { totalCount nodes { made { reason at } } edges { cursor node { id } } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }`), "identityEdits")
			nodes, _ := in(page, "nodes").([]any)
			for _, n := range nodes {
				reasons = append(reasons, text(n, "made", "reason"))
			}
			return reasons, page
		}
		_, all := list("first: 5")
		first, last := text(all, "edges", 0, "cursor"), text(all, "edges", 2, "cursor")
		for args, want := range map[string]string{
			"first: 5": "2 1 0 false false", "first: 2": "2 1 true false", "last: 2": "1 0 false true", "first: 0": "true false",
			"first: 1, after: \"" + first + "\"": "1 true true", "last: 1, before: \"" + last + "\"": "1 true true",
			"filter: {inForce: true}": "2 0 false false", "filter: {inForce: false}": "1 false false", "first: 1, filter: {inForce: true}": "2 true false",
		} {
			reasons, page := list(args)
			got := strings.TrimSpace(strings.Join(reasons, " ") + fmt.Sprintf(" %v %v", in(page, "pageInfo", "hasNextPage"), in(page, "pageInfo", "hasPreviousPage")))
			if got != want {
				t.Errorf("%s: %s, want %s", args, got, want)
			}
		}
		if a := w.ask(`{ identityEdits(after: "x") { totalCount } }`); len(a.Errors) != 1 || a.Errors[0].Extensions["code"] != "BAD_USER_INPUT" {
			t.Errorf("a wrong cursor: %v", a.Errors)
		}
		bare := newTestServer(t, ws())
		bare.edits.value, bare.edits.version = w.edits.value, w.edits.version
		if err := bare.read().readEdits(t.Context()); err != nil {
			t.Fatal(err)
		}
		gone := in(bare.get(`{ identityEdits(first: 1) { nodes { accounts { accountId source externalId account { name } } } } }`), "identityEdits", "nodes", 0, "accounts")
		want := []any{map[string]any{"accountId": ids["ws/1"], "source": "ws", "externalId": "1", "account": map[string]any{"name": "Ann Lee"}},
			map[string]any{"accountId": ids["crm/10"], "source": "crm", "externalId": "10", "account": nil}}
		if diff := cmp.Diff(want, gone); diff != "" {
			t.Errorf("accounts (-want +got):\n%s", diff)
		}
	})
}

// While edits cannot be stored, people are shown by the known ones, and a mutation is an error with a reason.
func TestEditsCannotBeStored(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newTestServer(t, ws(), crm(), chat()).read()
		ids, _ := w.accountIDs()
		const mutation = `mutation($a: [ID!]!, $k: String) { linkAccounts(input: {accounts: $a, reason: "x", idempotencyKey: $k}) { outcome people { name } userErrors { code } } }`
		pair := []string{ids["ws/2"], ids["chat/u3"]}
		for range 2 {
			if got := in(w.get(mutation, "a", pair, "k", "k"), "linkAccounts"); text(got, "outcome") != "DONE" {
				t.Errorf("%v", got)
			}
		}
		w.edits.err = errors.New("redis: timeout")
		a := w.ask(mutation, "a", []string{ids["ws/2"], ids["chat/u2"]})
		if len(a.Errors) != 1 || a.Errors[0].Extensions["code"] != "IDENTITY_UNAVAILABLE" || !strings.Contains(a.Errors[0].Message, "nothing was changed: redis: timeout") {
			t.Errorf("%+v", a)
		}
		if got := text(w.get(`query($id: ID!) { user(by: {id: $id}) { name } }`, "id", ids["chat/u3"]), "user", "name"); got != "Ben Fox" {
			t.Errorf("the link is gone: %s", got)
		}
		if lines := strings.Count(w.audit.String(), "write.outcome=UNAVAILABLE"); lines != 1 {
			t.Errorf("%d audit lines say so: %s", lines, w.audit.String())
		}
		if !slices.Contains(strings.Fields(w.audit.String()), "write.replayed=true") {
			t.Errorf("no audit line says that an answer was repeated: %s", w.audit.String())
		}
	})
}
