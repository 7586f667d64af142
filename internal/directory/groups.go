package directory

import (
	"roster/connectors"
	"roster/internal/names"
)

// teamSet is the teams of one source, with their members.
type teamSet struct {
	*catalogue[Team]
	ofMember     map[string][]*Team // by account ID, from the teams that list their members
	listsMembers bool               // some team lists its members
}

func newTeamSet(source *Source, records []connectors.Team, accounts []*connectors.Account) *teamSet {
	t := &teamSet{ofMember: make(map[string][]*Team), catalogue: newCatalogue(func(id, name string) *Team {
		kind, key := teamID, id
		if id == "" {
			kind, key = teamNameID, names.Key(name)
		}
		return &Team{ID: encodeID(kind, source.Name, key), Source: source, ExternalID: Text(id), Name: name}
	}, func(t *Team) (*string, *statements[string]) { return &t.Name, &t.names })}
	for _, r := range sortedByID(records) {
		team := t.withID(nil, r.ID, r.Name)
		team.Kind, team.record = r.Kind, r
		t.listsMembers = t.listsMembers || r.Members != nil
		for _, m := range r.Members {
			if teams := t.ofMember[m]; len(teams) == 0 || teams[len(teams)-1] != team {
				t.ofMember[m] = append(teams, team)
			}
		}
	}
	for _, a := range accounts {
		for _, ref := range a.Teams {
			if ref.ID != "" {
				t.withID(a, ref.ID, ref.Name)
			}
		}
	}
	t.indexNames()
	for _, a := range accounts {
		for _, ref := range a.Teams {
			if ref.ID == "" {
				t.named(a, ref.Name)
			}
		}
	}
	return t
}

// of returns an account's teams, or nil if the source shows nobody's teams.
func (t *teamSet) of(r *connectors.Account) []*Team {
	members := t.ofMember[r.ID]
	if r.Teams == nil && !t.listsMembers {
		return nil
	}
	var teams connectors.Distinct[*Team]
	for _, ref := range r.Teams {
		if team := t.find(ref.ID, ref.Name); team != nil {
			teams.Add(team)
		}
	}
	for _, team := range members {
		teams.Add(team)
	}
	return nonNil(teams.Values())
}

// roleSet is the roles of one source.
type roleSet struct{ *catalogue[Role] }

func newRoleSet(source *Source, records []connectors.Role, accounts []*connectors.Account) *roleSet {
	s := &roleSet{newCatalogue(func(id, name string) *Role {
		return &Role{ID: encodeID(roleID, source.Name, id), Source: source, ExternalID: id, Name: name}
	}, func(r *Role) (*string, *statements[string]) { return &r.Name, &r.names })}
	for _, r := range sortedByID(records) {
		role := s.withID(nil, r.ID, r.Name)
		role.Description, role.Permissions, role.record = Text(r.Description), r.Permissions, r
		role.grants(nil, r.Access)
	}
	for _, a := range accounts {
		for _, ref := range a.Roles {
			if ref.ID != "" {
				s.withID(a, ref.ID, ref.Name).grants(a, ref.Access)
			}
		}
	}
	return s
}

// grants adds which access level a record states: the role's own if by is nil.
func (r *Role) grants(by *connectors.Account, l connectors.AccessLevel) {
	if l > connectors.AccessUnknown {
		r.levels.add(by, l, sameLevel)
	}
	r.AccessLevel = r.levels.value(connectors.AccessUnknown)
}

// of returns an account's roles, or nil if the source does not show them.
func (s *roleSet) of(r *connectors.Account) []*Role {
	if r.Roles == nil {
		return nil
	}
	var roles connectors.Distinct[*Role]
	for _, ref := range r.Roles {
		if role := s.byID[ref.ID]; role != nil {
			roles.Add(role)
		}
	}
	return nonNil(roles.Values())
}

// granted returns the access level that a source grants. If the source does not state it, the level is unknown, not none.
func granted(l connectors.AccessLevel) connectors.AccessLevel {
	return max(l, connectors.AccessUnknown)
}

// folderSet is the contact folders of one source.
type folderSet struct{ *catalogue[ContactFolder] }

func newFolderSet(source *Source, records []connectors.ContactFolder, contacts []*connectors.Contact) *folderSet {
	s := &folderSet{newCatalogue(func(id, name string) *ContactFolder {
		kind, key := folderID, id
		if id == "" {
			kind, key = folderNameID, names.Key(name)
		}
		return &ContactFolder{ID: encodeID(kind, source.Name, key), Source: source, ExternalID: Text(id), Name: name}
	}, func(f *ContactFolder) (*string, *statements[string]) { return &f.Name, &f.names })}
	for _, r := range sortedByID(records) {
		s.withID(nil, r.ID, r.Name).Kind = r.Kind
	}
	for _, c := range contacts {
		if f := c.Folder; f != nil && f.ID != "" {
			s.withID(nil, f.ID, f.Name)
		}
	}
	s.indexNames()
	for _, c := range contacts {
		if f := c.Folder; f != nil && f.ID == "" {
			s.named(nil, f.Name)
		}
	}
	for _, f := range s.all {
		f.names = nil // nothing explains the names of folders
	}
	return s
}

// of returns a contact's folder, or nil.
func (s *folderSet) of(r *connectors.Contact) *ContactFolder {
	if r.Folder == nil {
		return nil
	}
	return s.find(r.Folder.ID, r.Folder.Name)
}
