package directory

import (
	"cmp"
	"slices"

	"roster/connectors"
)

// teamSet is the teams of one source while the directory is made: those with records, and those that accounts only mention.
type teamSet struct {
	source   *Source
	byID     map[string]*Team
	byName   map[string]*Team
	ofMember map[string][]*Team // by account ID, where the teams tell their members
	told     bool               // some team tells its members
}

func newTeamSet(source *Source, records []connectors.Team) *teamSet {
	t := &teamSet{source: source, byID: make(map[string]*Team), byName: make(map[string]*Team), ofMember: make(map[string][]*Team)}
	for _, r := range sortedByID(records) {
		if r.ID == "" || t.byID[r.ID] != nil {
			continue
		}
		team := t.add(r.ID, r.Name, r.Kind)
		t.told = t.told || r.Members != nil
		for _, m := range r.Members {
			if !slices.Contains(t.ofMember[m], team) {
				t.ofMember[m] = append(t.ofMember[m], team)
			}
		}
	}
	return t
}

func (t *teamSet) add(id, name string, kind connectors.TeamKind) *Team {
	team := &Team{Source: t.source, ExternalID: Text(id), Name: cmp.Or(name, id), Kind: kind}
	if id != "" {
		team.ID = encodeID(teamID, t.source.Name, id)
		t.byID[id] = team
	} else {
		team.ID = encodeID(teamNameID, t.source.Name, name)
	}
	if t.byName[team.Name] == nil {
		t.byName[team.Name] = team
	}
	return team
}

// resolve finds the team that a reference means, or makes it.
func (t *teamSet) resolve(ref connectors.TeamRef) *Team {
	switch {
	case ref.ID != "":
		team := t.byID[ref.ID]
		if team == nil {
			return t.add(ref.ID, ref.Name, connectors.TeamGroup)
		}
		if team.Name == ref.ID && ref.Name != "" { // named only now
			team.Name = ref.Name
		}
		return team
	case ref.Name != "":
		if team := t.byName[ref.Name]; team != nil {
			return team
		}
		return t.add("", ref.Name, connectors.TeamGroup)
	}
	return nil
}

// of gives an account's teams; nil where the source shows them nowhere.
func (t *teamSet) of(r *connectors.Account) []*Team {
	members := t.ofMember[r.ID]
	if r.Teams == nil && !t.told {
		return nil
	}
	out := make([]*Team, 0, len(r.Teams)+len(members))
	for _, ref := range r.Teams {
		if team := t.resolve(ref); team != nil && !slices.Contains(out, team) {
			out = append(out, team)
		}
	}
	for _, team := range members {
		if !slices.Contains(out, team) {
			out = append(out, team)
		}
	}
	return out
}

// all gives the set's teams, each once.
func (t *teamSet) all() []*Team {
	out := make([]*Team, 0, len(t.byID)+len(t.byName))
	for _, team := range t.byID {
		out = append(out, team)
	}
	for _, team := range t.byName {
		if team.ExternalID == "" {
			out = append(out, team)
		}
	}
	return out
}

// roleSet is the roles of one source while the directory is made.
type roleSet struct {
	source *Source
	byID   map[string]*Role
}

func newRoleSet(source *Source, records []connectors.Role) *roleSet {
	s := &roleSet{source: source, byID: make(map[string]*Role)}
	for _, r := range sortedByID(records) {
		if r.ID == "" || s.byID[r.ID] != nil {
			continue
		}
		role := s.add(r.ID, r.Name, r.Access)
		role.Description, role.Permissions = Text(r.Description), r.Permissions
	}
	return s
}

func (s *roleSet) add(id, name string, access connectors.AccessLevel) *Role {
	role := &Role{ID: encodeID(roleID, s.source.Name, id), Source: s.source, ExternalID: id, Name: cmp.Or(name, id), AccessLevel: access}
	s.byID[id] = role
	return role
}

// of gives an account's roles; nil where the source does not show them.
func (s *roleSet) of(r *connectors.Account) []*Role {
	if r.Roles == nil {
		return nil
	}
	out := make([]*Role, 0, len(r.Roles))
	for _, ref := range r.Roles {
		if ref.ID == "" {
			continue
		}
		role := s.byID[ref.ID]
		if role == nil {
			role = s.add(ref.ID, ref.Name, ref.Access)
		}
		if !slices.Contains(out, role) {
			out = append(out, role)
		}
	}
	return out
}

// folderSet is the contact folders of one source while the directory is made.
type folderSet struct {
	source *Source
	byID   map[string]*ContactFolder
	byName map[string]*ContactFolder
}

func newFolderSet(source *Source, records []connectors.ContactFolder) *folderSet {
	s := &folderSet{source: source, byID: make(map[string]*ContactFolder), byName: make(map[string]*ContactFolder)}
	for _, r := range sortedByID(records) {
		if r.ID != "" && s.byID[r.ID] == nil {
			s.add(r.ID, r.Name, r.Kind)
		}
	}
	return s
}

func (s *folderSet) add(id, name string, kind connectors.ContactFolderKind) *ContactFolder {
	f := &ContactFolder{Source: s.source, ExternalID: Text(id), Name: cmp.Or(name, id), Kind: kind}
	if id != "" {
		f.ID = encodeID(folderID, s.source.Name, id)
		s.byID[id] = f
	} else {
		f.ID = encodeID(folderNameID, s.source.Name, name)
	}
	if s.byName[f.Name] == nil {
		s.byName[f.Name] = f
	}
	return f
}

func (s *folderSet) resolve(ref *connectors.FolderRef) *ContactFolder {
	switch {
	case ref == nil:
		return nil
	case ref.ID != "":
		if f := s.byID[ref.ID]; f != nil {
			return f
		}
		return s.add(ref.ID, ref.Name, connectors.FolderCustom)
	case ref.Name != "":
		if f := s.byName[ref.Name]; f != nil {
			return f
		}
		return s.add("", ref.Name, connectors.FolderCustom)
	}
	return nil
}

func (s *folderSet) all() []*ContactFolder {
	out := make([]*ContactFolder, 0, len(s.byID)+len(s.byName))
	for _, f := range s.byID {
		out = append(out, f)
	}
	for _, f := range s.byName {
		if f.ExternalID == "" {
			out = append(out, f)
		}
	}
	return out
}

func (b *builder) collectGroups() {
	for i, d := range b.data {
		source := b.dir.sources[i]
		b.teams = append(b.teams, newTeamSet(source, d.Teams))
		b.roles = append(b.roles, newRoleSet(source, d.Roles))
		b.folders = append(b.folders, newFolderSet(source, d.ContactFolders))
	}
}
