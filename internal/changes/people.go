package changes

import (
	"slices"

	"roster/connectors"
	"roster/internal/directory"
)

// comparePeople finds the changes of people. A person goes on as the one who has the same ID or, if that ID is gone, the first of the person's accounts.
func (c *comparison) comparePeople(before, after []*directory.User) {
	successors := make(map[*directory.User]bool) // of people whose ID is gone
	for _, u := range before {
		now := follow(c.new.Directory, u)
		switch {
		case now == nil:
			c.removed(u)
		case now == u || now.ID == u.ID && (c.isReset(u) || c.isReset(now)):
		case now.ID == u.ID:
			if fields := changedUser(u, now); len(fields) > 0 {
				c.changes = append(c.changes, Change{Kind: User, Action: Updated, ID: u.ID, Label: now.Name, Fields: fields, Sources: sourcesOf(u, now)})
			}
		default:
			successors[now] = true
			if !c.isReset(u) && !c.isReset(now) {
				c.changes = append(c.changes, Change{Kind: User, Action: Merged, ID: u.ID, RelatedID: now.ID, Label: u.Name, Sources: sourcesOf(u, now)})
			}
		}
	}
	for _, u := range after {
		was := follow(c.old.Directory, u)
		switch {
		case was != nil && was.ID == u.ID || successors[u] || c.isReset(u):
		case was == nil:
			c.changes = append(c.changes, Change{Kind: User, Action: Added, ID: u.ID, Label: u.Name, Sources: sourcesOf(u)})
		default:
			from := follow(c.new.Directory, was)
			if from == nil || c.isReset(was) {
				continue
			}
			c.changes = append(c.changes, Change{Kind: User, Action: Split, ID: u.ID, RelatedID: from.ID, Label: u.Name, Sources: sourcesOf(u, was)})
		}
	}
}

// follow returns the person of another directory who is this one: the one with the same ID or, without one, the one with the first of the accounts that the
// other directory has. It returns nil if that has none of them.
func follow(d *directory.Directory, u *directory.User) (first *directory.User) {
	for _, a := range u.Accounts {
		core := a.Core()
		other := d.UserByAccount(connectors.Ref{Source: core.Source.Name, ID: core.ExternalID})
		if other == nil {
			continue
		}
		if other.ID == u.ID {
			return other
		}
		if first == nil {
			first = other
		}
	}
	return first
}

func (c *comparison) removed(u *directory.User) {
	if c.isReset(u) {
		return
	}
	for _, name := range sourcesOf(u) {
		if !c.new.source(name).complete(connectors.Accounts) {
			c.resets[name] = true
			return
		}
	}
	c.changes = append(c.changes, Change{Kind: User, Action: Removed, ID: u.ID, Label: u.Name, Sources: sourcesOf(u)})
}

// isReset reports whether an account of the person is of a source whose objects are not told one by one.
func (c *comparison) isReset(u *directory.User) bool {
	return slices.ContainsFunc(u.Accounts, func(a directory.Account) bool { return c.hides(a.Core().Source.Name) })
}

func changedUser(a, b *directory.User) []string {
	return append(changed(userFields, a, b), changedAccounts(a, b)...)
}

// sourcesOf returns the names of the sources of these people's accounts.
func sourcesOf(users ...*directory.User) []string {
	var names []string
	for _, u := range users {
		for _, a := range u.Accounts {
			if name := a.Core().Source.Name; !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
	}
	return names
}
