package directory_test

import (
	"slices"
	"strings"
	"testing"

	"roster/connectors"
	"roster/internal/directory"
)

func TestFilterArguments(t *testing.T) {
	t.Parallel()
	d := small()
	zoe := d.UserByEmail("zoe@x.example").ID
	long := strings.Repeat("word ", 33)
	user := func(f *directory.UserFilter) func() error {
		return func() error { _, err := d.Users(f, directory.UserOrder{}, directory.PageArgs{}); return err }
	}
	contact := func(f *directory.ContactFilter) func() error {
		return func() error { _, err := d.Contacts(f, directory.ContactOrder{}, directory.PageArgs{}); return err }
	}
	tests := map[string]struct {
		ask      func() error
		argument string
		words    string
	}{
		"an unknown source":                 {user(&directory.UserFilter{Sources: []string{"kommo", "komo"}}), "filter.sources[1]", `no source named "komo"`},
		"an unknown source among all":       {user(&directory.UserFilter{AllSources: []string{"kommo", "komo"}}), "filter.allSources[1]", `no source named "komo"`},
		"an unknown source to leave out":    {user(&directory.UserFilter{WithoutSources: []string{""}}), "filter.withoutSources[0]", `no source named ""`},
		"an unknown source, earlier":        {user(&directory.UserFilter{In: []string{"kommo", "komo"}}), "filter.in[1]", `no source named "komo"`},
		"one to leave out, earlier":         {user(&directory.UserFilter{NotIn: []string{""}}), "filter.notIn[0]", `no source named ""`},
		"an unknown source of accounts":     {user(&directory.UserFilter{Accounts: []*directory.AccountFilter{{}, {Sources: []string{"x"}}}}), "filter.accounts[1].sources[0]", `"x"`},
		"fewer than none":                   {user(&directory.UserFilter{Accounts: []*directory.AccountFilter{{Min: -1}}}), "filter.accounts[0].min", "must not be negative"},
		"a team that is a user":             {user(&directory.UserFilter{Teams: []string{zoe}}), "filter.teams[0]", "is the ID of a User, not of a Team"},
		"a role that is nothing":            {user(&directory.UserFilter{Roles: []string{"admin"}}), "filter.roles[0]", `"admin" is not an ID of this graph`},
		"too many words":                    {user(&directory.UserFilter{Search: &long}), "filter.search", "at most 32 words, not 33"},
		"a contact's unknown source":        {contact(&directory.ContactFilter{Sources: []string{"x"}}), "filter.sources[0]", `no source named "x"`},
		"a contact's folder that is a user": {contact(&directory.ContactFilter{Folders: []string{zoe}}), "filter.folders[0]", "is the ID of a User, not of a ContactFolder"},
		"a contact's owner that is nothing": {contact(&directory.ContactFilter{Owners: []string{"x"}}), "filter.owners[0]", "is not an ID of this graph"},
		"too many words for contacts":       {contact(&directory.ContactFilter{Search: &long}), "filter.search", "at most 32 words"},
		"a source far too long":             {user(&directory.UserFilter{AllSources: []string{strings.Repeat("x", 1e6)}}), "filter.allSources[0]", "…"},
		"all well, and nobody": {user(&directory.UserFilter{
			AllSources: []string{"kommo"}, WithoutSources: []string{"worksection"}, In: []string{"worksection"}, NotIn: []string{"kommo"}, Search: new("nobody"), Teams: []string{}, MinAccounts: new(-5), MaxAccounts: new(-5),
		}), "", ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			wantInputError(t, tt.ask(), tt.argument, tt.words)
		})
	}
	c, err := d.Users(nil, directory.UserOrder{}, directory.PageArgs{})
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range []int{-1, 501} {
		_, err := c.Facets(directory.UserFacetTeam, n)
		wantInputError(t, err, "first", "must be between 0 and 500")
	}
	// A filter with the ID of an object that no longer exists matches nothing.
	gone := directory.Build(directory.Rules{}, []directory.SourceData{{Name: "worksection", Teams: []connectors.Team{{ID: "gone"}}}})
	teams, err := gone.Teams(nil, directory.PageArgs{})
	if err != nil {
		t.Fatal(err)
	}
	if n := len(users(d, &directory.UserFilter{Teams: []string{teams.Nodes()[0].ID}}, directory.UserOrder{})); n != 0 {
		t.Errorf("a team that no longer exists has %d members", n)
	}
}

func TestSearch(t *testing.T) {
	t.Parallel()
	zoe := acc("1", "zm@acme.example")
	zoe.Name, zoe.Username, zoe.Title, zoe.Department = "Zoe Müller", "kitten77", "Head of Größe", "R&D"
	zoe.Teams = []connectors.TeamRef{{Name: "Łódź Office"}}
	d := directory.Build(directory.Rules{}, []directory.SourceData{worksection(
		zoe, named(acc("2"), "山田太郎"), named(acc("3"), "प्रिया शर्मा"), named(acc("4"), "محمد علي"), named(acc("5"), "🔥 Олена Йовенко 👩\u200d💻"), acc("6"), named(acc("7"), "★ Stars & Co. ***"),
	)})
	for query, want := range map[string]string{
		"zoë mul": "1", "MUL zoe": "1", "zoe zoe": "1", "grosse": "1", "größe": "1", "lodz off": "1", "kitten": "1", "zm@acme.example": "1", "r&d": "1",
		"oe": "", "zoe adams": "", "itten": "",
		// Symbols without words must occur. Beside words, pictographs must occur, and other symbols need not.
		"★": "7", "🔥": "5", "👩\u200d💻": "5", "👩": "5", "***": "7", "*": "7", "&": "17", "& .": "17", "@": "1", "☃": "", "🔥★": "", "¨": "", "%_": "",
		"stars ★": "7", "stars ☃": "", "🔥олена": "5", "zoe ★": "", "stars - co": "7", "(zoe)": "1", "*zoe*": "1",
		// Scripts without spaces between words.
		"太郎": "2", "田太": "2", "田山": "",
		// A query without visible characters matches everything.
		"\u200b": "1234567", "\u0301": "1234567", "\u3164\ufe0f": "1234567",
		"山田": "2", "山田太郎": "2", "प्रि": "3", "शर्मा": "3", "مُحَمَّد": "4", "йов": "5", "ОЛЕНА": "5",
		"": "1234567", "  ": "1234567", "6": "6",
	} {
		var got []string
		for _, u := range users(d, &directory.UserFilter{Search: &query}, directory.UserOrder{}) {
			got = append(got, u.Accounts[0].Core().ExternalID)
		}
		slices.Sort(got)
		if strings.Join(got, "") != want {
			t.Errorf("%q finds %v, want %q", query, got, want)
		}
	}
}
