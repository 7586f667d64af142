package changes

import (
	"slices"

	"roster/connectors"
	"roster/internal/directory"
)

// field is a GraphQL field of a type, and whether two objects have the same value of it. Presence, completeness and ages are left out: they are not part of
// the directory.
type field[T any] struct {
	name string
	same func(a, b T) bool
}

// changed returns the names of the fields that differ.
func changed[T any](fields []field[T], a, b T) []string {
	var names []string
	for _, f := range fields {
		if !f.same(a, b) {
			names = append(names, f.name)
		}
	}
	return names
}

// by returns a field that is the same if what value returns is equal.
func by[T any, V comparable](name string, value func(T) V) field[T] {
	return field[T]{name, func(a, b T) bool { return value(a) == value(b) }}
}

// list returns a field whose items are compared one by one.
func list[T, V any](name string, value func(T) []V, same func(a, b V) bool) field[T] {
	return field[T]{name, func(a, b T) bool { return sameList(value(a), value(b), same) }}
}

// sameList distinguishes nil from an empty list, because GraphQL does.
func sameList[V any](a, b []V, same func(a, b V) bool) bool {
	return (a == nil) == (b == nil) && slices.EqualFunc(a, b, same)
}

func equal[V comparable](a, b V) bool { return a == b }

func sameTeam(a, b *directory.Team) bool { return a.ID == b.ID }
func sameRole(a, b *directory.Role) bool { return a.ID == b.ID }
func sameUser(a, b *directory.User) bool { return a.ID == b.ID }

func userIn(u *directory.User) string {
	if u == nil {
		return ""
	}
	return u.ID
}

var userFields = []field[*directory.User]{
	by("name", func(u *directory.User) string { return u.Name }),
	by("firstName", func(u *directory.User) directory.Text { return u.FirstName }),
	by("lastName", func(u *directory.User) directory.Text { return u.LastName }),
	by("title", func(u *directory.User) directory.Text { return u.Title }),
	by("department", func(u *directory.User) directory.Text { return u.Department }),
	by("email", func(u *directory.User) directory.Text { return u.Email }),
	list("emails", func(u *directory.User) []*directory.UserEmail { return u.Emails }, sameEmail),
	list("phones", func(u *directory.User) []connectors.Phone { return u.Phones }, equal),
	list("addresses", func(u *directory.User) []string { return u.Addresses }, equal),
	{"attributes", func(a, b *directory.User) bool { return sameAttributes(a, b) }},
	by("avatarUrl", func(u *directory.User) directory.Text { return u.AvatarURL }),
	by("locale", func(u *directory.User) directory.Text { return u.Locale }),
	by("active", func(u *directory.User) bool { return u.Active }),
	by("bot", func(u *directory.User) bool { return u.Bot }),
	{"createdAt", func(a, b *directory.User) bool { return a.CreatedAt.Equal(b.CreatedAt) }},
	list("teams", func(u *directory.User) []*directory.Team { return u.Teams }, sameTeam),
	list("roles", func(u *directory.User) []*directory.Role { return u.Roles }, sameRole),
	list("roleGrants", func(u *directory.User) []directory.RoleGrant { return u.RoleGrants }, sameGrant),
	by("accessLevel", func(u *directory.User) connectors.AccessLevel { return u.AccessLevel }),
	list("possibleDuplicates", func(u *directory.User) []*directory.User { return u.PossibleDuplicates }, sameUser),
}

// sameAttributes compares the values, and not the accounts from which they come.
func sameAttributes(a, b interface {
	Attributes(names []string) ([]*directory.AttributeValue, error)
},
) bool {
	x, _ := a.Attributes(nil) // only unknown names are an error
	y, _ := b.Attributes(nil)
	return directory.SameAttributes(x, y)
}

func sameEmail(a, b *directory.UserEmail) bool {
	return a.Address == b.Address && a.Trust == b.Trust &&
		slices.EqualFunc(a.Sources, b.Sources, func(a, b *directory.Source) bool { return a.ID == b.ID })
}

func sameGrant(a, b directory.RoleGrant) bool {
	return a.Role.ID == b.Role.ID && a.Account.Core().ID == b.Account.Core().ID && a.Active() == b.Active()
}

var teamFields = []field[*directory.Team]{
	by("name", func(t *directory.Team) string { return t.Name }),
	by("kind", func(t *directory.Team) connectors.TeamKind { return t.Kind }),
}

var roleFields = []field[*directory.Role]{
	by("name", func(r *directory.Role) string { return r.Name }),
	by("description", func(r *directory.Role) directory.Text { return r.Description }),
	by("accessLevel", func(r *directory.Role) connectors.AccessLevel { return r.AccessLevel }),
	list("permissions", func(r *directory.Role) []connectors.Permission { return r.Permissions }, equal),
}

var folderFields = []field[*directory.ContactFolder]{
	by("name", func(f *directory.ContactFolder) string { return f.Name }),
	by("kind", func(f *directory.ContactFolder) connectors.ContactFolderKind { return f.Kind }),
}

var contactFields = []field[*directory.Contact]{
	by("name", func(c *directory.Contact) string { return c.Name }),
	by("firstName", func(c *directory.Contact) directory.Text { return c.FirstName }),
	by("lastName", func(c *directory.Contact) directory.Text { return c.LastName }),
	by("title", func(c *directory.Contact) directory.Text { return c.Title }),
	by("email", func(c *directory.Contact) directory.Text { return c.Email }),
	list("emails", func(c *directory.Contact) []string { return c.Emails }, equal),
	list("phones", func(c *directory.Contact) []connectors.Phone { return c.Phones }, equal),
	list("addresses", func(c *directory.Contact) []string { return c.Addresses }, equal),
	by("folder", func(c *directory.Contact) string {
		if c.Folder == nil {
			return ""
		}
		return c.Folder.ID
	}),
	{"attributes", func(a, b *directory.Contact) bool { return sameAttributes(a, b) }},
	list("tags", func(c *directory.Contact) []string { return c.Tags }, equal),
	by("owner", func(c *directory.Contact) string { return userIn(c.Owner) }),
	by("url", func(c *directory.Contact) directory.Text { return c.URL }),
	{"createdAt", func(a, b *directory.Contact) bool { return a.CreatedAt.Equal(b.CreatedAt) }},
	{"updatedAt", func(a, b *directory.Contact) bool { return a.UpdatedAt.Equal(b.UpdatedAt) }},
	by("user", func(c *directory.Contact) string { return userIn(c.User) }),
}
