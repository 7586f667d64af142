package kommo_test

import (
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"roster/connectors"
	"roster/connectors/kommo"
)

func TestHook(t *testing.T) {
	t.Parallel()
	changed := []connectors.Change{{Collection: connectors.Contacts}}
	removed := []connectors.Change{{Collection: connectors.Contacts, Removed: true}}
	for name, tt := range map[string]struct {
		body string
		want []connectors.Change
	}{
		"added": {"contacts[add][0][id]=71020011&contacts[add][0][type]=contact&contacts[add][0][name]=Marta&contacts[add][0][responsible_user_id]=8423020&" +
			"contacts[add][0][custom_fields][0][code]=PHONE&contacts[add][0][custom_fields][0][values][0][value]=%2B34600&account[id]=30123456&account[subdomain]=acme", changed},
		"updated":                {"contacts[update][0][id]=1&contacts[update][0][type]=contact", changed},
		"responsible":            {"contacts[responsible][0][id]=1", changed},
		"deleted":                {"contacts[delete][0][id]=1&account[id]=2", removed},
		"deleted with its type":  {"contacts[delete][0][type]=contact&contacts[delete][0][id]=1", removed},
		"restored":               {"contacts[restore][0][id]=1", removed},
		"an unknown event":       {"contacts[merge][0][id]=1", removed},
		"a note":                 {"contacts[note][0][note][id]=1", nil},
		"escaped":                {"contacts%5Bupdate%5D%5B0%5D%5Bid%5D=1", changed},
		"a company":              {"contacts[update][0][id]=1&contacts[update][0][type]=company&account[id]=2", nil},
		"a company's type first": {"contacts[update][0][type]=company&contacts[update][0][id]=1", nil},
		"a company and a contact": {"contacts[update][0][id]=1&contacts[update][0][type]=company&contacts[update][1][id]=2&" +
			"contacts[update][1][type]=contact", changed},
		"a contact whose name is company": {"contacts[update][0][id]=1&contacts[update][0][name]=company", changed},
		"a lead":                          {"leads[status][0][id]=1&account[id]=2", nil},
		"a task and a message":            {"task[add][0][id]=1&message[add][0][text]=hello", nil},
		"nothing":                         {"", removed},
		"something else":                  {"customers[add][0][id]=1&account[id]=2", removed},
		"JSON":                            {`{"contacts":{"add":[{"id":1}]}}`, removed},
		"a wrong escape":                  {"leads[add][0][id]=1&%zz=1", removed},
		"no event":                        {"contacts=1", removed},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := kommo.Kind.Hooks.Changes([]connectors.Collection{connectors.Accounts, connectors.Contacts}, []byte(tt.body))
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// Whatever a body has, at most the contacts are fetched again, and a body about a contact always has them fetched.
func FuzzHook(f *testing.F) {
	f.Add("contacts[add][0][id]=1&account[id]=2", "update", "7")
	f.Add("leads[add][0][id]=1&contacts[delete][0][type]=company", "delete", "0")
	f.Add("%zz&&==", "x", "")
	f.Fuzz(func(t *testing.T, body, event, id string) {
		has := []connectors.Collection{connectors.Accounts, connectors.Contacts}
		changes := kommo.Kind.Hooks.Changes(has, []byte(body))
		if len(changes) > 1 || slices.ContainsFunc(changes, func(c connectors.Change) bool { return c.Collection != connectors.Contacts }) {
			t.Errorf("%q changes %v", body, changes)
		}
		if strings.ContainsAny(body, "%") || strings.Contains(body, "type") || event == "note" {
			return // a company, or a note
		}
		with := body + "&" + url.QueryEscape("contacts["+event+"][5][id]") + "=" + url.QueryEscape(id)
		if len(kommo.Kind.Hooks.Changes(has, []byte(with))) != 1 {
			t.Errorf("%q changes nothing", with)
		}
	})
}
