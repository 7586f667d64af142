package worksection

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"roster/connectors"
)

// TestAccount takes one row each and compares what it adds to the least account there is.
func TestAccount(t *testing.T) {
	t.Parallel()
	rated := func(f float64) func(*connectors.Account) {
		return func(a *connectors.Account) { a.Details.(*Details).Rate = &f }
	}
	role := func(id string, level connectors.AccessLevel) func(*connectors.Account) {
		return func(a *connectors.Account) {
			a.Access, a.Roles = level, []connectors.RoleRef{{ID: id, Access: level}}
		}
	}
	email := func(e connectors.Email) func(*connectors.Account) {
		return func(a *connectors.Account) { a.Emails = []connectors.Email{e} }
	}
	added := func(tm time.Time) func(*connectors.Account) {
		return func(a *connectors.Account) { a.CreatedAt = tm }
	}
	nothing := func(*connectors.Account) {}
	for _, tt := range []struct {
		name   string
		fields string
		want   func(*connectors.Account)
	}{
		{"an ID alone", ``, nothing},
		{"unknown fields are ignored", `,"mood":"fine","nested":{"a":[1]}`, nothing},

		{"owner", `,"role":"owner"`, role("owner", connectors.AccessOwner)},
		{"account admin", `,"role":"account admin"`, role("account admin", connectors.AccessAdmin)},
		{"team admin", `,"role":"team admin"`, role("team admin", connectors.AccessManager)},
		{"department admin", `,"role":"department admin"`, role("department admin", connectors.AccessManager)},
		{"user", `,"role":"user"`, role("user", connectors.AccessMember)},
		{"guest", `,"role":"guest"`, role("guest", connectors.AccessGuest)},
		{"reader", `,"role":"reader"`, role("reader", connectors.AccessReader)},
		{"a role in capitals", `,"role":" Account Admin "`, role("account admin", connectors.AccessAdmin)},
		{"a role that is new is kept", `,"role":"Auditor"`, role("auditor", connectors.AccessUnknown)},
		{"an empty role", `,"role":""`, func(a *connectors.Account) { a.Roles = []connectors.RoleRef{} }},

		{"a team by its name", `,"group":" Platform "`, func(a *connectors.Account) { a.Teams = []connectors.TeamRef{{Name: "Platform"}} }},
		{"an empty team", `,"group":""`, func(a *connectors.Account) { a.Teams = []connectors.TeamRef{} }},

		{"an address as written", `,"email":" Ada@Lumen.Example "`, email(connectors.Email{Address: "Ada@Lumen.Example"})},
		{"a made-up address", `,"email":"71@71.worksection.com"`, email(connectors.Email{Address: "71@71.worksection.com", Synthetic: true})},
		{"a made-up address in capitals", `,"email":"71@71.Worksection.COM"`, email(connectors.Email{Address: "71@71.Worksection.COM", Synthetic: true})},
		{"an address at an account's own host is real", `,"email":"7@71.worksection.com"`, email(connectors.Email{Address: "7@71.worksection.com"})},
		{"an address of words is real", `,"email":"acme@acme.worksection.com"`, email(connectors.Email{Address: "acme@acme.worksection.com"})},
		{"an address that only ends alike is real", `,"email":"71@71.worksection.com.example"`, email(connectors.Email{Address: "71@71.worksection.com.example"})},
		{"an address without a local part is real", `,"email":"@.worksection.com"`, email(connectors.Email{Address: "@.worksection.com"})},

		{"a rate as a number", `,"rate":25`, rated(25)},
		{"a rate as text", `,"rate":"25.5"`, rated(25.5)},
		{"a rate of nought is one", `,"rate":0`, rated(0)},
		{"no rate", `,"rate":null`, nothing},
		{"an empty rate", `,"rate":""`, nothing},
		{"a rate that is no number", `,"rate":"NaN"`, nothing},

		{"a picture", `,"avatar":"https://a.example/images/user/1/7_2001.jpg"`, func(a *connectors.Account) {
			a.AvatarURL = "https://a.example/images/user/1/7_2001.jpg"
		}},
		{"the shared picture of men", `,"avatar":"https://a.example/images/user/0m.gif"`, nothing},
		{"the shared picture of women", `,"avatar":"https://a.example/images/user/0f.gif?v=2"`, nothing},
		{"a drawn letter", `,"avatar":"https://a.example/images/avatar/k/7.png"`, nothing},
		{"a picture at no address", `,"avatar":"/images/user/7.jpg"`, nothing},
		{"where to open it", `,"url":"https://a.example/user/7/"`, func(a *connectors.Account) { a.URL = "https://a.example/user/7/" }},
		{"a link that is a script", `,"url":"javascript:alert(1)"`, nothing},

		{"the date as the samples spell it", `,"date_added":"2024-01-15 18:30"`, added(time.Date(2024, 1, 15, 16, 30, 0, 0, time.UTC))},
		{"the date as the field list spells it", `,"data_added":"2024-01-15 18:30"`, added(time.Date(2024, 1, 15, 16, 30, 0, 0, time.UTC))},
		{"a date of zeros", `,"date_added":"0000-00-00 00:00"`, nothing},

		{"services as an object", `,"services":{"chats":{"WhatsApp":"w","Signal":"s"},"socials":{"LinkedIn":"l"}}`, func(a *connectors.Account) {
			a.Details.(*Details).Chats = []connectors.Handle{{Service: "Signal", Value: "s"}, {Service: "WhatsApp", Value: "w"}}
			a.Details.(*Details).Socials = []connectors.Handle{{Service: "LinkedIn", Value: "l"}}
		}},
		{"services as an array", `,"services":[]`, nothing},
		{"services as null", `,"services":null`, nothing},
		{"services that are empty arrays", `,"services":{"chats":[],"socials":[]}`, nothing},
		{"a service without a name", `,"services":{"chats":{"WhatsApp":"","Signal":null,"ICQ":["1"]}}`, nothing},
		{"other contacts", `,"contacts":"by radio"`, func(a *connectors.Account) { a.Details.(*Details).OtherContacts = "by radio" }},

		{"phones by their use", `,"phone":"+380671234561","phone2":"+380671234562","phone3":"067 123 45 63","phone4":"12"`, func(a *connectors.Account) {
			a.Phones = []connectors.Phone{
				{Raw: "+380671234561", E164: "+380671234561", Kind: connectors.PhoneMain},
				{Raw: "+380671234562", E164: "+380671234562", Kind: connectors.PhoneOffice},
				{Raw: "067 123 45 63", E164: "+380671234563", Kind: connectors.PhoneMobile},
				{Raw: "12", Kind: connectors.PhoneHome},
			}
		}},
		{"the second address alone", `,"address":"","address2":"office 3"`, func(a *connectors.Account) { a.Addresses = []string{"office 3"} }},
		{"an empty title and department", `,"title":"","department":""`, nothing},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			want := connectors.Account{
				ID: "7", Active: true, Access: connectors.AccessUnknown, Emails: []connectors.Email{}, Details: &Details{},
			}
			tt.want(&want)
			got, err := read(actionUsers, fmt.Appendf(nil, `{"status":"ok","data":[{"id":"7"%s}]}`, tt.fields))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff([]connectors.Account{want}, got.records); diff != "" {
				t.Errorf("account (-want +got):\n%s", diff)
			}
		})
	}
}

func TestContactWithoutAddress(t *testing.T) {
	t.Parallel()
	got, err := read(actionContacts, []byte(`{"status":"ok","data":[{"id":"7","name":"Tom","group":"DEFAULT"}]}`))
	if err != nil {
		t.Fatal(err)
	}
	want := []connectors.Contact{{ID: "7", Name: "Tom", Emails: []connectors.Email{}, Folder: &connectors.FolderRef{Name: "DEFAULT"}}}
	if diff := cmp.Diff(want, got.records); diff != "" {
		t.Errorf("contacts (-want +got):\n%s", diff)
	}
}

func TestCompleteness(t *testing.T) {
	t.Parallel()
	rows := func(n int) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, `,{"id":"%d","title":"t"}`, i+1)
		}
		return `{"status":"ok","data":[` + strings.TrimPrefix(b.String(), ",") + `]}`
	}
	for _, tt := range []struct {
		name     string
		body     string
		complete bool
		ids      int
	}{
		{"no data", `{"status":"ok"}`, true, 0},
		{"an empty list", `{"status":"ok","data":[]}`, true, 0},
		{"one row fewer than the most there can be", rows(9_999), true, 9_999},
		{"exactly as many rows as there can be", rows(10_000), false, 10_000},
		{"a row without an ID", `{"status":"ok","data":[{"title":"x"},{"id":"1"}]}`, false, 1},
		{"a row whose ID is null", `{"status":"ok","data":[{"id":null},{"id":"1"}]}`, false, 1},
		{"a row whose ID is blank", `{"status":"ok","data":[{"id":" "},{"id":"1"}]}`, false, 1},
		{"a row that is null", `{"status":"ok","data":[null,{"id":"1"}]}`, false, 1},
		{"a row that is a list", `{"status":"ok","data":[[],{"id":"1"}]}`, false, 1},
		{"a row whose ID is an object", `{"status":"ok","data":[{"id":{}},{"id":"1"}]}`, false, 1},
		{"a row whose ID has a fraction", `{"status":"ok","data":[{"id":1.5},{"id":"1"}]}`, false, 1},
		{"rows by numbers", `{"status":"ok","data":{"0":{"id":"1"},"2":{"id":"2"}}}`, true, 2},
		{"one row without its list", `{"status":"ok","data":{"id":"1"}}`, true, 1},
		{"an object that is no row", `{"status":"ok","data":{"a":1}}`, false, 0},
		{"a row that comes twice, as text and as a number", `{"status":"ok","data":[{"id":1},{"id":"1"}]}`, true, 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := read(actionUserGroups, []byte(tt.body))
			if err != nil {
				t.Fatal(err)
			}
			if got.complete != tt.complete || len(got.ids) != tt.ids {
				t.Errorf("got %d records, complete %v; want %d, %v", len(got.ids), got.complete, tt.ids, tt.complete)
			}
		})
	}
}

func TestDataOfAnotherShape(t *testing.T) {
	t.Parallel()
	for name, data := range map[string]string{
		"null": `null`, "false": `false`, "a number": `0`, "text": `"none"`, "an empty text": `""`, "an empty object": `{}`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := read(actionUsers, []byte(`{"status":"ok","data":`+data+`}`))
			if !connectors.IsKind(err, connectors.KindBadResponse) {
				t.Errorf("got %v, want a bad response", err)
			}
		})
	}
}
