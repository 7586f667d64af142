package directory_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"roster/connectors"
	"roster/internal/directory"
)

// A person is found, joined and matched to a contact by any spelling of the address.
func TestSpellingsOfOneAddress(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct{ one, other string }{
		"letters and Punycode":      {"ida@bücher.example", "ida@xn--bcher-kva.example"},
		"normal form D":             {"ida@bu\u0308cher.example", "IDA@BÜCHER.example"},
		"the root's dot":            {"ida@books.example.", "ida@books.example"},
		"the ideographic full stop": {"ida@books\u3002example", "ida@books.example"},
		"a zero-width space":        {"\u200bida@books.example", "ida@books.example"},
		"a byte order mark":         {"\ufeffida@books.example", "ida@books.example"},
		"a mark of direction":       {"ida@books.example\u200e", "ida@books.example"},
		"a soft hyphen":             {"i\u00adda@books.example", "ida@books.example"},
		"a mailto link":             {"mailto:ida@books.example?subject=Hi", "ida@books.example"},
		"a name beside":             {"Voss, Ida <ida@books.example>", "ida@books.example"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, field := range [][2]string{{tt.one, tt.other}, {tt.other, tt.one}} {
				ws := worksection(acc("1", field[0]))
				ws.Contacts = []connectors.Contact{{ID: "9", Emails: []connectors.Email{{Address: field[0]}}}}
				d := directory.Build(directory.Rules{}, []directory.SourceData{ws, rocketchat(acc("r", field[1]+"!"))})
				all := everyone(d)
				if len(all) != 1 || len(all[0].Accounts) != 2 || len(all[0].PossibleDuplicates) > 0 {
					t.Fatalf("%q and %q are %d people", field[0], field[1], len(all))
				}
				if u := d.UserByEmail(tt.other); u != all[0] {
					t.Errorf("%q finds %v", tt.other, u)
				}
				if c := contacts(d, nil)[0]; c.User != all[0] {
					t.Errorf("a contact with %q has the user %v", field[0], c.User)
				}
			}
		})
	}
}

// The trust in several addresses of one field: an administrator vouches for everything they entered, but a source verifies one address, and it is unknown which.
func TestSeveralAddressesInOneField(t *testing.T) {
	t.Parallel()
	for _, field := range []string{"voss@books.example; ida@books.example", "voss@books.example, ida@books.example"} {
		for name, tt := range map[string]struct {
			sources []directory.SourceData
			people  int
		}{
			"entered": {[]directory.SourceData{worksection(acc("1", field)), rocketchat(acc("r", "ida@books.example!"))}, 1},
			"checked": {[]directory.SourceData{worksection(acc("1", "ida@books.example")), rocketchat(acc("r", field+"!"))}, 2},
		} {
			if all := everyone(directory.Build(directory.Rules{}, tt.sources)); len(all) != tt.people {
				t.Errorf("%s, %q: %d people, want %d", name, field, len(all), tt.people)
			}
		}
	}
}

// A person is found by the text of any field that has exactly one address.
func TestLookupByTextWithAnAddress(t *testing.T) {
	t.Parallel()
	d := directory.Build(directory.Rules{}, []directory.SourceData{worksection(acc("1", "ida@books.example"), acc("2", "kim@books.example"))})
	for email, found := range map[string]bool{
		"mailto:Ida@books.example":                 true,
		"Voss, Ida <ida@books.example>":            true,
		"ida@books.example;":                       true,
		"ida@books.example; kim@books.example":     false,
		"kim, ida@books.example":                   false,
		"Ida <nobody@books.example>":               false,
		"ida@books.example <nobody@books.example>": false,
	} {
		if u := d.UserByEmail(email); (u != nil) != found || found && u.Email != "ida@books.example" {
			t.Errorf("%q finds %v", email, u)
		}
	}
}

func TestAddressesThatStayApart(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct{ one, other string }{
		"sharp s in a domain":    {"ida@straße.example", "ida@strasse.example"},
		"sharp s before the at":  {"groß@books.example", "gross@books.example"},
		"the dotted İ":           {"İda@books.example", "ida@books.example"},
		"the dotless ı":          {"ıda@books.example", "ida@books.example"},
		"Cyrillic":               {"idа@books.example", "ida@books.example"},
		"accents":                {"ída@books.example", "ida@books.example"},
		"a dot":                  {"ida.voss@books.example", "idavoss@books.example"},
		"a comma typed for one":  {"john,ida@books.example", "ida@books.example"},
		"final sigma in domains": {"ida@βόλος.example", "ida@βόλοσ.example"},
		"nobody":                 {"@books.example", "\u200b@books.example"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := directory.Build(directory.Rules{}, []directory.SourceData{worksection(acc("1", tt.one)), rocketchat(acc("r", tt.other+"!"))})
			if all := everyone(d); len(all) != 2 || len(all[0].PossibleDuplicates) > 0 {
				t.Errorf("%q and %q are %d people", tt.one, tt.other, len(all))
			}
		})
	}
}

// A source that has an address twice vouches for it if it vouches for one of the two spellings.
func TestHighestTrustOfAnAddress(t *testing.T) {
	t.Parallel()
	for name, addresses := range map[string][]string{
		"the checked one last":  {"Kim@Books.example?", "kim@books.example!"},
		"the checked one first": {"kim@books.example!", "Kim@Books.example?"},
		"in a list":             {"Kim@Books.example?", "Kim <kim@books.example>!"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := directory.Build(directory.Rules{}, []directory.SourceData{worksection(acc("1", "kim@books.example")), rocketchat(acc("r", addresses...))})
			all := everyone(d)
			if len(all) != 1 {
				t.Fatalf("%d people, want one", len(all))
			}
			if e := all[0].Emails; len(e) != 1 || e[0].Trust != connectors.TrustVerified || e[0].Address != "kim@books.example" {
				t.Errorf("the address is %+v", e[0])
			}
			if core := all[0].Accounts[1].Core(); core.Email != "kim@books.example" || *core.EmailTrust() != connectors.TrustVerified {
				t.Errorf("the account's address is %q, trust %v", core.Email, *core.EmailTrust())
			}
		})
	}
}

func TestAddressesAsWritten(t *testing.T) {
	t.Parallel()
	d := directory.Build(directory.Rules{}, []directory.SourceData{worksection(
		named(acc("1", "Ida.Voss@Bücher.Example; ida@\u200bhome.example"), "Ida"), named(acc("2", "kim@xn--bcher-kva.example"), "Kim"),
	)})
	var got []string
	for _, u := range everyone(d) {
		for _, e := range u.Emails {
			got = append(got, e.Address)
		}
	}
	if diff := cmp.Diff([]string{"Ida.Voss@Bücher.Example", "ida@home.example", "kim@xn--bcher-kva.example"}, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	for query, want := range map[string]string{"ida@bücher.example": "Ida", "kim@bücher.example": "Kim", "xn--bcher-kva": "Ida Kim", "ida@home": "Ida"} {
		var found []string
		for _, u := range users(d, &directory.UserFilter{Search: &query}, directory.UserOrder{}) {
			found = append(found, u.Name)
		}
		slices.Sort(found)
		if strings.Join(found, " ") != want {
			t.Errorf("%q finds %v, want %q", query, found, want)
		}
	}
	var order []string
	for _, u := range users(d, nil, directory.UserOrder{Field: directory.UserByEmail}) {
		order = append(order, string(u.Email))
	}
	if diff := cmp.Diff([]string{"Ida.Voss@Bücher.Example", "kim@xn--bcher-kva.example"}, order); diff != "" {
		t.Errorf("by e-mail, -want +got:\n%s", diff)
	}
}

func TestSharedMailboxesInAnySpelling(t *testing.T) {
	t.Parallel()
	d := directory.Build(directory.Rules{SharedMailboxes: []string{"Büro"}}, []directory.SourceData{
		worksection(acc("1", "BÜRO+web@books.example")), kommo(acc("7", "bu\u0308ro+web@books.example")),
	})
	if n := len(everyone(d)); n != 2 {
		t.Errorf("a shared mailbox joined accounts: %d people, want 2", n)
	}
}
