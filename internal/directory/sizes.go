package directory

import (
	"roster/connectors"
	"roster/internal/lengths"
)

// List is a list field of one type of object whose length is known only from the data.
type List uint8

// The lists. AltcraftAccount has none of its own.
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
	WorksectionChats
	WorksectionSocials
	KommoPermissions
	KommoStagePermissions
	RocketChatEmails
	RolePermissions
	ContactEmails
	ContactPhones
	ContactAddresses
	ContactTags

	listCount
)

// Longest returns the greatest number of items in these lists of that many different objects together.
func (d *Directory) Longest(list List, objects int) int { return d.sizes[list].Of(objects) }

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
		countDetails(counts, a.record)
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
}

// countDetails counts the lists of a vendor's details. An account never has more addresses than its record.
func countDetails(counts []lengths.Count, r *connectors.Account) {
	counts[RocketChatEmails].Add(len(r.Emails))
	if r.Worksection != nil {
		counts[WorksectionChats].Add(len(r.Worksection.Chats))
		counts[WorksectionSocials].Add(len(r.Worksection.Socials))
	}
	if r.Kommo != nil {
		counts[KommoPermissions].Add(len(r.Kommo.Permissions))
		counts[KommoStagePermissions].Add(len(r.Kommo.StagePermissions))
	}
}
