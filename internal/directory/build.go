package directory

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"slices"
	"strings"

	"roster/connectors"
	"roster/internal/address"
	"roster/internal/lengths"
	"roster/internal/names"
)

// Directory is all records, linked and indexed, built from one set of snapshots. It is immutable.
type Directory struct {
	*content
	stop        func() bool // see Until
	seesPrivate bool        // see For
}

// content is what a directory has, whoever uses it.
type content struct {
	version  string
	rules    string
	joining  Rules
	sources  []*Source
	merger   *merger // with which the people were merged
	accounts map[connectors.Ref]Account

	users    userList
	teams    groupList[Team, *Team]
	roles    groupList[Role, *Role]
	contacts contactList
	folders  groupList[ContactFolder, *ContactFolder]

	sizes    [listCount]lengths.Longest
	ownSizes map[string]lengths.Longest
	byID     map[string]*User // by their own IDs
	removed  []removedAccount
	byEmail  map[string]*User // by the addresses for which a source vouches and which only one user has
	former   map[connectors.Ref]bool
	unlinked map[string][]Account // by an address of contacts, see keepUnlinked
}

// builder is the state of one build.
type builder struct {
	rules    *Rules
	data     []SourceData
	dir      *Directory
	shared   sharedMailboxes
	names    *collation
	people   [][]*connectors.Account // the records by source, in the order of their IDs
	contacts [][]*connectors.Contact
	accounts []*AccountCore // of all sources, in their order, by ID within a source
	outer    []Account      // the same accounts, with the types of their kinds of sources
	teams    []*teamSet     // by source
	roles    []*roleSet
	folders  []*folderSet
	holders  map[string][]holder // by address, until the contacts have been linked
	check    *stopCheck
	custom   *customNames
}

// Build builds a directory. The order of data is the configured order of sources, which is the default precedence of their values.
func Build(rules Rules, data []SourceData) *Directory {
	d, _ := BuildUntil(nil, rules, data) // a build that is never stopped returns no error
	return d
}

// BuildUntil is Build, but returns ErrStopped soon after stop has become true. If stop is nil, it never stops.
func BuildUntil(stop func() bool, rules Rules, data []SourceData) (d *Directory, err error) {
	b := &builder{
		rules: &rules, data: data, shared: newSharedMailboxes(rules.SharedMailboxes), check: newStopCheck(stop),
		custom: newCustomNames(data),
		dir:    &Directory{content: &content{version: version(rules, data), rules: rulesVersion(rules, data), joining: rules, byEmail: make(map[string]*User), unlinked: make(map[string][]Account)}},
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
		b.step(checkSteps)
		part()
	}
	return b.dir, nil
}

// stopBuild is the value with which step panics, because steps are counted deep below BuildUntil, in functions without an error result.
type stopBuild struct{}

// step counts n steps, and ends the build if stop has become true.
func (b *builder) step(n int) {
	if !b.check.advance(n) {
		panic(stopBuild{})
	}
}

// collectSource adds a source, and the teams, roles and folders that its records have or mention.
func (b *builder) collectSource(i int, d *SourceData) {
	b.step(len(d.Accounts) + len(d.Teams) + len(d.Roles) + len(d.Contacts) + len(d.ContactFolders))
	source := &Source{ID: encodeID(sourceID, d.Name, ""), Name: d.Name, Kind: d.Kind, URL: text(d.URL), index: i, times: d.Times, raw: d.Raw,
		fields: d.CustomFields, names: b.custom}
	if len(d.CustomFields) > 0 {
		source.lowest = lowestFields(d.CustomFields, d.Contacts)
	}
	people, contacts := sortedByID(d.Accounts), sortedByID(d.Contacts)
	b.dir.sources = append(b.dir.sources, source)
	b.people, b.contacts = append(b.people, people), append(b.contacts, contacts)
	b.teams = append(b.teams, newTeamSet(source, d.Teams, people))
	b.roles = append(b.roles, newRoleSet(source, d.Roles, people))
	b.folders = append(b.folders, newFolderSet(source, d.ContactFolders, contacts))
}

// Version returns a hash of everything from which the directory was built.
func (d *Directory) Version() string { return d.version }

// Sources returns the sources in the configured order.
func (d *Directory) Sources() []*Source { return d.sources }

// RulesVersion returns a hash of everything from which the directory was built but the records and the source that decides who works here. The same records
// give the same objects, apart from leavers, if it is the same.
func (d *Directory) RulesVersion() string { return d.rules }

func version(rules Rules, data []SourceData) string {
	h := sha256.New()
	hashRules(h, rules)
	if rules.Authority != "" { // it decides about leavers only, which are no part of the changes: see RulesVersion
		fmt.Fprintf(h, "authority %q ", rules.Authority)
	}
	for _, d := range data {
		fmt.Fprintf(h, "%q %q %q %d %q ", d.Name, d.Kind, d.URL, d.Trust, d.Versions)
		hashShown(h, d)
	}
	return hex.EncodeToString(h.Sum(nil)[:16])
}

func rulesVersion(rules Rules, data []SourceData) string {
	h := sha256.New()
	hashRules(h, rules)
	for _, d := range data {
		fmt.Fprintf(h, "%q %q %q %d ", d.Name, d.Kind, d.URL, d.Trust)
		hashShown(h, d)
	}
	return hex.EncodeToString(h.Sum(nil)[:8])
}

// hashShown makes the version another one if rows or custom fields are shown. Otherwise it is that of the releases that had none.
func hashShown(h io.Writer, d SourceData) {
	if d.Raw {
		fmt.Fprint(h, "raw ")
	}
	for _, f := range d.CustomFields {
		fmt.Fprintf(h, "%q %q %d ", f.Path, f.Name, f.Type)
	}
}

// buildVersion is raised when the same records and rules give another directory than in earlier releases.
const buildVersion = 1

func hashRules(h io.Writer, rules Rules) {
	fmt.Fprintf(h, "%d %q %q %t %q ", buildVersion, rules.Links, rules.Splits, rules.SharedMailboxes == nil, rules.SharedMailboxes)
	for _, f := range Fields {
		fmt.Fprintf(h, "%q ", rules.Precedence[f])
	}
	if len(rules.Edits) > 0 || len(rules.Former) > 0 { // without them, the version is that of the releases that had none
		fmt.Fprintf(h, "%q %q ", rules.Edits, rules.Former)
	}
	for _, a := range rules.Anchors {
		fmt.Fprintf(h, "%q %q ", a.Name, a.Fields)
	}
}

// collectAccounts adds the accounts of all sources, each linked to its teams and roles.
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
			var outer Account = core
			if b.data[s].Account != nil {
				outer = b.data[s].Account(core)
			}
			b.accounts, b.outer = append(b.accounts, core), append(b.outer, outer)
			b.dir.accounts[connectors.Ref{Source: source.Name, ID: r.ID}] = outer
		}
		b.markRestricted(s, source)
	}
}

// markRestricted marks what the source's credential may not see. If a source has no roles or no teams at all, they are not restricted.
func (b *builder) markRestricted(s int, source *Source) {
	shows := func(shown func(*connectors.Account) bool) bool {
		return len(b.people[s]) == 0 || slices.ContainsFunc(b.people[s], shown)
	}
	source.emailsHidden = !shows(func(r *connectors.Account) bool { return r.Emails != nil })
	source.rolesRestricted = len(b.data[s].Roles) > 0 && !shows(func(r *connectors.Account) bool { return r.Roles != nil })
	source.teamsRestricted = len(b.data[s].Teams) > 0 && !b.teams[s].listsMembers && !shows(func(r *connectors.Account) bool { return r.Teams != nil })
}

func (b *builder) account(s int, source *Source, r *connectors.Account) *AccountCore {
	b.step(1 + len(r.Emails) + len(r.Teams) + len(r.Roles))
	name, first, last := private{r.Phones, r.Addresses}.names(r.Name, r.FirstName, r.LastName)
	a := &AccountCore{
		ID: encodeID(accountID, source.Name, r.ID), Source: source, ExternalID: r.ID,
		FirstName: text(first), LastName: text(last), Username: text(r.Username), Title: text(r.Title),
		Department: text(r.Department), Phones: nonNil(r.Phones), Addresses: nonNil(r.Addresses), AvatarURL: text(r.AvatarURL),
		Locale: text(r.Locale), Active: r.Active, AccessLevel: connectors.AccessNone, URL: text(r.URL), CreatedAt: r.CreatedAt,
		Teams: b.teams[s].of(r), Roles: b.roles[s].of(r), emails: b.emails(b.data[s].Trust, r.Emails), record: r,
	}
	if a.Active {
		a.AccessLevel = granted(r.Access)
	}
	if len(a.emails) > 0 {
		a.Email = Text(a.emails[0].shown)
	}
	a.realName = fullName(name, first, last)
	a.Name = cmp.Or(a.realName, string(a.Username), string(a.Email), r.ID)
	return a
}

// emails returns an account's addresses, with the source's trust in each. Invalid ones are left out. A source may have one address in two spellings, and may
// have verified only one of them: the higher trust counts.
func (b *builder) emails(policy TrustPolicy, in []connectors.Email) []accountEmail {
	var out []accountEmail
	var known connectors.Distinct[string]
	for _, field := range in {
		addresses := address.Parse(field.Address)
		if len(addresses) > 1 {
			field.Verified = nil // a source verifies one address, and it is unknown which of these
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

// text returns a source's value, or "" if nothing of it is visible.
func text(s string) Text { return Text(names.Clean(s)) }

// fullName returns the name that a source gives, whole or in parts, or "".
func fullName(name, first, last string) string {
	if name = names.Clean(name); name != "" {
		return name
	}
	return strings.TrimSpace(names.Clean(first) + " " + names.Clean(last))
}

// nonNil returns an empty list for nil: GraphQL shows an empty list as [] and nil as null.
func nonNil[T any](s []T) []T {
	if s == nil {
		return []T{}
	}
	return s
}

// sortedByID returns the records in the order of their IDs, so that the order of fetching does not matter. It leaves out records without an ID and
// further records with the same ID, so that no later code needs to handle them.
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

// compareIDs orders numbers first, by value (9 before 10), and then all other IDs as text.
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
