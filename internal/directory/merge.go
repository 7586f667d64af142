package directory

import (
	"cmp"
	"slices"

	"roster/connectors"
)

// joinUsers builds the people from the accounts.
func (b *builder) joinUsers() {
	j := newJoiner(b.accounts, b.rules)
	var users []*User
	people := j.join()
	for i := range b.accounts {
		// The number of a group is that of its first account.
		u := b.accounts[people.find(i)].User
		if u == nil {
			u = &User{}
			users = append(users, u)
		}
		// Accounts are in the order of sources and IDs, also within a person.
		u.Accounts = append(u.Accounts, b.outer[i])
		b.accounts[i].User = u
	}
	m := newMerger(b.rules, b.dir.sources)
	b.dir.merger = m
	b.dir.byID = make(map[string]*User, len(users))
	for _, u := range users {
		b.step(len(u.Accounts))
		m.merge(u)
		u.adjoin()
		b.dir.byID[u.ID] = u
	}
	b.dir.users.all = users
	b.dir.users.table = numbered('U', users, b.names,
		func(u *User) string { return u.Name }, func(u *User) string { return u.ID }, func(u *User, i uint32) { u.index = i })
	j.linkDuplicates()
	b.holders = j.emails.holders
	b.indexFormer()
	b.indexEmails()
	b.collectRemoved()
	b.setAuthority()
}

// indexEmails indexes people by their addresses. It leaves out addresses that several people have, each vouched for by a source, and shared mailboxes,
// because other holders of a shared mailbox may be unknown.
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

// merger merges the values of several accounts into one person.
type merger struct {
	// ranks has the order of sources of each field for which one is configured.
	ranks map[Field]sourceRanks
}

// sourceRanks has the rank of each source for a field, by its index. Of two accounts with the same rank, the first counts. Without ranks, all sources have the
// same, so that the configured order of sources counts, in which the accounts of a person are.
type sourceRanks []int

func (r sourceRanks) of(s *Source) int {
	if r == nil {
		return 0
	}
	return r[s.index]
}

func newMerger(rules *Rules, sources []*Source) *merger {
	m := &merger{ranks: make(map[Field]sourceRanks)}
	for field, names := range rules.Precedence {
		ranks := make(sourceRanks, len(sources))
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

// first returns the value of the first account, in the field's order, that has one.
func first[T any](m *merger, u *User, field Field, value func(*AccountCore) (T, bool)) (v T, ok bool) {
	ranks, best := m.ranks[field], 0
	for _, a := range u.Accounts {
		core := a.Core()
		rank := ranks.of(core.Source)
		if ok && rank >= best {
			continue
		}
		if got, has := value(core); has {
			v, ok, best = got, true, rank
			if best == 0 {
				break
			}
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
	for i := range userFields {
		userFields[i].merge(m, u)
	}
}

// adjoin copies the texts that most operations ask for into one piece of memory, because the processor reads texts that are side by side much faster.
func (u *User) adjoin() {
	rest := u.ID + u.Name + string(u.Email) + string(u.Title)
	take := func(n int) (s string) {
		s, rest = rest[:n], rest[n:]
		return s
	}
	u.ID, u.Name = take(len(u.ID)), take(len(u.Name))
	u.Email, u.Title = Text(take(len(u.Email))), Text(take(len(u.Title)))
}

// name prefers a real name from any account to user names, addresses and IDs.
func (m *merger) name(u *User) string {
	for _, kind := range nameKinds {
		if t := m.text(u, FieldName, kind); t != "" {
			return string(t)
		}
	}
	return u.Accounts[0].Core().ExternalID
}

// sortGroups sorts everyone's teams and roles by name. It runs after those have been numbered.
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
