package fake

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"time"
)

// stamp is how the server writes times.
func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }

func (c *call) privileged() bool { return c.who.may(ViewFullOtherUser) }

// usersList gives a page of the users, each with what the caller may see.
func (c *call) usersList() answer {
	if !c.who.may(ViewDirect) || (c.options.OutsideRoomChecked && !c.who.may(ViewOutsideRoom)) {
		return c.forbidden()
	}
	order, ok := c.order()
	if !ok {
		return failed("Invalid sort parameter provided [error-invalid-sort]", "error-invalid-sort")
	}
	x := c.indexed()
	list := x.list(order, c.privileged())
	if email := c.query.Get("email"); email != "" && c.options.atLeast(8, 4) {
		if !c.privileged() {
			return c.forbidden()
		}
		list = c.keep(list, func(u *User) bool {
			return slices.ContainsFunc(u.Emails, func(e Email) bool { return strings.EqualFold(e.Address, email) })
		})
	}
	var fields map[string]int
	if c.options.takesQuery() {
		var query map[string]any
		for parameter, into := range map[string]any{"query": &query, "fields": &fields} {
			if raw := c.query.Get(parameter); raw != "" && json.Unmarshal([]byte(raw), into) != nil {
				return failed("Invalid "+parameter+" parameter provided [error-invalid-"+parameter+"]", "error-invalid-"+parameter)
			}
		}
		if len(query) > 0 {
			list = c.keep(list, func(u *User) bool { return u.matches(query) })
		}
	}
	from, to := c.page(len(list))
	rows := make([]object, 0, to-from)
	for _, i := range list[from:to] {
		u := &x.users[i]
		row := c.row(u)
		if fields["customFields"] == 1 {
			c.putCustomFields(u, row, c.privileged())
		}
		rows = append(rows, row)
	}
	return c.paged("users", rows, len(list))
}

func (c *call) keep(list []int, want func(*User) bool) []int {
	var kept []int
	for _, i := range list {
		if want(&c.index.users[i]) {
			kept = append(kept, i)
		}
	}
	return kept
}

// matches compares fields for equality, which is all that is left of a query language nobody should use.
func (u *User) matches(query map[string]any) bool {
	for field, want := range query {
		var got any
		switch custom, ok := strings.CutPrefix(field, "customFields."); {
		case ok:
			got = u.CustomFields[custom]
		case field == "_id":
			got = u.ID
		case field == "username":
			got = u.Username
		case field == "type":
			got = orElse(u.Type, "user")
		case field == "active":
			got = !u.Deactivated
		}
		if got != want {
			return false
		}
	}
	return true
}

// row is a user in a list.
func (c *call) row(u *User) object {
	row := object{"_id": u.ID, "status": u.status(), "active": !u.Deactivated}
	u.put(row, "username", u.Username)
	u.put(row, "name", u.Name)
	u.put(row, "avatarETag", u.AvatarETag)
	if !c.options.OldRows || !c.privileged() {
		row["type"] = orElse(u.Type, "user")
	}
	if !c.options.OldRows {
		row["nameInsensitive"] = strings.ToLower(u.Name)
	} else if u.UTCOffset != nil {
		row["utcOffset"] = *u.UTCOffset
	}
	if c.privileged() {
		u.putPrivate(row)
	}
	return u.without(row)
}

func (u *User) put(row object, key, value string) {
	if value != "" {
		row[key] = value
	}
}

// putPrivate adds what only callers with the permission see.
func (u *User) putPrivate(row object) {
	if len(u.Emails) > 0 {
		emails := make([]object, len(u.Emails))
		for i, e := range u.Emails {
			emails[i] = object{"address": e.Address}
			if e.Verified != nil {
				emails[i]["verified"] = *e.Verified
			}
		}
		row["emails"] = emails
	}
	row["roles"] = append([]string{}, u.Roles...)
	if !u.LastLogin.IsZero() {
		row["lastLogin"] = stamp(u.LastLogin)
	}
}

// putCustomFields adds the custom fields: all, or those that everyone sees. Where there are none, the key is missing, or
// has an empty object.
func (c *call) putCustomFields(u *User, row object, private bool) {
	shown := make(object)
	for name, value := range u.CustomFields {
		if private || slices.Contains(c.options.PublicFields, name) {
			shown[name] = value
		}
	}
	if len(shown) > 0 || c.options.EmptyFields {
		row["customFields"] = shown
	}
}

func (u *User) without(row object) object {
	for _, key := range u.Omit {
		delete(row, key)
	}
	return row
}

// record is a user alone, with more than a list tells.
func (c *call) record(u *User, private bool) object {
	record := object{"_id": u.ID, "type": orElse(u.Type, "user"), "status": u.status(), "active": !u.Deactivated, "statusText": u.StatusText}
	u.put(record, "username", u.Username)
	u.put(record, "name", u.Name)
	u.put(record, "avatarETag", u.AvatarETag)
	if u.UTCOffset != nil {
		record["utcOffset"] = *u.UTCOffset
	}
	if private {
		u.putPrivate(record)
		record["createdAt"] = stamp(u.CreatedAt)
		record["statusConnection"] = u.status()
	}
	c.putCustomFields(u, record, private)
	return u.without(record)
}

// usersInfo gives one user.
func (c *call) usersInfo() answer {
	x := c.indexed()
	var found *User
	selectors := 0
	for _, selector := range []string{"userId", "username", "importId", "email", "freeSwitchExtension"} {
		value := c.query.Get(selector)
		if value == "" {
			continue
		}
		selectors++
		switch i, known := x.byName[value]; {
		case selector == "userId":
			found = x.user(value)
		case selector == "username" && known:
			found = &x.users[i]
		}
	}
	if selectors != 1 {
		return failed("must match exactly one schema in oneOf [invalid-params]", "invalid-params")
	}
	if found == nil {
		return failed("User not found.", "")
	}
	record := c.record(found, c.privileged() || found.ID == c.who.UserID)
	record["canViewAllInfo"] = c.privileged()
	return success(object{"user": record})
}

// me gives the caller, whose keys lie beside the marker of success.
func (c *call) me() answer {
	u := c.indexed().user(c.who.UserID)
	if u == nil {
		u = &User{ID: c.who.UserID}
	}
	record := c.record(u, true)
	record["settings"] = object{"preferences": object{}}
	record["avatarUrl"] = c.options.Prefix + "/avatar/" + u.Username
	return success(record)
}

// avatar draws initials; whose, does not matter.
func (s *Server) avatar(r *http.Request) answer {
	name := strings.TrimPrefix(r.URL.Path, "/avatar/")
	initial := "?"
	if u, ok := s.indexed().byName[name]; ok {
		initial = strings.ToUpper(string([]rune(s.index.users[u].Username)[:1]))
	}
	return answer{status: http.StatusOK, picture: `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 200 200">` +
		`<rect width="200" height="200" fill="#456"/><text x="100" y="130" font-size="90" fill="#fff" text-anchor="middle">` +
		escape(initial) + `</text></svg>`}
}

func escape(s string) string { return strings.NewReplacer("&", "&amp;", "<", "&lt;").Replace(s) }
