package resolvers_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"

	"pgregory.net/rapid"

	"roster/connectors"
	"roster/connectors/altcraft"
	"roster/connectors/kommo"
	"roster/connectors/rocketchat"
	"roster/connectors/worksection"
	"roster/internal/access"
	"roster/internal/directory"
	"roster/internal/httpapi"
)

// callers accepts everyone. It reads the caller's scopes, or with "as" their address, from the Authorization header, behind a dot.
type callers struct{}

func (callers) Authenticate(_ context.Context, authorization string) (*access.Principal, error) {
	authorization = strings.TrimPrefix(authorization, ".")
	p := &access.Principal{Method: access.ByKey, Subject: authorization, Scopes: strings.Fields(authorization)}
	if email, ok := strings.CutPrefix(authorization, "as "); ok {
		p.Scopes, p.Email = access.Scopes{access.ScopeRead}, email
	}
	return p, nil
}

// send runs an operation as a caller with these scopes, over one of the transports, and returns the whole answer as text.
type send func(t rapid.TB, scopes, document string, variables map[string]any) string

// overHTTP sends by POST.
func overHTTP(h http.Handler) send {
	return func(t rapid.TB, scopes, document string, variables map[string]any) string {
		t.Helper()
		body, err := json.Marshal(map[string]any{"query": document, "variables": variables})
		if err != nil {
			t.Fatal(err)
		}
		req := httptest.NewRequestWithContext(context.Background(), http.MethodPost, "/graphql", strings.NewReader(string(body)))
		req.Header.Set("Content-Type", "application/json")
		req.Header.Set("Authorization", "."+scopes)
		rec := httptest.NewRecorder()
		h.ServeHTTP(rec, req)
		return rec.Body.String()
	}
}

// withAuthentication returns the server's handler, with callers as its authenticator.
func (w *testServer) withAuthentication() http.Handler {
	return httpapi.New(httpapi.Options{API: w.api, Access: callers{}, Introspection: true})
}

func parsed(t rapid.TB, text string) answer {
	t.Helper()
	var a answer
	if err := json.Unmarshal([]byte(text), &a); err != nil {
		t.Fatalf("the answer %q: %v", text, err)
	}
	return a
}

const (
	onlyRead  = access.ScopeRead
	sensitive = access.ScopeRead + " " + access.ScopeSensitive
	seesAll   = sensitive + " " + access.ScopeRaw
)

// private makes values for everything that not everyone may see. They contain a word by which the test recognises them. For an empty word there are no values.
type private string

func (p private) text(what string) string { return fmt.Sprintf("%s-%s", p, what) }

func (p private) phones() []connectors.Phone {
	if p == "" {
		return nil
	}
	return []connectors.Phone{{Raw: p.text("raw"), E164: p.text("e164"), Kind: connectors.PhoneMobile}}
}

func (p private) addresses() []string {
	if p == "" {
		return nil
	}
	return []string{p.text("street")}
}

// rate returns a number, which is recognised by its first digits.
func (p private) rate() float64 {
	rate := 77_000_000.0
	for _, c := range p {
		rate += float64(c)
	}
	return rate
}

func (p private) worksection() *worksection.Details {
	if p == "" {
		return &worksection.Details{}
	}
	rate := p.rate()
	return &worksection.Details{Rate: &rate, Chats: []connectors.Handle{{Service: p.text("chat"), Value: p.text("name")}},
		Socials: []connectors.Handle{{Service: p.text("social"), Value: p.text("name")}}, OtherContacts: p.text("other")}
}

func (p private) customFields() []byte {
	if p == "" {
		return nil
	}
	return []byte(`{"` + p.text("key") + `":"` + p.text("value") + `"}`)
}

// custom has the custom fields of a contact.
func (p private) custom() *connectors.CustomValues {
	if p == "" {
		return nil
	}
	return &connectors.CustomValues{{Path: p.text("key"), Value: p.text("value")}}
}

// extra returns what is kept of a row, which has everything.
func (p private) extra() *connectors.Extra {
	if p == "" {
		return nil
	}
	return &connectors.Extra{Raw: []byte(`{"` + p.text("key") + `":"` + p.text("value") + `"}`)}
}

// anchored are rules by which a private value joins two accounts of the company, and does not join lookalikes. For an empty word, user names join them: who
// is one person must not differ, because everybody may see it.
func anchored(p private) directory.Rules {
	key := p.text("key")
	number := key
	if p == "" {
		number = connectors.AccountUsername
	}
	return directory.Rules{Anchors: []directory.Anchor{
		{Name: "number", Fields: map[string]string{"rocketchat": number, "untyped": number}},
		{Name: "badge", Fields: map[string]string{"untyped": key, "lookalikes": key}},
	}}
}

// lookalikes is a source with two people that have the same private value as one of the company.
func (p private) lookalikes() *connectors.Source {
	details := &connectors.Attributes{}
	if p != "" {
		*details = connectors.Attributes{{Name: p.text("key"), Value: p.text("value")}}
	}
	return &connectors.Source{Name: "lookalikes", Kind: "untyped", Accounts: all(
		connectors.Account{ID: "1", Name: "Dee Day", Details: details}, connectors.Account{ID: "2", Name: "Eve Day", Details: details})}
}

// company has one person in all sources, another person in one, and contacts. One of the sources is of a kind without an account type of its own. One of
// the contacts has neither a name nor an address.
func (p private) company() []*connectors.Source {
	ann := func(id string, change func(*connectors.Account)) connectors.Account {
		a := connectors.Account{ID: id, Name: "Ann Lee", FirstName: "Ann", LastName: "Lee", Username: "ann", Title: "Seller", Department: "Sales",
			Emails: []connectors.Email{{Address: "ann@example.com", Verified: new(true)}}, Active: true, Access: connectors.AccessMember, Locale: "en", Phones: p.phones(), Addresses: p.addresses(), Extra: p.extra(),
			Roles: []connectors.RoleRef{{ID: "r1", Name: "Closer"}}, Teams: []connectors.TeamRef{{ID: "t1", Name: "Sales"}}}
		change(&a)
		return a
	}
	source := func(kind connectors.KindName, accounts ...connectors.Account) *connectors.Source {
		return &connectors.Source{
			Name: string(kind), Kind: kind, Extra: "raw", CustomFields: []connectors.CustomField{{Path: p.text("key"), Name: "secret"}},
			Mentions: connectors.Mentions{Teams: true, Roles: true, Folders: true}, Accounts: all(accounts...),
			Teams: all(connectors.Team{ID: "t1", Name: "Sales"}), Roles: all(connectors.Role{ID: "r1", Name: "Closer"}),
			Contacts: all(
				connectors.Contact{ID: "c1", Name: "Cem Oz", Phones: p.phones(), Addresses: p.addresses(), Custom: p.custom(), OwnerID: "1", Folder: &connectors.FolderRef{ID: "f1"}, Tags: []string{"vip"}},
				connectors.Contact{ID: "c2", Phones: p.phones(), Addresses: p.addresses()},
			),
			ContactFolders: all(connectors.ContactFolder{ID: "f1", Name: "Clients"}),
		}
	}
	ben := connectors.Account{ID: "2", Name: "Ben Fox", Active: true, Phones: p.phones(), Addresses: p.addresses(), Details: p.worksection()}
	return []*connectors.Source{
		source("worksection", ann("1", func(a *connectors.Account) { a.Details = p.worksection() }), ben),
		source("kommo", ann("1", func(a *connectors.Account) {
			grants := []connectors.Permission{{Entity: "leads", Action: "view"}}
			a.Details = &kommo.Details{Permissions: grants, StagePermissions: []connectors.StagePermission{{Entity: "leads", Action: "view"}}}
		})),
		source("altcraft", ann("1", func(a *connectors.Account) { a.Details = &altcraft.Details{} })),
		source("rocketchat", ann("1", func(a *connectors.Account) {
			d := new(rocketchat.Details)
			d.SetCustomFields(p.customFields())
			a.Details = d
		})),
		source("untyped", ann("1", func(a *connectors.Account) {
			a.Details = &connectors.Attributes{{Name: p.text("key"), Value: p.text("value")}}
		})),
	}
}
