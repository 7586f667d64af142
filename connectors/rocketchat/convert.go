package rocketchat

import (
	"bytes"
	"net/url"
	"slices"
	"strings"

	"roster/connectors"
)

// private says whether the row has anything that only a caller with the permission to see all is shown.
func (u user) private() bool { return u.Emails != nil || u.Roles != nil || len(u.LastLogin) > 0 }

// convertUser makes the neutral record. Shown says that the credential may see e-mail addresses and roles: then a row without them means
// that there are none. The access is that of the highest role, and unknown without one. Root is where people open the server.
func convertUser(u user, shown bool, root string) connectors.Account {
	a := connectors.Account{
		ID:        u.ID,
		Name:      strings.TrimSpace(u.Name),
		Username:  u.Username,
		AvatarURL: avatar(u, root),
		Active:    u.Active == nil || *u.Active,
		Bot:       isBot(u),
		Access:    connectors.AccessUnknown,
		RocketChat: &connectors.RocketChatDetails{
			Type: u.Type, UTCOffset: u.UTCOffset, CustomFields: customFields(u.CustomFields),
		},
	}
	if u.Emails != nil {
		a.Emails = convertEmails(*u.Emails)
	}
	if u.Roles != nil {
		a.Roles = convertRoleIDs(*u.Roles)
		for _, r := range a.Roles {
			a.Access = max(a.Access, r.Access)
		}
	}
	if shown {
		return revealed(a)
	}
	return a
}

// revealed turns what was unknown into none, once the credential has turned out to see it.
func revealed(a connectors.Account) connectors.Account {
	if a.Emails == nil {
		a.Emails = []connectors.Email{}
	}
	if a.Roles == nil {
		a.Roles = []connectors.RoleRef{}
	}
	return a
}

// isBot goes by the type. The rows of old servers have none for administrators: there the built-in role tells.
func isBot(u user) bool {
	if u.Type == "" && u.Roles != nil {
		return slices.Contains(*u.Roles, "bot") || slices.Contains(*u.Roles, "app")
	}
	return u.Type == "bot" || u.Type == "app"
}

func convertEmails(emails []email) []connectors.Email {
	converted := make([]connectors.Email, 0, len(emails))
	for _, e := range emails {
		if address := strings.TrimSpace(e.Address); address != "" {
			converted = append(converted, connectors.Email{Address: address, Verified: e.Verified})
		}
	}
	return converted
}

func convertRoleIDs(ids []string) []connectors.RoleRef {
	refs := make([]connectors.RoleRef, 0, len(ids))
	for _, id := range ids {
		ref := connectors.RoleRef{ID: id, Access: access(id)}
		if id != "" && !slices.Contains(refs, ref) {
			refs = append(refs, ref)
		}
	}
	return refs
}

// access is what a role grants, by its ID: those of built-in roles are words, and those of custom ones are random.
func access(roleID string) connectors.AccessLevel {
	switch roleID {
	case "admin":
		return connectors.AccessAdmin
	case "guest", "anonymous":
		return connectors.AccessGuest
	}
	return connectors.AccessMember
}

// avatar is the address of an uploaded picture. It never holds a token, without which some servers refuse it: better no picture than a
// token given away. The tag is there so that a new picture has a new address.
func avatar(u user, root string) string {
	if u.AvatarETag == "" || strings.Trim(u.Username, ".") == "" { // dots alone would climb up the path
		return ""
	}
	return root + "/avatar/" + url.PathEscape(u.Username) + "?etag=" + url.QueryEscape(u.AvatarETag)
}

func customFields(raw []byte) []byte {
	if raw = bytes.TrimSpace(raw); len(raw) > 0 && raw[0] == '{' {
		return raw
	}
	return nil
}

// convertRole makes the neutral record. Custom roles have a name beside their random ID; many built-in ones do without.
func convertRole(r role) connectors.Role {
	name := strings.TrimSpace(r.Name)
	if name == "" {
		name = r.ID
	}
	return connectors.Role{ID: r.ID, Name: name, Description: r.Description, Access: access(r.ID)}
}

func convertPresence(p presence) connectors.Presence {
	state := connectors.PresenceUnknown
	switch p.Status {
	case "online":
		state = connectors.PresenceOnline
	case "away":
		state = connectors.PresenceAway
	case "busy":
		state = connectors.PresenceBusy
	case "offline":
		state = connectors.PresenceOffline
	}
	return connectors.Presence{State: state, Text: p.StatusText}
}
