package sandbox

import (
	"slices"
	"strconv"
	"time"
)

// The contacts' IDs, far from those of people.
const (
	firstWorksectionContact = 500_000
	firstKommoContact       = 52_000_000
	ownerGone               = "9099999" // a Kommo user who was deleted
)

var (
	clients      = []string{"halvorsen-shipping.example", "pine-and-pumice.example", "oddfellow-mills.example", "brackwater.example", "tern-and-daughters.test"}
	contactTitle = []string{"Buyer", "Head of purchasing", "Site manager", "Editor", "Owner", ""}
	contactTags  = []string{"vip", "renewal", "newsletter", "trade fair", "prospect", "überfällig"}
)

// contacts adds those hard cases that have to be there, and then whoever chance brings.
func (b *builder) contacts(count int) {
	b.castContacts()
	for i := len(b.Contacts); i < count; i++ {
		b.dice = newDice(b.Seed, streamContacts, uint64(i))
		if b.dice.in(350) {
			b.Contacts = append(b.Contacts, b.worksectionContact(i))
		} else {
			b.Contacts = append(b.Contacts, b.kommoContact(i))
		}
	}
}

// castContacts are the same in every company.
func (b *builder) castContacts() {
	begin := func() int {
		i := len(b.Contacts)
		b.dice = newDice(b.Seed, streamContacts, uint64(i))
		return i
	}
	kommo := func(change func(*Contact)) {
		c := b.kommoContact(begin())
		c.OwnerID, c.Deleted, c.Unsorted = "", false, false
		change(&c)
		b.Contacts = append(b.Contacts, c)
	}
	worksection := func(change func(*Contact)) {
		c := b.worksectionContact(begin())
		c.Folder = "Clients"
		change(&c)
		b.Contacts = append(b.Contacts, c)
	}
	owner := b.People[CastThree-1].In(Kommo).ID
	kommo(func(c *Contact) { c.OwnerID, c.Tags = owner, []string{"vip", "renewal"} })
	// Nobody looks after this one, nor after the next, whose owner was deleted.
	kommo(func(c *Contact) { c.Tags = nil })
	kommo(func(c *Contact) { c.OwnerID = ownerGone })
	// This one also works here.
	kommo(func(c *Contact) { c.like(&b.People[CastEverywhere-1]) })
	// A call that nobody put a name to, a name without anything, and one that was deleted but is still served for a while.
	kommo(func(c *Contact) { c.FirstName, c.LastName, c.Name = "", "", c.Phones[0] })
	kommo(func(c *Contact) { c.Emails, c.Phones, c.Unsorted = nil, nil, true })
	kommo(func(c *Contact) { c.Deleted = true })
	// A folder that no list has, no address, a folder of the source's own, a colleague, and a name that is not in two parts.
	worksection(func(c *Contact) { c.Folder = folderUnlisted })
	worksection(func(c *Contact) { c.Emails = nil })
	worksection(func(c *Contact) { c.Folder = "DEFAULT" })
	worksection(func(c *Contact) { c.like(&b.People[CastThree-1]) })
	worksection(func(c *Contact) { c.FirstName, c.LastName, c.Name = "", "", "Hafenamt Größe & Söhne" })
}

// like makes the contact somebody who works here: an address book holds colleagues too.
func (c *Contact) like(p *Person) {
	c.Name, c.FirstName, c.LastName, c.Emails = p.Name, p.Given, p.Family, []string{p.Email}
}

// contact is what contacts of both systems have in common.
func (b *builder) contact() Contact {
	d := b.dice
	weights := make([]int, len(origins))
	for i, o := range origins {
		weights[i] = o.weight
	}
	o := origins[d.weighted(weights...)]
	given, family := pick(d, o.given), pick(d, o.family)
	c := Contact{Name: o.full(given.native, family.native), FirstName: given.native, LastName: family.native, Title: pick(d, contactTitle)}
	c.Emails = []string{localPart(given.latin, family.latin) + strconv.Itoa(d.n(900)+100) + "@" + pick(d, clients)}
	if d.in(20) {
		if p := &b.People[d.n(len(b.People))]; p.Email != "" {
			c.like(p)
		}
	}
	c.Phones = []string{mobile(d)}
	if d.in(300) {
		c.Phones = append(c.Phones, office(d))
	}
	c.CreatedAt = today.Add(-time.Duration(1+d.n(5*365*24)) * time.Hour)
	c.UpdatedAt = c.CreatedAt.Add(time.Duration(d.n(int(today.Sub(c.CreatedAt)/time.Minute))) * time.Minute)
	return c
}

func (b *builder) worksectionContact(i int) Contact {
	c := b.contact()
	d := b.dice
	c.System, c.ID = Worksection, strconv.Itoa(firstWorksectionContact+i)
	c.Folder = b.Folders[d.n(len(b.Folders))].Name
	if d.in(30) {
		c.Folder = folderUnlisted
	}
	if d.in(80) {
		c.Emails = nil
	}
	c.Address = pick(d, streets) + ", " + pick(d, towns)
	return c
}

func (b *builder) kommoContact(i int) Contact {
	c := b.contact()
	d := b.dice
	c.System, c.ID = Kommo, strconv.Itoa(firstKommoContact+i)
	for range d.n(3) {
		if tag := pick(d, contactTags); !slices.Contains(c.Tags, tag) {
			c.Tags = append(c.Tags, tag)
		}
	}
	if d.in(50) {
		c.Emails = append(c.Emails, "office@"+pick(d, clients))
	}
	switch roll := d.n(100); {
	case roll < 80:
		for range 40 { // most people are not in Kommo; somebody is
			if a := b.People[d.n(len(b.People))].In(Kommo); a != nil {
				c.OwnerID = a.ID
				break
			}
		}
	case roll < 85:
		c.OwnerID = ownerGone
	}
	c.Deleted, c.Unsorted = d.in(3), d.in(40)
	return c
}
