package kommo

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"roster/connectors"
	"roster/connectors/decode"
)

// accountConverter has the part of the configuration that accounts need.
type accountConverter struct {
	region string
	keep   decode.Keep
}

// convert returns the account of a row of /users. The keys of a row depend on the parameter "with".
func (c accountConverter) convert(row decode.Value) (connectors.Account, bool) {
	rights, embedded := row.Object("rights"), row.Object("_embedded")
	admin, free, active := rights.Flag("is_admin"), rights.Flag("is_free"), rights.Flag("is_active")
	out := connectors.Account{
		ID:     rowID(row),
		Name:   text(row, "name"),
		Emails: emailsOf([]connectors.Email{}, strings.TrimSpace(row.Text("email"))),
		Locale: strings.ToLower(text(row, "lang")),
		Active: active != decode.No,
		Access: accessLevel(admin, free, active),
		Roles:  roleRefs(rights, embedded),
		Teams:  teamRefs(rights, embedded),
		Details: &Details{
			Admin:            admin == decode.Yes,
			Free:             free == decode.Yes,
			MailAccess:       rights.Flag("mail_access") == decode.Yes,
			CatalogAccess:    rights.Flag("catalog_access") == decode.Yes,
			Permissions:      convertPermissions(rights),
			StagePermissions: convertStages(rights),
			UUID:             text(row, "uuid"),
			ChatID:           text(row, "amojo_id"),
			Rank:             text(row, "user_rank"),
		},
	}
	out.Extra = c.keep.Extra(row)
	if !rights.IsObject() && !row.Blank("rights") && row.Has("rights") {
		out.Access = connectors.AccessUnknown
	}
	if phone, ok := connectors.ParsePhone(row.Text("phone_number"), c.region, connectors.PhoneMain); ok {
		out.Phones = []connectors.Phone{phone}
	}
	return out, true
}

// accessLevel returns AccessUnknown if a flag that decides cannot be read.
func accessLevel(admin, free, active decode.Flag) connectors.AccessLevel {
	switch {
	case active == decode.Unreadable, admin == decode.Unreadable:
		return connectors.AccessUnknown
	case admin == decode.Yes:
		return connectors.AccessAdmin
	case free == decode.Unreadable:
		return connectors.AccessUnknown
	case free == decode.Yes: // a free seat has the access of a guest, whatever rights the row has
		return connectors.AccessGuest
	}
	return connectors.AccessMember
}

// roleRefs returns the roles with their names, or else the role whose ID is in the rights; nil only if the row has neither.
func roleRefs(rights, embedded decode.Value) []connectors.RoleRef {
	roles, listed := embedded.Objects("roles")
	own := refID(rights, "role_id")
	if !listed && own == "" && !rights.Blank("role_id") {
		return nil
	}
	refs := []connectors.RoleRef{}
	var known connectors.Distinct[string]
	for _, r := range roles {
		id := refID(r, "id")
		if id == "" {
			continue
		}
		if _, added := known.Add(id); added {
			refs = append(refs, connectors.RoleRef{ID: id, Name: text(r, "name"), Access: connectors.AccessMember})
		}
	}
	if own != "" && len(refs) == 0 {
		refs = append(refs, connectors.RoleRef{ID: own, Access: connectors.AccessMember})
	}
	return refs
}

// teamRefs returns the groups with their names, and the group whose ID is in the rights if it is not one of them; nil only if the row has
// neither.
func teamRefs(rights, embedded decode.Value) []connectors.TeamRef {
	groups, listed := embedded.Objects("groups")
	own := rights.ID("group_id", number)
	if own == "" && rights.Blank("group_id") {
		own = defaultGroup
	}
	if !listed && own == "" {
		return nil
	}
	refs := []connectors.TeamRef{}
	var known connectors.Distinct[string]
	add := func(id, name string) {
		if id == "" {
			return
		}
		if _, added := known.Add(id); added {
			refs = append(refs, connectors.TeamRef{ID: id, Name: name})
		}
	}
	for _, g := range groups {
		add(g.ID("id", number), text(g, "name"))
	}
	add(own, "")
	return refs
}

// grants are the letters of the rights: all, the own group, the own records (mine), none.
var grants = map[string]connectors.Grant{
	"A": connectors.GrantAll, "G": connectors.GrantGroup, "M": connectors.GrantOwn, "D": connectors.GrantDenied,
}

// convertPermissions returns the rights of a user or a role by entity and action. It ignores the key catalog_rights, whose forms contradict each
// other.
func convertPermissions(rights decode.Value) []connectors.Permission {
	list := []connectors.Permission{}
	for _, entity := range [...]string{"companies", "contacts", "leads", "tasks"} {
		letters := rights.Texts(entity)
		for _, action := range slices.Sorted(maps.Keys(letters)) {
			list = append(list, connectors.Permission{Entity: entity, Action: action, Grant: grants[letters[action]]})
		}
	}
	return list
}

// convertStages returns the rights in single stages, by entity, pipeline, stage and action.
func convertStages(rights decode.Value) []connectors.StagePermission {
	list := []connectors.StagePermission{}
	stages, _ := rights.Objects("status_rights")
	for _, s := range stages {
		entity := text(s, "entity_type")
		if entity == "lead" { // both words are in use
			entity = "leads"
		}
		pipeline, stage, letters := s.ID("pipeline_id", number), s.ID("status_id", number), s.Texts("rights")
		for _, action := range slices.Sorted(maps.Keys(letters)) {
			list = append(list, connectors.StagePermission{
				Entity: entity, PipelineID: pipeline, StageID: stage, Action: action, Grant: grants[letters[action]],
			})
		}
	}
	slices.SortStableFunc(list, func(a, b connectors.StagePermission) int {
		return cmp.Or(cmp.Compare(a.Entity, b.Entity), compareIDs(a.PipelineID, b.PipelineID), compareIDs(a.StageID, b.StageID),
			cmp.Compare(a.Action, b.Action))
	})
	return list
}
