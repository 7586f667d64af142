package directory

import (
	"slices"
	"strings"

	"roster/connectors"
	"roster/internal/address"
	"roster/internal/echo"
)

// User returns the person with this ID, which may also be the ID of one of their accounts. It returns nil if there is no such person, and an error if
// the text is not the ID of a person or an account.
func (d *Directory) User(id string) (*User, error) {
	if u := d.byID[id]; u != nil { // the ID of no account
		return u, nil
	}
	source, external, err := decodeIDOf("id", id, userID, accountID)
	if err != nil {
		return nil, err
	}
	return d.UserByAccount(connectors.Ref{Source: source, ID: external}), nil
}

// UserByAccount returns the person who has the account, or nil.
func (d *Directory) UserByAccount(ref connectors.Ref) *User {
	if a := d.accounts[ref]; a != nil {
		return a.Core().User
	}
	return nil
}

// UserByEmail returns the person with this address, or nil. It finds only addresses for which a source vouches and which one person has. It accepts all
// spellings, also a mailto link, or an address with a name.
func (d *Directory) UserByEmail(email string) *User {
	if u := d.byEmail[address.Key(email)]; u != nil {
		return u
	}
	if parsed := address.Parse(email); len(parsed) == 1 {
		return d.byEmail[parsed[0].Key]
	}
	return nil
}

// TeamByID returns the team with this ID, or nil, and an error if the text is not the ID of a team.
func (d *Directory) TeamByID(id string) (*Team, error) { return lookUp(id, d.Team, teamID, teamNameID) }

// RoleByID returns the role with this ID, or nil, and an error if the text is not the ID of a role.
func (d *Directory) RoleByID(id string) (*Role, error) { return lookUp(id, d.Role, roleID) }

// ContactByID returns the contact with this ID, or nil, and an error if the text is not the ID of a contact.
func (d *Directory) ContactByID(id string) (*Contact, error) { return lookUp(id, d.Contact, contactID) }

// FolderByID returns the contact folder with this ID, or nil, and an error if the text is not the ID of a contact folder.
func (d *Directory) FolderByID(id string) (*ContactFolder, error) {
	return lookUp(id, d.Folder, folderID, folderNameID)
}

func lookUp[T any](id string, find func(string) *T, wanted ...idKind) (*T, error) {
	if _, _, err := decodeIDOf("id", id, wanted...); err != nil {
		return nil, err
	}
	return find(id), nil
}

// CheckSource returns an error if no source has the name.
func (d *Directory) CheckSource(argument, name string) error {
	if !slices.ContainsFunc(d.sources, func(s *Source) bool { return s.Name == name }) {
		return &InputError{argument, "there is no source named " + echo.Quoted(name) + d.sourcesToName()}
	}
	return nil
}

// mostNamed is the number of sources that an error names.
const mostNamed = 10

// sourcesToName returns which names a client can use instead of one that no source has.
func (d *Directory) sourcesToName() string {
	if len(d.sources) == 0 {
		return ""
	}
	names := make([]string, 0, mostNamed+1)
	for i, s := range d.sources {
		if i == mostNamed {
			names = append(names, "…")
			break
		}
		names = append(names, s.Name)
	}
	return ": the sources are " + strings.Join(names, ", ")
}

// Account returns the account with this ID, or nil.
func (d *Directory) Account(id string) Account {
	if kind, source, external, ok := decodeID(id); ok && kind == accountID {
		return d.accounts[connectors.Ref{Source: source, ID: external}]
	}
	return nil
}

// Source returns the source with this ID, or nil.
func (d *Directory) Source(id string) *Source {
	for _, s := range d.sources {
		if s.ID == id {
			return s
		}
	}
	return nil
}

// SourceNamed returns the source with this name, or nil.
func (d *Directory) SourceNamed(name string) *Source {
	for _, s := range d.sources {
		if s.Name == name {
			return s
		}
	}
	return nil
}

// Node returns the object with this ID, or nil.
func (d *Directory) Node(id string) Node {
	kind, _, _, ok := decodeID(id)
	if !ok {
		return nil
	}
	switch kind {
	case userID:
		if u, _ := d.User(id); u != nil {
			return u
		}
	case accountID:
		if a := d.Account(id); a != nil {
			return a
		}
	case teamID, teamNameID:
		if t := d.Team(id); t != nil {
			return t
		}
	case roleID:
		if r := d.Role(id); r != nil {
			return r
		}
	case contactID:
		if c := d.Contact(id); c != nil {
			return c
		}
	case folderID, folderNameID:
		if f := d.Folder(id); f != nil {
			return f
		}
	case sourceID:
		if s := d.Source(id); s != nil {
			return s
		}
	}
	return nil
}
