package directory

import (
	"roster/connectors"
	"roster/internal/names"
)

// groupList is all groups of one kind: teams, roles or contact folders.
type groupList[T any, G group[T]] struct {
	*table
	all    []*T
	byID   map[string]*T
	byName map[connectors.Ref]*T // by source and the key of the name
}

// group is a team, role or contact folder.
type group[T any] interface {
	*T
	entry() groupEntry
}

// groupEntry is what the list has to know of a group.
type groupEntry struct {
	id, name string
	source   *Source
	kind     byte
	index    *uint32
}

func (t *Team) entry() groupEntry { return groupEntry{t.ID, t.Name, t.Source, byte(t.Kind), &t.index} }

func (r *Role) entry() groupEntry {
	return groupEntry{r.ID, r.Name, r.Source, byte(r.AccessLevel), &r.index}
}

func (f *ContactFolder) entry() groupEntry {
	return groupEntry{f.ID, f.Name, f.Source, byte(f.Kind), &f.index}
}

// The attributes of groups.
const (
	groupSource = iota
	groupKind
)

// add adds the groups of one source.
func (l *groupList[T, G]) add(source *Source, c *catalogue[T]) {
	if l.byName == nil {
		l.byName = make(map[connectors.Ref]*T)
	}
	l.all = append(l.all, c.all...)
	for key, g := range c.byName {
		l.byName[connectors.Ref{Source: source.Name, ID: key}] = g
	}
}

// index sorts and indexes the groups. ID is the kind of their IDs.
func (l *groupList[T, G]) index(id idKind, names *collation) {
	l.table = numbered(byte(id), l.all, names, func(g *T) string { return G(g).entry().name },
		func(g *T) string { return G(g).entry().id }, func(g *T, i uint32) { *G(g).entry().index = i })
	l.byID = make(map[string]*T, len(l.all))
	for i, g := range l.all {
		l.byID[l.ids[i]] = g
	}
	l.attrs = []attribute{
		groupSource: sourceAttribute(l.all, func(g *T) *Source { return G(g).entry().source }),
		groupKind:   kindAttribute(l.all, func(g *T) byte { return G(g).entry().kind }),
	}
	l.words = indexWords(len(l.all), func(i int, add func(string)) { add(G(l.all[i]).entry().name) })
}

// find returns the group with this ID, or nil. If a source first only mentioned the group's name, the ID from then, which is of the kind named, still
// finds it.
func (l *groupList[T, G]) find(id string, named idKind) *T {
	if g := l.byID[id]; g != nil {
		return g
	}
	if kind, source, name, ok := decodeID(id); ok && kind == named {
		return l.byName[connectors.Ref{Source: source, ID: names.Key(name)}]
	}
	return nil
}

// namesakes counts the other groups of the same source with the same name.
func (l *groupList[T, G]) namesakes(g *T) (n int) {
	e := G(g).entry()
	key := names.Key(e.name)
	for _, other := range l.all {
		if o := G(other).entry(); other != g && o.source == e.source && names.Key(o.name) == key {
			n++
		}
	}
	return n
}

// groupPage returns a page of groups, sorted by name. Keep removes further groups that the filter does not select; nil for none.
func groupPage[T any, G group[T], K ~uint8](
	d *Directory, l *groupList[T, G], search *string, sources []string, kinds []K, keep func(*set), args PageArgs,
) (*Connection[T], error) {
	s := l.everything()
	s.check = newStopCheck(d.stop)
	if err := d.keepSources(l.table, s, groupSource, sources); err != nil {
		return nil, err
	}
	keepKinds(l.table, s, groupKind, kinds)
	if keep != nil {
		keep(s)
	}
	if err := l.search(s, search); err != nil {
		return nil, err
	}
	p, err := l.page("", s, 0, bool(Ascending), args)
	if err != nil {
		return nil, err
	}
	return &Connection[T]{page: p, all: l.all}, nil
}
