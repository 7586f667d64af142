package rocketchat

import (
	"net/url"
	"slices"
	"strings"
	"time"

	"roster/connectors"
	"roster/connectors/decode"
)

// private reports whether a row of users.list has a value that only a caller with the permission to see all users gets. The value must be valid,
// because the result decides how all other rows are read.
func private(u decode.Value) bool {
	emails, _ := u.Objects("emails")
	roles, _ := u.Items("roles")
	return slices.ContainsFunc(emails, func(e decode.Value) bool { return e.Text("address") != "" }) ||
		slices.ContainsFunc(roles, func(r decode.Value) bool { return r.Itself() != "" }) ||
		!u.Time("lastLogin", time.RFC3339, time.UTC).IsZero()
}

// unread are the lists of an account that could not be read. Whether they are empty is unknown.
type unread struct{ emails, roles bool }

// convertUser returns the account of a row of users.list. The keys of a row depend on the version and the caller: all except _id may be missing.
// Root is the address of the server for people; custom are the custom fields that the operator has named.
//
// The access level is that of the highest role. It is unknown without a role, or if active cannot be read. Then the account counts as active,
// because the server lists it.
func convertUser(u decode.Value, root string, custom []connectors.CustomField) (a connectors.Account, odd unread) {
	active := u.Flag("active")
	details := &Details{Type: u.Text("type"), UTCOffset: u.Float("utcOffset")}
	details.readCustomFields(u, custom)
	a = connectors.Account{
		ID:       rowID(u),
		Name:     strings.TrimSpace(u.Text("name")),
		Username: u.Text("username"),
		Active:   active != decode.No,
		Access:   connectors.AccessUnknown,
		Details:  details,
	}
	a.AvatarURL = avatar(a.Username, u.Text("avatarETag"), root)
	if emails, ok := u.Objects("emails"); ok {
		a.Emails = convertEmails(emails)
	} else {
		odd.emails = u.Has("emails") && !u.Blank("emails")
	}
	roles, ok := u.Strings("roles")
	if ok {
		a.Roles = convertRoleIDs(roles)
	} else {
		odd.roles = u.Has("roles") && !u.Blank("roles")
	}
	if active != decode.Unreadable {
		for _, r := range a.Roles {
			a.Access = max(a.Access, r.Access)
		}
	}
	a.Bot = isBot(u.Text("type"), roles)
	return a, odd
}

// readCustomFields sets the custom fields from a user's row or record, and notes those that do not fit the type that the operator has given them.
func (d *Details) readCustomFields(u decode.Value, custom []connectors.CustomField) {
	d.SetCustomFields(u.JSON(customFields))
	if len(custom) == 0 || d.CustomFields == nil {
		return
	}
	members := u.Object(customFields)
	for _, f := range custom {
		members.Custom(f.Path, f, connectors.CustomPlain)
	}
}

// revealed replaces restricted lists by empty ones, after other rows have shown that the credential may see such lists.
func revealed(a connectors.Account, odd unread) connectors.Account {
	if a.Emails == nil && !odd.emails {
		a.Emails = []connectors.Email{}
	}
	if a.Roles == nil && !odd.roles {
		a.Roles = []connectors.RoleRef{}
	}
	return a
}

// isBot goes by the type. Rows of old servers have none for administrators; then it goes by the built-in role.
func isBot(userType string, roles []string) bool {
	if userType == "" {
		return slices.Contains(roles, "bot") || slices.Contains(roles, "app")
	}
	return userType == "bot" || userType == "app"
}

func convertEmails(emails []decode.Value) []connectors.Email {
	converted := make([]connectors.Email, 0, len(emails))
	for _, e := range emails {
		if address := strings.TrimSpace(e.Text("address")); address != "" {
			converted = append(converted, connectors.Email{Address: address, Verified: e.Flag("verified").Bool()})
		}
	}
	return converted
}

func convertRoleIDs(ids []string) []connectors.RoleRef {
	refs := make([]connectors.RoleRef, 0, len(ids))
	var known connectors.Distinct[string]
	for _, id := range ids {
		if id == "" {
			continue
		}
		if _, added := known.Add(id); added {
			refs = append(refs, connectors.RoleRef{ID: id, Access: access(id)})
		}
	}
	return refs
}

// access returns the level of a role by its ID. IDs of built-in roles are words; those of custom roles are random.
func access(roleID string) connectors.AccessLevel {
	switch roleID {
	case "admin":
		return connectors.AccessAdmin
	case "guest", "anonymous":
		return connectors.AccessGuest
	}
	return connectors.AccessMember
}

// avatar returns the address of an uploaded picture. It never contains a token, although some servers require one. The tag gives each new picture a
// new address.
func avatar(username, tag, root string) string {
	if tag == "" || strings.Trim(username, ".") == "" { // a name of dots would change the path
		return ""
	}
	return root + "/avatar/" + url.PathEscape(username) + "?etag=" + url.QueryEscape(tag)
}

// convertRole returns the role of a row. Custom roles have a name and a random ID; many built-in roles have no name.
func convertRole(r decode.Value) connectors.Role {
	id := rowID(r)
	name := strings.TrimSpace(r.Text("name"))
	if name == "" {
		name = id
	}
	return connectors.Role{ID: id, Name: name, Description: r.Text("description"), Access: access(id)}
}

func convertPresence(p decode.Value) connectors.Presence {
	state := connectors.PresenceUnknown
	switch p.Text("status") {
	case "online":
		state = connectors.PresenceOnline
	case "away":
		state = connectors.PresenceAway
	case "busy":
		state = connectors.PresenceBusy
	case "offline":
		state = connectors.PresenceOffline
	}
	return connectors.Presence{State: state, Text: p.Text("statusText")}
}
