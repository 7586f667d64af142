package directory

import "roster/connectors"

// Ref returns the account as rules name it.
func (a *AccountCore) Ref() connectors.Ref {
	return connectors.Ref{Source: a.Source.Name, ID: a.ExternalID}
}

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
func (d *Directory) NamesakesOfTeam(t *Team) int { return d.teams.namesakes(t) }

// NamesakesOfFolder counts the other contact folders of the same source with the same name.
func (d *Directory) NamesakesOfFolder(f *ContactFolder) int { return d.folders.namesakes(f) }

// AccountID returns the ID of an account, whether or not it exists.
func AccountID(ref connectors.Ref) string { return encodeID(accountID, ref.Source, ref.ID) }
