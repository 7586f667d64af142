package sandbox

import (
	"strconv"
	"strings"
	"time"

	"roster/connectors"
)

// The IDs that the systems give. A person's are made from their number, so that they do not depend on anybody else.
const (
	firstWorksection = 3000
	firstKommo       = 9_100_000
)

// names gives the person's name as this account has it: in their own letters, or without them.
func (p *Person) names(plain bool) (full, first, last string) {
	if plain {
		return p.GivenLatin + " " + p.FamLatin, p.GivenLatin, p.FamLatin
	}
	return p.Name, p.Given, p.Family
}

func (p *Person) add(a Account) *Account {
	a.Active = true
	if a.CreatedAt.IsZero() {
		a.CreatedAt = p.Hired
	}
	p.Accounts = append(p.Accounts, a)
	return &p.Accounts[len(p.Accounts)-1]
}

func (b *builder) worksection(p *Person) *Account {
	d := b.dice
	a := Account{System: Worksection, ID: strconv.Itoa(firstWorksection + p.N), Email: p.Email, Phone: p.Mobile, Picture: d.in(450)}
	a.Name, a.FirstName, a.LastName = p.names(false)
	a.Level = [...]connectors.AccessLevel{
		connectors.AccessMember, connectors.AccessReader, connectors.AccessManager, connectors.AccessAdmin,
	}[d.weighted(870, 50, 70, 10)]
	if p.Team != "" {
		a.Teams = []string{p.Team}
	}
	if d.in(10) {
		a.Teams = []string{teamUnlisted}
	}
	return p.add(a)
}

func (b *builder) kommo(p *Person) *Account {
	d := b.dice
	a := Account{System: Kommo, ID: strconv.Itoa(firstKommo + 3*p.N), Email: p.Email, Level: connectors.AccessMember,
		Rank: [...]string{"newbie", "candidate", "master", ""}[d.weighted(30, 30, 30, 10)], Lang: "en",
		CreatedAt: p.Hired.Add(48 * time.Hour)}
	a.Name, _, _ = p.names(p.plain)
	if p.Lang == "es" || p.Lang == "pt" {
		a.Lang = p.Lang
	}
	if d.in(500) {
		a.Phone = p.Mobile
	}
	a.Teams = []string{kommoGroups[d.weighted(40, 20, 20, 10, 10)]}
	switch {
	case d.in(25):
		a.Level = connectors.AccessAdmin
	case d.in(60):
		a.Free, a.Level = true, connectors.AccessGuest
	case d.in(900):
		a.Roles = []string{pick(d, kommoRoles).ID}
	}
	if d.in(20) {
		a.Name = ""
	}
	return p.add(a)
}

func (b *builder) altcraft(p *Person) *Account {
	d := b.dice
	local, _, _ := strings.Cut(p.Email, "@")
	if local == "" {
		local = strconv.Itoa(p.N)
	}
	a := Account{System: Altcraft, ID: local, Email: p.Email, NotifyEmail: p.Email, Level: connectors.AccessMember,
		Lang: [...]string{"EN", "RU"}[d.weighted(85, 15)]}
	if _, at, _ := strings.Cut(p.Email, "@"); at == domainOther {
		a.ID += ".other" // the local parts of both domains share one list of user names
	}
	_, a.FirstName, a.LastName = p.names(p.plain)
	if d.in(400) {
		a.Phone = p.Mobile
	}
	if d.in(300) {
		a.NotifyEmail = "alerts@" + domain
	}
	if d.in(50) {
		a.Level = connectors.AccessAdmin
	}
	return p.add(a)
}

func (b *builder) chat(p *Person) *Account {
	d := b.dice
	local, _, _ := strings.Cut(p.Email, "@")
	if local == "" {
		local = localPart(p.GivenLatin, p.FamLatin) + strconv.Itoa(p.N)
	}
	a := Account{System: RocketChat, ID: d.text(17, chatLetters), Username: local, Email: p.Email, Level: connectors.AccessMember,
		Check: [...]Check{Verified, Unverified, Unsaid}[d.weighted(91, 6, 3)], Picture: d.in(500), CreatedAt: p.Hired.Add(90 * time.Minute)}
	if _, at, _ := strings.Cut(p.Email, "@"); at == domainOther {
		a.Username += ".other"
	}
	a.Name, _, _ = p.names(false)
	if p.Department != "" {
		a.Teams = []string{slug(p.Department)}
	}
	switch p.Department {
	case "Engineering":
		if d.in(150) {
			a.Teams = append(a.Teams, "on-call")
		}
		if d.in(60) {
			a.Roles = append(a.Roles, chatRoles[0].ID)
		}
	case "Support":
		a.Roles = append(a.Roles, "livechat-agent")
	}
	switch {
	case d.in(12):
		a.Level = connectors.AccessAdmin
	case d.in(15):
		a.Name = ""
	case d.in(5):
		a.Username = ""
	}
	return p.add(a)
}
