package sandbox

import (
	"roster/connectors"
	"roster/connectors/altcraft/fake"
)

// The accounts of the Altcraft installation. The other one belongs to somebody else, and has a user of the same name.
const (
	AltcraftAccountID      = 12
	AltcraftOtherAccountID = 15
)

// altcraftData is the company as Altcraft has it.
func altcraftData(c *Company) fake.Data {
	own := fake.Account{ID: AltcraftAccountID, Name: "corvidlark", TimeZone: zoneName}
	for i := range c.People {
		p := &c.People[i]
		for j := range p.Accounts {
			if a := &p.Accounts[j]; a.System == Altcraft {
				own.Users = append(own.Users, altcraftUser(a))
			}
		}
	}
	other := fake.Account{ID: AltcraftOtherAccountID, Name: "gullandgannet", TimeZone: zoneName}
	for i := range c.Neighbours {
		other.Users = append(other.Users, altcraftUser(&c.Neighbours[i]))
	}
	return fake.Data{Tokens: []string{altcraftToken}, Accounts: []fake.Account{own, other}}
}

func altcraftUser(a *Account) fake.User {
	return fake.User{
		Username: a.ID, FirstName: a.FirstName, LastName: a.LastName, Email: a.Email, NotifyEmail: a.NotifyEmail, Phone: a.Phone, Lang: a.Lang,
		Active: a.Active, Master: a.Level == connectors.AccessAdmin,
	}
}
