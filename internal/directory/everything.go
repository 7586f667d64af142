package directory

// Everything is all objects of a directory.
type Everything struct {
	Users    []*User
	Teams    []*Team
	Roles    []*Role
	Contacts []*Contact
	Folders  []*ContactFolder
}

// Everything lists all objects, each type in the order of its names. The caller must not change the slices.
func (d *Directory) Everything() Everything {
	return Everything{d.users.all, d.teams.all, d.roles.all, d.contacts.all, d.folders.all}
}
