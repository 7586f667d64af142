package sandbox

import (
	"time"

	"roster/connectors"
	"roster/connectors/rocketchat/fake"
)

// serviceUserID is the bot whose token reads the chat.
const serviceUserID = "dR3cToRyReAdErB9t"

// builtInRoles are those that every Rocket.Chat has; their names are their IDs.
var builtInRoles = []fake.Role{
	{ID: "admin", Description: "Admin", Protected: true}, {ID: "user", Protected: true}, {ID: "guest", Protected: true},
	{ID: "anonymous", Protected: true}, {ID: "bot", Protected: true}, {ID: "app", Protected: true}, {ID: "livechat-agent", Name: "livechat-agent"},
	{ID: "owner", Description: "Owner", Scope: "Subscriptions", Protected: true},
	{ID: "moderator", Description: "Moderator", Scope: "Subscriptions", Protected: true},
}

// rocketChatData is the company as Rocket.Chat has it.
func rocketChatData(c *Company) fake.Data {
	d := fake.Data{
		Roles: append([]fake.Role(nil), builtInRoles...),
		// Not the permission to ignore the limits: limits are on when they are wanted.
		Credentials: []fake.Credential{{UserID: serviceUserID, Token: rocketChatToken,
			Permissions: []fake.Permission{fake.ViewDirect, fake.ViewOutsideRoom, fake.ViewFullOtherUser, fake.ViewAllTeams}}},
	}
	for _, r := range c.Roles {
		if r.System == RocketChat {
			d.Roles = append(d.Roles, fake.Role{ID: r.ID, Name: r.Name})
		}
	}
	members := make(map[string][]fake.Member)
	for i := range c.People {
		p := &c.People[i]
		for j := range p.Accounts {
			a := &p.Accounts[j]
			if a.System != RocketChat {
				continue
			}
			d.Users = append(d.Users, rocketChatUser(p, a))
			for _, t := range a.Teams {
				m := fake.Member{UserID: a.ID, Since: a.CreatedAt}
				if a.Level == connectors.AccessAdmin {
					m.Roles = []string{"owner"}
				}
				members[t] = append(members[t], m)
			}
		}
	}
	for i := range c.Programs {
		a := &c.Programs[i]
		d.Users = append(d.Users, fake.User{ID: a.ID, Username: a.Username, Name: a.Name, Type: a.Type, Status: "online", Roles: a.Roles,
			CreatedAt: a.CreatedAt, AvatarETag: a.ID[:min(8, len(a.ID))]})
	}
	creator := c.People[CastEverywhere-1].In(RocketChat).ID
	for _, t := range c.Teams {
		if t.System != RocketChat {
			continue
		}
		team := fake.Team{ID: t.ID, Name: t.Name, Private: t.Private, RoomID: t.ID[:17], CreatedAt: today.AddDate(-5, 0, 0), CreatedBy: creator,
			Members: members[t.Name]}
		for _, id := range t.Gone {
			team.Members = append(team.Members, fake.Member{UserID: id, Since: team.CreatedAt})
		}
		d.Teams = append(d.Teams, team)
	}
	return d
}

func rocketChatUser(p *Person, a *Account) fake.User {
	offset := p.UTCOffset
	u := fake.User{
		ID: a.ID, Username: a.Username, Name: a.Name, Type: a.Type, Deactivated: !a.Active, UTCOffset: &offset, CreatedAt: a.CreatedAt,
		Roles: append([]string{"user"}, a.Roles...),
	}
	if a.Level == connectors.AccessAdmin {
		u.Roles = append(u.Roles, "admin")
	}
	if a.Email != "" {
		email := fake.Email{Address: a.Email}
		if a.Check != Unsaid {
			verified := a.Check == Verified
			email.Verified = &verified
		}
		u.Emails = []fake.Email{email}
	}
	if a.Picture {
		u.AvatarETag = "e" + a.ID
	}
	if p.N%9 != 0 && a.Username != "" { // some have never come
		u.LastLogin = today.Add(-time.Duration(p.N%600) * time.Hour)
	}
	u.CustomFields = customFieldsOf(p)
	return u
}
