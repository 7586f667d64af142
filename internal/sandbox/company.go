package sandbox

import (
	"errors"
	"fmt"
	"strconv"
	"time"

	"roster/connectors"
)

// The sizes that can be made. Below the least there is no room for the cast.
const (
	MinPeople = 25
	MaxPeople = 1_000_000
)

const (
	companyName = "Corvid & Lark"
	domain      = "corvidlark.test"
	domainOther = "corvidlark.example" // of what was bought later
)

// today is when the story stands still: nothing in the company happened after it.
var today = time.Date(2026, time.June, 1, 8, 0, 0, 0, time.UTC)

// Company is who there is, and what each system knows of them.
type Company struct {
	Name     string
	Domain   string
	Seed     uint64
	People   []Person
	Programs []Account // bots and apps, in Rocket.Chat only
	// Neighbours are users of the other account in the same Altcraft installation.
	Neighbours []Account
	Teams      []Team
	Roles      []Role
	Folders    []Folder
	Contacts   []Contact
}

// Person works for the company, or is let into its systems as a guest.
type Person struct {
	N                     int // from 1
	Name                  string
	Given, Family         string
	GivenLatin, FamLatin  string
	Lang                  string // BCP 47
	Title, Department     string
	Team                  string
	Email                 string
	Mobile, Office        string // as people write them
	Address               string
	Hired                 time.Time
	UTCOffset             float64
	Accounts              []Account
	origin                *origin
	leftAll, guest, plain bool
}

// In gives the person's first account in that system, or nil.
func (p *Person) In(system connectors.KindName) *Account {
	for i := range p.Accounts {
		if p.Accounts[i].System == system {
			return &p.Accounts[i]
		}
	}
	return nil
}

// Systems counts the systems that have an account of the person's.
func (p *Person) Systems() int {
	n := 0
	for _, k := range Kinds {
		if p.In(k) != nil {
			n++
		}
	}
	return n
}

// Check is what Rocket.Chat knows of an address.
type Check uint8

// The checks.
const (
	Verified Check = iota
	Unverified
	Unsaid // the key is missing
)

// Account is one system's record of a person or program, as that system has it: names may be missing, and addresses wrong.
type Account struct {
	System              connectors.KindName
	ID                  string // in Altcraft, the user name
	Username            string // in Rocket.Chat
	Name                string
	FirstName, LastName string
	Email               string // empty for none; Worksection then makes one up
	Check               Check
	NotifyEmail         string // in Altcraft
	Active              bool
	Level               connectors.AccessLevel
	Roles               []string // IDs of roles of the company's own making; in Worksection, a word that is new
	Teams               []string // by name
	Type                string   // in Rocket.Chat, unless user
	Free                bool     // in Kommo
	Rank                string   // in Kommo
	Lang                string   // in Kommo and Altcraft
	Phone               string
	Picture             bool
	CreatedAt           time.Time
}

// Team is a group of accounts. Those that are only mentioned by name are not here.
type Team struct {
	System  connectors.KindName
	ID      string
	Name    string
	Client  bool
	Private bool
	// Gone are members who have no account any more.
	Gone []string
}

// Role is a set of rights that the company made.
type Role struct {
	System connectors.KindName
	ID     string
	Name   string
}

// Folder holds contacts in Worksection. Those that are only mentioned by name are not here.
type Folder struct {
	ID     string
	Name   string
	Preset bool
}

// Contact is somebody outside.
type Contact struct {
	System              connectors.KindName
	ID                  string
	Name                string
	FirstName, LastName string
	Title               string
	Emails              []string
	Phones              []string
	Address             string
	Folder              string // by name, in Worksection
	Tags                []string
	OwnerID             string // of an account, in Kommo; it need not exist any more
	Deleted             bool   // still served for a while
	Unsorted            bool
	CreatedAt           time.Time
	UpdatedAt           time.Time
}

// NewCompany invents a company of so many people.
func NewCompany(seed uint64, people int) (*Company, error) {
	if people < MinPeople || people > MaxPeople {
		return nil, fmt.Errorf("people must be from %d to %d", MinPeople, MaxPeople)
	}
	b := &builder{
		Company: &Company{Name: companyName, Domain: domain, Seed: seed, People: make([]Person, 0, people)},
		taken:   make(map[string]int, people),
	}
	b.structure()
	b.cast()
	if len(b.People) != MinPeople {
		return nil, errors.New("the cast has changed its size")
	}
	for len(b.People) < people {
		b.extra()
	}
	b.programs(people)
	b.neighbours()
	b.contacts(people + people/2)
	return b.Company, nil
}

// builder makes a company, person after person.
type builder struct {
	*Company
	taken map[string]int // how often an address has been wanted
	dice  dice           // of the person, contact or program being made
}

// address gives a free address in the company: people of the same name are told apart by a number.
func (b *builder) address(local, at string) string {
	key := local + "@" + at
	b.taken[key]++
	if n := b.taken[key]; n > 1 {
		return local + strconv.Itoa(n) + "@" + at
	}
	return key
}

// begin takes up the next person.
func (b *builder) begin() *Person {
	n := len(b.People) + 1
	b.dice = newDice(b.Seed, streamPeople, uint64(n))
	b.People = append(b.People, Person{N: n})
	return &b.People[n-1]
}
