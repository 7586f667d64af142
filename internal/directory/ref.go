package directory

import (
	"roster/connectors"
	"roster/internal/names"
)

// AccountOf finds an account by its source's own ID; nil where there is none.
func (d *Directory) AccountOf(ref connectors.Ref) Account { return d.accounts[ref] }

// TeamOf finds a team by its source's own ID; nil where there is none.
func (d *Directory) TeamOf(ref connectors.Ref) *Team {
	return d.teams.byID[encodeID(teamID, ref.Source, ref.ID)]
}

// ContactOf finds a contact by its source's own ID; nil where there is none.
func (d *Directory) ContactOf(ref connectors.Ref) *Contact {
	return d.Contact(encodeID(contactID, ref.Source, ref.ID))
}

// FolderOf finds a contact folder by its source's own ID; nil where there is none.
func (d *Directory) FolderOf(ref connectors.Ref) *ContactFolder {
	return d.folders.byID[encodeID(folderID, ref.Source, ref.ID)]
}

// NamesakesOfTeam counts the other teams of the same source and name.
func (d *Directory) NamesakesOfTeam(t *Team) (n int) {
	key := names.Key(t.Name)
	for _, o := range d.teams.all {
		if o != t && o.Source == t.Source && names.Key(o.Name) == key {
			n++
		}
	}
	return n
}

// NamesakesOfFolder counts the other contact folders of the same source and name.
func (d *Directory) NamesakesOfFolder(f *ContactFolder) (n int) {
	key := names.Key(f.Name)
	for _, o := range d.folders.all {
		if o != f && o.Source == f.Source && names.Key(o.Name) == key {
			n++
		}
	}
	return n
}
