package resolvers

import (
	"context"

	"roster/internal/cost"
	"roster/internal/directory"
)

// unsized are the fields that are lists of which only the data tells how long they are, by their type's name and their own.
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

// ofSources are the fields that list sources, each of them once at most.
var ofSources = map[string]bool{"Query.sources": true, "Completeness.missing": true, "Completeness.stale": true}

// sizes knows how long the lists of one directory are. Those of the same directory are equal.
type sizes struct{ directory *directory.Directory }

var _ cost.Lists = sizes{}

// Longest gives how many items the lists of a field have together at most: see cost.Lists.
func (s sizes) Longest(field string, objects int) (items int, own, ok bool) {
	if ofSources[field] {
		return objects * len(s.directory.Sources()), false, true
	}
	list, ok := unsized[field]
	if !ok {
		return 0, false, false
	}
	return s.directory.Longest(list, objects), list == directory.UserAccounts || list == directory.UserEmails, true
}

// Repeats gives how many of the keys, which are IDs or representations, name the same object at most. What names nothing costs as if it did.
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
		user, _ = s.directory.User(id) // what is no ID names nobody
	default:
		user = s.directory.UserByEmail(email)
	}
	if user == nil {
		return nil
	}
	return user
}

// Lists says how long lists are in the data that an operation would see now.
func (r *Resolver) Lists() cost.Lists {
	return sizes{r.Publisher.View(context.Background(), nil, false).Directory}
}
