package directory

import (
	"cmp"
	"slices"

	"roster/connectors"
)

// joinUsers makes the people out of the accounts.
func (b *builder) joinUsers() {
	j := newJoiner(b.accounts, b.rules)
	var users []*User
	for i, g := range j.groups(b.rules.Links) {
		// A group goes by the number of its first account.
		u := b.accounts[g].User
		if u == nil {
			u = &User{}
			users = append(users, u)
		}
		// The accounts come by source and ID, and so they stand in the person.
		u.Accounts = append(u.Accounts, b.outer[i])
		b.accounts[i].User = u
	}
	m := newMerger(b.rules, b.dir.sources)
	for _, u := range users {
		b.step(len(u.Accounts))
		m.merge(u)
	}
	b.dir.users.all = users
	b.dir.users.table = numbered('U', users, b.names,
		func(u *User) string { return u.Name }, func(u *User) string { return u.ID }, func(u *User, i uint32) { u.index = i })
	j.linkDuplicates()
	b.indexEmails()
}

// indexEmails finds people by their addresses. An address that several people have, each by the word of some source,
// finds none of them, and neither does a shared mailbox, of which one holder may be all that is known.
func (b *builder) indexEmails() {
	several := make(map[string]bool)
	for _, a := range b.accounts {
		for _, e := range a.emails {
			if e.trust == connectors.TrustNone || e.shared {
				continue
			}
			if u, ok := b.dir.byEmail[e.key]; ok && u != a.User {
				several[e.key] = true
			}
			b.dir.byEmail[e.key] = a.User
		}
	}
	for key := range several {
		delete(b.dir.byEmail, key)
	}
}

// merger makes one card of several accounts.
type merger struct {
	// ranks gives for a field the rank of each source, by its index; nil for the configured order.
	ranks map[Field][]int
}

func newMerger(rules *Rules, sources []*Source) *merger {
	m := &merger{ranks: make(map[Field][]int)}
	for field, names := range rules.Precedence {
		ranks := make([]int, len(sources))
		for i, s := range sources {
			ranks[i] = len(names) + i
			if at := slices.Index(names, s.Name); at >= 0 {
				ranks[i] = at
			}
		}
		m.ranks[field] = ranks
	}
	return m
}

// first gives the value of the first account, in the field's order, that has one.
func first[T any](m *merger, u *User, field Field, value func(*AccountCore) (T, bool)) (v T, ok bool) {
	ranks := m.ranks[field]
	best := 0
	for _, a := range u.Accounts {
		core := a.Core()
		if ok && (ranks == nil || ranks[core.Source.index] >= best) {
			continue
		}
		if got, has := value(core); has {
			v, ok = got, true
			if ranks == nil {
				return v, ok
			}
			best = ranks[core.Source.index]
		}
	}
	return v, ok
}

func (m *merger) text(u *User, field Field, value func(*AccountCore) Text) Text {
	t, _ := first(m, u, field, func(a *AccountCore) (Text, bool) { t := value(a); return t, t != "" })
	return t
}

func (m *merger) merge(u *User) {
	primary := u.Accounts[0].Core()
	u.ID = encodeID(userID, primary.Source.Name, primary.ExternalID)
	u.FirstName = m.text(u, FieldFirstName, func(a *AccountCore) Text { return a.FirstName })
	u.LastName = m.text(u, FieldLastName, func(a *AccountCore) Text { return a.LastName })
	u.Title = m.text(u, FieldTitle, func(a *AccountCore) Text { return a.Title })
	u.Department = m.text(u, FieldDepartment, func(a *AccountCore) Text { return a.Department })
	u.AvatarURL = m.text(u, FieldAvatarURL, func(a *AccountCore) Text { return a.AvatarURL })
	u.Locale = m.text(u, FieldLocale, func(a *AccountCore) Text { return a.Locale })
	u.Email = m.text(u, FieldEmail, func(a *AccountCore) Text {
		for _, e := range a.emails {
			if e.trust > connectors.TrustNone {
				return Text(e.shown)
			}
		}
		return ""
	})
	u.Phones, _ = first(m, u, FieldPhones, func(a *AccountCore) ([]connectors.Phone, bool) { return a.Phones, len(a.Phones) > 0 })
	u.Addresses, _ = first(m, u, FieldAddresses, func(a *AccountCore) ([]string, bool) { return a.Addresses, len(a.Addresses) > 0 })
	u.Phones, u.Addresses = emptied(u.Phones), emptied(u.Addresses)
	u.Name = m.name(u)
	u.Bot = true
	var all gathered
	for _, a := range u.Accounts {
		m.add(u, a, &all)
	}
	u.Teams, u.Roles = all.teams.Values(), all.roles.Values()
}

// gathered is what the accounts of one person have in all, each once.
type gathered struct {
	teams  connectors.Distinct[*Team]
	roles  connectors.Distinct[*Role]
	emails connectors.Distinct[string]
}

// name is a real name of any account's before any user name, address or ID.
func (m *merger) name(u *User) string {
	for _, value := range []func(*AccountCore) Text{
		func(a *AccountCore) Text { return Text(a.given) },
		func(a *AccountCore) Text { return a.Username },
		func(a *AccountCore) Text { return a.Email },
	} {
		if t := m.text(u, FieldName, value); t != "" {
			return string(t)
		}
	}
	return u.Accounts[0].Core().ExternalID
}

// add counts an account in where all accounts count.
func (m *merger) add(u *User, outer Account, all *gathered) {
	a := outer.Core()
	u.Active = u.Active || a.Active
	u.Bot = u.Bot && a.record.Bot
	u.AccessLevel = max(u.AccessLevel, a.AccessLevel)
	if !a.CreatedAt.IsZero() && (u.CreatedAt.IsZero() || a.CreatedAt.Before(u.CreatedAt)) {
		u.CreatedAt = a.CreatedAt
	}
	for _, t := range a.Teams {
		all.teams.Add(t)
	}
	for _, r := range a.Roles {
		u.RoleGrants = append(u.RoleGrants, RoleGrant{Role: r, Account: outer})
		if a.Active {
			all.roles.Add(r)
		}
	}
	for _, e := range a.emails {
		at, added := all.emails.Add(e.key)
		if added {
			u.Emails = append(u.Emails, &UserEmail{Address: e.shown})
		}
		x := u.Emails[at]
		x.Trust = max(x.Trust, e.trust)
		if n := len(x.Sources); n == 0 || x.Sources[n-1] != a.Source { // a person's accounts come by source
			x.Sources = append(x.Sources, a.Source)
		}
	}
}

// sortGroups puts everyone's teams and roles in the order of their names, which is known once those are numbered.
func (b *builder) sortGroups() {
	byTeam := func(x, y *Team) int { return cmp.Compare(x.index, y.index) }
	byRole := func(x, y *Role) int { return cmp.Compare(x.index, y.index) }
	for _, a := range b.accounts {
		slices.SortFunc(a.Teams, byTeam)
		slices.SortFunc(a.Roles, byRole)
	}
	for _, u := range b.dir.users.all {
		slices.SortFunc(u.Teams, byTeam)
		slices.SortFunc(u.Roles, byRole)
		slices.SortStableFunc(u.RoleGrants, func(x, y RoleGrant) int { return byRole(x.Role, y.Role) })
	}
}
