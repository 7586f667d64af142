package directory_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"roster/connectors"
	"roster/internal/address"
	"roster/internal/directory"
	namesof "roster/internal/names"
)

// explainedRecord is a team, a role or a contact with a field that has a provenance.
type explainedRecord struct {
	of         string // Team, Role or Contact
	object     any
	source, id string // of its own record
	field      string
	provenance func(directory.Sight) *directory.FieldProvenance
	value      any // of the field; nil if there is none
}

func (r explainedRecord) String() string {
	return fmt.Sprintf("%s.%s of %s/%s", r.of, r.field, r.source, r.id)
}

// explainedRecords lists each field of each team, role and contact.
func explainedRecords(d *directory.Directory) []explainedRecord {
	most := directory.PageArgs{First: new(directory.MaxPageSize)}
	var all []explainedRecord
	for _, t := range listOf(nodes(d.Teams(nil, most))) {
		for _, field := range directory.TeamProvenanceFields() {
			all = append(all, explainedRecord{"Team", t, t.Source.Name, string(t.ExternalID), field,
				func(s directory.Sight) *directory.FieldProvenance { return d.ProvenanceOfTeam(t, field, s) }, valueOfTeam(d, t, field)})
		}
	}
	for _, r := range listOf(nodes(d.Roles(nil, most))) {
		for _, field := range directory.RoleProvenanceFields() {
			all = append(all, explainedRecord{"Role", r, r.Source.Name, r.ExternalID, field,
				func(s directory.Sight) *directory.FieldProvenance { return d.ProvenanceOfRole(r, field, s) }, valueOfRole(d, r, field)})
		}
	}
	for _, c := range listOf(nodes(d.Contacts(nil, directory.ContactOrder{}, most))) {
		for _, field := range directory.ContactProvenanceFields() {
			all = append(all, explainedRecord{"Contact", c, c.Source.Name, c.ExternalID, field,
				func(s directory.Sight) *directory.FieldProvenance { return d.ProvenanceOfContact(c, field, s) }, valueOfContact(c, field)})
		}
	}
	return all
}

func listOf[T any](items []T, err error) []T {
	if err != nil {
		panic(err)
	}
	return items
}

func valueOfTeam(d *directory.Directory, t *directory.Team, field string) any {
	switch field {
	case "name":
		return t.Name
	case "kind":
		if t.RecordListed() {
			return t.Kind
		}
		return nil
	case "members":
		return listOf(nodes(d.Members(t, nil, directory.UserOrder{}, directory.PageArgs{First: new(directory.MaxPageSize)})))
	}
	panic(field)
}

func valueOfRole(d *directory.Directory, r *directory.Role, field string) any {
	switch field {
	case "name":
		return r.Name
	case "description":
		return orNone(r.Description)
	case "accessLevel":
		if r.AccessLevel <= connectors.AccessUnknown {
			return nil
		}
		return r.AccessLevel
	case "permissions":
		return anyOf(r.Permissions)
	case "holders":
		return listOf(nodes(d.Holders(r, false, nil, directory.UserOrder{}, directory.PageArgs{First: new(directory.MaxPageSize)})))
	}
	panic(field)
}

func valueOfContact(c *directory.Contact, field string) any {
	switch field {
	case "name":
		return c.Name
	case "firstName":
		return orNone(c.FirstName)
	case "lastName":
		return orNone(c.LastName)
	case "title":
		return orNone(c.Title)
	case "email":
		return orNone(c.Email)
	case "emails":
		return anyOf(c.Emails)
	case "phones":
		return anyOf(c.Phones)
	case "addresses":
		return anyOf(c.Addresses)
	case "folder":
		if c.Folder == nil {
			return nil
		}
		return c.Folder
	case "tags":
		return anyOf(c.Tags)
	case "owner":
		return userOrNone(c.Owner)
	case "url":
		return orNone(c.URL)
	case "createdAt":
		return timeOrNone(c.CreatedAt)
	case "updatedAt":
		return timeOrNone(c.UpdatedAt)
	case "user":
		return userOrNone(c.User)
	}
	panic(field)
}

func orNone(t directory.Text) any {
	if t == "" {
		return nil
	}
	return string(t)
}

func anyOf[T any](list []T) any {
	if len(list) == 0 {
		return nil
	}
	return list
}

func userOrNone(u *directory.User) any {
	if u == nil {
		return nil
	}
	return u
}

func timeOrNone(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t
}

// drawWorld draws a company whose contacts also have what company leaves out.
func drawWorld(t *rapid.T) (directory.Rules, []directory.SourceData) {
	rules, data := reachable(t)
	common := connectors.Email{Address: "common@acme.example", Verified: new(true)} // so that many contacts have the address of several accounts
	for _, s := range data {
		if len(s.Accounts) > 0 {
			s.Accounts[0].Emails = append(slices.Clone(s.Accounts[0].Emails), common)
		}
		for i := range s.Contacts {
			if i == 0 {
				s.Contacts[i].Emails = append(slices.Clone(s.Contacts[i].Emails), common)
			}
			c := &s.Contacts[i]
			c.LastName, c.URL = pick(t, []string{"", "Adams"}), pick(t, []string{"", "https://crm.example/1"})
			if rapid.Bool().Draw(t, "phone") {
				c.Phones, c.Addresses = []connectors.Phone{{Raw: "044 000 00 01"}}, []string{"Street 1"}
			}
		}
		for i := range s.Roles {
			s.Roles[i].Description = pick(t, []string{"", "may read"})
			s.Roles[i].Permissions = maybe(t, rapid.Just([]connectors.Permission{{Entity: "leads", Action: "view"}}))
		}
	}
	return rules, data
}

// The chosen candidates of a team, a role or a contact have its value.
func TestChosenCandidateOfARecordIsTheValue(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		for _, r := range explainedRecords(directory.Build(drawWorld(t))) {
			p := r.provenance(seesAll)
			chosen := chosenOf(p)
			if p.Rule == directory.RuleUnion {
				members, _ := r.value.([]*directory.User)
				for _, c := range chosen {
					if u, _ := c.(*directory.User); !slices.Contains(members, u) {
						t.Fatalf("%s: %s is chosen and is none", r, u.Name)
					}
				}
				if (len(chosen) > 0) != (len(members) > 0) {
					t.Fatalf("%s: %d people, and %d are chosen", r, len(members), len(chosen))
				}
				continue
			}
			if (r.value != nil) != (len(chosen) == 1) || len(chosen) > 1 || r.value != nil && shown(chosen[0]) != shown(r.value) {
				t.Fatalf("%s is %v, and the chosen candidates are %v", r, r.value, chosen)
			}
		}
	})
}

// If nobody says what the chosen candidate says, the value is that of the next one.
func TestNextCandidateOfARecordFollows(t *testing.T) {
	t.Parallel()
	followed := map[string]int{}
	rapid.Check(t, func(t *rapid.T) {
		rules, data := drawWorld(t)
		for _, r := range explainedRecords(directory.Build(rules, data)) {
			p := r.provenance(seesAll)
			if len(p.Candidates) < 2 || !p.Candidates[0].Chosen || p.Candidates[1].Reason > directory.ReasonLesserKind || p.Rule == directory.RuleUnion || r.id == "" {
				continue
			}
			without := directory.Build(rules, silenced(data, r, p.Candidates[0]))
			for _, after := range explainedRecords(without) {
				if after.of != r.of || after.source != r.source || after.id != r.id || after.field != r.field {
					continue
				}
				want := p.Candidates[1].Value.Any
				if r.field == "user" {
					if !sameCandidates(p.Candidates[1:], after.provenance(seesAll).Candidates) {
						break // an address is of one person now, or of several
					}
					want = without.UserByAccount(refOf(p.Candidates[1].Account))
				}
				if followed[r.of+"."+r.field]++; shown(after.value) != shown(want) {
					t.Fatalf("%s is %v without %v, and the next candidate was %v", r, shown(after.value), p.Candidates[0].Value.Any, shown(want))
				}
			}
		}
	})
	for _, field := range []string{"Team.name", "Role.name", "Role.accessLevel", "Contact.user"} {
		if followed[field] < 20 {
			t.Errorf("%s has had a next candidate %d times only: %v", field, followed[field], followed)
		}
	}
}

// sameCandidates reports whether two lists have the same accounts, and the same of them count.
func sameCandidates(x, y []*directory.Candidate) bool {
	counts := func(c *directory.Candidate) bool { return c.Reason <= directory.ReasonLesserKind }
	return slices.EqualFunc(x, y, func(a, b *directory.Candidate) bool {
		return refOf(a.Account) == refOf(b.Account) && counts(a) == counts(b)
	})
}

// sameName reports whether two names say the same: letter case does not count.
func sameName(x, y string) bool { return strings.EqualFold(namesof.Key(x), namesof.Key(y)) }

// silenced returns the data without what a candidate says: in no record of its source.
func silenced(data []directory.SourceData, r explainedRecord, c *directory.Candidate) []directory.SourceData {
	out := slices.Clone(data)
	for i := range out {
		s := &out[i]
		if r.field == "user" {
			if ref := refOf(c.Account); ref.Source == s.Name {
				s.Accounts = slices.DeleteFunc(slices.Clone(s.Accounts), func(a connectors.Account) bool { return a.ID == ref.ID })
			}
			continue
		}
		if s.Name != r.source {
			continue
		}
		name, level := func(id string, name *string) {
			if chosen, _ := c.Value.Any.(string); id == r.id && r.field == "name" && sameName(*name, chosen) {
				*name = ""
			}
		}, func(id string, level *connectors.AccessLevel) {
			if id == r.id && r.field == "accessLevel" && *level == c.Value.Any {
				*level = connectors.AccessUnknown
			}
		}
		s.Teams, s.Roles, s.Accounts = slices.Clone(s.Teams), slices.Clone(s.Roles), slices.Clone(s.Accounts)
		if r.of == "Team" {
			for j := range s.Teams {
				name(s.Teams[j].ID, &s.Teams[j].Name)
			}
		} else {
			for j := range s.Roles {
				name(s.Roles[j].ID, &s.Roles[j].Name)
				level(s.Roles[j].ID, &s.Roles[j].Access)
			}
		}
		for j := range s.Accounts {
			a := &s.Accounts[j]
			if r.of == "Team" {
				a.Teams = slices.Clone(a.Teams)
				for k := range a.Teams {
					name(a.Teams[k].ID, &a.Teams[k].Name)
				}
				continue
			}
			a.Roles = slices.Clone(a.Roles)
			for k := range a.Roles {
				name(a.Roles[k].ID, &a.Roles[k].Name)
				level(a.Roles[k].ID, &a.Roles[k].Access)
			}
		}
	}
	return out
}

// In any directory, the provenance of teams, roles and contacts is what a plain oracle reads from the records.
func TestProvenanceOfRecordsIsThatOfTheOracle(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		rules, data := drawWorld(t)
		d := directory.Build(rules, data)
		sight := drawSight(t, d)
		for _, r := range explainedRecords(d) {
			p := r.provenance(sight)
			want := recordOracle{d: d, all: data, data: data[slices.IndexFunc(data, func(s directory.SourceData) bool { return s.Name == r.source })], sight: sight, r: r}.written()
			if diff := gocmp.Diff(want, writtenRecord(p)); diff != "" {
				t.Fatalf("%s (-oracle +got):\n%s", r, diff)
			}
		}
	})
}

// writtenRecord writes the candidates and the states.
func writtenRecord(p *directory.FieldProvenance) []string {
	lines := []string{fmt.Sprint("state ", p.State, " conflict ", *p.Conflict)}
	for _, c := range p.Candidates {
		by := c.Source.Name
		if c.Account != nil {
			by = refOf(c.Account).String()
		}
		lines = append(lines, fmt.Sprintf("%s %q at %d %t %d", by, shown(c.Value.Any), seconds(c.ObservedAt), c.Chosen, c.Reason))
	}
	for _, s := range p.Sources {
		lines = append(lines, fmt.Sprintf("%s %d", s.Source.Name, s.State))
	}
	return lines
}

// recordOracle reads one field of one record from the records of its source.
type recordOracle struct {
	d     *directory.Directory
	all   []directory.SourceData
	data  directory.SourceData // of the record's source
	sight directory.Sight
	r     explainedRecord
}

// said is what a record says.
type said struct {
	by     string
	value  string
	at     int64
	reason directory.CandidateReason // 0 if it counts
	lesser bool
}

func (o recordOracle) written() []string {
	all := o.said()
	states, state := o.states(all), directory.StateNotOffered
	for _, s := range states {
		state = min(state, s.state)
	}
	people := o.r.field == "members" || o.r.field == "holders"
	contradicts := slices.IndexFunc(all, func(s said) bool {
		return !people && s.reason == 0 && s.lesser == all[0].lesser && !sameName(s.value, all[0].value)
	})
	if contradicts >= directory.MaxRecordCandidates {
		all[directory.MaxRecordCandidates-1] = all[contradicts]
	}
	lines := []string{fmt.Sprint("state ", state, " conflict ", contradicts >= 0)}
	for i, s := range all {
		reason := s.reason
		switch {
		case reason != 0:
		case people:
			reason = directory.ReasonCombined
		case i == 0:
			reason = directory.ReasonPreferred
		case s.lesser && !all[0].lesser:
			reason = directory.ReasonLesserKind
		default:
			reason = directory.ReasonLessPreferred
		}
		if i < directory.MaxRecordCandidates {
			lines = append(lines, fmt.Sprintf("%s %q at %d %t %d", s.by, s.value, s.at, reason == directory.ReasonPreferred || reason == directory.ReasonCombined, reason))
		}
	}
	for _, s := range states {
		lines = append(lines, fmt.Sprintf("%s %d", s.source, s.state))
	}
	return lines
}

func (o recordOracle) at(source string, c connectors.Collection) int64 {
	_, at := o.sight.Fetched(o.d.SourceNamed(source), c)
	return seconds(at)
}

// sortedAccounts are the accounts of the source in the order of their IDs.
func (o recordOracle) sortedAccounts() []connectors.Account {
	return slices.SortedFunc(slices.Values(o.data.Accounts), func(a, b connectors.Account) int { return directory.CompareIDs(a.ID, b.ID) })
}

func (o recordOracle) listed() bool {
	switch o.r.of {
	case "Team":
		return o.r.id != "" && slices.ContainsFunc(o.data.Teams, func(t connectors.Team) bool { return t.ID == o.r.id })
	case "Role":
		return slices.ContainsFunc(o.data.Roles, func(r connectors.Role) bool { return r.ID == o.r.id })
	}
	return true
}

func (o recordOracle) collection() connectors.Collection {
	return map[string]connectors.Collection{"Team": connectors.Teams, "Role": connectors.Roles, "Contact": connectors.Contacts}[o.r.of]
}

func (o recordOracle) said() []said {
	var all []said
	add := func(by, value string, at int64) {
		if value != "" && !slices.ContainsFunc(all, func(s said) bool { return sameName(s.value, value) }) {
			all = append(all, said{by: by, value: value, at: at})
		}
	}
	name := func(s string) string {
		if s = namesof.Clean(s); s == o.r.id {
			return ""
		}
		return s
	}
	level := func(l connectors.AccessLevel) string {
		if l <= connectors.AccessUnknown {
			return ""
		}
		return shown(l)
	}
	own, accounts := o.at(o.r.source, o.collection()), o.at(o.r.source, connectors.Accounts)
	switch o.r.of + "." + o.r.field {
	case "Team.name":
		team, _ := o.r.object.(*directory.Team)
		for _, t := range o.data.Teams {
			if t.ID == o.r.id && t.ID != "" {
				add(o.r.source, name(t.Name), own)
			}
		}
		for _, a := range o.sortedAccounts() {
			for _, ref := range a.Teams {
				if ref.ID == o.r.id && (ref.ID != "" || namesof.Key(ref.Name) == namesof.Key(team.Name)) {
					add(o.r.source+"/"+a.ID, name(ref.Name), accounts)
				}
			}
		}
	case "Role.name", "Role.accessLevel":
		says := func(n string, l connectors.AccessLevel) string {
			if o.r.field == "name" {
				return name(n)
			}
			return level(l)
		}
		for _, r := range o.data.Roles {
			if r.ID == o.r.id {
				add(o.r.source, says(r.Name, r.Access), own)
			}
		}
		for _, a := range o.sortedAccounts() {
			for _, ref := range a.Roles {
				if ref.ID == o.r.id {
					add(o.r.source+"/"+a.ID, says(ref.Name, ref.Access), accounts)
				}
			}
		}
	case "Contact.owner":
		c, _ := o.r.object.(*directory.Contact)
		for _, record := range o.data.Contacts {
			if record.ID != o.r.id || record.OwnerID == "" {
				continue
			}
			if c.Owner == nil {
				return []said{{by: o.r.source, value: record.OwnerID, at: own, reason: directory.ReasonNotFound}}
			}
			return []said{{by: o.r.source + "/" + record.OwnerID, value: c.Owner.ID, at: earliest(own, accounts)}}
		}
	case "Contact.user":
		return o.saidOfUser(own)
	case "Team.members", "Role.holders":
		for _, reason := range []directory.CandidateReason{0, directory.ReasonInactive} {
			for _, u := range everyone(o.d) {
				for _, a := range u.Accounts {
					if has, active := o.has(a.Core()); has && active == (reason == 0) {
						all = append(all, said{by: refOf(a).String(), value: u.ID, at: accounts, reason: reason})
					}
				}
			}
		}
	default:
		if o.r.value != nil {
			all = append(all, said{by: o.r.source, value: shown(o.r.value), at: own})
		}
	}
	if o.r.field == "name" && o.r.of != "Contact" && o.r.id != "" {
		at := accounts
		if o.listed() {
			at = own
		}
		all = append(all, said{by: o.r.source, value: o.r.id, at: at, lesser: true})
	}
	return all
}

// oracleHolder is an account with an address of a contact.
type oracleHolder struct {
	ref     connectors.Ref
	vouched bool
}

// holders are the accounts with an address, read from the records of all sources.
func (o recordOracle) holders(key string) (all []oracleHolder) {
	for _, s := range o.all {
		o.data = s
		for _, a := range o.sortedAccounts() {
			has, vouched := false, false
			for _, e := range a.Emails {
				parsed := address.Parse(e.Address)
				verified := e.Verified != nil && *e.Verified && len(parsed) == 1
				trusted := !e.Synthetic && (s.Trust == directory.TrustAsIs || s.Trust == directory.TrustVerifiedOnly && verified)
				if slices.ContainsFunc(parsed, func(p address.Address) bool { return p.Key == key }) {
					has, vouched = true, vouched || trusted
				}
			}
			if has {
				all = append(all, oracleHolder{connectors.Ref{Source: s.Name, ID: a.ID}, vouched})
			}
		}
	}
	return all
}

// saidOfUser are the accounts with an address of the contact: first those by which it is a person, then those that do not count.
func (o recordOracle) saidOfUser(own int64) (all []said) {
	var keys []string
	for _, c := range o.data.Contacts {
		for _, e := range c.Emails {
			for _, p := range address.Parse(e.Address) {
				if c.ID == o.r.id && !slices.Contains(keys, p.Key) {
					keys = append(keys, p.Key)
				}
			}
		}
	}
	add := func(h oracleHolder, reason directory.CandidateReason) {
		if ref := h.ref.String(); !slices.ContainsFunc(all, func(s said) bool { return s.by == ref }) {
			at := earliest(own, o.at(h.ref.Source, connectors.Accounts))
			all = append(all, said{by: ref, value: o.d.UserByAccount(h.ref).ID, at: at, reason: reason})
		}
	}
	for _, counting := range []bool{true, false} {
		for _, key := range keys {
			local, _, _ := strings.Cut(key[:strings.LastIndexByte(key, '@')], "+")
			shared := slices.Contains(directory.DefaultSharedMailboxes, local)
			people := map[*directory.User]bool{}
			holders := o.holders(key)
			for _, h := range holders {
				if h.vouched {
					people[o.d.UserByAccount(h.ref)] = true
				}
			}
			slices.SortStableFunc(holders, func(x, y oracleHolder) int {
				if x.vouched == y.vouched {
					return 0
				}
				return map[bool]int{true: -1, false: 1}[x.vouched]
			})
			kept, sources := 0, map[string]bool{}
			for _, h := range holders {
				switch counts := h.vouched && !shared && len(people) == 1; {
				case counts != counting:
				case counting:
					add(h, 0)
				case kept >= directory.MaxRecordCandidates && sources[h.ref.Source]:
				default:
					reason := directory.ReasonUntrusted
					if shared {
						reason = directory.ReasonSharedMailbox
					} else if h.vouched {
						reason = directory.ReasonAmbiguous
					}
					add(h, reason)
					kept, sources[h.ref.Source] = kept+1, true
				}
			}
		}
	}
	return all
}

// has reports whether an account is in the team, or has the role, and whether that makes its person a member or a holder.
func (o recordOracle) has(a *directory.AccountCore) (has, counts bool) {
	if team, ok := o.r.object.(*directory.Team); ok {
		return slices.Contains(a.Teams, team), true
	}
	return a.Source.Name == o.r.source && slices.ContainsFunc(a.Record().Roles, func(r connectors.RoleRef) bool { return r.ID == o.r.id }), a.Active
}

func earliest(x, y int64) int64 {
	if x == 0 || y != 0 && y < x {
		return y
	}
	return x
}

// in is the state in a source.
type in struct {
	source string
	state  directory.FieldState
}

func (o recordOracle) states(all []said) []in {
	fetched := func(source string, c connectors.Collection) directory.Fetched {
		f, _ := o.sight.Fetched(o.d.SourceNamed(source), c)
		return f
	}
	own := func(has bool, also ...connectors.Collection) []in {
		if has {
			return []in{{o.r.source, directory.StatePresent}}
		}
		state := directory.StateNotOffered
		if o.listed() {
			state = directory.StateEmpty
		} else {
			also = append(also, o.collection())
		}
		for _, c := range also {
			state = min(state, [...]directory.FieldState{
				directory.FetchedAll: directory.StateEmpty, directory.FetchedPart: directory.StateUnavailable, directory.FetchedForbidden: directory.StateRestricted,
				directory.FetchedNever: directory.StateNotOffered,
			}[fetched(o.r.source, c)])
		}
		return []in{{o.r.source, state}}
	}
	people, _ := o.r.value.([]*directory.User)
	source := o.d.SourceNamed(o.r.source)
	switch o.r.of + "." + o.r.field {
	case "Team.members", "Role.holders":
		if len(people) == 0 && source.Restricts(o.collection()) {
			return []in{{o.r.source, directory.StateRestricted}}
		}
		return own(len(people) > 0, connectors.Accounts)
	case "Role.permissions":
		if role, _ := o.r.object.(*directory.Role); o.listed() && role.Permissions == nil {
			return []in{{o.r.source, directory.StateRestricted}}
		}
	case "Role.accessLevel":
		return own(len(all) > 0, connectors.Accounts)
	case "Contact.owner":
		if len(all) > 0 && all[0].reason != 0 {
			return own(false, connectors.Accounts)
		}
	case "Contact.user":
		contact, _ := o.r.object.(*directory.Contact)
		if len(contact.Emails) == 0 {
			return own(false)
		}
		var states []in
		for _, s := range o.d.Sources() {
			state := [...]directory.FieldState{
				directory.FetchedAll: directory.StateNoAccount, directory.FetchedPart: directory.StateUnavailable,
				directory.FetchedForbidden: directory.StateRestricted, directory.FetchedNever: directory.StateNotOffered,
			}[fetched(s.Name, connectors.Accounts)]
			hides, accounts := true, 0
			for _, u := range everyone(o.d) {
				for _, a := range u.Accounts {
					if a.Core().Source == s {
						hides, accounts = hides && a.Core().Record().Emails == nil, accounts+1
					}
				}
			}
			if hides && accounts > 0 && state != directory.StateNotOffered {
				state = directory.StateRestricted
			}
			for _, x := range all {
				switch by, _, _ := strings.Cut(x.by, "/"); {
				case by != s.Name:
				case x.reason == 0:
					state = directory.StatePresent
				case state == directory.StateNoAccount:
					state = directory.StateEmpty
				}
			}
			states = append(states, in{s.Name, state})
		}
		return states
	}
	return own(len(all) > 0)
}
