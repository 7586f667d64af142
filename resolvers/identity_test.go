package resolvers_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"roster/connectors"
	"roster/internal/directory"
	"roster/internal/snapshot"
)

// identityQuery asks for everything that the graph says of the accounts of a person.
const identityQuery = `query($id: String!) { user(by: { account: { source: "ws", externalId: $id } }) { identity {
	links { rule evidence anchorValue trust edit accounts { source { name } } }
	heldApart { rule evidence anchorValue reason edit account { source { name } externalId } } } } }`

// The graph says why accounts are one person, and why others are not, for the directory that the operation reads.
func TestIdentityInTheGraph(t *testing.T) {
	bubble(t, func(t *testing.T) {
		person := func(id, username string, address ...string) connectors.Account {
			a := connectors.Account{ID: id, Username: username, Name: "Ann " + id, Active: true, Emails: []connectors.Email{}}
			for _, s := range address {
				a.Emails = append(a.Emails, connectors.Email{Address: s})
			}
			return a
		}
		rules := directory.Rules{
			Links:   [][]connectors.Ref{{{Source: "ws", ID: "1"}, {Source: "crm", ID: "7"}}},
			Anchors: []directory.Anchor{{Name: "login", Fields: map[string]string{"ws": connectors.AccountUsername, "mail": connectors.AccountID}}},
		}
		w := newTestServerBy(t, rules, snapshot.Options{Sources: []*connectors.Source{
			{Name: "ws", Kind: "worksection", Accounts: all(person("1", "Ann.L", "ann@example.com", "info@example.com"), person("2", ""))},
			{Name: "crm", Kind: "kommo", Accounts: all(person("7", "", "ann@example.com"), person("8", "", "info@example.com"))},
			{Name: "mail", Kind: "altcraft", Accounts: all(person("ann.l", ""))},
		}}).read()
		named := func(name string) any { return map[string]any{"source": map[string]any{"name": name}} }
		want := map[string]any{"user": map[string]any{"identity": map[string]any{
			"links": []any{
				map[string]any{"rule": "LINKED_BY_OPERATOR", "evidence": nil, "anchorValue": nil, "trust": nil, "edit": nil, "accounts": []any{named("ws"), named("crm")}},
				map[string]any{"rule": "SAME_ANCHOR", "evidence": "login", "anchorValue": "Ann.L", "trust": nil, "edit": nil, "accounts": []any{named("ws"), named("mail")}},
				map[string]any{"rule": "SAME_EMAIL", "evidence": "ann@example.com", "anchorValue": nil, "trust": "ASSERTED", "edit": nil, "accounts": []any{named("ws"), named("crm")}},
			},
			"heldApart": []any{
				map[string]any{"rule": "SAME_EMAIL", "evidence": "info@example.com", "anchorValue": nil, "reason": "SHARED_MAILBOX", "edit": nil,
					"account": map[string]any{"source": map[string]any{"name": "crm"}, "externalId": "8"}},
			},
		}}}
		if diff := cmp.Diff(want, w.get(identityQuery, "id", "1")); diff != "" {
			t.Errorf("-want +got:\n%s", diff)
		}
		alone := map[string]any{"user": map[string]any{"identity": map[string]any{"links": []any{}, "heldApart": []any{}}}}
		if diff := cmp.Diff(alone, w.get(identityQuery, "id", "2")); diff != "" {
			t.Errorf("somebody with one account (-want +got):\n%s", diff)
		}
	})
}
