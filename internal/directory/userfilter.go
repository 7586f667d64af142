package directory

import (
	"slices"
	"strconv"

	"roster/connectors"
)

// UserFilter says which people; what is not given does not filter, and neither does an empty list.
type UserFilter struct {
	Search                *string
	Active                *bool
	Bot                   *bool
	In                    []string
	NotIn                 []string
	Accounts              []*AccountFilter
	MinAccounts           *int
	MaxAccounts           *int
	Teams                 []string
	Roles                 []string
	Departments           []string
	Locales               []string
	AccessLevels          []connectors.AccessLevel
	HasPossibleDuplicates *bool
}

// AccountFilter says which accounts of a person count.
type AccountFilter struct {
	Sources      []string
	Active       *bool
	AccessLevels []connectors.AccessLevel
	Min          int
}

// filterUsers removes from s whom the filter does not want.
func (d *Directory) filterUsers(s *set, f *UserFilter) error {
	l := &d.users
	teams, err := presentIDs("filter.teams", f.Teams, func(id string) string {
		if t := d.Team(id); t != nil {
			return t.ID
		}
		return ""
	}, teamID, teamNameID)
	if err != nil {
		return err
	}
	roles, err := presentIDs("filter.roles", f.Roles, func(id string) string { return id }, roleID)
	if err != nil {
		return err
	}
	if err := d.knownSources("filter.in", f.In); err != nil {
		return err
	}
	if err := d.knownSources("filter.notIn", f.NotIn); err != nil {
		return err
	}
	keepAny := func(attr UserFacet, values []string, given bool) {
		if given {
			s.keep(l.having(attr, values...))
		}
	}
	keepBool := func(attr UserFacet, b *bool) {
		if b != nil {
			s.keep(l.having(attr, strconv.FormatBool(*b)))
		}
	}
	keepBool(UserFacetActive, f.Active)
	keepBool(userBot, f.Bot)
	keepBool(userDuplicates, f.HasPossibleDuplicates)
	for _, name := range f.In {
		keepAny(UserFacetSource, []string{name}, true)
	}
	if len(f.NotIn) > 0 {
		s.drop(l.having(UserFacetSource, f.NotIn...))
	}
	keepAny(UserFacetTeam, teams, len(f.Teams) > 0)
	keepAny(UserFacetRole, roles, len(f.Roles) > 0)
	keepAny(UserFacetDepartment, f.Departments, len(f.Departments) > 0)
	keepAny(UserFacetLocale, f.Locales, len(f.Locales) > 0)
	keepAny(UserFacetAccessLevel, levelKeys(f.AccessLevels), len(f.AccessLevels) > 0)
	if err := l.search(s, f.Search); err != nil {
		return err
	}
	return d.filterByAccounts(s, f)
}

// filterByAccounts looks at each person who is left: what it asks no index can answer.
func (d *Directory) filterByAccounts(s *set, f *UserFilter) error {
	wanted := make([]accountsWanted, len(f.Accounts))
	for i, af := range f.Accounts {
		argument := "filter.accounts[" + strconv.Itoa(i) + "]"
		if err := d.knownSources(argument+".sources", af.Sources); err != nil {
			return err
		}
		if af.Min < 0 {
			return &InputError{argument + ".min", "must not be negative"}
		}
		wanted[i] = accountsWanted{AccountFilter: af, sources: d.sourcesNamed(af.Sources)}
		if af.Min > 0 && len(af.Sources) > 0 {
			s.keep(d.users.having(UserFacetSource, af.Sources...))
		}
	}
	if len(wanted) == 0 && f.MinAccounts == nil && f.MaxAccounts == nil {
		return nil
	}
	for i := range s.items {
		u := d.users.all[i]
		n := len(u.Accounts)
		if (f.MinAccounts != nil && n < *f.MinAccounts) || (f.MaxAccounts != nil && n > *f.MaxAccounts) ||
			slices.ContainsFunc(wanted, func(w accountsWanted) bool { return !w.metBy(u) }) {
			s.remove(i)
		}
	}
	return nil
}

// accountsWanted is an account filter whose sources have been found.
type accountsWanted struct {
	*AccountFilter
	sources []*Source
}

// metBy says whether enough of the person's accounts are such.
func (w accountsWanted) metBy(u *User) bool {
	n := 0
	for _, a := range u.Accounts {
		c := a.Core()
		if (len(w.sources) == 0 || slices.Contains(w.sources, c.Source)) &&
			(w.Active == nil || *w.Active == c.Active) &&
			(len(w.AccessLevels) == 0 || slices.Contains(w.AccessLevels, c.AccessLevel)) {
			n++
		}
	}
	return n >= w.Min
}

func levelKeys(levels []connectors.AccessLevel) []string {
	out := make([]string, len(levels))
	for i, l := range levels {
		out[i] = levelKey(l)
	}
	return out
}
