package writes_test

import (
	"testing"
	"testing/synctest"

	"roster/connectors"
	"roster/internal/writes"
)

// A record with another spelling of its name or address exists: nothing is created, and nothing is sent.
func TestThereInAnotherSpelling(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		collection connectors.Collection
		there      string
		do         doing
	}{
		"an account, in Punycode": {connectors.Accounts, "ida@xn--bcher-kva.example",
			invite(func(i *writes.Invite, _ *world) { i.Email = "Ida@Bücher.example" })},
		"an account, with an unseen character": {connectors.Accounts, "\u200bida@books.example",
			invite(func(i *writes.Invite, _ *world) { i.Email = "ida@books.example" })},
		"an account, in a list": {connectors.Accounts, "kim@books.example; Ida <ida@books.example>",
			invite(func(i *writes.Invite, _ *world) { i.Email = "ida@books.example" })},
		"an account, with the root's dot": {connectors.Accounts, "ida@books.example.",
			invite(func(i *writes.Invite, _ *world) { i.Email = "ida@books.example" })},
		"a contact": {connectors.Contacts, "mailto:ida@bu\u0308cher.example",
			contact(func(c *writes.CreateContact, _ *world) { c.Name, c.Email = "Cem\u200b Oz", "ida@bücher.example" })},
		"a team":                        {connectors.Teams, "Zoe\u0308’s  Ops\u200b", team(ws, writes.CreateTeam{Name: "Zoë’s Ops"})},
		"a team, spelt by the caller":   {connectors.Teams, "Ops", team(ws, writes.CreateTeam{Name: "\ufeffO\u00adps"})},
		"a folder":                      {connectors.ContactFolders, "Key\u00a0Accounts\u2060", folder("Key Accounts")},
		"a folder, spelt by the caller": {connectors.ContactFolders, "Key Accounts", folder("Key Accounts\u200b")},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				v := newVendor()
				v.add(tt.collection, tt.there, false)
				w, stop := newWorld(t, v, nil, nil)
				defer stop()
				if res, err := tt.do(t.Context(), w); err != nil || res.Outcome != writes.AlreadyDone || v.calls() != 0 {
					t.Errorf("%s, %v after %d calls: %+v", res.Outcome, err, v.calls(), res.Errors)
				}
			})
		})
	}
}

// An address that a mail system may distinguish is another address. What is sent has no invisible characters around it.
func TestAbsentInSuchASpelling(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		collection  connectors.Collection
		there, made string
		do          doing
	}{
		"a team of a longer name": {connectors.Teams, "Ops Team", "Ops", team(ws, writes.CreateTeam{Name: "\u200bOps \u2060"})},
		"an account of sharp s": {connectors.Accounts, "ida@strasse.example", "ida@straße.example",
			invite(func(i *writes.Invite, _ *world) { i.Email = "ida@straße.example" })},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				v := newVendor()
				v.add(tt.collection, tt.there, false)
				w, stop := newWorld(t, v, nil, nil)
				defer stop()
				if res, err := tt.do(t.Context(), w); err != nil || res.Outcome != writes.Done || v.holds(tt.collection, tt.made) == 0 {
					t.Errorf("%s, %v: %+v", res.Outcome, err, res.Errors)
				}
			})
		})
	}
}
