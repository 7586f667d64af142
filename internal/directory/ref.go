package directory

import (
	"roster/connectors"
	"roster/internal/names"
)

// AccountOf returns the account with this ID in its source, or nil.
func (d *Directory) AccountOf(ref connectors.Ref) Account { return d.accounts[ref] }

// TeamOf returns the team with this ID in its source, or nil.
func (d *Directory) TeamOf(ref connectors.Ref) *Team {
	return d.teams.byID[encodeID(teamID, ref.Source, ref.ID)]
}

// ContactOf returns the contact with this ID in its source, or nil.
func (d *Directory) ContactOf(ref connectors.Ref) *Contact {
	return d.Contact(encodeID(contactID, ref.Source, ref.ID))
}

// FolderOf returns the contact folder with this ID in its source, or nil.
func (d *Directory) FolderOf(ref connectors.Ref) *ContactFolder {
	return d.folders.byID[encodeID(folderID, ref.Source, ref.ID)]
}

// NamesakesOfTeam counts the other teams of the same source with the same name.
func (d *Directory) NamesakesOfTeam(t *Team) (n int) {
	key := names.Key(t.Name)
	for _, o := range d.teams.all {
		if o != t && o.Source == t.Source && names.Key(o.Name) == key {
			n++
		}
	}
	return n
}

// NamesakesOfFolder counts the other contact folders of the same source with the same name.
func (d *Directory) NamesakesOfFolder(f *ContactFolder) (n int) {
	key := names.Key(f.Name)
	for _, o := range d.folders.all {
		if o != f && o.Source == f.Source && names.Key(o.Name) == key {
			n++
		}
	}
	return n
}
