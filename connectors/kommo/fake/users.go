package fake

import "net/http"

type wireRights struct {
	Leads         map[string]string `json:"leads"`
	Contacts      map[string]string `json:"contacts"`
	Companies     map[string]string `json:"companies"`
	Tasks         map[string]string `json:"tasks"`
	MailAccess    bool              `json:"mail_access"`
	CatalogAccess bool              `json:"catalog_access"`
	CatalogRights any               `json:"catalog_rights,omitempty"`
	StatusRights  any               `json:"status_rights,omitempty"`
}

// wireUserRights are a user's: a role's lack these keys.
type wireUserRights struct {
	wireRights
	IsAdmin  bool   `json:"is_admin"`
	IsFree   bool   `json:"is_free"`
	IsActive bool   `json:"is_active"`
	GroupID  *int64 `json:"group_id"`
	RoleID   *int64 `json:"role_id"`
}

type wireStage struct {
	EntityType string            `json:"entity_type"`
	PipelineID int64             `json:"pipeline_id"`
	StatusID   int64             `json:"status_id"`
	Rights     map[string]string `json:"rights"`
}

type wireGroup struct {
	ID   int64   `json:"id"`
	Name string  `json:"name"`
	UUID *string `json:"uuid"`
}

type wireRoleRef struct {
	ID    int64  `json:"id"`
	Name  string `json:"name"`
	Links *links `json:"_links"`
}

type wireUser struct {
	ID          int64          `json:"id"`
	Name        string         `json:"name,omitempty"`
	Email       string         `json:"email"`
	Lang        string         `json:"lang"`
	Rights      wireUserRights `json:"rights"`
	UUID        any            `json:"uuid,omitempty"`
	AmojoID     any            `json:"amojo_id,omitempty"`
	UserRank    any            `json:"user_rank,omitempty"`
	PhoneNumber any            `json:"phone_number,omitempty"`
	Links       *links         `json:"_links"`
	Embedded    map[string]any `json:"_embedded,omitempty"`
}

// user shows a user with the keys that the request asks for.
func (c *call) user(u User) any {
	w := wireUser{
		ID: u.ID, Name: u.Name, Email: u.Email, Lang: u.Lang,
		Rights: wireUserRights{
			wireRights: c.rights(c.rightsOf(u)),
			IsAdmin:    u.IsAdmin, IsFree: u.IsFree, IsActive: u.IsActive,
			GroupID: nullable(u.GroupID), RoleID: nullable(u.RoleID),
		},
		UUID:        c.toggled("uuid", u.UUID),
		AmojoID:     c.toggled("amojo_id", u.AmojoID),
		UserRank:    c.toggled("user_rank", u.Rank),
		PhoneNumber: c.toggled("phone_number", u.Phone),
		Links:       c.selfLink("users", u.ID),
		Embedded:    map[string]any{},
	}
	if c.options.MissingNames {
		w.Name = ""
	}
	if u.IsAdmin && c.options.MalformedCatalogRights {
		w.Rights.CatalogRights = []map[string]string{{"catalog_id": "add", "rights": "A"}, {"catalog_id": "view", "rights": "A"}}
	}
	if c.with("role") {
		roles := []wireRoleRef{}
		if i, ok := c.index.roles[key(u.RoleID)]; ok {
			roles = append(roles, wireRoleRef{u.RoleID, c.index.data.Roles[i].Name, c.selfLink("roles", u.RoleID)})
		}
		w.Embedded["roles"] = roles
	}
	if c.with("group") {
		groups := []wireGroup{}
		if g, ok := c.index.groups[u.GroupID]; ok {
			groups = append(groups, wireGroup{ID: g.ID, Name: g.Name})
		}
		w.Embedded["groups"] = groups
	}
	return w
}

// toggled gives nil for a key that was not asked for, which leaves it out, and a null for one that is empty.
func (c *call) toggled(word, value string) any {
	switch {
	case !c.with(word):
		return nil
	case value == "":
		return (*string)(nil)
	}
	return value
}

func nullable(id int64) *int64 {
	if id == 0 {
		return nil
	}
	return &id
}

// rightsOf gives a user's own rights, or what follows from the rest.
func (c *call) rightsOf(u User) Rights {
	switch i, ok := c.index.roles[key(u.RoleID)]; {
	case u.Rights != nil:
		return *u.Rights
	case u.IsAdmin:
		return uniform("A")
	case ok:
		return c.index.data.Roles[i].Rights
	}
	return uniform("D")
}

func uniform(letter string) Rights {
	entity := map[string]string{"view": letter, "edit": letter, "add": letter, "delete": letter, "export": letter}
	return Rights{
		Leads: entity, Contacts: entity, Companies: entity, Tasks: map[string]string{"edit": letter, "delete": letter},
		MailAccess: letter == "A", CatalogAccess: letter == "A",
	}
}

func (c *call) rights(r Rights) wireRights {
	stages := make([]wireStage, 0, len(r.Stages))
	for _, s := range r.Stages {
		if c.options.SingularEntity && s.EntityType == "leads" {
			s.EntityType = "lead"
		}
		stages = append(stages, wireStage(s))
	}
	w := wireRights{
		Leads: r.Leads, Contacts: r.Contacts, Companies: r.Companies, Tasks: r.Tasks,
		MailAccess: r.MailAccess, CatalogAccess: r.CatalogAccess, StatusRights: stages,
	}
	switch {
	case c.options.NoStatusRights:
		w.StatusRights = nil
	case c.options.NullStatusRights:
		w.StatusRights = (*wireStage)(nil)
	}
	return w
}

type wireRole struct {
	ID       int64          `json:"id"`
	Name     string         `json:"name"`
	Rights   wireRights     `json:"rights"`
	Links    *links         `json:"_links"`
	Embedded map[string]any `json:"_embedded,omitempty"`
}

// role shows a role. Its users are plain IDs, unlike the roles in a user.
func (c *call) role(r Role) any {
	w := wireRole{ID: r.ID, Name: r.Name, Rights: c.rights(r.Rights), Links: c.selfLink("roles", r.ID)}
	if c.with("users") {
		w.Embedded = map[string]any{"users": append([]int64{}, c.index.holders[r.ID]...)}
	}
	return w
}

type wireAccount struct {
	ID            int64          `json:"id"`
	Name          string         `json:"name"`
	Subdomain     string         `json:"subdomain"`
	CurrentUserID int64          `json:"current_user_id"`
	Country       string         `json:"country"`
	Links         *links         `json:"_links"`
	Embedded      map[string]any `json:"_embedded,omitempty"`
}

// account shows the account; any user may see it, and the names of the groups in it.
func (c *call) account(token Token) {
	a := c.index.data.Account
	w := wireAccount{
		ID: a.ID, Name: a.Name, Subdomain: a.Subdomain, Country: a.Country, CurrentUserID: token.UserID,
		Links: &links{Self: link{c.href("", "/api/v4/account")}}, Embedded: map[string]any{},
	}
	if c.with("users_groups") {
		groups := make([]wireGroup, 0, len(c.index.data.Groups))
		for _, g := range c.index.data.Groups {
			groups = append(groups, wireGroup{ID: g.ID, Name: g.Name})
		}
		w.Embedded["users_groups"] = groups
	}
	if c.with("datetime_settings") {
		w.Embedded["datetime_settings"] = map[string]string{"timezone": a.TimeZone}
	}
	c.json(http.StatusOK, hal, w)
}
