package resolvers

import (
	"slices"
	"strings"
	"sync"

	"roster/connectors"
	"roster/graph/model"
	"roster/internal/cost"
	"roster/internal/directory"
)

// unsized has the list fields whose length is known only from the data. A field of Account stands for that of all types that an account can have. Those
// types can have other lists: see connectors.Kind.Lists.
var unsized = map[string]directory.List{
	"User.emails":             directory.UserEmails,
	"User.phones":             directory.UserPhones,
	"User.addresses":          directory.UserAddresses,
	"User.teams":              directory.UserTeams,
	"User.roles":              directory.UserRoles,
	"User.roleGrants":         directory.UserRoleGrants,
	"User.accounts":           directory.UserAccounts,
	"User.possibleDuplicates": directory.UserDuplicates,
	"UserEmail.sources":       directory.EmailSources,
	"Account.phones":          directory.AccountPhones,
	"Account.addresses":       directory.AccountAddresses,
	"Account.attributes":      directory.AccountAttributes,
	"Account.teams":           directory.AccountTeams,
	"Account.roles":           directory.AccountRoles,
	"Role.permissions":        directory.RolePermissions,
	"Contact.emails":          directory.ContactEmails,
	"Contact.phones":          directory.ContactPhones,
	"Contact.addresses":       directory.ContactAddresses,
	"Contact.tags":            directory.ContactTags,
}

// ofPeople has the lists with at most one item for each item of a list of a person. Several objects may have lists of the same person.
var ofPeople = map[string]directory.List{"IdentityLink.accounts": directory.UserAccounts, candidates: directory.UserAccounts, "Leaver.activeAccounts": directory.UserAccounts}

// candidates has, of the fields of other objects, at most directory.MaxRecordCandidates.
const candidates = "FieldProvenance.candidates"

// ofSources has the fields that list sources, each source at most once.
var ofSources = map[string]bool{"Query.sources": true, "Completeness.missing": true, "Completeness.stale": true, "FieldProvenance.sources": true}

// sizes has the lengths of the lists of one directory.
type sizes struct{ directory *directory.Directory }

var _ cost.Lists = sizes{}

// Longest implements cost.Lists.
func (s sizes) Longest(field string, objects int) (items int, disjoint, ok bool) {
	if ofSources[field] {
		return objects * len(s.directory.Sources()), false, true
	}
	if list, ok := ofPeople[field]; ok {
		longest := s.directory.Longest(list, 1)
		if field == candidates {
			longest = max(longest, directory.MaxRecordCandidates)
		}
		return objects * longest, false, true
	}
	list, ok := unsized[ofAccount(field)]
	if !ok {
		return s.directory.LongestOf(field, objects), false, ownLists()[field]
	}
	return s.directory.Longest(list, objects), list == directory.UserAccounts || list == directory.UserEmails, true
}

// ofAccount gives the name that a field has in unsized.
func ofAccount(field string) string {
	object, name, _ := strings.Cut(field, ".")
	if slices.Contains(accountTypes, object) {
		return "Account." + name
	}
	return field
}

var accountTypes = model.AccountTypes()

// ownLists are the lists that only accounts of single kinds of sources have, by their type's name and their own.
var ownLists = sync.OnceValue(func() map[string]bool {
	all := make(map[string]bool)
	for _, k := range connectors.Kinds() {
		for name := range k.Lists {
			all[k.AccountType+"."+name] = true
		}
	}
	return all
})

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

// Version implements cost.Lists.
func (s sizes) Version() string { return s.directory.Version() }

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
	return sizes{r.Publisher.Directory()}
}

// CheckSource returns an error for the client if no source has the name.
func (r *Resolver) CheckSource(argument, name string) error {
	return r.Publisher.Directory().CheckSource(argument, name)
}
