package directory

import (
	"slices"
	"strconv"

	"roster/connectors"
	"roster/internal/names"
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
	for _, source := range d.sourcesNamed(f.In) {
		keepAny(UserFacetSource, []string{source.Name}, true)
	}
	if len(f.NotIn) > 0 {
		s.drop(l.having(UserFacetSource, f.NotIn...))
	}
	keepAny(UserFacetTeam, teams, len(f.Teams) > 0)
	keepAny(UserFacetRole, roles, len(f.Roles) > 0)
	keepAny(UserFacetDepartment, keys(f.Departments), len(f.Departments) > 0)
	keepAny(UserFacetLocale, f.Locales, len(f.Locales) > 0)
	keepAny(UserFacetAccessLevel, levelKeys(f.AccessLevels), len(f.AccessLevels) > 0)
	if err := l.search(s, f.Search); err != nil {
		return err
	}
	return d.filterByAccounts(s, f)
}

// filterByAccounts looks at each person who is left: what it asks no index can answer.
func (d *Directory) filterByAccounts(s *set, f *UserFilter) error {
	wanted, err := d.accountsWanted(s, f.Accounts)
	if err != nil || len(wanted) == 0 && f.MinAccounts == nil && f.MaxAccounts == nil {
		return err
	}
	for i := range s.items {
		u := d.users.all[i]
		n := len(u.Accounts)
		if (f.MinAccounts != nil && n < *f.MinAccounts) || (f.MaxAccounts != nil && n > *f.MaxAccounts) ||
			slices.ContainsFunc(wanted, func(w accountsWanted) bool { return !s.pace.on(n) || !w.metBy(u) }) {
			s.remove(i)
		}
	}
	return s.pace.err()
}

// accountsWanted gives what the account filters want, each once: of those that differ in nothing but how many accounts there are to be at least, the
// one that wants most. It removes from s who has no account in a source that is wanted.
func (d *Directory) accountsWanted(s *set, filters []*AccountFilter) ([]accountsWanted, error) {
	var kinds connectors.Distinct[accountKind]
	var wanted []accountsWanted
	for i, f := range filters {
		argument := "filter.accounts[" + strconv.Itoa(i) + "]"
		if err := d.knownSources(argument+".sources", f.Sources); err != nil {
			return nil, err
		}
		if f.Min < 0 {
			return nil, &InputError{argument + ".min", "must not be negative"}
		}
		sources := d.sourcesNamed(f.Sources)
		at, added := kinds.Add(kindOf(f, sources))
		if added {
			wanted = append(wanted, accountsWanted{AccountFilter: f, kind: kinds.Values()[at], sources: sources, min: f.Min})
		}
		wanted[at].min = max(wanted[at].min, f.Min)
		if added && f.Min > 0 && len(f.Sources) > 0 {
			s.keep(d.users.having(UserFacetSource, f.Sources...))
		}
	}
	return wanted, nil
}

// accountKind is which accounts a filter wants, in a form that can be compared.
type accountKind struct {
	sources string // the numbers of the sources; empty for any
	active  byte   // 0 for any
	levels  uint64 // a bit for each; 0 for any
}

func kindOf(f *AccountFilter, sources []*Source) accountKind {
	var k accountKind
	for _, source := range sources {
		k.sources += strconv.Itoa(source.index) + " "
	}
	if f.Active != nil {
		k.active = 1 + flag(*f.Active)
	}
	for _, level := range f.AccessLevels {
		k.levels |= 1 << level
	}
	return k
}

// accountsWanted is which accounts a person is to have, and how many at least.
type accountsWanted struct {
	*AccountFilter
	kind    accountKind
	sources []*Source
	min     int
}

// metBy says whether enough of the person's accounts are such.
func (w accountsWanted) metBy(u *User) bool {
	n := 0
	for _, a := range u.Accounts {
		c := a.Core()
		if (len(w.sources) == 0 || slices.Contains(w.sources, c.Source)) &&
			(w.Active == nil || *w.Active == c.Active) &&
			(w.kind.levels == 0 || w.kind.levels&(1<<c.AccessLevel) != 0) {
			n++
		}
	}
	return n >= w.min
}

// keys gives the forms in which names are compared.
func keys(all []string) []string {
	out := make([]string, len(all))
	for i, name := range all {
		out[i] = names.Key(name)
	}
	return out
}

func levelKeys(levels []connectors.AccessLevel) []string {
	out := make([]string, len(levels))
	for i, l := range levels {
		out[i] = levelKey(l)
	}
	return out
}
