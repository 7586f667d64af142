package sandbox

import (
	"strings"
	"time"

	"roster/connectors"
)

// The cast: the first people of every company, the same whatever the seed, each a case that a directory has to get right.
// Their numbers are part of what tests and examples may rely upon.
const (
	CastEverywhere       = iota + 1 // in all four systems, owner of the company
	CastThree                       // in three systems, in her own letters only in some
	CastTwo                         // in two
	CastWorksectionOnly             // in one, and a stranger uses his address in the chat
	CastKommoOnly                   // in one
	CastAltcraftOnly                // in one
	CastChatOnly                    // in one
	CastNamesake                    // has the same name as the next one
	CastOtherNamesake               // is somebody else
	CastImpostor                    // unverified in the chat, with the address of CastWorksectionOnly
	CastSharedMailbox               // info@ in Worksection
	CastSharedMailboxToo            // info@ in Kommo, somebody else
	CastSynthetic                   // a guest without an address, for whom Worksection makes one up
	CastLeftKommo                   // deactivated in Kommo, active elsewhere
	CastLeftChat                    // deactivated in the chat, active elsewhere
	CastTwiceInAltcraft             // one address, two accounts there
	CastNamelessInChat              // a user name, and no name
	CastUnfinishedInChat            // a name, and no user name
	CastNamelessInKommo             // only an address
	CastNewRole                     // a Worksection role that nobody has heard of
	CastOwnRoles                    // roles with random IDs in the chat, one of them not in the list of roles
	CastNewRank                     // a rank in Kommo that nobody has heard of; a quarter of an hour in the time zone
	CastFree                        // a free seat in the default group of Kommo
	CastUnsaid                      // the chat does not say whether the address was checked
	CastUnlistedTeam                // a team that no list of teams has
)

// roleNew is a word that Worksection might bring one day.
const roleNew = "supervisor"

const rankNew = "legend"

func (b *builder) member(lang, given, family, department, title, team string) *Person {
	p := b.begin()
	o := &origin{lang: lang, utcOffsets: []float64{1}}
	for _, known := range origins {
		if known.lang == lang {
			o = known
		}
	}
	b.christen(p, o, names(given)[0], names(family)[0])
	p.Department, p.Title, p.Team = department, title, team
	p.Email = b.address(localPart(p.GivenLatin, p.FamLatin), domain)
	p.Hired = time.Date(2014, time.March, 3+p.N, 9, 30, 0, 0, time.UTC)
	return p
}

// set does what the cast's accounts have in common: nothing about them is left to chance.
func set(a *Account) *Account {
	a.Level, a.Roles, a.Rank, a.Free, a.Check = connectors.AccessMember, nil, "candidate", false, Verified
	a.Teams = a.Teams[:min(1, len(a.Teams))]
	return a
}

func (b *builder) inWorksection(p *Person) *Account {
	a := set(b.worksection(p))
	a.Teams = []string{p.Team}
	return a
}

func (b *builder) inKommo(p *Person, group string) *Account {
	a := set(b.kommo(p))
	a.Name, _, _ = p.names(p.plain)
	a.Teams, a.Roles = []string{group}, []string{kommoRoles[0].ID}
	return a
}

func (b *builder) inAltcraft(p *Person) *Account { return set(b.altcraft(p)) }

func (b *builder) inChat(p *Person) *Account {
	local, _, _ := strings.Cut(p.Email, "@")
	a := set(b.chat(p))
	a.Name, a.Username = p.Name, local
	return a
}

func (b *builder) cast() {
	p := b.member("de", "Zoë=Zoe", "Müller=Muller", "Management", "Managing director", "Management")
	b.inWorksection(p).Level = connectors.AccessOwner
	k := b.inKommo(p, kommoGroups[0])
	k.Level, k.Roles = connectors.AccessAdmin, nil
	b.inAltcraft(p).Level = connectors.AccessAdmin
	a := b.inChat(p)
	a.Level, a.Teams = connectors.AccessAdmin, []string{"leadership"}

	p = b.member("uk", "Олена=Olena", "Шевчук=Shevchuk", "Sales", "Sales lead", "Direct sales")
	p.plain = true
	b.inWorksection(p).Level = connectors.AccessManager
	b.inKommo(p, "Key accounts")
	b.inChat(p).Teams = []string{"sales", "leadership"}

	p = b.member("el", "Γιώργος=Giorgos", "Παπαδάκης=Papadakis", "Engineering", "Software engineer", "Platform")
	b.inWorksection(p)
	b.inChat(p).Teams = []string{"engineering", "on-call"}

	b.inWorksection(b.member("es", "José=Jose", "Núñez=Nunez", "Finance", "Controller", "Accounting"))
	b.inKommo(b.member("fr", "Chloé=Chloe", "Lefèvre=Lefevre", "Sales", "Inside sales", "Partners"), "North")
	b.inAltcraft(b.member("pl", "Łukasz=Lukasz", "Wójcik=Wojcik", "Marketing", "Campaign manager", "Campaigns"))
	b.inChat(b.member("zh", "小明=Xiaoming", "王=Wang", "Operations", "Planner", "Logistics"))

	p = b.member("cs", "Anna", "Nováková=Novakova", "Support", "Support agent", "First line")
	b.inWorksection(p)
	b.inChat(p)
	p = b.member("cs", "Anna", "Nováková=Novakova", "People", "Recruiter", "Recruiting")
	b.inWorksection(p)
	b.inChat(p)

	p = b.member("en", "Max", "Hollis", "", "", "")
	p.Email = b.People[CastWorksectionOnly-1].Email
	a = b.inChat(p)
	a.Username, a.Check = "max.hollis", Unverified

	p = b.member("en", "Reception", "Desk", "Operations", "Front desk", "Workshop")
	p.Email = "info@" + domain
	b.inWorksection(p)
	p = b.member("pt", "Inês=Ines", "Falcão=Falcao", "Support", "Support lead", "Second line")
	p.Email = "info@" + domain
	b.inKommo(p, "After sales")

	p = b.member("en", "Guest", "Guest", "", "", clientTeams[0])
	p.guest, p.Email = true, ""
	a = b.inWorksection(p)
	a.Level, a.Email, a.Name = connectors.AccessGuest, "", "Guest"

	p = b.member("tr", "Gökçe=Gokce", "Yıldız=Yildiz", "Sales", "Account executive", "Direct sales")
	b.inWorksection(p)
	b.inKommo(p, "South").Active = false
	b.inChat(p)

	p = b.member("sv", "Åsa=Asa", "Öberg=Oberg", "Marketing", "Analyst", "Events")
	b.inKommo(p, "South")
	b.inAltcraft(p)
	b.inChat(p).Active = false

	p = b.member("vi", "Hạnh=Hanh", "Đặng=Dang", "Marketing", "Marketing lead", "Campaigns")
	b.inWorksection(p)
	b.inAltcraft(p)
	b.inAltcraft(p).ID += ".reports"

	p = b.member("bg", "Цветан=Tsvetan", "Хаджиев=Hadzhiev", "Engineering", "Site reliability engineer", "Reliability")
	b.inWorksection(p)
	b.inChat(p).Name = ""

	b.inChat(b.member("ko", "민준=Minjun", "김=Kim", "Engineering", "Data engineer", "Data")).Username = ""

	p = b.member("ja", "健=Ken", "佐藤=Sato", "Sales", "Sales engineer", "Partners")
	b.inKommo(p, "North").Name = ""
	b.inChat(p)

	p = b.member("ka", "ნინო=Nino", "ბერიძე=Beridze", "Operations", "Warehouse lead", "Logistics")
	a = b.inWorksection(p)
	a.Level, a.Roles = connectors.AccessUnknown, []string{roleNew}

	p = b.member("fr", "Loïc=Loic", "Garçon=Garcon", "Engineering", "Engineering manager", "Mobile")
	b.inWorksection(p)
	b.inChat(p).Roles = []string{chatRoles[0].ID, chatRoleUnlisted}

	p = b.member("hi", "दीपिका=Deepika", "शर्मा=Sharma", "Support", "Field technician", "Second line")
	p.UTCOffset = 5.75
	b.inKommo(p, "After sales").Rank = rankNew
	b.inChat(p)

	p = b.member("pt", "João=Joao", "Magalhães=Magalhaes", "Sales", "Account executive", "Partners")
	a = b.inKommo(p, kommoGroups[0])
	a.Free, a.Level, a.Roles = true, connectors.AccessGuest, nil

	p = b.member("ar", "ليلى=Layla", "الحداد=Alhaddad", "Design", "Design lead", "Brand")
	b.inWorksection(p)
	b.inChat(p).Check = Unsaid

	p = b.member("he", "נועה=Noa", "שלו=Shalev", "People", "Learning partner", teamUnlisted)
	b.inWorksection(p)
	b.inChat(p)
}

// programs adds the bots and apps of the chat: no people, and some more of them in a larger company.
func (b *builder) programs(people int) {
	add := func(id, username, name, kind string) {
		b.Programs = append(b.Programs, Account{System: RocketChat, ID: id, Username: username, Name: name, Type: kind, Active: true,
			Level: connectors.AccessMember, Roles: []string{kind}, CreatedAt: today.AddDate(-8, 0, 0)})
	}
	d := newDice(b.Seed, streamPrograms, 0)
	add("rocket.cat", "rocket.cat", "Rocket.Cat", "bot")
	add(d.text(17, chatLetters), "build-bot", "Build bot", "bot")
	add(d.text(17, chatLetters), "approvals.app", "Approvals", "app")
	add(serviceUserID, "directory-reader", "Directory reader", "bot")
	for i := range people / 250 {
		d := newDice(b.Seed, streamPrograms, uint64(i+1))
		what := pick(d, []string{"deploy", "alert", "standup", "lunch", "invoice"})
		tag := d.text(4, hexLetters)
		add(d.text(17, chatLetters), what+"-bot-"+tag, strings.ToUpper(what[:1])+what[1:]+" bot "+tag, "bot")
	}
}

// neighbours fills the other account of the Altcraft installation. Its user names are its own: the same one may be somebody else.
func (b *builder) neighbours() {
	zoe := b.People[CastEverywhere-1].In(Altcraft)
	for _, n := range []struct{ username, first, last string }{
		{zoe.ID, "Zoltan", "Mullard"}, {"frida.lindqvist", "Frida", "Lindqvist"}, {"omar.benali", "Omar", "Benali"},
	} {
		email := n.username + "@" + "gullandgannet.test"
		b.Neighbours = append(b.Neighbours, Account{System: Altcraft, ID: n.username, FirstName: n.first, LastName: n.last,
			Name: n.first + " " + n.last, Email: email, NotifyEmail: email, Lang: "EN", Active: true, Level: connectors.AccessMember})
	}
}
