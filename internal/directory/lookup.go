package directory

import (
	"slices"

	"roster/connectors"
	"roster/internal/address"
	"roster/internal/echo"
)

// User finds a person by their ID, which is that of any of their accounts, or by an account's own ID. Nil where nobody is found; an error
// where it is not such an ID at all.
func (d *Directory) User(id string) (*User, error) {
	source, external, err := decodeIDOf("id", id, userID, accountID)
	if err != nil {
		return nil, err
	}
	return d.UserByAccount(connectors.Ref{Source: source, ID: external}), nil
}

// UserByAccount finds the person who has the account; nil where nobody does.
func (d *Directory) UserByAccount(ref connectors.Ref) *User {
	if a := d.accounts[ref]; a != nil {
		return a.Core().User
	}
	return nil
}

// UserByEmail finds a person by an address that a source vouches for and nobody shares, in any of its spellings, also in a mailto link or with a name;
// nil where nobody is found.
func (d *Directory) UserByEmail(email string) *User {
	if u := d.byEmail[address.Key(email)]; u != nil {
		return u
	}
	if parsed := address.Parse(email); len(parsed) == 1 {
		return d.byEmail[parsed[0].Key]
	}
	return nil
}

// KnownSource refuses a name that no source has.
func (d *Directory) KnownSource(argument, name string) error {
	if !slices.ContainsFunc(d.sources, func(s *Source) bool { return s.Name == name }) {
		return &InputError{argument, "there is no source named " + echo.Quoted(name)}
	}
	return nil
}

// Account finds an account by its ID; nil where there is none.
func (d *Directory) Account(id string) Account {
	if kind, source, external, ok := decodeID(id); ok && kind == accountID {
		return d.accounts[connectors.Ref{Source: source, ID: external}]
	}
	return nil
}

// Source finds a source by its ID; nil where there is none.
func (d *Directory) Source(id string) *Source {
	for _, s := range d.sources {
		if s.ID == id {
			return s
		}
	}
	return nil
}

// SourceNamed finds a source by its name; nil where there is none.
func (d *Directory) SourceNamed(name string) *Source {
	for _, s := range d.sources {
		if s.Name == name {
			return s
		}
	}
	return nil
}

// Node finds the object with this ID; nil where nothing has it.
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
