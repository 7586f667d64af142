package directory

import (
	"slices"
	"strconv"
	"time"

	"roster/connectors"
	"roster/internal/names"
)

// UserFilter selects people. A field that is nil or empty does not filter.
type UserFilter struct {
	Search                *string
	Active                *bool
	Bot                   *bool
	Sources               []string // an account in one of them
	AllSources            []string // an account in each of them
	WithoutSources        []string
	In                    []string // the earlier name of AllSources
	NotIn                 []string // the earlier name of WithoutSources
	Accounts              []*AccountFilter
	MinAccounts           *int
	MaxAccounts           *int
	Teams                 []string
	Roles                 []string
	Departments           []string
	Attributes            []*AttributeFilter
	Locales               []string
	AccessLevels          []connectors.AccessLevel
	HasPossibleDuplicates *bool
	HasEmail              *bool
	HasDepartment         *bool
	CreatedAfter          *time.Time // at this time or later
	CreatedBefore         *time.Time
	Leaver                *bool      // gone in the source that decides who works here, and active elsewhere
	ChangedSince          *time.Time // an account's record is new or has other values since then, or an account is gone
}

// AccountFilter selects people who have at least Min matching accounts.
type AccountFilter struct {
	Sources      []string
	Active       *bool
	AccessLevels []connectors.AccessLevel
	Min          int
}

// filterUsers removes from s the people whom the filter does not select.
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
	if err := d.filterBySources(s, f); err != nil {
		return err
	}
	keepAny := func(attr UserFacet, values []string, given bool) {
		if given {
			s.intersect(l.having(attr, values...))
		}
	}
	keepBool := func(attr UserFacet, b *bool) {
		if b != nil {
			s.intersect(l.having(attr, strconv.FormatBool(*b)))
		}
	}
	keepBool(UserFacetActive, f.Active)
	keepBool(userBot, f.Bot)
	keepBool(userDuplicates, f.HasPossibleDuplicates)
	keepBool(userHasEmail, f.HasEmail)
	keepBool(userHasDepartment, f.HasDepartment)
	l.keepTimes(s, int(UserByCreatedAt), f.CreatedAfter, f.CreatedBefore)
	d.keepChangedUsers(s, f.ChangedSince)
	if err := d.keepLeavers(s, f.Leaver); err != nil {
		return err
	}
	keepAny(UserFacetTeam, teams, len(f.Teams) > 0)
	keepAny(UserFacetRole, roles, len(f.Roles) > 0)
	keepAny(UserFacetDepartment, keys(f.Departments), len(f.Departments) > 0)
	keepAny(UserFacetLocale, f.Locales, len(f.Locales) > 0)
	keepAny(UserFacetAccessLevel, levelKeys(f.AccessLevels), len(f.AccessLevels) > 0)
	if err := l.keepAttributes(s, f.Attributes); err != nil {
		return err
	}
	if err := l.search(s, f.Search); err != nil {
		return err
	}
	return d.filterByAccounts(s, f)
}

// filterBySources applies the filters on the sources in which a person has accounts. The earlier names of two of them apply beside the new ones.
func (d *Directory) filterBySources(s *set, f *UserFilter) error {
	for _, given := range []struct {
		argument string
		sources  []string
	}{
		{"filter.sources", f.Sources}, {"filter.allSources", f.AllSources}, {"filter.withoutSources", f.WithoutSources},
		{"filter.in", f.In}, {"filter.notIn", f.NotIn},
	} {
		if err := d.checkSources(given.argument, given.sources); err != nil {
			return err
		}
	}
	l := &d.users
	if len(f.Sources) > 0 {
		s.intersect(l.having(UserFacetSource, f.Sources...))
	}
	for _, all := range [][]string{f.AllSources, f.In} {
		for _, source := range d.sourcesNamed(all) {
			s.intersect(l.having(UserFacetSource, source.Name))
		}
	}
	for _, none := range [][]string{f.WithoutSources, f.NotIn} {
		if len(none) > 0 {
			s.subtract(l.having(UserFacetSource, none...))
		}
	}
	return nil
}

// filterByAccounts applies the filters on accounts. It looks at each remaining person, because no index answers them.
func (d *Directory) filterByAccounts(s *set, f *UserFilter) error {
	wanted, err := d.accountsWanted(s, f.Accounts)
	if err != nil || len(wanted) == 0 && f.MinAccounts == nil && f.MaxAccounts == nil {
		return err
	}
	for i := range s.items {
		u := d.users.all[i]
		n := len(u.Accounts)
		if (f.MinAccounts != nil && n < *f.MinAccounts) || (f.MaxAccounts != nil && n > *f.MaxAccounts) ||
			slices.ContainsFunc(wanted, func(w accountsWanted) bool { return !s.check.advance(n) || !w.metBy(u) }) {
			s.remove(i)
		}
	}
	return s.check.err()
}

// accountsWanted returns the account filters without duplicates. Of filters that differ only in Min, it returns the one with the greatest. It removes from
// s the people without an account in a wanted source.
func (d *Directory) accountsWanted(s *set, filters []*AccountFilter) ([]accountsWanted, error) {
	var kinds connectors.Distinct[accountKind]
	var wanted []accountsWanted
	for i, f := range filters {
		argument := "filter.accounts[" + strconv.Itoa(i) + "]"
		if err := d.checkSources(argument+".sources", f.Sources); err != nil {
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
			s.intersect(d.users.having(UserFacetSource, f.Sources...))
		}
	}
	return wanted, nil
}

// accountKind is the part of an account filter without Min, in a comparable form.
type accountKind struct {
	sources string // the indexes of the sources; empty for all
	active  byte   // 0 for any
	levels  uint64 // one bit for each level; 0 for all
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

// accountsWanted is an account filter with its sources looked up.
type accountsWanted struct {
	*AccountFilter
	kind    accountKind
	sources []*Source
	min     int
}

// metBy reports whether the person has enough matching accounts.
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

// keys returns the keys of names.
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
