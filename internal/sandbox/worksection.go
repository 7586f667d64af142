package sandbox

import (
	"strings"

	"roster/connectors"
	"roster/connectors/worksection/fake"
)

var worksectionRoles = map[connectors.AccessLevel]string{
	connectors.AccessOwner: "owner", connectors.AccessAdmin: "account admin", connectors.AccessMember: "user",
	connectors.AccessGuest: "guest", connectors.AccessReader: "reader",
}

// worksectionData is the company as Worksection has it. Base is where its pages are.
func worksectionData(c *Company, base string) fake.Data {
	d := fake.Data{APIKey: worksectionKey}
	for i := range c.People {
		p := &c.People[i]
		for j := range p.Accounts {
			if a := &p.Accounts[j]; a.System == Worksection {
				d.Users = append(d.Users, worksectionUser(p, a, base))
			}
		}
	}
	for _, t := range c.Teams {
		if t.System == Worksection {
			d.Groups = append(d.Groups, fake.Group{ID: t.ID, Title: t.Name, Client: t.Client})
		}
	}
	for _, f := range c.Folders {
		d.ContactGroups = append(d.ContactGroups, fake.ContactGroup{ID: f.ID, Title: f.Name, Preset: f.Preset})
	}
	for i := range c.Contacts {
		if k := &c.Contacts[i]; k.System == Worksection {
			d.Contacts = append(d.Contacts, worksectionContact(k, base))
		}
	}
	return d
}

func worksectionUser(p *Person, a *Account, base string) fake.User {
	u := fake.User{
		Person: fake.Person{
			ID: a.ID, FirstName: a.FirstName, LastName: a.LastName, Name: a.Name, Title: p.Title, URL: base + "/user/" + a.ID + "/",
			Group: strings.Join(a.Teams, ""), Email: a.Email, DateAdded: a.CreatedAt.In(zone).Format("2006-01-02 15:04"),
		},
		Department: p.Department,
		Role:       worksectionRole(p, a),
	}
	if a.Picture {
		u.Avatar = base + "/images/user/" + a.ID + ".jpg"
	}
	if p.guest {
		return u
	}
	u.Phone, u.Address = p.Mobile, p.Address
	// Not everybody fills in everything.
	if p.N%2 == 0 {
		u.Phone2 = p.Office
	}
	if p.N%3 == 0 {
		rate := float64(25 + p.N*7%90)
		u.Rate = &rate
	}
	if p.N%4 == 1 {
		u.Chats = map[string]string{"WhatsApp": p.Mobile}
	}
	if p.N%5 == 1 {
		u.Socials = map[string]string{"LinkedIn": strings.ToLower(p.GivenLatin + "-" + p.FamLatin)}
	}
	if p.N%11 == 1 {
		u.Contacts = "Desk " + a.ID[len(a.ID)-2:]
	}
	return u
}

func worksectionRole(p *Person, a *Account) string {
	switch {
	case len(a.Roles) > 0:
		return a.Roles[0]
	case a.Level == connectors.AccessManager && p.N%2 == 0:
		return "team admin"
	case a.Level == connectors.AccessManager:
		return "department admin"
	}
	return worksectionRoles[a.Level]
}

func worksectionContact(k *Contact, base string) fake.Contact {
	p := fake.Person{
		ID: k.ID, FirstName: k.FirstName, LastName: k.LastName, Name: k.Name, Title: k.Title, URL: base + "/contact/" + k.ID + "/",
		Group: k.Folder, Address: k.Address, DateAdded: k.CreatedAt.In(zone).Format("2006-01-02 15:04"),
	}
	if len(k.Emails) > 0 {
		p.Email = k.Emails[0]
	}
	for i, to := range []*string{&p.Phone, &p.Phone2} {
		if i < len(k.Phones) {
			*to = k.Phones[i]
		}
	}
	return fake.Contact{Person: p}
}
