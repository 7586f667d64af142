package directory

import (
	"time"
)

// Completeness says which sources a list lacks or has only as stale data.
type Completeness struct {
	Complete bool
	Missing  []*Source
	Stale    []*Source
	AsOf     time.Time // when the oldest of the data was fetched; zero if there is none
}

// Connection is a page of a list.
type Connection[T any] struct {
	page         *page
	all          []*T
	Completeness *Completeness
}

// Edge is an item of a page and its cursor.
type Edge[T any] struct {
	Node   *T
	Cursor string
}

type (
	// TeamConnection is a page of teams.
	TeamConnection = Connection[Team]
	// RoleConnection is a page of roles.
	RoleConnection = Connection[Role]
	// ContactFolderConnection is a page of contact folders.
	ContactFolderConnection = Connection[ContactFolder]

	// UserEdge is a person and their cursor.
	UserEdge = Edge[User]
	// TeamEdge is a team and its cursor.
	TeamEdge = Edge[Team]
	// RoleEdge is a role and its cursor.
	RoleEdge = Edge[Role]
	// ContactEdge is a contact and its cursor.
	ContactEdge = Edge[Contact]
	// ContactFolderEdge is a contact folder and its cursor.
	ContactFolderEdge = Edge[ContactFolder]
)

// Nodes returns the page's items.
func (c *Connection[T]) Nodes() []*T {
	out := make([]*T, len(c.page.items))
	for k, i := range c.page.items {
		out[k] = c.all[i]
	}
	return out
}

// Edges returns the page's items with their cursors.
func (c *Connection[T]) Edges() []*Edge[T] {
	out := make([]*Edge[T], len(c.page.items))
	for k, i := range c.page.items {
		out[k] = &Edge[T]{c.all[i], c.page.cursor(i)}
	}
	return out
}

// Len returns the number of items on the page.
func (c *Connection[T]) Len() int { return len(c.page.items) }

// PageInfo returns the position of the page in its list.
func (c *Connection[T]) PageInfo() PageInfo { return c.page.info() }

// TotalCount returns the number of all matching items.
func (c *Connection[T]) TotalCount() int { return c.page.total }

// facets counts all matching items, not only the page's, by an attribute.
func (p *page) facets(attr, first int) ([]*Facet, error) {
	return p.facetsOf(&p.table.attrs[attr], first)
}

func (p *page) facetsOf(a *attribute, first int) ([]*Facet, error) {
	if err := checkSize("first", first); err != nil {
		return nil, err
	}
	matches := *p.matches
	matches.check = p.matches.check.fork() // several facets may be counted at the same time
	counts := a.count(&matches, first)
	return counts, matches.check.err()
}
