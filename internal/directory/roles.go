package directory

import (
	"roster/connectors"
)

// RoleFilter selects roles. A field that is nil or empty does not filter.
type RoleFilter struct {
	Search       *string
	Sources      []string
	AccessLevels []connectors.AccessLevel
}

const (
	roleSource = iota
	roleLevel
)

// roleList is all roles.
type roleList struct {
	*table
	all  []*Role
	byID map[string]*Role
}

func (b *builder) indexRoles() {
	l := &b.dir.roles
	for _, s := range b.roles {
		l.all = append(l.all, s.all...)
	}
	l.table = numbered('R', l.all, b.names,
		func(r *Role) string { return r.Name }, func(r *Role) string { return r.ID }, func(r *Role, i uint32) { r.index = i })
	l.byID = make(map[string]*Role, len(l.all))
	for _, r := range l.all {
		l.byID[r.ID] = r
	}
	l.attrs = []attribute{
		roleSource: sourceAttribute(l.all, func(r *Role) *Source { return r.Source }),
		roleLevel:  kindAttribute(l.all, func(r *Role) byte { return byte(r.AccessLevel) }),
	}
	l.words = indexWords(len(l.all), func(i int, add func(string)) { add(l.all[i].Name) })
}

// Role returns the role with this ID, or nil.
func (d *Directory) Role(id string) *Role { return d.roles.byID[id] }

// Roles returns a page of roles, sorted by name.
func (d *Directory) Roles(f *RoleFilter, args PageArgs) (*RoleConnection, error) {
	l := &d.roles
	s := l.everything()
	s.check = newStopCheck(d.stop)
	if f != nil {
		if err := d.keepSources(l.table, s, roleSource, f.Sources); err != nil {
			return nil, err
		}
		keepKinds(l.table, s, roleLevel, f.AccessLevels)
		if err := l.search(s, f.Search); err != nil {
			return nil, err
		}
	}
	p, err := l.page("", s, 0, bool(Ascending), args)
	if err != nil {
		return nil, err
	}
	return &RoleConnection{page: p, all: l.all}, nil
}

// RoleConnection is a page of roles.
type RoleConnection struct {
	page         *page
	all          []*Role
	Completeness *Completeness
}

// RoleEdge is a role and its cursor.
type RoleEdge struct {
	Node   *Role
	Cursor string
}

// Nodes returns the page's roles.
func (c *RoleConnection) Nodes() []*Role { return pick(c.page, c.all) }

// Edges returns the page's roles with their cursors.
func (c *RoleConnection) Edges() []*RoleEdge {
	return edges(c.page, c.all, func(r *Role, cursor string) *RoleEdge { return &RoleEdge{r, cursor} })
}

// PageInfo returns the position of the page in its list.
func (c *RoleConnection) PageInfo() PageInfo { return c.page.info() }

// TotalCount returns the number of all matching roles.
func (c *RoleConnection) TotalCount() int { return c.page.total }
