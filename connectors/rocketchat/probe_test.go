package rocketchat

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"roster/connectors"
	"roster/connectors/rocketchat/fake"
)

func TestProbe(t *testing.T) {
	t.Parallel()
	type found = []connectors.Finding
	limited := everything()
	limited.Permissions = limited.Permissions[:4]
	self := person(0)
	self.ID = reader
	for _, tc := range []struct {
		name    string
		who     fake.Credential
		users   []fake.User
		options fake.Options
		want    found
		calls   map[string]int
	}{
		{"sees all", everything(), people(3), fake.Options{}, found{
			{What: "list of users", OK: true}, {What: "e-mail addresses and roles", OK: true}, {What: "calls without a limit", OK: true},
			{What: "server version 8.4", OK: true},
		}, map[string]int{"me": 1, "users.list": 1, "users.info": 1, "info": 1}},
		{"sees little, and slowly", ordinary(), people(3), fake.Options{Version: "7.10.2"}, found{
			{What: "list of users", OK: true}, {What: "e-mail addresses and roles"}, {What: "calls without a limit"},
			{What: "server version 7.10", OK: true},
		}, map[string]int{"me": 1, "users.list": 1, "users.info": 1, "info": 1}},
		{"sees all, slowly", limited, people(3), fake.Options{HideVersion: true}, found{
			{What: "list of users", OK: true}, {What: "e-mail addresses and roles", OK: true}, {What: "calls without a limit"},
			{What: "server version, which it does not tell", OK: true},
		}, nil},
		{"there is nobody else", everything(), []fake.User{self}, fake.Options{Version: "5.4.1"}, found{
			{What: "list of users", OK: true}, {What: "e-mail addresses and roles", OK: true}, {What: "calls without a limit", OK: true},
			{What: "server version 5.4"},
		}, map[string]int{"me": 1, "users.list": 1, "info": 1}},
		{"may not list users", fake.Credential{UserID: reader, Token: token}, people(3), fake.Options{Missing: []string{"info"}}, found{
			{What: "list of users"}, {What: "server version"},
		}, nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			chat := fake.New(fake.Data{Users: tc.users, Credentials: []fake.Credential{tc.who}}, tc.options)
			source, _ := serve(t, chat)
			got, err := source.Prober.Probe(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tc.want, got, cmpopts.IgnoreFields(connectors.Finding{}, "Note")); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
			for _, f := range got {
				if f.OK != (f.Note == "") {
					t.Errorf("%s: OK %v with the note %q; a note is for what is not", f.What, f.OK, f.Note)
				}
			}
			if diff := cmp.Diff(tc.calls, chat.Calls()); tc.calls != nil && diff != "" {
				t.Errorf("calls (-want +got)\n%s", diff)
			}
		})
	}
	t.Run("a credential that is not accepted", func(t *testing.T) {
		t.Parallel()
		source, _ := serve(t, fake.New(fake.Data{}, fake.Options{}))
		_, err := source.Prober.Probe(t.Context())
		wantKind(t, err, connectors.KindUnauthorized)
		if err != nil && !strings.Contains(err.Error(), "check user_id and auth_token") {
			t.Errorf("%v does not say what to do", err)
		}
	})
}
