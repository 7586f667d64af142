package directory

import (
	"roster/connectors"
	"roster/internal/names"
)

// TeamFilter selects teams. A field that is nil or empty does not filter.
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
	byName map[connectors.Ref]*Team // by source and the key of the name
}

func (b *builder) indexTeams() {
	l := &b.dir.teams
	l.byName = make(map[connectors.Ref]*Team)
	for i, s := range b.teams {
		l.all = append(l.all, s.all...)
		for key, t := range s.byName {
			l.byName[connectors.Ref{Source: b.dir.sources[i].Name, ID: key}] = t
		}
	}
	l.table = numbered('T', l.all, b.names,
		func(t *Team) string { return t.Name }, func(t *Team) string { return t.ID }, func(t *Team, i uint32) { t.index = i })
	l.byID = make(map[string]*Team, len(l.all))
	for _, t := range l.all {
		l.byID[t.ID] = t
	}
	l.attrs = []attribute{
		teamSource:   sourceAttribute(l.all, func(t *Team) *Source { return t.Source }),
		teamKindAttr: kindAttribute(l.all, func(t *Team) byte { return byte(t.Kind) }),
	}
	l.words = indexWords(len(l.all), func(i int, add func(string)) { add(l.all[i].Name) })
}

// Team returns the team with this ID, or nil. If a source first only mentioned the team's name, the ID from then still finds it.
func (d *Directory) Team(id string) *Team {
	if t := d.teams.byID[id]; t != nil {
		return t
	}
	if kind, source, name, ok := decodeID(id); ok && kind == teamNameID {
		return d.teams.byName[connectors.Ref{Source: source, ID: names.Key(name)}]
	}
	return nil
}

// Teams returns a page of teams, sorted by name.
func (d *Directory) Teams(f *TeamFilter, args PageArgs) (*TeamConnection, error) {
	l := &d.teams
	s := l.everything()
	s.check = newStopCheck(d.stop)
	if f != nil {
		if err := d.keepSources(l.table, s, teamSource, f.Sources); err != nil {
			return nil, err
		}
		keepKinds(l.table, s, teamKindAttr, f.Kinds)
		if err := l.search(s, f.Search); err != nil {
			return nil, err
		}
	}
	p, err := l.page("", s, 0, bool(Ascending), args)
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

// TeamEdge is a team and its cursor.
type TeamEdge struct {
	Node   *Team
	Cursor string
}

// Nodes returns the page's teams.
func (c *TeamConnection) Nodes() []*Team { return pick(c.page, c.all) }

// Edges returns the page's teams with their cursors.
func (c *TeamConnection) Edges() []*TeamEdge {
	return edges(c.page, c.all, func(t *Team, cursor string) *TeamEdge { return &TeamEdge{t, cursor} })
}

// PageInfo returns the position of the page in its list.
func (c *TeamConnection) PageInfo() PageInfo { return c.page.info() }

// TotalCount returns the number of all matching teams.
func (c *TeamConnection) TotalCount() int { return c.page.total }
