package directory

import "roster/connectors"

// ContactFolderFilter selects contact folders. A field that is nil or empty does not filter.
type ContactFolderFilter struct {
	Search  *string
	Sources []string
	Kinds   []connectors.ContactFolderKind
}

func (b *builder) indexFolders() {
	l := &b.dir.folders
	for i, s := range b.folders {
		l.add(b.dir.sources[i], s.catalogue)
	}
	l.index(folderID, b.names)
}

// Folder returns the contact folder with this ID, or nil. Like Team, it still finds a folder by the ID from when its source only mentioned its name.
func (d *Directory) Folder(id string) *ContactFolder { return d.folders.find(id, folderNameID) }

// ContactFolders returns a page of contact folders, sorted by name.
func (d *Directory) ContactFolders(f *ContactFolderFilter, args PageArgs) (*ContactFolderConnection, error) {
	if f == nil {
		f = new(ContactFolderFilter)
	}
	return groupPage(d, &d.folders, f.Search, f.Sources, f.Kinds, nil, args)
}
