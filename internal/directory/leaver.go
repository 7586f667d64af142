package directory

import (
	"slices"
	"time"

	"roster/connectors"
	"roster/internal/history"
)

// Leaver is a person who is gone in the source that decides who works here (Rules.Authority), and still has active accounts elsewhere.
type Leaver struct {
	// Authority is the source that decides.
	Authority *Source
	// AccountID and ExternalID are those of the account there. Account is nil if the source no longer has it.
	AccountID, ExternalID string
	Account               Account
	// Since is when a fetch first saw that the person is gone; zero if that is unknown. It can have happened earlier, at any time if the first fetch of all
	// saw it.
	Since time.Time
	// ActiveAccounts are the active accounts in other sources.
	ActiveAccounts []Account
}

// authority knows who is gone in the source that decides who works here. All sources of a directory have the same one.
type authority struct {
	source *Source
	// removed are the accounts that the source no longer has and that belonged to somebody.
	removed map[*User][]*removedAccount
	// partial is true if only what known has may be believed. See SourceData.
	partial bool
	known   *history.History
}

// setAuthority finds the source that decides who works here. It follows collectRemoved.
func (b *builder) setAuthority() {
	i := slices.IndexFunc(b.dir.sources, func(s *Source) bool { return b.rules.Authority != "" && s.Name == b.rules.Authority })
	if i < 0 {
		return
	}
	a := &authority{source: b.dir.sources[i], partial: b.data[i].Partial, known: b.data[i].Known, removed: make(map[*User][]*removedAccount)}
	// A source that has nobody at all has probably lost a right.
	someone := slices.ContainsFunc(b.accounts, func(c *AccountCore) bool { return c.Source == a.source && c.Fetched() && a.had(c) })
	believed := make(map[string]time.Time)
	for _, r := range a.known.Removed() {
		believed[r.ID] = r.At
	}
	for n := range b.dir.removed {
		if r := &b.dir.removed[n]; someone && r.source == a.source && r.user != nil && (!a.partial || believed[r.ID].Equal(r.At)) {
			a.removed[r.user] = append(a.removed[r.user], r)
		}
	}
	for _, s := range b.dir.sources {
		s.authority = a
	}
}

// authority returns the source that decides who works here; nil for none.
func (d *Directory) authority() *authority {
	if len(d.sources) == 0 {
		return nil
	}
	return d.sources[0].authority
}

// keepLeavers keeps only people who are gone, or only others. Nil keeps everybody.
func (d *Directory) keepLeavers(s *set, leaver *bool) error {
	switch {
	case leaver == nil:
		return nil
	case d.authority() == nil:
		return &InputError{"filter.leaver", "no source decides who works here: set identity.authority in the configuration"}
	case *leaver:
		s.intersect(d.users.having(userLeaver, "true"))
	default:
		s.subtract(d.users.having(userLeaver, "true"))
	}
	return nil
}

// IsAuthority reports whether the operator has named the source as the one that decides who works here.
func (s *Source) IsAuthority() bool { return s.authority != nil && s.authority.source == s }

// Leaver returns since when a person is gone who still has active accounts, or nil for everybody else: who works here, has no active account, never had
// an account in the source that decides, or is a program. It also returns nil if no source decides.
func (u *User) Leaver() *Leaver {
	a := u.Accounts[0].Core().Source.authority
	if a == nil || !u.Active || u.Bot {
		return nil
	}
	l := &Leaver{Authority: a.source}
	for _, account := range u.Accounts {
		switch c := account.Core(); {
		case c.Source != a.source && c.Active:
			l.ActiveAccounts = append(l.ActiveAccounts, account)
		case c.Source == a.source && c.Active:
			return nil
		}
	}
	if !a.left(l, u) {
		return nil
	}
	return l
}

// left reports whether the person is gone in the source: their accounts there are inactive, or the source has none any more. What was written here, or first seen
// by an incomplete fetch, says nothing.
func (a *authority) left(l *Leaver, u *User) bool {
	var there []Account
	for _, account := range u.Accounts {
		c := account.Core()
		if c.Source != a.source || !c.Fetched() || !a.had(c) {
			continue
		}
		if !a.believes(c) {
			return false
		}
		there = append(there, account)
	}
	if len(there) == 0 {
		return a.gone(l, u)
	}
	l.deactivated(there)
	return true
}

// deactivated sets since when the accounts are inactive. The last one that was deactivated counts.
func (l *Leaver) deactivated(accounts []Account) {
	known := true
	for _, account := range accounts {
		c := account.Core()
		since := c.ChangedAt(FieldActive)
		known = known && !since.IsZero()
		if l.Account == nil || since.After(l.Since) {
			l.Account, l.AccountID, l.ExternalID, l.Since = account, c.ID, c.ExternalID, since
		}
	}
	if !known {
		l.Since = time.Time{}
	}
}

// gone reports whether the source has removed the person's account. The last one that was removed counts.
func (a *authority) gone(l *Leaver, u *User) bool {
	for _, r := range a.removed[u] {
		if !r.At.After(l.Since) ||
			!slices.ContainsFunc(l.ActiveAccounts, func(account Account) bool { return account.Core().seenBefore(r.At) }) {
			continue
		}
		l.ExternalID, l.Since = r.ID, r.At
	}
	if l.ExternalID == "" {
		return false
	}
	l.AccountID = AccountID(connectors.Ref{Source: a.source.Name, ID: l.ExternalID})
	return true
}

// had reports whether the last complete fetch had the account too. The times of both histories are by the same clocks, also if several replicas have fetched.
func (a *authority) had(c *AccountCore) bool {
	return !a.partial || a.known != nil && a.known.First(c.ExternalID).Equal(c.Source.history(connectors.Accounts).First(c.ExternalID))
}

// believes reports whether it counts that such an account is inactive: it was so in the last complete fetch, and ever since.
func (a *authority) believes(c *AccountCore) bool {
	return !a.partial || a.known.Field(c.ExternalID, accountParts[FieldActive]...).Equal(c.ChangedAt(FieldActive))
}

// seenBefore reports whether a fetch had seen the account before that time. Of accounts that were there before the program kept times, no time is known,
// and they count as seen before.
func (a *AccountCore) seenBefore(at time.Time) bool {
	return a.Fetched() && a.Source.history(connectors.Accounts).First(a.ExternalID).Before(at)
}
