package directory

import "roster/connectors"

// Fillings are how many records of each collection have a value of each field.
type Fillings [len(connectors.AllCollections)][]connectors.FieldFilling

// fillers count the records of one source.
type fillers struct {
	accounts *connectors.Filler[connectors.Account]
	teams    *connectors.Filler[connectors.Team]
	roles    *connectors.Filler[connectors.Role]
	contacts *connectors.Filler[connectors.Contact]
	folders  *connectors.Filler[connectors.ContactFolder]
}

// Fillings counts all records of each source, by its name.
func (d *Directory) Fillings() map[string]*Fillings {
	of := make([]fillers, len(d.sources))
	for i := range of {
		of[i] = fillers{
			connectors.NewFiller[connectors.Account](), connectors.NewFiller[connectors.Team](), connectors.NewFiller[connectors.Role](),
			connectors.NewFiller[connectors.Contact](), connectors.NewFiller[connectors.ContactFolder](),
		}
	}
	for _, a := range d.accounts {
		core := a.Core()
		record := *core.record
		record.Name = core.realName
		record.Teams = nil
		if core.Teams != nil { // also from teams that list their members
			record.Teams = aTeam[:min(len(core.Teams), 1)]
		}
		of[core.Source.index].accounts.Add(&record)
	}
	for _, t := range d.teams.all {
		of[t.Source.index].teams.Add(&connectors.Team{Name: ownName(t.Name, string(t.ExternalID))})
	}
	for _, r := range d.roles.all {
		of[r.Source.index].roles.Add(&connectors.Role{
			Name: ownName(r.Name, r.ExternalID), Description: string(r.Description), Access: r.AccessLevel, Permissions: r.Permissions,
		})
	}
	for _, c := range d.contacts.all {
		of[c.Source.index].contacts.Add(recordOf(c))
	}
	for _, f := range d.folders.all {
		of[f.Source.index].folders.Add(&connectors.ContactFolder{Name: ownName(f.Name, string(f.ExternalID))})
	}
	out := make(map[string]*Fillings, len(d.sources))
	for i, s := range d.sources {
		out[s.Name] = &Fillings{
			connectors.Accounts: of[i].accounts.Fillings(), connectors.Teams: of[i].teams.Fillings(), connectors.Roles: of[i].roles.Fillings(),
			connectors.Contacts: of[i].contacts.Fillings(), connectors.ContactFolders: of[i].folders.Fillings(),
		}
	}
	return out
}

// aTeam stands for the teams of any account.
var aTeam = make([]connectors.TeamRef, 1)

// ownName returns a name, or nothing if the ID takes its place.
func ownName(name, id string) string {
	if name == id {
		return ""
	}
	return name
}

// recordOf returns a record with a value in each field in which the contact has one.
func recordOf(c *Contact) *connectors.Contact {
	r := &connectors.Contact{
		FirstName: string(c.FirstName), LastName: string(c.LastName), Title: string(c.Title), Phones: c.Phones, Addresses: c.Addresses, Tags: c.Tags,
		URL: string(c.URL), CreatedAt: c.CreatedAt, UpdatedAt: c.UpdatedAt,
	}
	if c.Name != string(c.Email) {
		r.Name = ownName(c.Name, c.ExternalID)
	}
	if len(c.emails) > 0 {
		r.Emails = make([]connectors.Email, len(c.emails))
	}
	if c.Folder != nil {
		r.Folder = new(connectors.FolderRef)
	}
	if c.Owner != nil {
		r.OwnerID = c.Owner.ID
	}
	return r
}
