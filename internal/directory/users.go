package directory

import (
	"strings"
	"time"

	"roster/connectors"
	"roster/internal/address"
	"roster/internal/names"
)

// UserOrderField is a field by which people can be sorted.
type UserOrderField int

// The sort fields of people.
const (
	UserByName UserOrderField = iota
	UserByEmail
	UserByCreatedAt
	UserByAccessLevel
	UserByAccounts
	UserByLastName
	UserByTitle
	UserByDepartment
)

// UserOrder is a sort order of people.
type UserOrder struct {
	Field     UserOrderField
	Direction Direction
}

// Direction is the direction of a sort order.
type Direction bool

// The directions.
const (
	Ascending  Direction = false
	Descending Direction = true
)

// UserFacet is a property by which people can be counted.
type UserFacet int

// The facets of people.
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
	userAnyRole // also roles of inactive accounts
	userHasEmail
	userHasDepartment
	userLeaver
)

// userList is all people.
type userList struct {
	*table
	all []*User
}

func (b *builder) indexUsers() {
	b.sortGroups()
	l := &b.dir.users
	users := l.all
	l.orderBy(func(i int) (string, bool) { return address.Key(string(users[i].Email)), users[i].Email != "" })
	l.orderByTime(func(i int) time.Time { return users[i].CreatedAt })
	l.orderBy(func(i int) (string, bool) { return string(rune(users[i].AccessLevel)), true })
	l.orderBy(func(i int) (string, bool) { return numberKey(int64(len(users[i].Accounts))), true })
	byText := func(value func(*User) Text) {
		keys := make(map[Text]string) // because most titles and departments repeat
		l.orderBy(func(i int) (string, bool) {
			v := value(users[i])
			key, ok := keys[v]
			if !ok && v != "" {
				key = b.names.key(string(v))
				keys[v] = key
			}
			return key, v != ""
		})
	}
	byText(func(u *User) Text { return u.LastName })
	byText(func(u *User) Text { return u.Title })
	byText(func(u *User) Text { return u.Department })
	l.attrs = b.userAttributes(users)
	l.custom = b.indexCustom(b.custom.users, len(users), func(i int, wanted customName) *AttributeValue { return users[i].attribute(wanted) })
	l.words = indexWords(len(users), func(i int, add func(string)) {
		u := users[i]
		b.step(1 + len(u.Teams))
		add(u.Name)
		for _, a := range u.Accounts {
			c := a.Core()
			for _, t := range []string{c.Name, string(c.FirstName), string(c.LastName), string(c.Username), string(c.Title), string(c.Department)} {
				add(t)
			}
			for _, e := range c.emails {
				e.texts(add)
			}
		}
		for _, t := range u.Teams {
			add(t.Name)
		}
	})
}

func (b *builder) userAttributes(users []*User) []attribute {
	by := func(values func(u *User, add func(value, label string))) attribute {
		return attributeBy(len(users), func(i int, add func(value, label string)) {
			b.step(1)
			values(users[i], add)
		})
	}
	isTrue := func(value func(u *User) bool, labelTrue, labelFalse string) attribute {
		return by(func(u *User, add func(value, label string)) {
			if value(u) {
				add("true", labelTrue)
			} else {
				add("false", labelFalse)
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
		userAnyRole: by(func(u *User, add func(value, label string)) {
			for _, g := range u.RoleGrants {
				add(g.Role.ID, g.Role.Name)
			}
		}),
		UserFacetDepartment: by(func(u *User, add func(value, label string)) {
			if u.Department != "" {
				add(names.Key(string(u.Department)), string(u.Department))
			}
		}),
		UserFacetAccessLevel: by(func(u *User, add func(value, label string)) {
			add(levelKey(u.AccessLevel), u.AccessLevel.String())
		}),
		UserFacetActive: isTrue(func(u *User) bool { return u.Active }, "Active", "Not active"),
		UserFacetLocale: by(func(u *User, add func(value, label string)) {
			if u.Locale != "" {
				add(string(u.Locale), string(u.Locale))
			}
		}),
		userBot:        isTrue(func(u *User) bool { return u.Bot }, "", ""),
		userDuplicates: isTrue(func(u *User) bool { return len(u.PossibleDuplicates) > 0 }, "", ""),

		userHasEmail:      isTrue(func(u *User) bool { return u.Email != "" }, "", ""),
		userHasDepartment: isTrue(func(u *User) bool { return u.Department != "" }, "", ""),

		userLeaver: b.leavers(users),
	}
}

// leavers indexes the people who are gone; nobody if no source decides who works here.
func (b *builder) leavers(users []*User) attribute {
	if b.dir.authority() == nil {
		return attribute{}
	}
	return attributeBy(len(users), func(i int, add func(value, label string)) {
		b.step(1)
		if users[i].Leaver() != nil {
			add("true", "")
		}
	})
}

// levelKey returns the value of an access level in filters.
func levelKey(l connectors.AccessLevel) string { return strings.ToUpper(l.String()) }

// sourceNames returns the sources of the person's accounts, each once, in the configured order.
func (u *User) sourceNames() []string {
	var names []string
	for _, a := range u.Accounts {
		if name := a.Core().Source.Name; len(names) == 0 || names[len(names)-1] != name {
			names = append(names, name)
		}
	}
	return names
}

// Users returns a page of people.
func (d *Directory) Users(f *UserFilter, o UserOrder, args PageArgs) (*UserConnection, error) {
	return d.usersAmong("", d.users.everything(), f, o, args)
}

// Members returns a page of a team's members.
func (d *Directory) Members(t *Team, f *UserFilter, o UserOrder, args PageArgs) (*UserConnection, error) {
	return d.usersAmong(t.ID, d.users.having(UserFacetTeam, t.ID), f, o, args)
}

// Holders returns a page of the people who have a role by an active account, or, if inactive is true, by any account.
func (d *Directory) Holders(r *Role, inactive bool, f *UserFilter, o UserOrder, args PageArgs) (*UserConnection, error) {
	attr := UserFacetRole
	if inactive {
		attr = userAnyRole
	}
	return d.usersAmong(r.ID, d.users.having(attr, r.ID), f, o, args)
}

func (l *userList) having(attr UserFacet, values ...string) *set {
	return l.table.having(int(attr), values...)
}

func (d *Directory) usersAmong(parent string, s *set, f *UserFilter, o UserOrder, args PageArgs) (*UserConnection, error) {
	s.check = newStopCheck(d.stop)
	if f != nil {
		if err := d.filterUsers(s, f); err != nil {
			return nil, err
		}
	}
	p, err := d.users.page(parent, s, int(o.Field), bool(o.Direction), args)
	if err != nil {
		return nil, err
	}
	return &UserConnection{Connection[User]{page: p, all: d.users.all}}, nil
}

// UserConnection is a page of people.
type UserConnection struct{ Connection[User] }

// Facets counts all matching people by one property.
func (c *UserConnection) Facets(by UserFacet, first int) ([]*Facet, error) {
	return c.page.facets(int(by), first)
}
