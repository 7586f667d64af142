package sandbox

import (
	"fmt"
	"slices"
	"strconv"

	"roster/connectors"
	"roster/connectors/kommo/fake"
)

// kommoData is the company as Kommo has it.
func kommoData(c *Company) fake.Data {
	admin := number(c.People[CastEverywhere-1].In(Kommo).ID)
	d := fake.Data{
		Account: fake.Account{ID: 30_710_044, Name: c.Name, Subdomain: "corvidlark", Country: "GB", TimeZone: zoneName},
		Tokens:  []fake.Token{{Value: kommoToken, UserID: admin, Admin: true}},
	}
	groups := make(map[string]int64)
	for _, t := range c.Teams {
		if t.System == Kommo {
			groups[t.Name] = number(t.ID)
			d.Groups = append(d.Groups, fake.Group{ID: number(t.ID), Name: t.Name})
		}
	}
	for i, r := range c.Roles {
		if r.System == Kommo {
			d.Roles = append(d.Roles, fake.Role{ID: number(r.ID), Name: r.Name, Rights: kommoRights(i)})
		}
	}
	groupOf := make(map[int64]int64)
	for i := range c.People {
		p := &c.People[i]
		for j := range p.Accounts {
			if a := &p.Accounts[j]; a.System == Kommo {
				u := kommoUser(p, a, groups)
				groupOf[u.ID] = u.GroupID
				d.Users = append(d.Users, u)
			}
		}
	}
	for i := range c.Contacts {
		if k := &c.Contacts[i]; k.System == Kommo {
			d.Contacts = append(d.Contacts, kommoContact(k, groupOf))
		}
	}
	return d
}

// kommoRights gives the ith role more than the next one, and differs in one stage.
func kommoRights(i int) fake.Rights {
	letters := []string{"A", "G", "M"}
	own := letters[i%len(letters)]
	entity := map[string]string{"view": "A", "edit": own, "add": "A", "delete": "D", "export": "D"}
	return fake.Rights{
		Leads: entity, Contacts: entity, Companies: entity, Tasks: map[string]string{"edit": "A", "delete": own},
		CatalogAccess: i == 0,
		Stages: []fake.Stage{{EntityType: "leads", PipelineID: 3_170_210, StatusID: 142,
			Rights: map[string]string{"view": "A", "edit": "D", "delete": "D", "export": "D"}}},
	}
}

func kommoUser(p *Person, a *Account, groups map[string]int64) fake.User {
	u := fake.User{
		ID: number(a.ID), Name: a.Name, Email: a.Email, Lang: a.Lang,
		IsAdmin: a.Level == connectors.AccessAdmin, IsFree: a.Free, IsActive: a.Active,
		GroupID: groups[a.Teams[0]], Rank: a.Rank, Phone: a.Phone,
		UUID: fmt.Sprintf("5d0c8a1e-77b2-4c31-9e40-%012x", p.N),
	}
	if len(a.Roles) > 0 {
		u.RoleID = number(a.Roles[0])
	}
	if p.N%4 != 0 { // who never opened the chat has no ID there
		u.AmojoID = fmt.Sprintf("b2f4d6c8-1a3c-4e5f-8a9b-%012x", p.N)
	}
	return u
}

func kommoContact(k *Contact, groupOf map[int64]int64) fake.Contact {
	out := fake.Contact{
		ID: number(k.ID), Name: k.Name, FirstName: k.FirstName, LastName: k.LastName,
		CreatedAt: k.CreatedAt.Unix(), UpdatedAt: k.UpdatedAt.Unix(), IsDeleted: k.Deleted, IsUnsorted: k.Unsorted,
	}
	if k.OwnerID != "" {
		out.ResponsibleUserID = number(k.OwnerID)
		out.GroupID, out.CreatedBy = groupOf[out.ResponsibleUserID], out.ResponsibleUserID
	}
	for i, e := range k.Emails {
		out.Emails = append(out.Emails, fake.Value{Value: e, Enum: []string{"WORK", "OTHER"}[min(i, 1)]})
	}
	for i, p := range k.Phones {
		out.Phones = append(out.Phones, fake.Value{Value: p, Enum: []string{"MOB", "WORK"}[min(i, 1)]})
	}
	if k.Title != "" {
		out.Fields = []fake.Field{{ID: 90_455, Name: "Position", Code: "POSITION", Type: "text", Values: []any{k.Title}}}
	}
	for _, t := range k.Tags {
		out.Tags = append(out.Tags, fake.Tag{ID: int64(700 + slices.Index(contactTags, t)), Name: t})
	}
	return out
}

// number takes an ID of digits, which is what this package makes for Kommo.
func number(id string) int64 {
	n, err := strconv.ParseInt(id, 10, 64)
	if err != nil {
		panic("sandbox: not a number: " + id)
	}
	return n
}
