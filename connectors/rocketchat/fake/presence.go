package fake

import "strings"

// usersPresence gives those who are not offline: of the IDs asked for, or of everyone.
func (c *call) usersPresence() answer {
	if c.options.PresenceDisabled {
		return success(object{"users": []object{}, "full": true})
	}
	x := c.indexed()
	rows := []object{}
	add := func(u *User) {
		if u != nil && u.status() != "offline" {
			rows = append(rows, c.presence(u))
		}
	}
	ids, asked := c.query["ids"]
	if !asked {
		for i := range x.users {
			add(&x.users[i])
		}
		return success(object{"users": rows, "full": true})
	}
	if len(ids) == 1 && !c.options.CommaIDsBroken {
		ids = strings.Split(ids[0], ",")
	}
	for _, id := range ids {
		add(x.user(id))
	}
	return success(object{"users": rows, "full": c.options.FullByIDs})
}

func (c *call) presence(u *User) object {
	row := object{"_id": u.ID, "status": u.status(), "statusText": u.StatusText}
	u.put(row, "username", u.Username)
	u.put(row, "name", u.Name)
	u.put(row, "avatarETag", u.AvatarETag)
	if u.UTCOffset != nil {
		row["utcOffset"] = *u.UTCOffset
	}
	if c.options.atLeast(8, 6) {
		row["statusSource"] = "manual"
	}
	return u.without(row)
}
