package directory_test

import (
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"

	"pgregory.net/rapid"

	"roster/connectors"
	"roster/internal/directory"
)

// matches reports whether each word of a query is the prefix of a word of the texts. It does not fold accents, which the pools do not require.
func matches(query string, texts ...string) bool {
	split := func(s string) []string {
		s = strings.NewReplacer("ë", "e", "ü", "u", "ï", "i").Replace(strings.ToLower(s))
		return strings.FieldsFunc(s, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
	}
	if dash := strings.TrimSpace(query); dash == "-" { // a symbol alone must occur
		return strings.Contains(strings.Join(texts, " "), dash)
	}
	for _, w := range split(query) {
		if !slices.ContainsFunc(split(strings.Join(texts, " ")), func(x string) bool { return strings.HasPrefix(x, w) }) {
			return false
		}
	}
	return true
}

var queries = []string{"", " ", "z", "zoe", "zo ad", "ZOË a", "adam smith", "smith adam", "sales", "acme", "zoe@acme.example", "-", "vip", "engineer r", "nobody"}

// wantedUser applies the filter to one person, as the schema documents it.
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
		oneOf(f.Sources, in) &&
		!slices.ContainsFunc(slices.Concat(f.AllSources, f.In), func(s string) bool { return !in(s) }) &&
		!slices.ContainsFunc(slices.Concat(f.WithoutSources, f.NotIn), in) &&
		(f.HasEmail == nil || *f.HasEmail == (u.Email != "")) &&
		(f.HasDepartment == nil || *f.HasDepartment == (u.Department != "")) &&
		wantedTime(u.CreatedAt, f.CreatedAfter, f.CreatedBefore) &&
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

// wantedTime reports whether a time is at or after one instant, and before another. A time that is not known is neither.
func wantedTime(at time.Time, from, before *time.Time) bool {
	return (from == nil || !at.IsZero() && !at.Before(*from)) && (before == nil || !at.IsZero() && at.Before(*before))
}

// bound draws an instant at which records can have been created, or near it, in any time zone.
func bound(t *rapid.T, label string) *time.Time {
	if rapid.IntRange(0, 4).Draw(t, label) > 0 {
		return nil
	}
	at := rapid.Custom(instant).Draw(t, label).Add(time.Duration(rapid.IntRange(-1, 1).Draw(t, label)) * time.Microsecond)
	return new(at.In(time.FixedZone("", rapid.IntRange(-12, 14).Draw(t, "zone")*3600)))
}

// userFilter draws a filter. Each of its fields is set in some of the cases.
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
		return rapid.SliceOfN(rapid.Map(rapid.IntRange(0, 7), func(l int) connectors.AccessLevel { return connectors.AccessLevel(l) }), 0, 3).Draw(t, label)
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
		Sources: of("sources", sources), AllSources: of("all sources", sources), WithoutSources: of("without sources", sources),
		HasEmail: yesNo("has email"), HasDepartment: yesNo("has department"), CreatedAfter: bound(t, "created after"), CreatedBefore: bound(t, "created before"),
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
				for _, grant := range x.RoleGrants {
					for _, inactive := range []bool{false, true} {
						holders, err := d.Holders(grant.Role, inactive, f, directory.UserOrder{}, directory.PageArgs{First: new(500)})
						wantPeople(t, holders, err, slices.DeleteFunc(slices.Clone(want), func(u *directory.User) bool {
							return !slices.ContainsFunc(u.Accounts, func(a directory.Account) bool {
								return (inactive || a.Core().Active) && slices.Contains(a.Core().Roles, grant.Role)
							})
						}))
					}
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
