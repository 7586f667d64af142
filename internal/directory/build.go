package directory

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"roster/connectors"
	"roster/internal/address"
	"roster/internal/lengths"
	"roster/internal/names"
)

// Directory is everything, linked, built from one set of snapshots. It is immutable.
type Directory struct {
	version  string
	sources  []*Source
	accounts map[connectors.Ref]Account

	users    userList
	teams    teamList
	roles    roleList
	contacts contactList
	folders  folderList

	sizes   [listCount]lengths.Longest
	byEmail map[string]*User // vouched-for addresses that name one person only

	stop func() bool // see Until
}

// builder holds what is needed while a directory is made, and forgotten after.
type builder struct {
	rules    *Rules
	data     []SourceData
	dir      *Directory
	shared   mailboxes
	names    *collation
	people   [][]*connectors.Account // the records by source, in the order of their IDs
	contacts [][]*connectors.Contact
	accounts []*AccountCore // of all sources, in their order, by ID within a source
	outer    []Account      // the same, as the vendors' types
	teams    []*teamSet     // by source
	roles    []*roleSet
	folders  []*folderSet
	pace     *pace
}

// Build makes a directory. The sources come in the configured order, which is the order in which their values are preferred.
func Build(rules Rules, data []SourceData) *Directory {
	d, _ := BuildUntil(nil, rules, data) // nobody stops it
	return d
}

// BuildUntil is Build, and gives ErrStopped soon after stop has become true. A nil stop never does.
func BuildUntil(stop func() bool, rules Rules, data []SourceData) (d *Directory, err error) {
	b := &builder{
		rules: &rules, data: data, shared: newMailboxes(rules.SharedMailboxes), pace: newPace(stop),
		dir: &Directory{version: version(rules, data), byEmail: make(map[string]*User)},
	}
	b.names = newCollation(b.step)
	defer func() {
		switch p := recover(); p.(type) {
		case nil:
		case stopBuild:
			d, err = nil, ErrStopped
		default:
			panic(p)
		}
	}()
	for i, d := range data {
		b.collectSource(i, &d)
	}
	for _, part := range []func(){
		b.collectAccounts, b.joinUsers, b.indexTeams, b.indexRoles, b.indexFolders, b.indexUsers, b.collectContacts, b.indexContacts, b.measure,
	} {
		b.step(paceSteps)
		part()
	}
	return b.dir, nil
}

// stopBuild is what step panics with: what takes steps lies deep below Build, in functions that have nothing to return.
type stopBuild struct{}

// step takes n steps, and ends the build where it is to stop.
func (b *builder) step(n int) {
	if !b.pace.on(n) {
		panic(stopBuild{})
	}
}

// collectSource makes a source, and the teams, roles and folders that it has or mentions.
func (b *builder) collectSource(i int, d *SourceData) {
	b.step(len(d.Accounts) + len(d.Teams) + len(d.Roles) + len(d.Contacts) + len(d.ContactFolders))
	source := &Source{ID: encodeID(sourceID, d.Name, ""), Name: d.Name, Kind: d.Kind, URL: text(d.URL), index: i}
	people, contacts := sortedByID(d.Accounts), sortedByID(d.Contacts)
	b.dir.sources = append(b.dir.sources, source)
	b.people, b.contacts = append(b.people, people), append(b.contacts, contacts)
	b.teams = append(b.teams, newTeamSet(source, d.Teams, people))
	b.roles = append(b.roles, newRoleSet(source, d.Roles, people))
	b.folders = append(b.folders, newFolderSet(source, d.ContactFolders, contacts))
}

// Version tells directories apart: it is the hash of all that went into this one.
func (d *Directory) Version() string { return d.version }

// Sources are in the configured order.
func (d *Directory) Sources() []*Source { return d.sources }

func version(rules Rules, data []SourceData) string {
	h := sha256.New()
	fmt.Fprintf(h, "%q %q %t %q ", rules.Links, rules.Splits, rules.SharedMailboxes == nil, rules.SharedMailboxes)
	for _, f := range Fields {
		fmt.Fprintf(h, "%q ", rules.Precedence[f])
	}
	for _, d := range data {
		fmt.Fprintf(h, "%q %q %q %d %q ", d.Name, d.Kind, d.URL, d.Trust, d.Versions)
	}
	return hex.EncodeToString(h.Sum(nil)[:16])
}

// collectAccounts makes the accounts of all sources, each linked to its teams and roles.
func (b *builder) collectAccounts() {
	n := 0
	for _, records := range b.people {
		n += len(records)
	}
	b.accounts, b.outer = make([]*AccountCore, 0, n), make([]Account, 0, n)
	b.dir.accounts = make(map[connectors.Ref]Account, n)
	for s, source := range b.dir.sources {
		for _, r := range b.people[s] {
			core := b.account(s, source, r)
			outer := vendorAccount(source.Kind, core)
			b.accounts, b.outer = append(b.accounts, core), append(b.outer, outer)
			b.dir.accounts[connectors.Ref{Source: source.Name, ID: r.ID}] = outer
		}
		b.notice(s, source)
	}
}

// notice works out what the source's credential may not see. A source without any roles or teams hides none.
func (b *builder) notice(s int, source *Source) {
	shows := func(shown func(*connectors.Account) bool) bool {
		return len(b.people[s]) == 0 || slices.ContainsFunc(b.people[s], shown)
	}
	source.hidesRoles = len(b.data[s].Roles) > 0 && !shows(func(r *connectors.Account) bool { return r.Roles != nil })
	source.hidesTeams = len(b.data[s].Teams) > 0 && !b.teams[s].told && !shows(func(r *connectors.Account) bool { return r.Teams != nil })
}

func (b *builder) account(s int, source *Source, r *connectors.Account) *AccountCore {
	b.step(1 + len(r.Emails) + len(r.Teams) + len(r.Roles))
	name, first, last := private{r.Phones, r.Addresses}.names(r.Name, r.FirstName, r.LastName)
	a := &AccountCore{
		ID: encodeID(accountID, source.Name, r.ID), Source: source, ExternalID: r.ID,
		FirstName: text(first), LastName: text(last), Username: text(r.Username), Title: text(r.Title),
		Department: text(r.Department), Phones: emptied(r.Phones), Addresses: emptied(r.Addresses), AvatarURL: text(r.AvatarURL),
		Locale: text(r.Locale), Active: r.Active, AccessLevel: connectors.AccessNone, URL: text(r.URL), CreatedAt: r.CreatedAt,
		Teams: b.teams[s].of(r), Roles: b.roles[s].of(r), emails: b.emails(b.data[s].Trust, r.Emails), record: r,
	}
	if a.Active {
		a.AccessLevel = granted(r.Access)
	}
	if len(a.emails) > 0 {
		a.Email = Text(a.emails[0].shown)
	}
	a.given = fullName(name, first, last)
	a.Name = cmp.Or(a.given, string(a.Username), string(a.Email), r.ID)
	return a
}

// emails gives the addresses that can be somebody's, with how far the source vouches for each. A source may hold one address twice, and have
// checked only one of the two spellings: the best that it says of an address counts.
func (b *builder) emails(policy TrustPolicy, in []connectors.Email) []accountEmail {
	var out []accountEmail
	var known connectors.Distinct[string]
	for _, field := range in {
		addresses := address.Parse(field.Address)
		if len(addresses) > 1 {
			field.Verified = nil // a source checks one address: nobody knows which of these
		}
		trust := policy.of(field)
		for _, a := range addresses {
			at, added := known.Add(a.Key)
			switch {
			case added:
				out = append(out, accountEmail{shown: a.Shown, key: a.Key, trust: trust, shared: b.shared.shared(a.Key)})
			case trust > out[at].trust:
				out[at].shown, out[at].trust = a.Shown, trust
			}
		}
	}
	return out
}

func (p TrustPolicy) of(e connectors.Email) connectors.Trust {
	verified := e.Verified != nil && *e.Verified
	switch {
	case e.Synthetic || p == TrustNothing:
		return connectors.TrustNone
	case verified:
		return connectors.TrustVerified
	case p == TrustAsIs:
		return connectors.TrustAsserted
	}
	return connectors.TrustNone
}

// text is a value as a source gives it; one of which nothing can be seen is none.
func text(s string) Text { return Text(names.Clean(s)) }

// fullName is the name that a source gives, whole or in parts; empty where it gives none.
func fullName(name, first, last string) string {
	if name = names.Clean(name); name != "" {
		return name
	}
	return strings.TrimSpace(names.Clean(first) + " " + names.Clean(last))
}

func vendorAccount(kind connectors.Kind, core *AccountCore) Account {
	r := core.record
	switch kind {
	case connectors.Worksection:
		return &WorksectionAccount{core, orZero(r.Worksection)}
	case connectors.Kommo:
		return &KommoAccount{core, orZero(r.Kommo)}
	case connectors.Altcraft:
		return &AltcraftAccount{core, orZero(r.Altcraft)}
	case connectors.RocketChat:
		return &RocketChatAccount{core, orZero(r.RocketChat)}
	}
	return core
}

func orZero[T any](p *T) *T {
	if p == nil {
		return new(T)
	}
	return p
}

// emptied makes a list that is never nil: an empty one is shown as such, a nil one as null.
func emptied[T any](s []T) []T {
	if s == nil {
		return []T{}
	}
	return s
}

// sortedByID gives the records in the order of their IDs, so that nothing depends on the order of reading. A collection holds an ID once and
// no record without one; what does not keep to that is left out here, and nobody after has to think of it.
func sortedByID[T connectors.Record](records []T) []*T {
	out := make([]*T, 0, len(records))
	for i := range records {
		if r := &records[i]; (*r).Key() != "" {
			out = append(out, r)
		}
	}
	slices.SortFunc(out, func(a, b *T) int { return compareIDs((*a).Key(), (*b).Key()) })
	return slices.CompactFunc(out, func(a, b *T) bool { return (*a).Key() == (*b).Key() })
}

// compareIDs puts numbers first, in the order of their values, so that 9 comes before 10, and then all other texts as they stand.
func compareIDs(a, b string) int {
	x, y := isDigits(a), isDigits(b)
	switch {
	case x && y:
		return cmp.Or(len(a)-len(b), strings.Compare(a, b))
	case x:
		return -1
	case y:
		return 1
	}
	return strings.Compare(a, b)
}

func isDigits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != ""
}
