package directory

import "roster/internal/lengths"

// List is a list field of one type of object whose length is known only from the data.
type List uint8

// The lists. Accounts of single kinds of sources have others, see Directory.LongestOf.
const (
	UserEmails List = iota
	UserPhones
	UserAddresses
	UserTeams
	UserRoles
	UserRoleGrants
	UserAccounts
	UserDuplicates
	EmailSources
	AccountPhones
	AccountAddresses
	AccountTeams
	AccountRoles
	AccountAttributes
	RolePermissions
	ContactEmails
	ContactPhones
	ContactAddresses
	ContactTags

	listCount
)

// Longest returns the greatest number of items in these lists of that many different objects together.
func (d *Directory) Longest(list List, objects int) int { return d.sizes[list].Of(objects) }

// LongestOf returns the same for a list that only accounts of some kinds of sources have, see SourceData.Lists.
func (d *Directory) LongestOf(name string, objects int) int { return d.ownSizes[name].Of(objects) }

// measure counts the lengths of all lists.
func (b *builder) measure() {
	counts := make([]lengths.Count, listCount)
	for i := range counts {
		counts[i] = make(lengths.Count)
	}
	for _, u := range b.dir.users.all {
		counts[UserEmails].Add(len(u.Emails))
		counts[UserPhones].Add(len(u.Phones))
		counts[UserAddresses].Add(len(u.Addresses))
		counts[UserTeams].Add(len(u.Teams))
		counts[UserRoles].Add(len(u.Roles))
		counts[UserRoleGrants].Add(len(u.RoleGrants))
		counts[UserAccounts].Add(len(u.Accounts))
		counts[UserDuplicates].Add(len(u.PossibleDuplicates))
		for _, e := range u.Emails {
			counts[EmailSources].Add(len(e.Sources))
		}
	}
	for _, a := range b.accounts {
		counts[AccountPhones].Add(len(a.Phones))
		counts[AccountAddresses].Add(len(a.Addresses))
		counts[AccountTeams].Add(len(a.Teams))
		counts[AccountRoles].Add(len(a.Roles))
		counts[AccountAttributes].Add(len(attributesOf(a.record)))
	}
	for _, r := range b.dir.roles.all {
		counts[RolePermissions].Add(len(r.Permissions))
	}
	for _, c := range b.dir.contacts.all {
		counts[ContactEmails].Add(len(c.Emails))
		counts[ContactPhones].Add(len(c.Phones))
		counts[ContactAddresses].Add(len(c.Addresses))
		counts[ContactTags].Add(len(c.Tags))
	}
	for i, c := range counts {
		b.dir.sizes[i] = c.Longest()
	}
	b.measureOwn()
}

// measureOwn counts the lengths of the lists that only accounts of some kinds have.
func (b *builder) measureOwn() {
	counts := make(map[string]lengths.Count)
	for i, d := range b.data {
		for name, length := range d.Lists {
			if counts[name] == nil {
				counts[name] = make(lengths.Count)
			}
			for _, r := range b.people[i] {
				counts[name].Add(length(r))
			}
		}
	}
	b.dir.ownSizes = make(map[string]lengths.Longest, len(counts))
	for name, c := range counts {
		b.dir.ownSizes[name] = c.Longest()
	}
}
