package resolvers_test

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"roster/connectors"
)

const allOfProvenance = `{field state rule source{name} account{source{name} externalId} observedAt changedAt conflict
	candidates{source{name} account{externalId} value observedAt chosen reason} sources{source{name} state}}`

// explained writes the provenance of each field on a few lines, without times.
func explained(list any) string {
	var b strings.Builder
	items, _ := list.([]any)
	for i := range items {
		p := items[i]
		fmt.Fprintf(&b, "%s %s %s", text(p, "field"), text(p, "state"), text(p, "rule"))
		if in(p, "source") != nil {
			fmt.Fprintf(&b, " from %s", text(p, "source", "name"))
		}
		if in(p, "account") != nil {
			fmt.Fprintf(&b, "/%s", text(p, "account", "externalId"))
		}
		fmt.Fprintf(&b, " conflict=%v observed=%t", in(p, "conflict"), in(p, "observedAt") != nil)
		sources, _ := in(p, "sources").([]any)
		for s := range sources {
			fmt.Fprintf(&b, " %s=%s", text(sources, s, "source", "name"), text(sources, s, "state"))
		}
		b.WriteString("\n")
		candidates, _ := in(p, "candidates").([]any)
		for c := range candidates {
			value, _ := json.Marshal(in(candidates, c, "value"))
			of := text(candidates, c, "source", "name")
			if in(candidates, c, "account") != nil {
				of += "/" + text(candidates, c, "account", "externalId")
			}
			fmt.Fprintf(&b, "    %s %s chosen=%v %s observed=%t\n", of, value, in(candidates, c, "chosen"), text(candidates, c, "reason"),
				in(candidates, c, "observedAt") != nil)
		}
	}
	return b.String()
}

// explainable is a company in which each source says something else of everything, so that a value in the table says where it is from.
func (p private) explainable() []*connectors.Source {
	source := func(kind connectors.KindName, n string) *connectors.Source {
		phones := []connectors.Phone{{Raw: p.text("number") + n}}
		addresses := []string{p.text("street") + n}
		return &connectors.Source{
			Name: string(kind), Kind: kind, Mentions: connectors.Mentions{Teams: true, Roles: true, Folders: true},
			Accounts: all(
				connectors.Account{ID: "1", Name: "Ann Lee " + n, FirstName: "Ann" + n, LastName: "Lee" + n, Title: "Seller " + n, Department: "Sales " + n,
					Emails: mail("ann@example.com"), Active: true, Access: connectors.AccessMember, Locale: "en-" + n, AvatarURL: "https://example.com/" + n,
					Phones: phones, Addresses: addresses, CreatedAt: time.Date(2020, 1, len(n), 0, 0, 0, 0, time.UTC),
					Roles: []connectors.RoleRef{{ID: "r", Name: "Closer " + n, Access: connectors.AccessManager}}, Teams: []connectors.TeamRef{{ID: "t", Name: "Team " + n}}},
				connectors.Account{ID: "2", Name: "Ben Fox " + n, Phones: phones, Addresses: addresses,
					Roles: []connectors.RoleRef{{ID: "r", Name: "Opener " + n}}, Teams: []connectors.TeamRef{{ID: "t", Name: "Group " + n}}}),
			Teams: all(connectors.Team{ID: "t"}), // only accounts know its name
			Roles: all(connectors.Role{ID: "r", Name: "Seller " + n, Description: "may sell " + n, Access: connectors.AccessAdmin,
				Permissions: []connectors.Permission{{Entity: "leads " + n, Action: "view"}}}),
			Contacts: all(
				connectors.Contact{ID: "c", Name: "Cem Oz " + n, FirstName: "Cem" + n, LastName: "Oz" + n, Title: "Buyer " + n, Emails: mail("ann@example.com"),
					Phones: phones, Addresses: addresses, OwnerID: "2", Folder: &connectors.FolderRef{ID: "f", Name: "Clients " + n}, Tags: []string{"vip" + n},
					URL: "https://example.com/c" + n},
				connectors.Contact{ID: "d", Phones: phones, Addresses: addresses, OwnerID: "9"}),
			ContactFolders: all(connectors.ContactFolder{ID: "f"}),
		}
	}
	return []*connectors.Source{source("worksection", "1"), source("kommo", "22"), source("untyped", "333")}
}

// explainedObjects are queries of objects, by what the table calls them.
var explainedObjects = []struct{ name, document, at string }{
	{"a person", `{user(by:{email:"ann@example.com"}){provenance` + allOfProvenance + `}}`, "user"},
	{"a team", `query($team:ID!){team(id:$team){provenance` + allOfProvenance + `}}`, "team"},
	{"a role", `query($role:ID!){role(id:$role){provenance` + allOfProvenance + `}}`, "role"},
	{"a contact", `query($contact:ID!){contact(id:$contact){provenance` + allOfProvenance + `}}`, "contact"},
	{"a contact without a name", `query($nameless:ID!){contact(id:$nameless){provenance` + allOfProvenance + `}}`, "contact"},
}

// The table shows the whole provenance of objects for callers with each set of scopes. It is for people to read.
func TestProvenanceByScopes(t *testing.T) {
	t.Parallel()
	w := newTestServerOf(t, fetchedOnce(private("canary").explainable())).read()
	ask := overHTTP(w.withAuthentication())
	ids := parsed(t, ask(t, onlyRead, `{teams(filter:{sources:["kommo"]}){nodes{id}} roles(filter:{sources:["kommo"]}){nodes{id}}
		contacts(filter:{sources:["kommo"]}){nodes{id}}}`, nil)).Data
	variables := map[string]any{"team": in(ids, "teams", "nodes", 0, "id"), "role": in(ids, "roles", "nodes", 0, "id"),
		"contact": in(ids, "contacts", "nodes", 0, "id"), "nameless": in(ids, "contacts", "nodes", 1, "id")}
	var b strings.Builder
	b.WriteString("The provenance of objects, for callers with these scopes. Written by TestProvenanceByScopes.\n")
	for _, object := range explainedObjects {
		seen := make(map[string]string)
		for _, set := range scopeSets() {
			whole := ask(t, set, object.document, variables)
			if !strings.Contains(set, sensitive[len(onlyRead)+1:]) && strings.Contains(whole, "canary") {
				t.Errorf("with %q there is a denied value: %s", set, whole)
			}
			a := parsed(t, whole)
			table := explained(in(a.Data, object.at, "provenance"))
			if table == "" {
				table = "refused: " + a.Errors[0].Message + "\n"
			}
			if as, known := seen[table]; known {
				fmt.Fprintf(&b, "\n%s [%s]\nas [%s]\n", object.name, set, as)
				continue
			}
			seen[table] = set
			fmt.Fprintf(&b, "\n%s [%s]\n%s", object.name, set, table)
		}
	}
	golden(t, "testdata/provenance.golden", b.String())
}

func golden(t *testing.T, file, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s: run the test with -update, and read the difference (-want +got):\n%s", file, diff)
	}
}

func TestProvenanceOfNamedFields(t *testing.T) {
	bubble(t, func(t *testing.T) {
		named := func(id, title, username string) connectors.Account {
			return connectors.Account{ID: id, Title: title, Username: username, Emails: mail("ann@example.com"), Active: true}
		}
		a, b := ws(), crm()
		a.Accounts, b.Accounts = all(named("1", "", "ann.lee")), all(named("2", "Seller", "ann"))
		w := newTestServer(t, a, b).read()
		got := explained(in(w.get(`{user(by:{email:"ann@example.com"}){provenance(fields:["title","name","title"])`+allOfProvenance+`}}`), "user", "provenance"))
		want := `title PRESENT PRECEDENCE from crm/2 conflict=false observed=true ws=EMPTY_AT_SOURCE crm=PRESENT
    crm/2 "Seller" chosen=true PREFERRED observed=true
name PRESENT FALLBACK from ws/1 conflict=true observed=true ws=PRESENT crm=PRESENT
    ws/1 "ann.lee" chosen=true PREFERRED observed=true
    crm/2 "ann" chosen=false LESS_PREFERRED observed=true
`
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("-want +got:\n%s", diff)
		}
		if got := w.get(`{user(by:{email:"ann@example.com"}){provenance(fields:[]){field}}}`); len(in(got, "user", "provenance").([]any)) != 0 {
			t.Errorf("no field is asked for: %v", got)
		}
		for field, hint := range map[string]string{"titel": "; did you mean title?", "xyz": ""} { // one error, however many people there are
			e := w.ask(`query($f:String!){users{nodes{name provenance(fields:[$f]){field}}} all:users{nodes{provenance(fields:[$f]){field}}}}`, "f", field).Errors
			if len(e) != 1 || e[0].Message != `fields: there is no provenance of a field "`+field+`"`+hint || e[0].Extensions["code"] != "BAD_USER_INPUT" {
				t.Errorf("%s: %v", field, e)
			}
		}
	})
}
