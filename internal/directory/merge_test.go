package directory_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"roster/connectors"
	"roster/internal/directory"
)

// person builds a directory in which all accounts are one person, and returns them. The accounts are in the order of the sources.
func person(t *testing.T, precedence map[directory.Field][]string, accounts ...connectors.Account) *directory.User {
	t.Helper()
	data := []directory.SourceData{worksection(), kommo(), altcraft(), rocketchat()}
	var link []connectors.Ref
	for i, a := range accounts {
		if a.ID == "" {
			a.ID = fmt.Sprint(i + 1)
		}
		data[i].Accounts = []connectors.Account{a}
		link = append(link, connectors.Ref{Source: data[i].Name, ID: a.ID})
	}
	d := directory.Build(directory.Rules{Links: [][]connectors.Ref{link}, Precedence: precedence}, data)
	all := everyone(d)
	if len(all) != 1 {
		t.Fatalf("%d people, want one", len(all))
	}
	return all[0]
}

func TestPrecedence(t *testing.T) {
	t.Parallel()
	phones := func(raw ...string) (out []connectors.Phone) {
		for _, r := range raw {
			out = append(out, connectors.Phone{Raw: r})
		}
		return out
	}
	full := func(mark string) connectors.Account {
		a := acc("", mark+"@x.example!")
		a.Name, a.FirstName, a.LastName, a.Title, a.Department = "name "+mark, "first "+mark, "last "+mark, "title "+mark, "department "+mark
		a.Phones, a.Addresses, a.AvatarURL, a.Locale = phones(mark), []string{"street " + mark}, "https://x.example/"+mark, mark
		return a
	}
	blank := func() connectors.Account {
		a := acc("")
		a.Name, a.FirstName, a.LastName, a.Title, a.Department, a.AvatarURL, a.Locale = " ", " ", "\t", " ", " ", " ", " "
		return a
	}
	values := map[directory.Field]func(u *directory.User) any{
		directory.FieldName:       func(u *directory.User) any { return u.Name },
		directory.FieldFirstName:  func(u *directory.User) any { return string(u.FirstName) },
		directory.FieldLastName:   func(u *directory.User) any { return string(u.LastName) },
		directory.FieldTitle:      func(u *directory.User) any { return string(u.Title) },
		directory.FieldDepartment: func(u *directory.User) any { return string(u.Department) },
		directory.FieldEmail:      func(u *directory.User) any { return string(u.Email) },
		directory.FieldPhones:     func(u *directory.User) any { return u.Phones },
		directory.FieldAddresses:  func(u *directory.User) any { return u.Addresses },
		directory.FieldAvatarURL:  func(u *directory.User) any { return string(u.AvatarURL) },
		directory.FieldLocale:     func(u *directory.User) any { return string(u.Locale) },
	}
	want := func(f directory.Field, mark string) any {
		return map[directory.Field]any{
			directory.FieldName: "name " + mark, directory.FieldFirstName: "first " + mark, directory.FieldLastName: "last " + mark,
			directory.FieldTitle: "title " + mark, directory.FieldDepartment: "department " + mark, directory.FieldEmail: mark + "@x.example",
			directory.FieldPhones: phones(mark), directory.FieldAddresses: []string{"street " + mark},
			directory.FieldAvatarURL: "https://x.example/" + mark, directory.FieldLocale: mark,
		}[f]
	}
	for _, f := range directory.Fields {
		order := func(sources ...string) map[directory.Field][]string { return map[directory.Field][]string{f: sources} }
		tests := map[string]struct {
			precedence map[directory.Field][]string
			accounts   []connectors.Account
			want       string
		}{
			"the first source":                         {nil, []connectors.Account{full("w"), full("k")}, "w"},
			"the first that has a value":               {nil, []connectors.Account{{}, blank(), full("a"), full("r")}, "a"},
			"the operator's order":                     {order("rocketchat", "kommo"), []connectors.Account{full("w"), full("k"), full("a"), full("r")}, "r"},
			"the operator's second, for want":          {order("rocketchat", "kommo"), []connectors.Account{full("w"), full("k"), full("a"), blank()}, "k"},
			"those not named follow in their order":    {order("kommo"), []connectors.Account{full("w"), blank(), full("a")}, "w"},
			"a source that is not there does not harm": {order("nowhere", "altcraft"), []connectors.Account{full("w"), full("k"), full("a")}, "a"},
		}
		for name, tt := range tests {
			t.Run(string(f)+"/"+name, func(t *testing.T) {
				t.Parallel()
				u := person(t, tt.precedence, tt.accounts...)
				if diff := cmp.Diff(want(f, tt.want), values[f](u)); diff != "" {
					t.Errorf("-want +got:\n%s", diff)
				}
				for other, value := range values { // no other field has changed
					if diff := cmp.Diff(value(person(t, nil, tt.accounts...)), value(u)); other != f && diff != "" {
						t.Errorf("%s has changed:\n%s", other, diff)
					}
				}
			})
		}
	}
}

func TestNames(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		accounts []connectors.Account
		user     string
		account  string // the first account's
	}{
		"full":                                {[]connectors.Account{{Name: " Zoe Adams "}}, "Zoe Adams", "Zoe Adams"},
		"in parts":                            {[]connectors.Account{{FirstName: "Zoe ", LastName: " Adams"}}, "Zoe Adams", "Zoe Adams"},
		"the last only":                       {[]connectors.Account{{LastName: "Adams"}}, "Adams", "Adams"},
		"the user name":                       {[]connectors.Account{{Username: "zoe.a", Emails: []connectors.Email{{Address: "z@x.example"}}}}, "zoe.a", "zoe.a"},
		"the address":                         {[]connectors.Account{{Username: " ", Emails: []connectors.Email{{Address: "nope"}, {Address: "Z@x.example"}}}}, "Z@x.example", "Z@x.example"},
		"nothing that can be seen":            {[]connectors.Account{{Name: "\u200b", FirstName: "\u2060", Username: "\u3164", Emails: []connectors.Email{{Address: "z@x.example"}}}}, "z@x.example", "z@x.example"},
		"a later name before one unseen":      {[]connectors.Account{{Name: "\u2060\u200d", ID: "77"}, {Name: "Zoe Adams"}}, "Zoe Adams", "77"},
		"unseen characters around":            {[]connectors.Account{{Name: "\ufeffZoe Adams\u200b"}}, "Zoe Adams", "Zoe Adams"},
		"unseen parts":                        {[]connectors.Account{{FirstName: "\u200bZoe", LastName: "\u00ad"}}, "Zoe", "Zoe"},
		"the ID":                              {[]connectors.Account{{ID: "9:smith"}}, "9:smith", "9:smith"},
		"a later name before a user name":     {[]connectors.Account{{Username: "zoe.a"}, {Name: "Zoe Adams"}}, "Zoe Adams", "zoe.a"},
		"a later user name before an ID":      {[]connectors.Account{{ID: "77"}, {Username: "zoe.a"}}, "zoe.a", "77"},
		"a later address before an ID":        {[]connectors.Account{{ID: "77"}, {Emails: []connectors.Email{{Address: "z@x.example"}}}}, "z@x.example", "77"},
		"the first ID where there is no more": {[]connectors.Account{{ID: "77"}, {ID: "78"}}, "77", "77"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			u := person(t, nil, tt.accounts...)
			if u.Name != tt.user || u.Accounts[0].Core().Name != tt.account {
				t.Errorf("user %q, account %q; want %q and %q", u.Name, u.Accounts[0].Core().Name, tt.user, tt.account)
			}
		})
	}
}

func TestAccessLevels(t *testing.T) {
	t.Parallel()
	with := func(level connectors.AccessLevel, active bool) connectors.Account {
		return connectors.Account{Access: level, Active: active}
	}
	tests := map[string]struct {
		accounts []connectors.Account
		want     connectors.AccessLevel
		active   bool
		first    connectors.AccessLevel // the first account's
	}{
		"the highest":                     {[]connectors.Account{with(connectors.AccessMember, true), with(connectors.AccessAdmin, true), with(connectors.AccessGuest, true)}, connectors.AccessAdmin, true, connectors.AccessMember},
		"an inactive account grants none": {[]connectors.Account{with(connectors.AccessOwner, false), with(connectors.AccessReader, true)}, connectors.AccessReader, true, connectors.AccessNone},
		"no active account":               {[]connectors.Account{with(connectors.AccessOwner, false), with(connectors.AccessAdmin, false)}, connectors.AccessNone, false, connectors.AccessNone},
		"unknown is more than none":       {[]connectors.Account{with(connectors.AccessUnknown, true), with(connectors.AccessAdmin, false)}, connectors.AccessUnknown, true, connectors.AccessUnknown},
		"active without a level: unknown": {[]connectors.Account{with(connectors.AccessNone, true)}, connectors.AccessUnknown, true, connectors.AccessUnknown},
		"inactive here, active elsewhere": {[]connectors.Account{with(connectors.AccessMember, false), with(connectors.AccessMember, true)}, connectors.AccessMember, true, connectors.AccessNone},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			u := person(t, nil, tt.accounts...)
			if u.AccessLevel != tt.want || u.Active != tt.active || u.Accounts[0].Core().AccessLevel != tt.first {
				t.Errorf("got %v, active %v, first account %v", u.AccessLevel, u.Active, u.Accounts[0].Core().AccessLevel)
			}
		})
	}
}

func TestBots(t *testing.T) {
	t.Parallel()
	bot, human := connectors.Account{Bot: true}, connectors.Account{}
	for name, tt := range map[string]struct {
		accounts []connectors.Account
		want     bool
	}{
		"a person":                 {[]connectors.Account{human}, false},
		"a bot":                    {[]connectors.Account{bot}, true},
		"a bot in two sources":     {[]connectors.Account{bot, bot}, true},
		"a person with one bot":    {[]connectors.Account{bot, human}, false},
		"the bot comes second too": {[]connectors.Account{human, bot}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := person(t, nil, tt.accounts...).Bot; got != tt.want {
				t.Errorf("got %v, want %v", got, tt.want)
			}
		})
	}
}

func TestEmails(t *testing.T) {
	t.Parallel()
	d := directory.Build(directory.Rules{Links: [][]connectors.Ref{refs("worksection/1 kommo/7 rocketchat/r")}}, []directory.SourceData{
		worksection(acc("1", "1@1.worksection.com~", "Zoe@x.example", "nonsense")),
		kommo(acc("7", "info@x.example", "zoe@x.example")),
		rocketchat(acc("r", "zoe@x.example!", "other@x.example?", "ZOE@x.example?")),
	})
	u := everyone(d)[0]
	type email struct {
		Address string
		Trust   connectors.Trust
		Sources []string
	}
	var got []email
	for _, e := range u.Emails {
		one := email{Address: e.Address, Trust: e.Trust}
		for _, s := range e.Sources {
			one.Sources = append(one.Sources, s.Name)
		}
		got = append(got, one)
	}
	want := []email{
		{"1@1.worksection.com", connectors.TrustNone, []string{"worksection"}},
		{"Zoe@x.example", connectors.TrustVerified, []string{"worksection", "kommo", "rocketchat"}},
		{"info@x.example", connectors.TrustAsserted, []string{"kommo"}},
		{"other@x.example", connectors.TrustNone, []string{"rocketchat"}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if u.Email != "Zoe@x.example" || *u.KnownEmail() != "Zoe@x.example" {
		t.Errorf("known as %q, want the first that a source vouches for", u.Email)
	}
	for address, want := range map[string]*directory.User{
		"zoe@x.example": u, " ZOE@X.example": u, "info@x.example": nil, "other@x.example": nil, "1@1.worksection.com": nil, "nonsense": nil, "": nil,
	} {
		if found := d.UserByEmail(address); found != want {
			t.Errorf("%q finds %v", address, found)
		}
	}
	first := u.Accounts[0].Core()
	if first.Email != "1@1.worksection.com" || *first.EmailTrust() != connectors.TrustNone {
		t.Errorf("the account has %q, trust %v", first.Email, *first.EmailTrust())
	}
	if none := person(t, nil, acc("1")); none.KnownEmail() != nil || none.Accounts[0].Core().EmailTrust() != nil {
		t.Error("someone without an address has one")
	}
}

func TestAnAddressOfSeveralPeopleFindsNone(t *testing.T) {
	t.Parallel()
	d := directory.Build(directory.Rules{}, []directory.SourceData{
		worksection(acc("1", "info@x.example"), acc("2", "zoe@x.example")),
		kommo(acc("7", "info@x.example")),
		rocketchat(acc("r", "zoe@x.example?")),
	})
	if u := d.UserByEmail("info@x.example"); u != nil {
		t.Errorf("a shared mailbox finds %v", accountsOf(u))
	}
	if u := d.UserByEmail("zoe@x.example"); u == nil || accountsOf(u)[0] != "worksection/2" {
		t.Errorf("an unverified address of another account hides its owner: found %v", u)
	}
}

func TestPersonOfSeveralAccounts(t *testing.T) {
	t.Parallel()
	day := func(d int) time.Time { return time.Date(2026, 1, d, 0, 0, 0, 0, time.UTC) }
	u := person(t, nil,
		connectors.Account{ID: "1", Active: true, CreatedAt: day(3), Teams: []connectors.TeamRef{{Name: "Sales"}}, Roles: []connectors.RoleRef{{ID: "user"}}},
		connectors.Account{ID: "2"},
		connectors.Account{ID: "3", Active: true, CreatedAt: day(2), Teams: []connectors.TeamRef{{Name: "Board"}, {Name: "Sales"}}, Roles: []connectors.RoleRef{{ID: "admin"}}},
	)
	if !u.CreatedAt.Equal(day(2)) {
		t.Errorf("created %v, want the oldest account's", u.CreatedAt)
	}
	var teams, roles []string
	for _, team := range u.Teams {
		teams = append(teams, team.Name+" of "+team.Source.Name)
	}
	for _, role := range u.Roles {
		roles = append(roles, role.Name)
	}
	if diff := cmp.Diff([]string{"Board of altcraft", "Sales of altcraft", "Sales of worksection"}, teams, cmpopts.SortSlices(func(a, b string) bool { return a < b })); diff != "" {
		t.Errorf("teams, -want +got:\n%s", diff)
	}
	if diff := cmp.Diff([]string{"admin", "user"}, roles); diff != "" {
		t.Errorf("roles, -want +got:\n%s", diff)
	}
}
