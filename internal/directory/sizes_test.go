package directory_test

import (
	"testing"

	"roster/connectors"
	"roster/internal/directory"
)

// Each list is measured, and the length of several objects' lists together is that of the longest ones.
func TestLongest(t *testing.T) {
	t.Parallel()
	big, small := acc("1"), acc("2")
	big.Emails = []connectors.Email{{Address: "a@acme.example"}, {Address: "b@acme.example"}}
	big.Phones, small.Phones = make([]connectors.Phone, 3), make([]connectors.Phone, 1)
	big.Teams = []connectors.TeamRef{{ID: "1"}, {ID: "2"}, {ID: "3"}, {ID: "4"}}
	small.Teams = []connectors.TeamRef{{ID: "1"}, {ID: "2"}}
	big.Roles = []connectors.RoleRef{{ID: "1"}, {ID: "2"}, {ID: "3"}, {ID: "4"}, {ID: "5"}}
	source := worksection(big, small)
	source.Roles = []connectors.Role{{ID: "1", Permissions: make([]connectors.Permission, 6)}, {ID: "2", Permissions: make([]connectors.Permission, 7)}}
	source.Contacts = []connectors.Contact{{ID: "1", Tags: make([]string, 8)}, {ID: "2"}}
	d := directory.Build(directory.Rules{}, []directory.SourceData{source})
	for name, tt := range map[string]struct {
		list      directory.List
		one, many int
	}{
		"addresses of people":   {directory.UserEmails, 2, 2},
		"sources of an address": {directory.EmailSources, 1, 2},
		"phones of accounts":    {directory.AccountPhones, 3, 4},
		"teams of people":       {directory.UserTeams, 4, 6},
		"teams of accounts":     {directory.AccountTeams, 4, 6},
		"roles of people":       {directory.UserRoles, 5, 5},
		"roles of accounts":     {directory.AccountRoles, 5, 5},
		"accounts of people":    {directory.UserAccounts, 1, 2},
		"permissions of roles":  {directory.RolePermissions, 7, 13},
		"tags of contacts":      {directory.ContactTags, 8, 8},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if one, many := d.Longest(tt.list, 1), d.Longest(tt.list, 500); one != tt.one || many != tt.many {
				t.Errorf("the longest has %d items, all have %d; want %d and %d", one, many, tt.one, tt.many)
			}
		})
	}
}
