package directory_test

import (
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"roster/connectors"
	"roster/internal/directory"
)

// matches says whether each word of a query begins some word of the texts. The pools it is used with are told apart without folding accents.
func matches(query string, texts ...string) bool {
	split := func(s string) []string {
		s = strings.NewReplacer("ë", "e", "ü", "u", "ï", "i").Replace(strings.ToLower(s))
		return strings.FieldsFunc(s, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
	}
	for _, w := range split(query) {
		if !slices.ContainsFunc(split(strings.Join(texts, " ")), func(x string) bool { return strings.HasPrefix(x, w) }) {
			return false
		}
	}
	return true
}

var queries = []string{"", " ", "z", "zoe", "zo ad", "ZOË a", "adam smith", "smith adam", "sales", "acme", "zoe@acme.example", "-", "vip", "engineer r", "nobody"}

// wantedUser is the filter as the schema puts it into words, for one person.
func wantedUser(f *directory.UserFilter, u *directory.User) bool {
	in := func(source string) bool {
		return slices.ContainsFunc(u.Accounts, func(a directory.Account) bool { return a.Core().Source.Name == source })
	}
	texts := []string{u.Name}
	for _, a := range u.Accounts {
		c := a.Core()
		texts = append(texts, c.Name, string(c.FirstName), string(c.LastName), string(c.Username), string(c.Title), string(c.Department))
	}
	for _, e := range u.Emails {
		texts = append(texts, e.Address)
	}
	for _, team := range u.Teams {
		texts = append(texts, team.Name)
	}
	oneOf := func(given []string, have func(string) bool) bool {
		return len(given) == 0 || slices.ContainsFunc(given, have)
	}
	for _, af := range f.Accounts {
		n := 0
		for _, a := range u.Accounts {
			c := a.Core()
			if oneOf(af.Sources, func(s string) bool { return s == c.Source.Name }) && (af.Active == nil || *af.Active == c.Active) &&
				(len(af.AccessLevels) == 0 || slices.Contains(af.AccessLevels, c.AccessLevel)) {
				n++
			}
		}
		if n < af.Min {
			return false
		}
	}
	return (f.Search == nil || matches(*f.Search, texts...)) &&
		(f.Active == nil || *f.Active == u.Active) &&
		(f.Bot == nil || *f.Bot == u.Bot) &&
		!slices.ContainsFunc(f.In, func(s string) bool { return !in(s) }) &&
		!slices.ContainsFunc(f.NotIn, in) &&
		(f.MinAccounts == nil || len(u.Accounts) >= *f.MinAccounts) &&
		(f.MaxAccounts == nil || len(u.Accounts) <= *f.MaxAccounts) &&
		oneOf(f.Teams, func(id string) bool {
			return slices.ContainsFunc(u.Teams, func(team *directory.Team) bool { return team.ID == id })
		}) &&
		oneOf(f.Roles, func(id string) bool {
			return slices.ContainsFunc(u.Roles, func(role *directory.Role) bool { return role.ID == id })
		}) &&
		oneOf(f.Departments, func(s string) bool { return s == string(u.Department) }) &&
		oneOf(f.Locales, func(s string) bool { return s == string(u.Locale) }) &&
		(len(f.AccessLevels) == 0 || slices.Contains(f.AccessLevels, u.AccessLevel)) &&
		(f.HasPossibleDuplicates == nil || *f.HasPossibleDuplicates == (len(u.PossibleDuplicates) > 0))
}

// userFilter draws a filter whose fields each are given now and then.
func userFilter(t *rapid.T, d *directory.Directory, data []directory.SourceData) *directory.UserFilter {
	given := func(label string) bool { return rapid.IntRange(0, 4).Draw(t, label) == 0 }
	yesNo := func(label string) *bool {
		if !given(label) {
			return nil
		}
		return new(rapid.Bool().Draw(t, label))
	}
	number := func(label string) *int {
		if !given(label) {
			return nil
		}
		return new(rapid.IntRange(-1, 4).Draw(t, label))
	}
	of := func(label string, from []string) []string {
		if !given(label) || len(from) == 0 {
			return nil
		}
		return rapid.SliceOfN(rapid.SampledFrom(from), 0, 2).Draw(t, label)
	}
	levels := func(label string) []connectors.AccessLevel {
		if !given(label) {
			return nil
		}
		return rapid.SliceOfN(rapid.Map(rapid.IntRange(0, 7), func(l int) connectors.AccessLevel { return connectors.AccessLevel(l) }), 0, 3).Draw(t, label) //nolint:gosec // small
	}
	var sources, teams, roles []string
	for _, s := range data {
		sources = append(sources, s.Name)
	}
	for _, u := range everyone(d) {
		for _, x := range u.Teams {
			teams = append(teams, x.ID)
		}
		for _, x := range u.Roles {
			roles = append(roles, x.ID)
		}
	}
	f := &directory.UserFilter{
		Active: yesNo("active"), Bot: yesNo("bot"), HasPossibleDuplicates: yesNo("duplicates"), In: of("in", sources), NotIn: of("not in", sources),
		MinAccounts: number("min"), MaxAccounts: number("max"), Teams: of("teams", teams), Roles: of("roles", roles),
		Departments: of("departments", []string{"R&D", "Office", "r&d"}), Locales: of("locales", []string{"en", "uk"}), AccessLevels: levels("levels"),
	}
	if given("search") {
		f.Search = new(rapid.SampledFrom(queries).Draw(t, "search"))
	}
	for given("accounts") && len(f.Accounts) < 3 {
		f.Accounts = append(f.Accounts, &directory.AccountFilter{
			Sources: of("account sources", sources), Active: yesNo("account active"), AccessLevels: levels("account levels"), Min: rapid.IntRange(0, 2).Draw(t, "account min"),
		})
	}
	return f
}

func TestUserFilter(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		r, data := company(t)
		d := directory.Build(r, data)
		for range 2 {
			f := userFilter(t, d, data)
			var want []*directory.User
			for _, u := range everyone(d) {
				if wantedUser(f, u) {
					want = append(want, u)
				}
			}
			got := users(d, f, directory.UserOrder{})
			if !slices.Equal(want, got) {
				t.Fatalf("%d people, want %d", len(got), len(want))
			}
			for _, x := range want[:min(1, len(want))] {
				for _, team := range x.Teams {
					members, err := d.Members(team, f, directory.UserOrder{}, directory.PageArgs{First: new(500)})
					wantPeople(t, members, err, slices.DeleteFunc(slices.Clone(want), func(u *directory.User) bool { return !slices.Contains(u.Teams, team) }))
				}
				for _, role := range x.Roles {
					holders, err := d.Holders(role, f, directory.UserOrder{}, directory.PageArgs{First: new(500)})
					wantPeople(t, holders, err, slices.DeleteFunc(slices.Clone(want), func(u *directory.User) bool { return !slices.Contains(u.Roles, role) }))
				}
			}
			checkUserFacets(t, d, f, want)
		}
	})
}

func wantPeople(t *rapid.T, got *directory.UserConnection, err error, want []*directory.User) {
	if err != nil || !slices.Equal(got.Nodes(), want) {
		t.Errorf("%v, error %v; want %v", got.Nodes(), err, want)
	}
}

// checkUserFacets wants the counts to be those of the people, and each value to filter to as many.
func checkUserFacets(t *rapid.T, d *directory.Directory, f *directory.UserFilter, people []*directory.User) {
	level := func(value string) connectors.AccessLevel {
		for l := connectors.AccessNone; l <= connectors.AccessOwner; l++ {
			if strings.ToUpper(l.String()) == value {
				return l
			}
		}
		t.Fatalf("there is no access level %q", value)
		return 0
	}
	and := map[directory.UserFacet]func(f *directory.UserFilter, value string){
		directory.UserFacetSource: func(f *directory.UserFilter, v string) { f.In = append(slices.Clone(f.In), v) },
		directory.UserFacetSourceSet: func(f *directory.UserFilter, v string) {
			f.In = append(slices.Clone(f.In), strings.Split(v, ",")...)
			f.NotIn = slices.Clone(f.NotIn)
			for _, s := range d.Sources() {
				if !slices.Contains(strings.Split(v, ","), s.Name) {
					f.NotIn = append(f.NotIn, s.Name)
				}
			}
		},
		directory.UserFacetTeam:        func(f *directory.UserFilter, v string) { f.Teams = []string{v} },
		directory.UserFacetRole:        func(f *directory.UserFilter, v string) { f.Roles = []string{v} },
		directory.UserFacetDepartment:  func(f *directory.UserFilter, v string) { f.Departments = []string{v} },
		directory.UserFacetAccessLevel: func(f *directory.UserFilter, v string) { f.AccessLevels = []connectors.AccessLevel{level(v)} },
		directory.UserFacetActive:      func(f *directory.UserFilter, v string) { f.Active = new(v == "true") },
		directory.UserFacetLocale:      func(f *directory.UserFilter, v string) { f.Locales = []string{v} },
	}
	// values gives what a person counts for.
	values := func(by directory.UserFacet, u *directory.User) (out []string) {
		switch by {
		case directory.UserFacetSource, directory.UserFacetSourceSet:
			for _, a := range u.Accounts {
				out = append(out, a.Core().Source.Name)
			}
			out = slices.Compact(out)
			if by == directory.UserFacetSourceSet {
				out = []string{strings.Join(out, ",")}
			}
		case directory.UserFacetTeam:
			for _, x := range u.Teams {
				out = append(out, x.ID)
			}
		case directory.UserFacetRole:
			for _, x := range u.Roles {
				out = append(out, x.ID)
			}
		case directory.UserFacetDepartment:
			out = []string{string(u.Department)}
		case directory.UserFacetAccessLevel:
			out = []string{strings.ToUpper(u.AccessLevel.String())}
		case directory.UserFacetActive:
			out = []string{strconv.FormatBool(u.Active)}
		case directory.UserFacetLocale:
			out = []string{string(u.Locale)}
		}
		return slices.DeleteFunc(out, func(s string) bool { return s == "" })
	}
	page, err := d.Users(f, directory.UserOrder{}, directory.PageArgs{First: new(0)})
	if err != nil {
		t.Fatal(err)
	}
	if page.TotalCount() != len(people) || len(page.Nodes()) != 0 || page.PageInfo().HasNextPage != (len(people) > 0) {
		t.Errorf("a page of none: %d in all, %d on it, %+v", page.TotalCount(), len(page.Nodes()), page.PageInfo())
	}
	for by, filter := range and {
		facets, err := page.Facets(by, directory.MaxPageSize)
		if err != nil {
			t.Fatal(err)
		}
		want, got := map[string]int{}, map[string]int{}
		for _, u := range people {
			for _, v := range values(by, u) {
				want[v]++
			}
		}
		for i, x := range facets {
			got[x.Value] = x.Count
			if x.Label == "" || i > 0 && facets[i-1].Count < x.Count {
				t.Errorf("facet %d: %q is not labelled or out of order", by, x.Value)
			}
			if len(f.Teams)+len(f.Roles)+len(f.Departments)+len(f.Locales)+len(f.AccessLevels) == 0 {
				narrower := *f
				filter(&narrower, x.Value)
				if n := len(users(d, &narrower, directory.UserOrder{})); n != x.Count {
					t.Errorf("facet %d counts %d of %q, and the filter finds %d", by, x.Count, x.Value, n)
				}
			}
		}
		if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("facet %d, -want +got:\n%s", by, diff)
		}
		few, err := page.Facets(by, 1)
		if err != nil || len(few) != min(1, len(facets)) || len(few) == 1 && *few[0] != *facets[0] {
			t.Errorf("facet %d: the first is %v, error %v", by, few, err)
		}
	}
}

func TestContactFilter(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		r, data := company(t)
		d := directory.Build(r, data)
		all := contacts(d, nil)
		var folders, owners, sources []string
		for _, c := range all {
			sources = append(sources, c.Source.Name)
			if c.Folder != nil {
				folders = append(folders, c.Folder.ID)
			}
			if c.Owner != nil {
				owners = append(owners, c.Owner.ID)
				for _, a := range c.Owner.Accounts {
					owners = append(owners, a.Core().ID)
				}
			}
		}
		of := func(label string, from []string) []string {
			if len(from) == 0 || rapid.IntRange(0, 2).Draw(t, label) > 0 {
				return nil
			}
			return rapid.SliceOfN(rapid.SampledFrom(from), 0, 2).Draw(t, label)
		}
		f := &directory.ContactFilter{Sources: of("sources", sources), Folders: of("folders", folders), Tags: of("tags", []string{"vip", "new", "none"}), Owners: of("owners", owners)}
		if rapid.Bool().Draw(t, "searches") {
			f.Search = new(rapid.SampledFrom(queries).Draw(t, "search"))
		}
		want := slices.DeleteFunc(slices.Clone(all), func(c *directory.Contact) bool {
			texts := append([]string{c.Name, string(c.FirstName), string(c.LastName), string(c.Title)}, slices.Concat(c.Emails, c.Tags)...)
			if c.Folder != nil {
				texts = append(texts, c.Folder.Name)
			}
			owned := func(id string) bool {
				u, err := d.User(id)
				return err == nil && u == c.Owner
			}
			return f.Search != nil && !matches(*f.Search, texts...) ||
				len(f.Sources) > 0 && !slices.Contains(f.Sources, c.Source.Name) ||
				len(f.Folders) > 0 && (c.Folder == nil || !slices.Contains(f.Folders, c.Folder.ID)) ||
				len(f.Tags) > 0 && !slices.ContainsFunc(f.Tags, func(tag string) bool { return slices.Contains(c.Tags, tag) }) ||
				len(f.Owners) > 0 && (c.Owner == nil || !slices.ContainsFunc(f.Owners, owned))
		})
		got := contacts(d, f)
		if !slices.Equal(want, got) {
			t.Fatalf("%d contacts, want %d", len(got), len(want))
		}

		page, err := d.Contacts(f, directory.ContactOrder{}, directory.PageArgs{})
		if err != nil {
			t.Fatal(err)
		}
		for by, narrow := range map[directory.ContactFacet]func(f *directory.ContactFilter, v string){
			directory.ContactFacetSource: func(f *directory.ContactFilter, v string) { f.Sources = []string{v} },
			directory.ContactFacetFolder: func(f *directory.ContactFilter, v string) { f.Folders = []string{v} },
			directory.ContactFacetTag:    func(f *directory.ContactFilter, v string) { f.Tags = []string{v} },
			directory.ContactFacetOwner:  func(f *directory.ContactFilter, v string) { f.Owners = []string{v} },
		} {
			facets, err := page.Facets(by, 500)
			if err != nil {
				t.Fatal(err)
			}
			for _, x := range facets {
				narrower := &directory.ContactFilter{}
				narrow(narrower, x.Value)
				both := slices.DeleteFunc(contacts(d, narrower), func(c *directory.Contact) bool { return !slices.Contains(want, c) })
				if len(both) != x.Count || x.Count == 0 {
					t.Errorf("facet %d counts %d of %q, and there are %d", by, x.Count, x.Value, len(both))
				}
			}
		}
	})
}

func TestGroupFilters(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		r, data := company(t)
		d := directory.Build(r, data)
		args := directory.PageArgs{First: new(500)}
		query, sources := rapid.SampledFrom([]string{"", "s", "sa", "sup", "1", "x"}).Draw(t, "search"), []string{data[0].Name}
		teamKinds := rapid.SliceOfN(rapid.Map(rapid.IntRange(0, 2), func(k int) connectors.TeamKind { return connectors.TeamKind(k) }), 0, 2).Draw(t, "team kinds")                       //nolint:gosec // small
		folderKinds := rapid.SliceOfN(rapid.Map(rapid.IntRange(0, 1), func(k int) connectors.ContactFolderKind { return connectors.ContactFolderKind(k) }), 0, 2).Draw(t, "folder kinds") //nolint:gosec // small
		levels := rapid.SliceOfN(rapid.Custom(level), 0, 2).Draw(t, "levels")

		teams, err := d.Teams(nil, args)
		if err != nil {
			t.Fatal(err)
		}
		wantTeams := slices.DeleteFunc(teams.Nodes(), func(x *directory.Team) bool {
			return !matches(query, x.Name) || x.Source.Name != sources[0] || len(teamKinds) > 0 && !slices.Contains(teamKinds, x.Kind)
		})
		if got, err := d.Teams(&directory.TeamFilter{Search: &query, Sources: sources, Kinds: teamKinds}, args); err != nil || !slices.Equal(wantTeams, got.Nodes()) {
			t.Errorf("%d teams, want %d, error %v", got.TotalCount(), len(wantTeams), err)
		}
		roles, err := d.Roles(nil, args)
		if err != nil {
			t.Fatal(err)
		}
		wantRoles := slices.DeleteFunc(roles.Nodes(), func(x *directory.Role) bool {
			return !matches(query, x.Name) || x.Source.Name != sources[0] || len(levels) > 0 && !slices.Contains(levels, x.AccessLevel)
		})
		if got, err := d.Roles(&directory.RoleFilter{Search: &query, Sources: sources, AccessLevels: levels}, args); err != nil || !slices.Equal(wantRoles, got.Nodes()) {
			t.Errorf("%d roles, want %d, error %v", got.TotalCount(), len(wantRoles), err)
		}
		folders, err := d.ContactFolders(nil, args)
		if err != nil {
			t.Fatal(err)
		}
		wantFolders := slices.DeleteFunc(folders.Nodes(), func(x *directory.ContactFolder) bool {
			return !matches(query, x.Name) || x.Source.Name != sources[0] || len(folderKinds) > 0 && !slices.Contains(folderKinds, x.Kind)
		})
		got, err := d.ContactFolders(&directory.ContactFolderFilter{Search: &query, Sources: sources, Kinds: folderKinds}, args)
		if err != nil || !slices.Equal(wantFolders, got.Nodes()) {
			t.Errorf("%d folders, want %d, error %v", got.TotalCount(), len(wantFolders), err)
		}
	})
}

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
		"an unknown source":                 {user(&directory.UserFilter{In: []string{"kommo", "komo"}}), "filter.in", `no source named "komo"`},
		"an unknown source to leave out":    {user(&directory.UserFilter{NotIn: []string{""}}), "filter.notIn", `no source named ""`},
		"an unknown source of accounts":     {user(&directory.UserFilter{Accounts: []*directory.AccountFilter{{}, {Sources: []string{"x"}}}}), "filter.accounts[1].sources", `"x"`},
		"fewer than none":                   {user(&directory.UserFilter{Accounts: []*directory.AccountFilter{{Min: -1}}}), "filter.accounts[0].min", "must not be negative"},
		"a team that is a user":             {user(&directory.UserFilter{Teams: []string{zoe}}), "filter.teams", "is the ID of a User, not of a Team"},
		"a role that is nothing":            {user(&directory.UserFilter{Roles: []string{"admin"}}), "filter.roles", `"admin" is not an ID of this graph`},
		"too many words":                    {user(&directory.UserFilter{Search: &long}), "filter.search", "at most 32 words, not 33"},
		"a contact's unknown source":        {contact(&directory.ContactFilter{Sources: []string{"x"}}), "filter.sources", `no source named "x"`},
		"a contact's folder that is a user": {contact(&directory.ContactFilter{Folders: []string{zoe}}), "filter.folders", "is the ID of a User, not of a ContactFolder"},
		"a contact's owner that is nothing": {contact(&directory.ContactFilter{Owners: []string{"x"}}), "filter.owners", "is not an ID of this graph"},
		"too many words for contacts":       {contact(&directory.ContactFilter{Search: &long}), "filter.search", "at most 32 words"},
		"a source far too long":             {user(&directory.UserFilter{In: []string{strings.Repeat("x", 1e6)}}), "filter.in", "…"},
		"all well, and nobody": {user(&directory.UserFilter{
			In: []string{"kommo"}, NotIn: []string{"worksection"}, Search: new("nobody"), Teams: []string{}, MinAccounts: new(-5), MaxAccounts: new(-5),
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
	// The ID of what is gone filters to nothing, rather than not at all.
	gone := directory.Build(directory.Rules{}, []directory.SourceData{{Name: "worksection", Teams: []connectors.Team{{ID: "gone"}}}})
	teams, err := gone.Teams(nil, directory.PageArgs{})
	if err != nil {
		t.Fatal(err)
	}
	if n := len(users(d, &directory.UserFilter{Teams: []string{teams.Nodes()[0].ID}}, directory.UserOrder{})); n != 0 {
		t.Errorf("a team that is gone has %d members", n)
	}
}

func TestSearch(t *testing.T) {
	t.Parallel()
	zoe := acc("1", "zm@acme.example")
	zoe.Name, zoe.Username, zoe.Title, zoe.Department = "Zoe Müller", "kitten77", "Head of Größe", "R&D"
	zoe.Teams = []connectors.TeamRef{{Name: "Łódź Office"}}
	d := directory.Build(directory.Rules{}, []directory.SourceData{worksection(
		zoe, named(acc("2"), "山田太郎"), named(acc("3"), "प्रिया शर्मा"), named(acc("4"), "محمد علي"), named(acc("5"), "🔥 Олена Йовенко"), acc("6"),
	)})
	for query, want := range map[string]string{
		"zoë mul": "1", "MUL zoe": "1", "zoe zoe": "1", "grosse": "1", "größe": "1", "lodz off": "1", "kitten": "1", "zm@acme.example": "1", "r&d": "1",
		"oe": "", "zoe adams": "", "itten": "",
		"山田": "2", "山田太郎": "2", "प्रि": "3", "शर्मा": "3", "مُحَمَّد": "4", "йов": "5", "ОЛЕНА": "5",
		"": "123456", "  ": "123456", "🔥": "123456", "6": "6",
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
