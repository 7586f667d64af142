package directory_test

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"roster/connectors"
	"roster/internal/directory"
)

// Names that look the same are one team, whether it has a record or is only mentioned, in any order.
func TestOneTeamInManySpellings(t *testing.T) {
	t.Parallel()
	spellings := []string{"Zoë’s  Ops", "Zoe\u0308’s Ops", " Zoë’s Ops\u200b", "\ufeffZoë’s\u00a0Ops", "Zo\u00adë’s Ops"}
	mentions := func(names []string) (accounts []connectors.Account) {
		for i, name := range names {
			a := acc(string(rune('1' + i)))
			a.Teams = []connectors.TeamRef{{Name: name}, {Name: "\u200b"}}
			accounts = append(accounts, a)
		}
		return accounts
	}
	backwards := slices.Clone(spellings)
	slices.Reverse(backwards)
	var ids []string
	for _, names := range [][]string{spellings, backwards} {
		d := directory.Build(directory.Rules{}, []directory.SourceData{worksection(mentions(names)...)})
		team := onlyTeam(t, d)
		ids = append(ids, team.ID)
		members, err := d.Members(team, nil, directory.UserOrder{}, directory.PageArgs{})
		if err != nil || members.TotalCount() != len(spellings) {
			t.Errorf("the team has %d members, want %d; error %v", members.TotalCount(), len(spellings), err)
		}
	}
	if ids[0] != ids[1] {
		t.Errorf("the team's ID depends on the order of mentions: %v", ids)
	}
	withRecord := worksection(mentions(spellings)...)
	withRecord.Teams = []connectors.Team{{ID: "5", Name: "Zoë’s Ops\u200b"}}
	d := directory.Build(directory.Rules{}, []directory.SourceData{withRecord})
	if team := onlyTeam(t, d); team.ExternalID != "5" || team.Name != "Zoë’s Ops" || d.Team(ids[0]) != team {
		t.Errorf("the team is %+v, and its old ID finds %+v", team, d.Team(ids[0]))
	}
}

func onlyTeam(t *testing.T, d *directory.Directory) *directory.Team {
	t.Helper()
	c, err := d.Teams(nil, directory.PageArgs{})
	if err != nil || c.TotalCount() != 1 {
		t.Fatalf("%d teams, want one; error %v", c.TotalCount(), err)
	}
	return c.Nodes()[0]
}

func TestUnseenNamesOfGroups(t *testing.T) {
	t.Parallel()
	ws := worksection(acc("1"))
	ws.Teams = []connectors.Team{{ID: "5", Name: "\u200b"}, {ID: "6", Name: "\u2060Ops "}, {ID: "7", Name: "Ops"}}
	ws.Roles = []connectors.Role{{ID: "r", Name: "\u3164"}}
	ws.ContactFolders = []connectors.ContactFolder{{ID: "f", Name: "\u00ad"}, {ID: "g", Name: "Clients\u200b"}}
	ws.Contacts = []connectors.Contact{
		{ID: "1", Name: "\u200b", FirstName: "\u200bIda", Folder: &connectors.FolderRef{Name: "Clients"}}, {ID: "2", Name: "\u2060", Folder: &connectors.FolderRef{Name: "\u200b"}},
	}
	d := directory.Build(directory.Rules{}, []directory.SourceData{ws})
	teams, _ := d.Teams(nil, directory.PageArgs{})
	roles, _ := d.Roles(nil, directory.PageArgs{})
	folders, _ := d.ContactFolders(nil, directory.PageArgs{})
	var got []string
	for _, team := range teams.Nodes() {
		got = append(got, "team "+team.Name)
	}
	for _, role := range roles.Nodes() {
		got = append(got, "role "+role.Name)
	}
	for _, folder := range folders.Nodes() {
		got = append(got, "folder "+folder.Name)
	}
	for _, c := range contacts(d, nil) {
		line := "contact " + c.Name
		if c.Folder != nil {
			line += " in " + string(c.Folder.ExternalID)
		}
		got = append(got, line)
	}
	want := []string{"team 5", "team Ops", "team Ops", "role r", "folder Clients", "folder f", "contact 2", "contact Ida in g"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if ops := teams.Nodes()[1]; d.NamesakesOfTeam(ops) != 1 {
		t.Errorf("%d other teams of that name, want 1", d.NamesakesOfTeam(ops))
	}
}

func TestDepartmentsInManySpellings(t *testing.T) {
	t.Parallel()
	ofDepartment := func(id, department string) connectors.Account {
		a := acc(id)
		a.Department = department
		return a
	}
	d := directory.Build(directory.Rules{}, []directory.SourceData{worksection(
		ofDepartment("1", "Café"), ofDepartment("2", "Cafe\u0301\u200b"), ofDepartment("3", "\u200b"),
	)})
	c, err := d.Users(&directory.UserFilter{Departments: []string{" Cafe\u0301"}}, directory.UserOrder{}, directory.PageArgs{})
	if err != nil || c.TotalCount() != 2 {
		t.Errorf("%d people of the department, want 2; error %v", c.TotalCount(), err)
	}
	all, _ := d.Users(nil, directory.UserOrder{}, directory.PageArgs{})
	facets, err := all.Facets(directory.UserFacetDepartment, 10)
	if diff := cmp.Diff([]*directory.Facet{{Value: "Café", Label: "Café", Count: 2}}, facets); err != nil || diff != "" {
		t.Errorf("error %v, -want +got:\n%s", err, diff)
	}
}

// A role that only an inactive account grants has no holder, in any query.
func TestRolesOfInactiveAccounts(t *testing.T) {
	t.Parallel()
	withRoles := func(id string, active bool, roles ...string) connectors.Account {
		a := acc(id, "person"+id+"@books.example!")
		a.Active = active
		for _, r := range roles {
			a.Roles = append(a.Roles, connectors.RoleRef{ID: r, Access: connectors.AccessAdmin})
		}
		return a
	}
	first, second := rocketchat(withRoles("1", false, "admin", "user"), withRoles("2", true, "admin")), rocketchat(withRoles("1", true, "user"))
	second.Name = "second"
	link := []connectors.Ref{{Source: "rocketchat", ID: "1"}, {Source: "second", ID: "1"}}
	d := directory.Build(directory.Rules{Links: [][]connectors.Ref{link}}, []directory.SourceData{first, second})
	one, two := d.UserByAccount(link[0]), d.UserByAccount(connectors.Ref{Source: "rocketchat", ID: "2"})
	admin := two.Roles[0]

	holders := func(inactive bool) []*directory.User {
		c, err := d.Holders(admin, inactive, nil, directory.UserOrder{}, directory.PageArgs{})
		if err != nil {
			t.Fatal(err)
		}
		return c.Nodes()
	}
	if got := holders(false); !slices.Equal(got, []*directory.User{two}) {
		t.Errorf("%d holders, want the one whose account is active", len(got))
	}
	if got := holders(true); len(got) != 2 {
		t.Errorf("%d holders by any account, want 2", len(got))
	}
	if got := users(d, &directory.UserFilter{Roles: []string{admin.ID}}, directory.UserOrder{}); !slices.Equal(got, holders(false)) {
		t.Errorf("the filter finds %d, the role has %d holders", len(got), len(holders(false)))
	}
	all, _ := d.Users(nil, directory.UserOrder{}, directory.PageArgs{})
	facets, err := all.Facets(directory.UserFacetRole, 10)
	counts := map[string]int{}
	for _, f := range facets {
		counts[f.Label] += f.Count
	}
	if diff := cmp.Diff(map[string]int{"admin": 1, "user": 1}, counts); err != nil || diff != "" {
		t.Errorf("facets: error %v, -want +got:\n%s", err, diff)
	}
	var grants []string
	for _, g := range one.RoleGrants {
		line := g.Role.Name + " by " + refOf(g.Account).String()
		if g.Active() {
			line += ", active"
		}
		grants = append(grants, line)
	}
	if diff := cmp.Diff([]string{"admin by rocketchat/1", "user by rocketchat/1", "user by second/1, active"}, grants); diff != "" {
		t.Errorf("grants, -want +got:\n%s", diff)
	}
	if len(one.Roles) != 1 || one.Roles[0].Source.Name != "second" {
		t.Errorf("roles are %v, want what the active account grants", one.Roles)
	}
}
