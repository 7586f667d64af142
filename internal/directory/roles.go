package directory

import "roster/connectors"

// RoleFilter selects roles. A field that is nil or empty does not filter.
type RoleFilter struct {
	Search       *string
	Sources      []string
	AccessLevels []connectors.AccessLevel
}

func (b *builder) indexRoles() {
	l := &b.dir.roles
	for i, s := range b.roles {
		l.add(b.dir.sources[i], s.catalogue)
	}
	l.index(roleID, b.names)
}

// Role returns the role with this ID, or nil.
func (d *Directory) Role(id string) *Role { return d.roles.byID[id] }

// Roles returns a page of roles, sorted by name.
func (d *Directory) Roles(f *RoleFilter, args PageArgs) (*RoleConnection, error) {
	if f == nil {
		f = new(RoleFilter)
	}
	return groupPage(d, &d.roles, f.Search, f.Sources, f.AccessLevels, nil, args)
}
