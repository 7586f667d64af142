package sandbox

import (
	"fmt"
	"time"

	"roster/connectors"
)

// extra adds somebody whom only chance has made.
func (b *builder) extra() {
	p := b.begin()
	d := b.dice
	b.birth(p)
	switch {
	case d.in(30):
		b.guest(p)
		return
	case d.in(7):
		b.impostor(p)
		return
	}
	dep := b.department(p)
	if d.in(30) { // left
		p.leftAll = true
	}
	p.Email = b.address(localPart(p.GivenLatin, p.FamLatin), [...]string{domain, domainOther}[d.weighted(88, 12)])
	inWorksection, inKommo, inAltcraft, inChat := d.in(780), d.in(dep.kommo), d.in(dep.altcraft), d.in(880)
	if p.leftAll {
		inWorksection = false // Worksection lists nobody who has left
	}
	if !inWorksection && !inKommo && !inAltcraft {
		inChat = true
	}
	p.plain = d.in(450) // their colleagues write the name without their letters
	if inWorksection {
		b.worksection(p)
	}
	if inKommo {
		b.kommo(p)
	}
	if inAltcraft {
		b.altcraft(p)
	}
	if inChat {
		b.chat(p)
	}
	b.forget(p)
}

// birth gives a name. Now and then it is that of somebody who is here already.
func (b *builder) birth(p *Person) {
	d := b.dice
	weights := make([]int, len(origins))
	for i, o := range origins {
		weights[i] = o.weight
	}
	o := origins[d.weighted(weights...)]
	given, family := pick(d, o.given), pick(d, o.family)
	if namesake := &b.People[d.n(len(b.People))]; d.in(20) && namesake.N != p.N && namesake.origin != nil {
		o = namesake.origin
		given, family = name{namesake.Given, namesake.GivenLatin}, name{namesake.Family, namesake.FamLatin}
	}
	b.christen(p, o, given, family)
}

func (b *builder) christen(p *Person, o *origin, given, family name) {
	p.origin, p.Lang = o, o.lang
	p.Given, p.GivenLatin, p.Family, p.FamLatin = given.native, given.latin, family.native, family.latin
	p.Name = o.full(given.native, family.native)
	p.UTCOffset = pick(b.dice, o.utcOffsets)
	p.Mobile, p.Office = mobile(b.dice), office(b.dice)
	p.Hired = today.AddDate(0, 0, -1-b.dice.n(14*365)).Truncate(24 * time.Hour).Add(time.Duration(7*60+b.dice.n(600)) * time.Minute)
	p.Address = pick(b.dice, streets) + ", " + pick(b.dice, towns)
}

func (b *builder) department(p *Person) *department {
	weights := make([]int, len(departments))
	for i := range departments {
		weights[i] = departments[i].weight
	}
	dep := &departments[b.dice.weighted(weights...)]
	p.Department, p.Title, p.Team = dep.name, pick(b.dice, dep.titles), pick(b.dice, dep.teams)
	return dep
}

// guest is somebody of a client's, let into Worksection, often without an address of their own.
func (b *builder) guest(p *Person) {
	p.guest, p.Department, p.Title, p.Team = true, "", "", pick(b.dice, clientTeams)
	a := b.worksection(p)
	a.Level, a.Email = connectors.AccessGuest, ""
	if b.dice.in(600) {
		p.Email = b.address(localPart(p.GivenLatin, p.FamLatin), slug(p.Team)+".example")
		a.Email = p.Email
	}
}

// impostor is somebody who signed up to the chat with a colleague's address and never confirmed it.
func (b *builder) impostor(p *Person) {
	owner := &b.People[b.dice.n(p.N-1)]
	a := b.chat(p)
	a.Email, a.Check, a.Level = owner.Email, Unverified, connectors.AccessMember
	if owner.Email == "" {
		a.Email = "info@" + domain
	}
}

// forget leaves somebody in some systems and not in others, as happens when they move on.
func (b *builder) forget(p *Person) {
	if p.leftAll {
		for i := range p.Accounts {
			p.Accounts[i].Active = false
		}
		return
	}
	if len(p.Accounts) < 2 || !b.dice.in(70) {
		return
	}
	for i := len(p.Accounts) - 1; i >= 0; i-- {
		if a := &p.Accounts[i]; a.System != Worksection && a.Level < connectors.AccessAdmin {
			a.Active = false
			return
		}
	}
}

// mobile and office give numbers from the ranges that regulators keep free for fiction, so that they are nobody's.
func mobile(d dice) string {
	switch d.weighted(30, 30, 20, 15, 5) {
	case 0:
		return fmt.Sprintf("+44 113 496 0%03d", d.n(1000))
	case 1:
		return fmt.Sprintf("+33 1 99 00 %02d %02d", d.n(100), d.n(100))
	case 2:
		return fmt.Sprintf("+49171392%04d", d.n(100))
	case 3:
		return fmt.Sprintf("(202) 555-01%02d", d.n(100)) // without its country code: nobody can tell that it is one of America's
	default:
		return fmt.Sprintf("0113 496 0%03d", d.n(1000))
	}
}

func office(d dice) string { return fmt.Sprintf("020 7946 0%03d", d.n(1000)) }

var (
	streets = []string{"1 Tannery Row", "14 Kiln Lane", "203 Harbour Road", "7 Foundry Yard", "Mühlgasse 9", "12 rue des Moulins"}
	towns   = []string{"Leeds", "Bristol", "Dundee", "Swansea", "Graz", "Nantes"}
)
