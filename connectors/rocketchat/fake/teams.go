package fake

import "slices"

// rolesList gives all roles at once.
func (c *call) rolesList() answer {
	rows := make([]object, len(c.data.Roles))
	for i, r := range c.data.Roles {
		rows[i] = object{"_id": r.ID, "description": r.Description, "mandatory2fa": false, "protected": r.Protected,
			"scope": orElse(r.Scope, "Users")}
		if r.Name != "" {
			rows[i]["name"] = r.Name
		}
	}
	return success(object{"roles": rows})
}

// teamsListAll gives a page of the teams. It has no order but that of the rows.
func (c *call) teamsListAll() answer {
	if !c.who.may(ViewAllTeams) {
		return c.forbidden()
	}
	from, to := c.page(len(c.data.Teams))
	rows := make([]object, 0, to-from)
	for i := range c.data.Teams[from:to] {
		rows = append(rows, c.team(&c.data.Teams[from+i]))
	}
	return c.paged("teams", rows, len(c.data.Teams))
}

func (c *call) team(t *Team) object {
	kind := 0
	if t.Private {
		kind = 1
	}
	return object{"_id": t.ID, "name": t.Name, "type": kind, "createdAt": stamp(t.CreatedAt), "createdBy": c.author(t.CreatedBy),
		"_updatedAt": stamp(t.CreatedAt), "roomId": t.RoomID, "rooms": 0, "numberOfUsers": len(t.Members)}
}

func (c *call) author(id string) object {
	author := object{"_id": id}
	if u := c.indexed().user(id); u != nil {
		u.put(author, "username", u.Username)
	}
	return author
}

// selected finds the team that teamId or teamName names.
func (c *call) selected() (*Team, answer) {
	key := ""
	if id := c.query.Get("teamId"); id != "" {
		key = "id " + id
	} else if name := c.query.Get("teamName"); name != "" {
		key = "name " + name
	}
	if key == "" {
		return nil, failed("missing-teamId-or-teamName", "")
	}
	i, ok := c.indexed().teams[key]
	if !ok {
		return nil, failed("team-does-not-exist", "")
	}
	return &c.data.Teams[i], answer{}
}

// teamsInfo gives one team.
func (c *call) teamsInfo() answer {
	t, refused := c.selected()
	if t == nil {
		return refused
	}
	return success(object{"teamInfo": c.team(t)})
}

// teamsMembers gives a page of a team's members.
func (c *call) teamsMembers() answer {
	if !c.who.may(ViewAllTeams) {
		return c.forbidden()
	}
	t, refused := c.selected()
	if t == nil {
		return refused
	}
	if slices.Contains(c.options.ClosedTeams, t.ID) {
		return c.forbidden()
	}
	from, to := c.page(len(t.Members))
	rows := make([]object, 0, to-from)
	for _, m := range t.Members[from:to] {
		row := object{"createdBy": c.author(t.CreatedBy), "createdAt": stamp(m.Since)}
		if u := c.indexed().user(m.UserID); u != nil {
			user := object{"_id": u.ID, "status": u.status(), "settings": object{"profile": object{}}}
			u.put(user, "username", u.Username)
			u.put(user, "name", u.Name)
			row["user"] = user
		}
		if len(m.Roles) > 0 {
			row["roles"] = m.Roles
		}
		rows = append(rows, row)
	}
	return c.paged("members", rows, len(t.Members))
}
