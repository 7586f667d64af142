package directory_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"roster/connectors"
	"roster/internal/directory"
)

func teamNames(d *directory.Directory) []string {
	c, err := d.Teams(nil, directory.PageArgs{})
	if err != nil {
		panic(err)
	}
	var out []string
	for _, t := range c.Nodes() {
		out = append(out, string(t.ExternalID)+":"+t.Name)
	}
	return out
}

func TestTeams(t *testing.T) {
	t.Parallel()
	in := func(id string, teams ...connectors.TeamRef) connectors.Account {
		return connectors.Account{ID: id, Teams: teams}
	}
	tests := map[string]struct {
		records  []connectors.Team
		accounts []connectors.Account
		teams    []string          // ID:name
		of       map[string]string // account: its teams' names; "null" if the source does not show them
	}{
		"from records, by name": {
			records:  []connectors.Team{{ID: "2", Name: "Support"}, {ID: "1", Name: "Sales"}},
			accounts: []connectors.Account{in("a", connectors.TeamRef{Name: "Support"})},
			teams:    []string{"1:Sales", "2:Support"},
			of:       map[string]string{"a": "Support"},
		},
		"a name without a record": {
			records:  []connectors.Team{{ID: "1", Name: "Sales"}},
			accounts: []connectors.Account{in("a", connectors.TeamRef{Name: "Board"}), in("b", connectors.TeamRef{Name: "Board"}, connectors.TeamRef{Name: "Sales"})},
			teams:    []string{":Board", "1:Sales"},
			of:       map[string]string{"a": "Board", "b": "Board Sales"},
		},
		"an ID without a record": {
			accounts: []connectors.Account{in("a", connectors.TeamRef{ID: "5", Name: "Board"}), in("b", connectors.TeamRef{ID: "5"})},
			teams:    []string{"5:Board"},
			of:       map[string]string{"a": "Board", "b": "Board"},
		},
		"an ID that is named only later": {
			accounts: []connectors.Account{in("a", connectors.TeamRef{ID: "5"}), in("b", connectors.TeamRef{ID: "5", Name: "Board"}), in("c", connectors.TeamRef{Name: "Board"})},
			teams:    []string{"5:Board"},
			of:       map[string]string{"a": "Board", "b": "Board", "c": "Board"},
		},
		"a name, before somebody gives its ID": {
			accounts: []connectors.Account{in("a", connectors.TeamRef{Name: "Board"}), in("b", connectors.TeamRef{ID: "5", Name: "Board"})},
			teams:    []string{"5:Board"},
			of:       map[string]string{"a": "Board", "b": "Board"},
		},
		"a record without a name": {
			records:  []connectors.Team{{ID: "5"}},
			accounts: []connectors.Account{in("a", connectors.TeamRef{ID: "5"})},
			teams:    []string{"5:5"},
			of:       map[string]string{"a": "5"},
		},
		"two records of one name: a mention means the first": {
			records:  []connectors.Team{{ID: "10", Name: "Sales"}, {ID: "9", Name: "Sales"}},
			accounts: []connectors.Account{in("a", connectors.TeamRef{Name: "Sales"}), in("b", connectors.TeamRef{ID: "10", Name: "Sales"}, connectors.TeamRef{ID: "9"})},
			teams:    []string{"10:Sales", "9:Sales"},
			of:       map[string]string{"a": "Sales", "b": "Sales Sales"},
		},
		"members listed by the team": {
			records:  []connectors.Team{{ID: "1", Name: "Sales", Members: []string{"a", "a", "gone"}}, {ID: "2", Name: "Board", Members: []string{}}},
			accounts: []connectors.Account{{ID: "a"}, {ID: "b"}},
			teams:    []string{"2:Board", "1:Sales"},
			of:       map[string]string{"a": "Sales", "b": ""},
		},
		"members listed by both": {
			records:  []connectors.Team{{ID: "1", Name: "Sales", Members: []string{"a"}}},
			accounts: []connectors.Account{in("a", connectors.TeamRef{ID: "1"}, connectors.TeamRef{Name: "Sales"}, connectors.TeamRef{})},
			teams:    []string{"1:Sales"},
			of:       map[string]string{"a": "Sales"},
		},
		"listed nowhere": {
			records:  []connectors.Team{{ID: "1", Name: "Sales"}},
			accounts: []connectors.Account{{ID: "a"}, {ID: "b", Teams: []connectors.TeamRef{}}},
			teams:    []string{"1:Sales"},
			of:       map[string]string{"a": "null", "b": ""},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			data := worksection(tt.accounts...)
			data.Teams = tt.records
			d := directory.Build(directory.Rules{}, []directory.SourceData{data})
			if diff := cmp.Diff(tt.teams, teamNames(d), cmpopts.SortSlices(strings.Compare)); diff != "" {
				t.Errorf("teams, -want +got:\n%s", diff)
			}
			got := map[string]string{}
			for _, u := range everyone(d) {
				c := u.Accounts[0].Core()
				var names []string
				for _, team := range c.Teams {
					names = append(names, team.Name)
					if !slices.Contains(u.Teams, team) {
						t.Errorf("%s is in %s, but not as a person", c.ExternalID, team.Name)
					}
				}
				got[c.ExternalID] = strings.Join(names, " ")
				if c.Teams == nil {
					got[c.ExternalID] = "null"
				}
			}
			if diff := cmp.Diff(tt.of, got); diff != "" {
				t.Errorf("of accounts, -want +got:\n%s", diff)
			}
		})
	}
}

func TestIDOfANameStaysValid(t *testing.T) {
	t.Parallel()
	mentions := worksection(connectors.Account{ID: "a", Teams: []connectors.TeamRef{{Name: "Sales"}}})
	mentions.Contacts = []connectors.Contact{{ID: "c", Folder: &connectors.FolderRef{Name: "Clients"}}}
	before := directory.Build(directory.Rules{}, []directory.SourceData{mentions})
	team, folder := everyone(before)[0].Teams[0], contacts(before, nil)[0].Folder
	if before.Team(team.ID) != team || before.Folder(folder.ID) != folder {
		t.Fatal("the IDs find nothing at first")
	}

	recorded := mentions
	recorded.Teams = []connectors.Team{{ID: "7", Name: "Sales"}, {ID: "8", Name: "Sales"}}
	recorded.ContactFolders = []connectors.ContactFolder{{ID: "9", Name: "Clients"}}
	after := directory.Build(directory.Rules{}, []directory.SourceData{recorded})
	newTeam, newFolder := after.Team(team.ID), after.Folder(folder.ID)
	if newTeam == nil || newTeam != everyone(after)[0].Teams[0] || newTeam.ExternalID != "7" {
		t.Errorf("the team's old ID finds %v", newTeam)
	}
	if newFolder == nil || newFolder != contacts(after, nil)[0].Folder || newFolder.ExternalID != "9" {
		t.Errorf("the folder's old ID finds %v", newFolder)
	}
	if after.Node(team.ID) != directory.Node(newTeam) || after.Node(folder.ID) != directory.Node(newFolder) {
		t.Error("node finds something else")
	}
	if n := len(users(after, &directory.UserFilter{Teams: []string{team.ID}}, directory.UserOrder{})); n != 1 {
		t.Errorf("a filter with the team's old ID finds %d people, want 1", n)
	}
	if n := len(contacts(after, &directory.ContactFilter{Folders: []string{folder.ID}})); n != 1 {
		t.Errorf("a filter with the folder's old ID finds %d contacts, want 1", n)
	}
	members, err := after.Members(newTeam, nil, directory.UserOrder{}, directory.PageArgs{})
	if err != nil || members.TotalCount() != 1 {
		t.Errorf("the team has %d members, error %v", members.TotalCount(), err)
	}
}

func contacts(d *directory.Directory, f *directory.ContactFilter) []*directory.Contact {
	c, err := d.Contacts(f, directory.ContactOrder{}, directory.PageArgs{First: new(directory.MaxPageSize)})
	if err != nil {
		panic(err)
	}
	return c.Nodes()
}

func TestRoles(t *testing.T) {
	t.Parallel()
	data := rocketchat(
		connectors.Account{ID: "a", Active: true, Roles: []connectors.RoleRef{{ID: "admin"}, {ID: "x9", Access: connectors.AccessGuest}, {ID: "admin"}, {}}},
		connectors.Account{ID: "b", Roles: []connectors.RoleRef{}},
		connectors.Account{ID: "c"},
		connectors.Account{ID: "d", Active: true, Roles: []connectors.RoleRef{{ID: "x9", Name: "Night shift", Access: connectors.AccessGuest}, {ID: "new"}}},
	)
	data.Roles = []connectors.Role{
		{ID: "admin", Name: "Administrator", Description: "May do all.", Access: connectors.AccessAdmin, Permissions: []connectors.Permission{{Entity: "users"}}},
		{ID: "idle"},
	}
	d := directory.Build(directory.Rules{}, []directory.SourceData{data})
	c, err := d.Roles(nil, directory.PageArgs{})
	if err != nil {
		t.Fatal(err)
	}
	type role struct {
		ID, Name, Description string
		Level                 connectors.AccessLevel
		Permissions           bool
		Holders               int
	}
	var got []role
	for _, r := range c.Nodes() {
		holders, err := d.Holders(r, false, nil, directory.UserOrder{}, directory.PageArgs{})
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, role{r.ExternalID, r.Name, string(r.Description), r.AccessLevel, r.Permissions != nil, holders.TotalCount()})
	}
	want := []role{
		{"admin", "Administrator", "May do all.", connectors.AccessAdmin, true, 1},
		{"idle", "idle", "", connectors.AccessUnknown, false, 0},
		{"new", "new", "", connectors.AccessUnknown, false, 1},
		{"x9", "Night shift", "", connectors.AccessGuest, false, 2},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	of := map[string]int{}
	for _, u := range everyone(d) {
		of[u.Accounts[0].Core().ExternalID] = len(u.Accounts[0].Core().Roles)
		if u.Accounts[0].Core().Roles == nil {
			of[u.Accounts[0].Core().ExternalID] = -1
		}
	}
	if diff := cmp.Diff(map[string]int{"a": 2, "b": 0, "c": -1, "d": 2}, of); diff != "" {
		t.Errorf("roles of accounts (-1: not shown), -want +got:\n%s", diff)
	}
}

func TestContacts(t *testing.T) {
	t.Parallel()
	ws := worksection(acc("1", "zoe@x.example", "info@x.example"), acc("2"))
	ws.Contacts = []connectors.Contact{
		{ID: "1", Name: " Bea ", Emails: []connectors.Email{{Address: "nope"}, {Address: "Bea@Y.example"}, {Address: "zoe@x.example"}}, OwnerID: "2", Folder: &connectors.FolderRef{}},
		{ID: "2", FirstName: "Cy", LastName: "Dee", Emails: []connectors.Email{{Address: "info@x.example"}}, Folder: &connectors.FolderRef{ID: "5"}},
		{ID: "3", Emails: []connectors.Email{{Address: "eve@y.example"}}, OwnerID: "gone"},
		{ID: "4", Phones: []connectors.Phone{{Raw: "+380 44"}}, Folder: &connectors.FolderRef{ID: "5", Name: "Fives"}},
		{ID: "5", Folder: &connectors.FolderRef{Name: "Fives"}},
		{ID: "", Folder: &connectors.FolderRef{Name: "of a record without an ID"}},
	}
	ws.ContactFolders = []connectors.ContactFolder{{ID: "1", Name: "Empty", Kind: connectors.FolderPreset}}
	d := directory.Build(directory.Rules{}, []directory.SourceData{ws})
	type row struct{ ID, Name, Email, Emails, Folder, Owner, User string }
	var got []row
	for _, c := range contacts(d, nil) {
		r := row{ID: c.ExternalID, Name: c.Name, Email: string(c.Email), Emails: strings.Join(c.Emails, " ")}
		if c.Folder != nil {
			r.Folder = c.Folder.Name
		}
		if c.Owner != nil {
			r.Owner = accountsOf(c.Owner)[0]
		}
		if c.User != nil {
			r.User = accountsOf(c.User)[0]
		}
		got = append(got, r)
		if d.Contact(c.ID) != c || d.Node(c.ID) != directory.Node(c) {
			t.Errorf("the ID of %s does not find it", c.ExternalID)
		}
	}
	slices.SortFunc(got, func(a, b row) int { return strings.Compare(a.ID, b.ID) })
	want := []row{
		{"1", "Bea", "Bea@Y.example", "Bea@Y.example zoe@x.example", "", "worksection/2", "worksection/1"},
		{"2", "Cy Dee", "info@x.example", "info@x.example", "Fives", "", ""}, // a shared mailbox matches nobody
		{"3", "eve@y.example", "eve@y.example", "eve@y.example", "", "", ""},
		{"4", "4", "", "", "Fives", "", ""}, // not named by its phone number, which not everyone may see
		{"5", "5", "", "", "Fives", "", ""},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	folders, err := d.ContactFolders(nil, directory.PageArgs{})
	if err != nil {
		t.Fatal(err)
	}
	counts := map[string]int{}
	for _, f := range folders.Nodes() {
		in, err := d.ContactsIn(f, nil, directory.ContactOrder{}, directory.PageArgs{})
		if err != nil {
			t.Fatal(err)
		}
		counts[f.Name] = in.TotalCount()
	}
	if diff := cmp.Diff(map[string]int{"Empty": 0, "Fives": 3}, counts); diff != "" {
		t.Errorf("folders, -want +got:\n%s", diff)
	}
}
