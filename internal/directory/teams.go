package directory

import (
	"roster/connectors"
)

// TeamFilter says which teams; what is not given does not filter.
type TeamFilter struct {
	Search  *string
	Sources []string
	Kinds   []connectors.TeamKind
}

const (
	teamSource = iota
	teamKindAttr
)

// teamList is all teams.
type teamList struct {
	*table
	all    []*Team
	byID   map[string]*Team
	byName map[connectors.Ref]*Team // by source and name
}

// indexGroups numbers teams, roles and folders by name. Contacts still may bring new folders, so those come later.
func (b *builder) indexGroups() {
	for _, s := range b.teams {
		b.dir.teams.all = append(b.dir.teams.all, s.all()...)
	}
	for _, s := range b.roles {
		for _, r := range s.byID {
			b.dir.roles.all = append(b.dir.roles.all, r)
		}
	}
	b.indexTeams()
	b.indexRoles()
}

func (b *builder) indexTeams() {
	l := &b.dir.teams
	l.table = numbered('T', l.all, b.names,
		func(t *Team) string { return t.Name }, func(t *Team) string { return t.ID }, func(t *Team, i uint32) { t.index = i })
	l.byID, l.byName = make(map[string]*Team, len(l.all)), make(map[connectors.Ref]*Team, len(l.all))
	for _, t := range l.all {
		l.byID[t.ID] = t
		ref := connectors.Ref{Source: t.Source.Name, ID: t.Name}
		if other := l.byName[ref]; other == nil || other.ExternalID == "" {
			l.byName[ref] = t
		}
	}
	l.attrs = []attribute{
		teamSource:   sourceAttribute(l.all, func(t *Team) *Source { return t.Source }),
		teamKindAttr: kindAttribute(l.all, func(t *Team) byte { return byte(t.Kind) }),
	}
	l.words = indexWords(len(l.all), func(i int, add func(string)) { add(l.all[i].Name) })
}

// Team finds a team by its ID. The ID of a team that its source only mentioned by name still finds it once it has a record of its own.
func (d *Directory) Team(id string) *Team {
	if t := d.teams.byID[id]; t != nil {
		return t
	}
	if kind, source, name, ok := decodeID(id); ok && kind == teamNameID {
		return d.teams.byName[connectors.Ref{Source: source, ID: name}]
	}
	return nil
}

// Teams gives a page of teams, by name.
func (d *Directory) Teams(f *TeamFilter, args PageArgs) (*TeamConnection, error) {
	l := &d.teams
	s := everything(len(l.all))
	if f != nil {
		if err := d.keepSources(l.table, s, teamSource, f.Sources); err != nil {
			return nil, err
		}
		keepKinds(l.table, s, teamKindAttr, f.Kinds)
		keepSearch(l.table, s, f.Search)
	}
	p, err := l.page(s, 0, bool(Ascending), args)
	if err != nil {
		return nil, err
	}
	return &TeamConnection{page: p, all: l.all}, nil
}

// TeamConnection is a page of teams.
type TeamConnection struct {
	page         *page
	all          []*Team
	Completeness *Completeness
}

// TeamEdge is a team and its place in the list.
type TeamEdge struct {
	Node   *Team
	Cursor string
}

// Nodes are the page's teams.
func (c *TeamConnection) Nodes() []*Team { return pick(c.page, c.all) }

// Edges are the page's teams with their places.
func (c *TeamConnection) Edges() []*TeamEdge {
	return edges(c.page, c.all, func(t *Team, cursor string) *TeamEdge { return &TeamEdge{t, cursor} })
}

// PageInfo is where the page lies.
func (c *TeamConnection) PageInfo() PageInfo { return c.page.info() }

// TotalCount is how many match in all.
func (c *TeamConnection) TotalCount() int { return c.page.total }
