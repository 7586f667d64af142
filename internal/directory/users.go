package directory

import (
	"slices"
	"strconv"
	"strings"

	"roster/connectors"
)

// UserOrderField is what to sort people by.
type UserOrderField int

// The fields that people can be sorted by.
const (
	UserByName UserOrderField = iota
	UserByEmail
	UserByCreatedAt
	UserByAccessLevel
	UserByAccounts
)

// UserOrder is how to sort people.
type UserOrder struct {
	Field     UserOrderField
	Direction Direction
}

// Direction is which way a list runs.
type Direction bool

// The directions.
const (
	Ascending  Direction = false
	Descending Direction = true
)

// UserFacet is what to count people by.
type UserFacet int

// What people can be counted by.
const (
	UserFacetSource UserFacet = iota
	UserFacetSourceSet
	UserFacetTeam
	UserFacetRole
	UserFacetDepartment
	UserFacetAccessLevel
	UserFacetActive
	UserFacetLocale
	userBot // for filters only
	userDuplicates
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

// userList is all people.
type userList struct {
	*table
	all []*User
}

func (b *builder) indexUsers() {
	b.sortGroups()
	l := &b.dir.users
	users := l.all
	l.orderBy(func(i int) (string, bool) { return string(users[i].Email), users[i].Email != "" })
	l.orderBy(func(i int) (string, bool) {
		return numberKey(users[i].CreatedAt.UnixMicro()), !users[i].CreatedAt.IsZero()
	})
	l.orderBy(func(i int) (string, bool) { return string(rune(users[i].AccessLevel)), true })
	l.orderBy(func(i int) (string, bool) { return numberKey(int64(len(users[i].Accounts))), true })
	l.attrs = b.userAttributes(users)
	l.words = indexWords(len(users), func(i int, add func(string)) {
		u := users[i]
		add(u.Name)
		for _, a := range u.Accounts {
			c := a.Core()
			for _, t := range []string{c.Name, string(c.FirstName), string(c.LastName), string(c.Username), string(c.Title), string(c.Department)} {
				add(t)
			}
			for _, e := range c.emails {
				add(e.address)
			}
		}
		for _, t := range u.Teams {
			add(t.Name)
		}
	})
}

func (b *builder) userAttributes(users []*User) []attribute {
	by := func(values func(u *User, add func(value, label string))) attribute {
		return attributeBy(len(users), func(i int, add func(value, label string)) { values(users[i], add) })
	}
	text := func(value func(u *User) Text) attribute {
		return by(func(u *User, add func(value, label string)) {
			if t := string(value(u)); t != "" {
				add(t, t)
			}
		})
	}
	yes := func(value func(u *User) bool, ifTrue, ifFalse string) attribute {
		return by(func(u *User, add func(value, label string)) {
			if value(u) {
				add("true", ifTrue)
			} else {
				add("false", ifFalse)
			}
		})
	}
	return []attribute{
		UserFacetSource: by(func(u *User, add func(value, label string)) {
			for _, s := range u.sourceNames() {
				add(s, s)
			}
		}),
		UserFacetSourceSet: by(func(u *User, add func(value, label string)) {
			names := u.sourceNames()
			add(strings.Join(names, ","), strings.Join(names, ", "))
		}),
		UserFacetTeam: by(func(u *User, add func(value, label string)) {
			for _, t := range u.Teams {
				add(t.ID, t.Name)
			}
		}),
		UserFacetRole: by(func(u *User, add func(value, label string)) {
			for _, r := range u.Roles {
				add(r.ID, r.Name)
			}
		}),
		UserFacetDepartment: text(func(u *User) Text { return u.Department }),
		UserFacetAccessLevel: by(func(u *User, add func(value, label string)) {
			add(levelKey(u.AccessLevel), u.AccessLevel.String())
		}),
		UserFacetActive: yes(func(u *User) bool { return u.Active }, "Active", "Not active"),
		UserFacetLocale: text(func(u *User) Text { return u.Locale }),
		userBot:         yes(func(u *User) bool { return u.Bot }, "", ""),
		userDuplicates:  yes(func(u *User) bool { return len(u.PossibleDuplicates) > 0 }, "", ""),
	}
}

// levelKey is the value of an access level as the filter takes it.
func levelKey(l connectors.AccessLevel) string { return strings.ToUpper(l.String()) }

// sourceNames are the sources in which they have accounts, each once, in the configured order.
func (u *User) sourceNames() []string {
	var names []string
	for _, a := range u.Accounts {
		if name := a.Core().Source.Name; len(names) == 0 || names[len(names)-1] != name {
			names = append(names, name)
		}
	}
	return names
}

// Users gives a page of people.
func (d *Directory) Users(f *UserFilter, o UserOrder, args PageArgs) (*UserConnection, error) {
	return d.usersAmong(d.users.everything(), f, o, args)
}

// Members gives a page of a team's people.
func (d *Directory) Members(t *Team, f *UserFilter, o UserOrder, args PageArgs) (*UserConnection, error) {
	return d.usersAmong(d.users.having(UserFacetTeam, t.ID), f, o, args)
}

// Holders gives a page of the people with a role.
func (d *Directory) Holders(r *Role, f *UserFilter, o UserOrder, args PageArgs) (*UserConnection, error) {
	return d.usersAmong(d.users.having(UserFacetRole, r.ID), f, o, args)
}

func (l *userList) having(attr UserFacet, values ...string) *set {
	return l.table.having(int(attr), values...)
}

func (d *Directory) usersAmong(s *set, f *UserFilter, o UserOrder, args PageArgs) (*UserConnection, error) {
	if f != nil {
		if err := d.filterUsers(s, f); err != nil {
			return nil, err
		}
	}
	p, err := d.users.page(s, int(o.Field), bool(o.Direction), args)
	if err != nil {
		return nil, err
	}
	return &UserConnection{page: p, users: d.users.all}, nil
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

// UserConnection is a page of people.
type UserConnection struct {
	page         *page
	users        []*User
	Completeness *Completeness
}

// UserEdge is a person and their place in the list.
type UserEdge struct {
	Node   *User
	Cursor string
}

// Nodes are the page's people.
func (c *UserConnection) Nodes() []*User { return pick(c.page, c.users) }

// Edges are the page's people with their places.
func (c *UserConnection) Edges() []*UserEdge {
	return edges(c.page, c.users, func(u *User, cursor string) *UserEdge { return &UserEdge{u, cursor} })
}

// PageInfo is where the page lies.
func (c *UserConnection) PageInfo() PageInfo { return c.page.info() }

// TotalCount is how many match in all.
func (c *UserConnection) TotalCount() int { return c.page.total }

// Facets counts all that match by one of their values.
func (c *UserConnection) Facets(by UserFacet, first int) ([]*Facet, error) {
	return c.page.facets(int(by), first)
}
