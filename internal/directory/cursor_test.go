package directory_test

import (
	"strings"
	"testing"

	"roster/connectors"
	"roster/internal/directory"
)

// A cursor is valid only for its own list: not for a list of other items, nor for one of the same items that belongs to another object.
func TestCursorsBelongToOneList(t *testing.T) {
	t.Parallel()
	in := func(a connectors.Account) connectors.Account {
		a.Teams = []connectors.TeamRef{{ID: "1", Name: "Sales"}, {ID: "2", Name: "Support"}}
		a.Roles = []connectors.RoleRef{{ID: "1", Name: "Admin"}, {ID: "2", Name: "Guest"}}
		return a
	}
	source := worksection(in(acc("1")), in(acc("2")))
	source.ContactFolders = []connectors.ContactFolder{{ID: "1", Name: "Clients"}, {ID: "2", Name: "Partners"}}
	source.Contacts = []connectors.Contact{{ID: "1", Name: "Ada", Folder: &connectors.FolderRef{ID: "1"}}, {ID: "2", Name: "Bo", Folder: &connectors.FolderRef{ID: "2"}}}
	d := directory.Build(directory.Rules{}, []directory.SourceData{source})
	teams, err := d.Teams(nil, directory.PageArgs{})
	if err != nil {
		t.Fatal(err)
	}
	roles, err := d.Roles(nil, directory.PageArgs{})
	if err != nil {
		t.Fatal(err)
	}
	folders, err := d.ContactFolders(nil, directory.PageArgs{})
	if err != nil {
		t.Fatal(err)
	}
	type connection interface{ PageInfo() directory.PageInfo }
	lists := map[string]func(directory.PageArgs) (connection, error){
		"users": func(args directory.PageArgs) (connection, error) { return d.Users(nil, directory.UserOrder{}, args) },
		"teams": func(args directory.PageArgs) (connection, error) { return d.Teams(nil, args) },
		"roles": func(args directory.PageArgs) (connection, error) { return d.Roles(nil, args) },
		"contacts": func(args directory.PageArgs) (connection, error) {
			return d.Contacts(nil, directory.ContactOrder{}, args)
		},
		"contactFolders": func(args directory.PageArgs) (connection, error) { return d.ContactFolders(nil, args) },
	}
	for _, team := range teams.Nodes() {
		lists["members of "+team.Name] = func(args directory.PageArgs) (connection, error) {
			return d.Members(team, nil, directory.UserOrder{}, args)
		}
	}
	for _, role := range roles.Nodes() {
		lists["holders of "+role.Name] = func(args directory.PageArgs) (connection, error) {
			return d.Holders(role, false, nil, directory.UserOrder{}, args)
		}
	}
	for _, folder := range folders.Nodes() {
		lists["contacts in "+folder.Name] = func(args directory.PageArgs) (connection, error) {
			return d.ContactsIn(folder, nil, directory.ContactOrder{}, args)
		}
	}
	for from, list := range lists {
		page, err := list(directory.PageArgs{})
		if err != nil {
			t.Fatal(err)
		}
		cursor := (*string)(new(page.PageInfo().StartCursor))
		for to, other := range lists {
			for _, args := range []directory.PageArgs{{After: cursor}, {Before: cursor}} {
				switch _, err := other(args); {
				case from == to && err != nil:
					t.Errorf("a cursor of %s is refused there: %v", from, err)
				case from != to && (err == nil || !strings.Contains(err.Error(), "is a cursor of another list")):
					t.Errorf("a cursor of %s in %s: %v", from, to, err)
				}
			}
		}
	}
}
