package directory

import (
	"roster/connectors"
	"roster/internal/names"
)

// ContactFolderFilter selects contact folders. A field that is nil or empty does not filter.
type ContactFolderFilter struct {
	Search  *string
	Sources []string
	Kinds   []connectors.ContactFolderKind
}

const (
	folderSource = iota
	folderKindAttr
)

// folderList is all contact folders.
type folderList struct {
	*table
	all    []*ContactFolder
	byID   map[string]*ContactFolder
	byName map[connectors.Ref]*ContactFolder // by source and the key of the name
}

func (b *builder) indexFolders() {
	l := &b.dir.folders
	l.byName = make(map[connectors.Ref]*ContactFolder)
	for i, s := range b.folders {
		l.all = append(l.all, s.all...)
		for key, f := range s.byName {
			l.byName[connectors.Ref{Source: b.dir.sources[i].Name, ID: key}] = f
		}
	}
	l.table = numbered('F', l.all, b.names, func(f *ContactFolder) string { return f.Name },
		func(f *ContactFolder) string { return f.ID }, func(f *ContactFolder, i uint32) { f.index = i })
	l.byID = make(map[string]*ContactFolder, len(l.all))
	for _, f := range l.all {
		l.byID[f.ID] = f
	}
	l.attrs = []attribute{
		folderSource:   sourceAttribute(l.all, func(f *ContactFolder) *Source { return f.Source }),
		folderKindAttr: kindAttribute(l.all, func(f *ContactFolder) byte { return byte(f.Kind) }),
	}
	l.words = indexWords(len(l.all), func(i int, add func(string)) { add(l.all[i].Name) })
}

// Folder returns the contact folder with this ID, or nil. Like Team, it still finds a folder by the ID from when its source only mentioned its name.
func (d *Directory) Folder(id string) *ContactFolder {
	if f := d.folders.byID[id]; f != nil {
		return f
	}
	if kind, source, name, ok := decodeID(id); ok && kind == folderNameID {
		return d.folders.byName[connectors.Ref{Source: source, ID: names.Key(name)}]
	}
	return nil
}

// ContactFolders returns a page of contact folders, sorted by name.
func (d *Directory) ContactFolders(f *ContactFolderFilter, args PageArgs) (*ContactFolderConnection, error) {
	l := &d.folders
	s := l.everything()
	s.check = newStopCheck(d.stop)
	if f != nil {
		if err := d.keepSources(l.table, s, folderSource, f.Sources); err != nil {
			return nil, err
		}
		keepKinds(l.table, s, folderKindAttr, f.Kinds)
		if err := l.search(s, f.Search); err != nil {
			return nil, err
		}
	}
	p, err := l.page("", s, 0, bool(Ascending), args)
	if err != nil {
		return nil, err
	}
	return &ContactFolderConnection{page: p, all: l.all}, nil
}

// ContactFolderConnection is a page of contact folders.
type ContactFolderConnection struct {
	page         *page
	all          []*ContactFolder
	Completeness *Completeness
}

// ContactFolderEdge is a contact folder and its cursor.
type ContactFolderEdge struct {
	Node   *ContactFolder
	Cursor string
}

// Nodes returns the page's folders.
func (c *ContactFolderConnection) Nodes() []*ContactFolder { return pick(c.page, c.all) }

// Edges returns the page's folders with their cursors.
func (c *ContactFolderConnection) Edges() []*ContactFolderEdge {
	return edges(c.page, c.all, func(f *ContactFolder, cursor string) *ContactFolderEdge { return &ContactFolderEdge{f, cursor} })
}

// PageInfo returns the position of the page in its list.
func (c *ContactFolderConnection) PageInfo() PageInfo { return c.page.info() }

// TotalCount returns the number of all matching folders.
func (c *ContactFolderConnection) TotalCount() int { return c.page.total }
