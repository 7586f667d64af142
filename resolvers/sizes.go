package resolvers

import (
	"context"

	"roster/internal/cost"
	"roster/internal/directory"
)

// unsized has the list fields whose length is known only from the data.
var unsized = map[string]directory.List{
	"User.emails":                   directory.UserEmails,
	"User.phones":                   directory.UserPhones,
	"User.addresses":                directory.UserAddresses,
	"User.teams":                    directory.UserTeams,
	"User.roles":                    directory.UserRoles,
	"User.roleGrants":               directory.UserRoleGrants,
	"User.accounts":                 directory.UserAccounts,
	"User.possibleDuplicates":       directory.UserDuplicates,
	"UserEmail.sources":             directory.EmailSources,
	"Account.teams":                 directory.AccountTeams,
	"Account.roles":                 directory.AccountRoles,
	"WorksectionAccount.phones":     directory.AccountPhones,
	"WorksectionAccount.addresses":  directory.AccountAddresses,
	"WorksectionAccount.chats":      directory.WorksectionChats,
	"WorksectionAccount.socials":    directory.WorksectionSocials,
	"KommoAccount.phones":           directory.AccountPhones,
	"KommoAccount.permissions":      directory.KommoPermissions,
	"KommoAccount.stagePermissions": directory.KommoStagePermissions,
	"AltcraftAccount.phones":        directory.AccountPhones,
	"RocketChatAccount.emails":      directory.RocketChatEmails,
	"Role.permissions":              directory.RolePermissions,
	"Contact.emails":                directory.ContactEmails,
	"Contact.phones":                directory.ContactPhones,
	"Contact.addresses":             directory.ContactAddresses,
	"Contact.tags":                  directory.ContactTags,
}

// ofSources has the fields that list sources, each source at most once.
var ofSources = map[string]bool{"Query.sources": true, "Completeness.missing": true, "Completeness.stale": true}

// sizes has the lengths of the lists of one directory.
type sizes struct{ directory *directory.Directory }

var _ cost.Lists = sizes{}

// Longest implements cost.Lists.
func (s sizes) Longest(field string, objects int) (items int, disjoint, ok bool) {
	if ofSources[field] {
		return objects * len(s.directory.Sources()), false, true
	}
	list, ok := unsized[field]
	if !ok {
		return 0, false, false
	}
	return s.directory.Longest(list, objects), list == directory.UserAccounts || list == directory.UserEmails, true
}

// Repeats returns the greatest number of keys that name the same object. Keys are IDs or representations. A key without an object counts as an object.
func (s sizes) Repeats(keys []any) int {
	seen, most := make(map[directory.Node]int, len(keys)), 0
	for _, key := range keys {
		if object := s.named(key); object != nil {
			seen[object]++
			most = max(most, seen[object])
		}
	}
	return max(most, 1)
}

func (s sizes) named(key any) directory.Node {
	if id, ok := key.(string); ok {
		return s.directory.Node(id)
	}
	representation, ok := key.(map[string]any)
	if !ok {
		return nil
	}
	id, hasID := representation["id"].(string)
	email, _ := representation["email"].(string)
	var user *directory.User
	switch {
	case hasID && representation["__typename"] != "User":
		return s.directory.Node(id)
	case hasID:
		user, _ = s.directory.User(id) // nil for an invalid ID
	default:
		user = s.directory.UserByEmail(email)
	}
	if user == nil {
		return nil
	}
	return user
}

// Lists returns the lengths of lists in the current directory.
func (r *Resolver) Lists() cost.Lists {
	return sizes{r.Publisher.View(context.Background(), nil, false).Directory}
}
