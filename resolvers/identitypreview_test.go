package resolvers_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"roster/connectors"
	"roster/internal/access"
	"roster/internal/directory"
	"roster/internal/snapshot"
)

const previewQuery = `query($input: IdentityPreviewInput!) { identityPreview(input: $input) {
	people peopleAfter mergeCount splitCount idChangeCount unknownAccounts
	merges { name accounts { externalId source { name } user { name } } }
	splits { user { name } people { name accounts { source { name } } } }
	idChanges { user { id } id } } }`

func previewed() []*connectors.Source {
	person := func(id, name, address string) connectors.Account {
		return connectors.Account{ID: id, Name: name, Username: "login-" + name, Active: true, Emails: []connectors.Email{{Address: address}}}
	}
	return []*connectors.Source{
		{Name: "ws", Kind: "worksection", Accounts: all(person("1", "Ann", "ann@example.com"), person("2", "Ben", "ben@example.com"))},
		{Name: "crm", Kind: "kommo", Accounts: all(person("7", "Ann", "ann@example.com"), person("8", "Cem", "cem@example.com"))},
	}
}

func accountList(refs ...string) map[string]any {
	var accounts []any
	for _, r := range refs {
		source, id, _ := strings.Cut(r, "/")
		accounts = append(accounts, map[string]any{"source": source, "externalId": id})
	}
	return map[string]any{"accounts": accounts}
}

// A preview says who would be joined and divided, and changes nothing.
func TestIdentityPreview(t *testing.T) {
	bubble(t, func(t *testing.T) {
		w := newTestServer(t, previewed()...).read()
		before := w.get(`{ users { nodes { id name accounts { id } } } }`)
		id := func(ref string) string {
			u := w.roster.Directory().UserByAccount(connectors.Ref{Source: strings.Split(ref, "/")[0], ID: strings.Split(ref, "/")[1]})
			return u.ID
		}
		input := map[string]any{
			"links": []any{accountList("ws/2", "crm/8", "crm/404")}, "splits": []any{accountList("ws/1", "crm/7")},
		}
		source := func(name string) any { return map[string]any{"source": map[string]any{"name": name}} }
		got, _ := w.get(previewQuery, "input", input)["identityPreview"].(map[string]any)
		changes, _ := got["idChanges"].([]any)
		delete(got, "idChanges")
		want := map[string]any{
			"people": 3.0, "peopleAfter": 3.0, "mergeCount": 1.0, "splitCount": 1.0, "idChangeCount": 1.0, "unknownAccounts": []any{"crm/404"},
			"merges": []any{map[string]any{"name": "Ben", "accounts": []any{
				map[string]any{"externalId": "2", "source": map[string]any{"name": "ws"}, "user": map[string]any{"name": "Ben"}},
				map[string]any{"externalId": "8", "source": map[string]any{"name": "crm"}, "user": map[string]any{"name": "Cem"}},
			}}},
			"splits": []any{map[string]any{"user": map[string]any{"name": "Ann"}, "people": []any{
				map[string]any{"name": "Ann", "accounts": []any{source("ws")}}, map[string]any{"name": "Ann", "accounts": []any{source("crm")}},
			}}},
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("-want +got:\n%s", diff)
		}
		if diff := cmp.Diff([]any{map[string]any{"user": map[string]any{"id": id("crm/8")}, "id": id("ws/2")}}, changes); diff != "" {
			t.Errorf("IDs (-want +got):\n%s", diff)
		}
		if diff := cmp.Diff(before, w.get(`{ users { nodes { id name accounts { id } } } }`)); diff != "" {
			t.Errorf("the preview has changed the directory:\n%s", diff)
		}
		for name, changed := range map[string]struct {
			input  map[string]any
			people float64
		}{
			"nothing":                   {map[string]any{}, 3},
			"no trust":                  {map[string]any{"emailTrust": []any{map[string]any{"source": "crm", "trust": "NONE"}}}, 4},
			"only what is verified":     {map[string]any{"emailTrust": []any{map[string]any{"source": "crm", "trust": "VERIFIED"}}}, 4},
			"a mailbox of several":      {map[string]any{"sharedMailboxes": []any{"Ann"}}, 4},
			"links that replace no one": {map[string]any{"replace": true, "links": []any{accountList("ws/2", "crm/8")}}, 2},
			"an anchor": {map[string]any{"emailTrust": []any{map[string]any{"source": "crm", "trust": "NONE"}}, "anchors": []any{map[string]any{"name": "login",
				"fields": []any{map[string]any{"source": "ws", "field": "username"}, map[string]any{"source": "crm", "field": "username"}}}}}, 3},
		} {
			got, _ := w.get(`query($input: IdentityPreviewInput!) { identityPreview(input: $input) { peopleAfter } }`, "input", changed.input)["identityPreview"].(map[string]any)
			if got["peopleAfter"] != changed.people {
				t.Errorf("%s: %v people, want %v", name, got["peopleAfter"], changed.people)
			}
		}
	})
}

// What is wrong with the input is an error that names the place.
func TestIdentityPreviewRefusesWrongInput(t *testing.T) {
	bubble(t, func(t *testing.T) {
		w := newTestServer(t, previewed()...).read()
		long := make([]string, 101)
		for i := range long {
			long[i] = "ws/1"
		}
		for argument, input := range map[string]map[string]any{
			"input.links[0].accounts":           {"links": []any{accountList("ws/1")}},
			"input.splits[1].accounts":          {"splits": []any{accountList("ws/1", "ws/2"), accountList(long...)}},
			"input.links[0].accounts[1].source": {"links": []any{accountList("ws/1", "erp/1")}},
			"input.emailTrust[0].source":        {"emailTrust": []any{map[string]any{"source": "erp", "trust": "NONE"}}},
			"input.sharedMailboxes[1]":          {"sharedMailboxes": []any{"info", "a b@c"}},
			"input.emailTrust[1].source":        {"emailTrust": []any{map[string]any{"source": "ws", "trust": "NONE"}, map[string]any{"source": "ws", "trust": "VERIFIED"}}},
			"input.anchors[0].fields[0].source": {"anchors": []any{map[string]any{"name": "a", "fields": []any{map[string]any{"source": "erp", "field": "id"}}}}},
			"input.anchors[1].name":             {"anchors": []any{map[string]any{"name": "a", "fields": []any{}}, map[string]any{"name": "a", "fields": []any{}}}},
			"input.anchors[0].fields[1].source": {"anchors": []any{map[string]any{"name": "a", "fields": []any{
				map[string]any{"source": "ws", "field": "id"}, map[string]any{"source": "ws", "field": "username"}}}}},
		} {
			a := w.ask(previewQuery, "input", input)
			if len(a.Errors) != 1 || a.Errors[0].Extensions["argument"] != argument || a.Errors[0].Extensions["code"] != "BAD_USER_INPUT" {
				t.Errorf("%s: %+v", argument, a.Errors)
			}
		}
	})
}

// Rules that contradict each other or the configuration are refused, and not previewed as if a reload would accept them.
func TestIdentityPreviewRefusesContradictions(t *testing.T) {
	bubble(t, func(t *testing.T) {
		ws := func(id string) connectors.Ref { return connectors.Ref{Source: "ws", ID: id} }
		crm := func(id string) connectors.Ref { return connectors.Ref{Source: "crm", ID: id} }
		w := newTestServerBy(t, directory.Rules{
			Splits: [][]connectors.Ref{{ws("2"), crm("8")}},
		}, snapshot.Options{Sources: previewed()}).read()
		for name, tc := range map[string]struct {
			input map[string]any
			says  string // empty for a preview
		}{
			"each other": {map[string]any{"links": []any{accountList("ws/1", "crm/8")}, "splits": []any{accountList("crm/8", "ws/1")}},
				"a split separates crm/8 and ws/1, and a link joins them"},
			"the configuration":                     {map[string]any{"links": []any{accountList("ws/2", "crm/8")}}, "a split separates ws/2 and crm/8, and a link joins them"},
			"the configuration, which they replace": {map[string]any{"links": []any{accountList("ws/2", "crm/8")}, "replace": true}, ""},
			"nothing":                               {map[string]any{"links": []any{accountList("ws/1", "crm/7")}}, ""},
		} {
			a := w.ask(previewQuery, "input", tc.input)
			if tc.says == "" && len(a.Errors) == 0 {
				continue
			}
			if len(a.Errors) != 1 || tc.says == "" || !strings.Contains(a.Errors[0].Message, tc.says) || a.Errors[0].Extensions["code"] != "BAD_USER_INPUT" {
				t.Errorf("%s: %+v, want %q", name, a.Errors, tc.says)
			}
		}
	})
}

// Without its anchors, the configuration would show whom they join: that needs the scope too.
func TestIdentityPreviewWithoutTheAnchorsOfTheConfiguration(t *testing.T) {
	bubble(t, func(t *testing.T) {
		w := newTestServerBy(t, directory.Rules{Anchors: []directory.Anchor{{Name: "login", Fields: map[string]string{"ws": "username", "crm": "username"}}}},
			snapshot.Options{Sources: previewed()}).read()
		ask := overHTTP(w.withAuthentication())
		const admin = access.ScopeRead + " " + access.ScopeAdmin
		none := map[string]any{"input": map[string]any{"anchors": []any{}}}
		if text := ask(t, admin, previewQuery, none); !strings.Contains(text, `"FORBIDDEN"`) {
			t.Errorf("without the scope: %s", text)
		}
		if text := ask(t, admin+" "+access.ScopeSensitive, previewQuery, none); !strings.Contains(text, `"people":3`) {
			t.Errorf("with it: %s", text)
		}
		if text := ask(t, admin, previewQuery, map[string]any{"input": map[string]any{}}); !strings.Contains(text, `"people":3`) {
			t.Errorf("with the anchors as they are: %s", text)
		}
	})
}

// Anchors can be fields that need a scope, so a preview with them needs it too.
func TestIdentityPreviewWithAnchorsNeedsTheScopeOfTheirFields(t *testing.T) {
	bubble(t, func(t *testing.T) {
		w := newTestServer(t, previewed()...).read()
		ask := overHTTP(w.withAuthentication())
		anchors := map[string]any{"input": map[string]any{"anchors": []any{map[string]any{"name": "login", "fields": []any{}}}}}
		const admin = access.ScopeRead + " " + access.ScopeAdmin
		for scopes, allowed := range map[string]bool{admin: false, admin + " " + access.ScopeSensitive: true, access.ScopeRead + " " + access.ScopeSensitive: false} {
			text := ask(t, scopes, previewQuery, anchors)
			if strings.Contains(text, `"FORBIDDEN"`) == allowed || strings.Contains(text, `"people":3`) != allowed {
				t.Errorf("%s: %s", scopes, text)
			}
		}
		if text := ask(t, admin, previewQuery, map[string]any{"input": map[string]any{}}); !strings.Contains(text, `"people":3`) {
			t.Errorf("without anchors: %s", text)
		}
	})
}
