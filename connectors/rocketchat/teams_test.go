package rocketchat

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"roster/connectors"
	"roster/connectors/faults"
	"roster/connectors/rocketchat/fake"
)

// groups are three teams, the first of which needs three pages of members.
func groups() fake.Data {
	d := fake.Data{Users: people(230), Credentials: []fake.Credential{everything()}}
	all := fake.Team{ID: "66c", Name: "all hands", Private: true, CreatedBy: id(0)}
	for _, u := range d.Users {
		all.Members = append(all.Members, fake.Member{UserID: u.ID})
	}
	slices.Reverse(all.Members)
	d.Teams = []fake.Team{all,
		{ID: "66a", Name: " support ", Members: []fake.Member{{UserID: id(7), Roles: []string{"owner"}}, {UserID: id(3)}, {UserID: "deleted-since"}}},
		{ID: "66b", Name: "empty"},
	}
	return d
}

func TestTeams(t *testing.T) {
	t.Parallel()
	chat := fake.New(groups(), fake.Options{NoLimits: true})
	source, _ := serve(t, chat)
	var told [][]string
	got, err := source.Teams.List(t.Context(), func(l connectors.Listing[connectors.Team]) {
		told = append(told, ids(l.Records))
		for _, team := range l.Records {
			if team.Members == nil {
				t.Errorf("progress tells of team %s before its members are known", team.ID)
			}
		}
	})
	if err != nil || !got.Complete {
		t.Fatalf("complete %v, %v", got.Complete, err)
	}
	var all []string
	for i := range 230 {
		all = append(all, id(i))
	}
	want := []connectors.Team{
		{ID: "66a", Name: "support", Members: []string{id(3), id(7)}},
		{ID: "66b", Name: "empty", Members: []string{}},
		{ID: "66c", Name: "all hands", Members: all},
	}
	if diff := cmp.Diff(want, got.Records); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if diff := cmp.Diff([][]string{{"66c"}, {"66c", "66a"}}, told); diff != "" {
		t.Errorf("progress (-want +got)\n%s", diff)
	}
	if diff := cmp.Diff(map[string]int{"teams.listAll": 1, "teams.members": 5}, chat.Calls()); diff != "" {
		t.Errorf("calls (-want +got)\n%s", diff)
	}
}

// TestTeamsRefused is about who may not see the teams, or the members of some.
func TestTeamsRefused(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name     string
		who      fake.Credential
		options  fake.Options
		want     map[string]int // members by team; -1 for not told
		complete bool
		kind     connectors.ErrorKind
		fine     bool
	}{
		{name: "no permission to see all teams", who: ordinary(), kind: connectors.KindForbidden},
		{name: "the server has no teams", who: everything(), options: fake.Options{Missing: []string{"teams.listAll"}}, kind: connectors.KindNotFound},
		{name: "it tells nobody's members: complete without them", who: everything(), options: fake.Options{ClosedTeams: []string{"66a", "66b", "66c"}},
			want: map[string]int{"66a": -1, "66b": -1, "66c": -1}, complete: true, fine: true},
		{name: "it cannot tell members: complete without them", who: everything(), options: fake.Options{Missing: []string{"teams.members"}},
			want: map[string]int{"66a": -1, "66b": -1, "66c": -1}, complete: true, fine: true},
		{name: "it tells some and not others: incomplete", who: everything(), options: fake.Options{ClosedTeams: []string{"66a"}},
			want: map[string]int{"66a": -1, "66b": 0, "66c": 230}, kind: connectors.KindForbidden},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			d := groups()
			d.Credentials = []fake.Credential{tc.who}
			tc.options.NoLimits = true
			source, _ := serve(t, fake.New(d, tc.options))
			got, err := source.Teams.List(t.Context(), nil)
			if !tc.fine {
				wantKind(t, err, tc.kind)
			} else if err != nil {
				t.Error(err)
			}
			if got.Complete != tc.complete {
				t.Errorf("complete %v, want %v", got.Complete, tc.complete)
			}
			var members map[string]int
			for _, team := range got.Records {
				if members == nil {
					members = make(map[string]int)
				}
				members[team.ID] = len(team.Members)
				if team.Members == nil {
					members[team.ID] = -1
				}
			}
			if diff := cmp.Diff(tc.want, members); diff != "" {
				t.Errorf("members (-want +got)\n%s", diff)
			}
			if len(source.Collections()) != 3 {
				t.Error("the rest of the source is gone too")
			}
		})
	}
}

// TestTeamDissolved has a team vanish between the list of teams and that of its members.
func TestTeamDissolved(t *testing.T) {
	t.Parallel()
	chat := fake.New(groups(), fake.Options{NoLimits: true})
	chat.Configure(func(k *fake.Options) {
		k.OnRequest = func(op string, n int) {
			if op == "teams.members" && n == 1 {
				chat.Update(func(d *fake.Data) { d.Teams = slices.Delete(d.Teams, 1, 2) })
			}
		}
	})
	source, _ := serve(t, chat)
	got, err := source.Teams.List(t.Context(), nil)
	if err != nil || !got.Complete || *got.Expected != 2 {
		t.Fatalf("complete %v of %v, %v", got.Complete, got.Expected, err)
	}
	if diff := cmp.Diff([]string{"66b", "66c"}, ids(got.Records)); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

// TestTeamsBroken stops in the middle: the team whose members would not come is not said to be without any.
func TestTeamsBroken(t *testing.T) {
	t.Parallel()
	source, h := serve(t, fake.New(groups(), fake.Options{NoLimits: true}))
	h.Set(faults.Fault{On: faults.Path("teamId=66a"), Effect: faults.Reply(503, faults.HTML("<h1>busy</h1>"))})
	got, err := source.Teams.List(t.Context(), nil)
	wantKind(t, err, connectors.KindUnavailable)
	if diff := cmp.Diff([]string{"66c"}, ids(got.Records)); diff != "" || got.Complete {
		t.Errorf("complete %v (-want +got)\n%s", got.Complete, diff)
	}
}

// TestTeamsMoving deletes a team behind us while the teams are read, in no order that we know.
func TestTeamsMoving(t *testing.T) {
	t.Parallel()
	d := fake.Data{Credentials: []fake.Credential{everything()}}
	for i := range 150 {
		d.Teams = append(d.Teams, fake.Team{ID: id(i * 37 % 150), Name: "team"})
	}
	chat := fake.New(d, fake.Options{NoLimits: true})
	chat.Configure(func(k *fake.Options) {
		k.OnRequest = func(op string, n int) {
			if op == "teams.listAll" && n == 2 {
				chat.Update(func(d *fake.Data) { d.Teams = slices.Delete(d.Teams, 5, 8) })
			}
		}
	})
	source, _ := serve(t, chat)
	got, err := source.Teams.List(t.Context(), nil)
	if err != nil || !got.Complete || len(got.Records) != 147 {
		t.Errorf("%d teams, complete %v, %v; want those that are left", len(got.Records), got.Complete, err)
	}
}

func TestRoles(t *testing.T) {
	t.Parallel()
	d := fake.Data{Credentials: []fake.Credential{ordinary()}, Roles: []fake.Role{
		{ID: "user", Description: "Everyone"}, {ID: "owner", Scope: "Subscriptions"}, {ID: "kQ3mWv8ZtRolEid1x", Name: "support-l2"},
		{ID: "admin", Name: "admin"}, {ID: "guest"},
	}}
	source, h := serve(t, fake.New(d, fake.Options{NoLimits: true}))
	got, err := source.Roles.List(t.Context(), nil)
	if err != nil || !got.Complete {
		t.Fatalf("complete %v, %v", got.Complete, err)
	}
	want := []connectors.Role{
		{ID: "admin", Name: "admin", Access: connectors.AccessAdmin},
		{ID: "guest", Name: "guest", Access: connectors.AccessGuest},
		{ID: "kQ3mWv8ZtRolEid1x", Name: "support-l2", Access: connectors.AccessMember},
		{ID: "user", Name: "user", Description: "Everyone", Access: connectors.AccessMember},
	}
	if diff := cmp.Diff(want, got.Records); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	h.Set(faults.Fault{Effect: faults.Reply(403, faults.JSON(`{"success":false,"error":"no [error-forbidden]"}`))})
	_, err = source.Roles.List(t.Context(), nil)
	wantKind(t, err, connectors.KindForbidden)
}

// A page that stands before the server says nothing of what the credential may see: nobody must take it for teams without members.
func TestTeamsBehindAPage(t *testing.T) {
	t.Parallel()
	for _, status := range []int{403, 404} {
		chat := fake.New(groups(), fake.Options{NoLimits: true})
		source, h := serve(t, chat)
		h.Set(faults.Fault{On: faults.Path("teams.members"), Effect: faults.Reply(status, faults.HTML("<h1>Access denied</h1>"))})
		got, err := source.Teams.List(t.Context(), nil)
		if err == nil || got.Complete || len(got.Records) != 0 {
			t.Errorf("HTTP %d: %d teams, complete %t, %v; want none without its members", status, len(got.Records), got.Complete, err)
		}
	}
}
