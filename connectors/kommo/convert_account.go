package kommo

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"roster/connectors"
)

// accountConverter knows what the configuration adds to an account.
type accountConverter struct{ region string }

func (c accountConverter) convert(w user) (connectors.Account, bool) {
	r := w.Rights
	out := connectors.Account{
		ID:     recordID(w.ID),
		Name:   text(w.Name),
		Emails: appendEmail([]connectors.Email{}, w.Email),
		Locale: strings.ToLower(text(w.Lang)),
		Active: r.IsActive == nil || *r.IsActive,
		Access: accessLevel(r),
		Roles:  roleRefs(w),
		Teams:  teamRefs(w),
		Kommo: &connectors.KommoDetails{
			Admin:            r.IsAdmin,
			Free:             r.IsFree,
			MailAccess:       r.MailAccess,
			CatalogAccess:    r.CatalogAccess,
			Permissions:      convertPermissions(r),
			StagePermissions: convertStages(r.StatusRights),
			UUID:             text(w.UUID),
			ChatID:           text(w.AmojoID),
			Rank:             text(w.UserRank),
		},
	}
	if phone, ok := connectors.ParsePhone(string(w.PhoneNumber), c.region, connectors.PhoneMain); ok {
		out.Phones = []connectors.Phone{phone}
	}
	return out, true
}

func accessLevel(r rights) connectors.AccessLevel {
	switch {
	case r.IsAdmin:
		return connectors.AccessAdmin
	case r.IsFree: // whatever the rights say, they do not count
		return connectors.AccessGuest
	}
	return connectors.AccessMember
}

// roleRefs gives the roles with their names, or else the one whose ID is among the rights; nil only where the answer has neither key.
func roleRefs(w user) []connectors.RoleRef {
	if w.Embedded.Roles == nil && !w.Rights.RoleID.present {
		return nil
	}
	refs := []connectors.RoleRef{}
	for _, r := range w.Embedded.Roles {
		if id := recordID(r.ID); id != "" && !slices.ContainsFunc(refs, func(x connectors.RoleRef) bool { return x.ID == id }) {
			refs = append(refs, connectors.RoleRef{ID: id, Name: text(r.Name), Access: connectors.AccessMember})
		}
	}
	if id := recordID(w.Rights.RoleID.value); id != "" && len(refs) == 0 {
		refs = append(refs, connectors.RoleRef{ID: id, Access: connectors.AccessMember})
	}
	return refs
}

// teamRefs gives the groups with their names, and the one whose ID is among the rights if it is not one of them; nil only where the
// answer has neither key.
func teamRefs(w user) []connectors.TeamRef {
	if w.Embedded.Groups == nil && !w.Rights.GroupID.present {
		return nil
	}
	refs := []connectors.TeamRef{}
	add := func(id, name string) {
		if id != "" && !slices.ContainsFunc(refs, func(x connectors.TeamRef) bool { return x.ID == id }) {
			refs = append(refs, connectors.TeamRef{ID: id, Name: name})
		}
	}
	for _, g := range w.Embedded.Groups {
		add(number(g.ID), text(g.Name))
	}
	if own := w.Rights.GroupID; own.present && own.value == "" {
		add(defaultGroup, "")
	} else {
		add(number(own.value), "")
	}
	return refs
}

// grants holds the letters, for all, the own group, what one is responsible for (mine), and nothing.
var grants = map[string]connectors.Grant{
	"A": connectors.GrantAll, "G": connectors.GrantGroup, "M": connectors.GrantOwn, "D": connectors.GrantDenied,
}

// convertPermissions lists the rights by entity and action.
func convertPermissions(r rights) []connectors.Permission {
	list := []connectors.Permission{}
	for _, e := range []struct {
		name    string
		actions actions
	}{{"companies", r.Companies}, {"contacts", r.Contacts}, {"leads", r.Leads}, {"tasks", r.Tasks}} {
		for _, action := range slices.Sorted(maps.Keys(e.actions)) {
			list = append(list, connectors.Permission{Entity: e.name, Action: action, Grant: grants[e.actions[action]]})
		}
	}
	return list
}

// convertStages lists the rights in single stages, by entity, pipeline, stage and action.
func convertStages(stages []stage) []connectors.StagePermission {
	list := []connectors.StagePermission{}
	for _, s := range stages {
		entity := text(s.EntityType)
		if entity == "lead" { // both words are in use
			entity = "leads"
		}
		for _, action := range slices.Sorted(maps.Keys(s.Rights)) {
			list = append(list, connectors.StagePermission{
				Entity: entity, PipelineID: number(s.PipelineID), StageID: number(s.StatusID), Action: action, Grant: grants[s.Rights[action]],
			})
		}
	}
	slices.SortStableFunc(list, func(a, b connectors.StagePermission) int {
		return cmp.Or(cmp.Compare(a.Entity, b.Entity), compareIDs(a.PipelineID, b.PipelineID), compareIDs(a.StageID, b.StageID),
			cmp.Compare(a.Action, b.Action))
	})
	return list
}
