package rocketchat

import (
	"net/url"
	"slices"
	"strings"
	"time"

	"roster/connectors"
	"roster/connectors/decode"
)

// private reports whether a row of users.list has something that is shown only to a caller with the permission to see all. It must be what one
// would expect: whether all others have addresses does not hang on a value that is odd.
func private(u decode.Value) bool {
	emails, _ := u.Objects("emails")
	roles, _ := u.Items("roles")
	return slices.ContainsFunc(emails, func(e decode.Value) bool { return e.Text("address") != "" }) ||
		slices.ContainsFunc(roles, func(r decode.Value) bool { return r.Itself() != "" }) ||
		!u.Time("lastLogin", time.RFC3339, time.UTC).IsZero()
}

// unread says which lists of an account could not be read: whether there is something in them is not known.
type unread struct{ emails, roles bool }

// convertUser makes the neutral record of a row of users.list. Which keys a row has differs between versions and callers: all but _id may be
// missing. Root is where people open the server.
//
// The access is that of the highest role, and unknown without one, or where nobody can tell whether the account is active: such an account
// counts as active, since the server lists it.
func convertUser(u decode.Value, root string) (a connectors.Account, odd unread) {
	active := u.Flag("active")
	a = connectors.Account{
		ID:       rowID(u),
		Name:     strings.TrimSpace(u.Text("name")),
		Username: u.Text("username"),
		Active:   active != decode.No,
		Access:   connectors.AccessUnknown,
		Details: &Details{
			Type: u.Text("type"), UTCOffset: u.Float("utcOffset"), CustomFields: u.JSON("customFields"),
		},
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

// revealed turns what was unknown into none, once the credential has turned out to see it.
func revealed(a connectors.Account, odd unread) connectors.Account {
	if a.Emails == nil && !odd.emails {
		a.Emails = []connectors.Email{}
	}
	if a.Roles == nil && !odd.roles {
		a.Roles = []connectors.RoleRef{}
	}
	return a
}

// isBot goes by the type. The rows of old servers have none for administrators: there the built-in role tells.
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
func avatar(username, tag, root string) string {
	if tag == "" || strings.Trim(username, ".") == "" { // dots alone would climb up the path
		return ""
	}
	return root + "/avatar/" + url.PathEscape(username) + "?etag=" + url.QueryEscape(tag)
}

// convertRole makes the neutral record. Custom roles have a name beside their random ID; many built-in ones do without.
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
