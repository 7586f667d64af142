package sandbox

import (
	"strconv"
	"strings"
)

// department is a part of the company.
type department struct {
	name   string
	weight int
	titles []string
	teams  []string // in Worksection
	// kommo and altcraft are how likely its people are in those systems, in a thousand.
	kommo, altcraft int
}

var departments = []department{
	{"Engineering", 30, []string{"Software engineer", "Senior software engineer", "Site reliability engineer", "Engineering manager", "Data engineer"},
		[]string{"Platform", "Field devices", "Mobile", "Data", "Reliability"}, 40, 30},
	{"Design", 8, []string{"Product designer", "Illustrator", "Design lead", "Researcher"}, []string{"Product design", "Brand"}, 60, 150},
	{"Sales", 18, []string{"Account executive", "Sales lead", "Sales engineer", "Inside sales"}, []string{"Direct sales", "Partners"}, 920, 200},
	{"Support", 14, []string{"Support agent", "Support lead", "Field technician"}, []string{"First line", "Second line"}, 700, 60},
	{"Marketing", 10, []string{"Campaign manager", "Copywriter", "Marketing lead", "Analyst"}, []string{"Campaigns", "Events"}, 350, 850},
	{"Finance", 6, []string{"Accountant", "Controller", "Purchaser"}, []string{"Accounting", "Purchasing"}, 80, 30},
	{"Operations", 9, []string{"Warehouse lead", "Planner", "Logistics coordinator"}, []string{"Logistics", "Workshop"}, 90, 20},
	{"People", 5, []string{"Recruiter", "Learning partner", "People lead"}, []string{"Recruiting", "Learning"}, 30, 40},
}

// Teams that no list of teams has: they are only mentioned.
const (
	teamUnlisted   = "Rooftop garden"
	folderUnlisted = "Trade fair leads"
)

var (
	clientTeams = []string{"Halvorsen Shipping", "Pine & Pumice", "Oddfellow Mills"}
	kommoGroups = []string{"Head office", "North", "South", "Key accounts", "After sales"} // the first is the default one
	chatExtras  = []string{"on-call", "leadership", "accessibility-guild"}

	kommoRoles = []Role{
		{Kommo, "40811", "Account executive"}, {Kommo, "40812", "Support agent"}, {Kommo, "40813", "Regional lead"},
	}
	chatRoles = []Role{
		{RocketChat, "hT4nWq8YcLpZ2vKbM", "incident-commander"}, {RocketChat, "xR9sGk3FmUe7JtDaQ", "moderation-team"},
	}
)

// chatRoleUnlisted is a role that people have but the list of roles lacks.
const chatRoleUnlisted = "vB6yPz1NdSf5CoHwE"

const hexLetters = "0123456789abcdef"

// structure makes what there is apart from people.
func (b *builder) structure() {
	id := 2900
	group := func(name string, client bool) {
		id += 7
		b.Teams = append(b.Teams, Team{System: Worksection, ID: strconv.Itoa(id), Name: name, Client: client})
	}
	group("Management", false)
	for _, d := range departments {
		for _, t := range d.teams {
			group(t, false)
		}
	}
	for _, t := range clientTeams {
		group(t, true)
	}
	for i, name := range kommoGroups {
		id := "0"
		if i > 0 {
			id = strconv.Itoa(530200 + 11*i)
		}
		b.Teams = append(b.Teams, Team{System: Kommo, ID: id, Name: name})
	}
	b.dice = newDice(b.Seed, streamTeams, 0)
	for _, d := range departments {
		b.Teams = append(b.Teams, Team{System: RocketChat, ID: b.dice.text(24, hexLetters), Name: slug(d.name)})
	}
	for _, name := range chatExtras {
		t := Team{System: RocketChat, ID: b.dice.text(24, hexLetters), Name: name, Private: name == "leadership"}
		if name == "on-call" {
			t.Gone = []string{b.dice.text(17, chatLetters)}
		}
		b.Teams = append(b.Teams, t)
	}
	b.Roles = append(append(b.Roles, kommoRoles...), chatRoles...)
	for i, name := range []string{"USERS", "DEFAULT", "TEAM_ONLY", "HIDDEN"} {
		b.Folders = append(b.Folders, Folder{ID: strconv.Itoa(i + 1), Name: name, Preset: true})
	}
	for i, name := range []string{"Clients", "Suppliers", "Press", "Contractors"} {
		b.Folders = append(b.Folders, Folder{ID: strconv.Itoa(4300 + 9*i), Name: name})
	}
}

func slug(s string) string { return strings.ReplaceAll(strings.ToLower(s), " ", "-") }

// chatLetters are those of Rocket.Chat's IDs: none that look alike.
const chatLetters = "23456789ABCDEFGHJKLMNPQRSTWXYZabcdefghijkmnopqrstuvwxyz"
