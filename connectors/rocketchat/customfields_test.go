package rocketchat

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/google/go-cmp/cmp"

	"roster/connectors"
	"roster/connectors/faults"
	"roster/connectors/rocketchat/fake"
)

// withFields opens the connector with a setting of custom fields over a server.
func withFields(t *testing.T, chat http.Handler, settings func(*connectors.Config)) *connectors.Source {
	t.Helper()
	server := httptest.NewServer(chat)
	t.Cleanup(server.Close)
	cfg := config(server.URL)
	settings(&cfg)
	source, err := Open(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return source
}

func grade(c *connectors.Config) {
	c.CustomFields = []connectors.CustomField{{Path: "grade", Name: "grade", Type: connectors.CustomNumber}}
}

func each(c *connectors.Config) {
	grade(c)
	c.Settings = &Settings{UserID: reader, AuthToken: token, UserInfo: true}
}

func fieldsOf(l connectors.Listing[connectors.Account], path string) map[string][]string {
	got := make(map[string][]string)
	for i := range l.Records {
		if values := l.Records[i].FieldValues(path); values != nil {
			got[l.Records[i].ID] = values
		}
	}
	return got
}

// Which servers tell custom fields, to whom, and what that costs.
func TestCustomFieldsAreAskedFor(t *testing.T) {
	t.Parallel()
	all := map[string][]string{id(0): {"7"}, id(2): {"high"}}
	for _, tc := range []struct {
		name     string
		options  fake.Options
		who      fake.Credential
		settings func(*connectors.Config)
		want     map[string][]string
		infos    int // calls of users.info
	}{
		{"nobody asks", fake.Options{Version: "6.13.0"}, everything(), func(*connectors.Config) {}, map[string][]string{}, 0},
		{"a server from before 7.0", fake.Options{Version: "6.13.0"}, everything(), grade, all, 0},
		{"an anchor asks", fake.Options{Version: "6.13.0"}, everything(), func(c *connectors.Config) { c.Anchors = []string{"grade"} }, all, 0},
		{"a server that ignores it", fake.Options{Version: "8.4.0"}, everything(), grade, map[string][]string{}, 0},
		{"its operator allows it", fake.Options{Version: "8.4.0", UnsafeQuery: true}, everything(), grade, all, 0},
		{"a server that refuses it", fake.Options{Version: "9.0.0"}, everything(), grade, map[string][]string{}, 0},
		{"one call for each user", fake.Options{Version: "9.0.0"}, everything(), each, all, 3},
		{"but only if a field is named", fake.Options{Version: "9.0.0"}, everything(), func(c *connectors.Config) {
			c.Settings = &Settings{UserID: reader, AuthToken: token, UserInfo: true}
		}, map[string][]string{}, 0},
		{"an ordinary user", fake.Options{Version: "6.13.0"}, ordinary(), grade, map[string][]string{}, 0},
		{"an ordinary user, and public fields", fake.Options{Version: "6.13.0", PublicFields: []string{"grade"}}, ordinary(), grade, all, 0},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			tc.options.NoLimits = true
			users := people(3)
			users[0].CustomFields = map[string]any{"grade": 7, "team": "Blue"}
			users[2].CustomFields = map[string]any{"grade": "high"}
			chat := fake.New(fake.Data{Users: users, Credentials: []fake.Credential{tc.who}}, tc.options)
			source := withFields(t, chat, tc.settings)
			l, err := source.Accounts.List(t.Context(), nil)
			if err != nil || !l.Complete || len(l.Records) != 3 {
				t.Fatalf("%d accounts, complete: %t, error %v", len(l.Records), l.Complete, err)
			}
			if diff := cmp.Diff(tc.want, fieldsOf(l, "grade")); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
			if got := chat.Calls()["users.info"]; got != tc.infos {
				t.Errorf("%d calls of users.info, want %d", got, tc.infos)
			}
		})
	}
}

// A value of another type than the setting says is counted under the name of the attribute, in the list and alone.
func TestCustomFieldsThatDoNotFit(t *testing.T) {
	t.Parallel()
	for name, settings := range map[string]func(*connectors.Config){"listed": grade, "each": each} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			users := people(6)
			for i, v := range []any{"abc", true, map[string]any{"a": 1}, []any{"1", "x"}, "", "12"} {
				users[i].CustomFields = map[string]any{"grade": v}
			}
			chat := fake.New(fake.Data{Users: users, Credentials: []fake.Credential{everything()}}, fake.Options{Version: "6.13.0", NoLimits: true})
			l, err := withFields(t, chat, settings).Accounts.List(t.Context(), nil)
			if err != nil || !l.Complete {
				t.Fatal(l.Complete, err)
			}
			want := []connectors.Anomaly{
				{Field: "customFields.grade", Count: 1, Example: "boolean"},
				{Field: "customFields.grade", Count: 1, Example: "object"},
				{Field: "customFields.grade", Count: 2, Example: "string"},
			}
			if diff := cmp.Diff(want, l.Anomalies); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

// A fetch that fails between two users goes on with the next one, and asks for nobody twice. Somebody who is gone stays as listed.
func TestOneCallForEachUserResumes(t *testing.T) {
	t.Parallel()
	users := people(20)
	for i := range users {
		users[i].CustomFields = map[string]any{"grade": i}
	}
	chat := fake.New(fake.Data{Users: users, Credentials: []fake.Credential{everything()}}, fake.Options{Version: "9.0.0", NoLimits: true})
	chat.Configure(func(o *fake.Options) {
		o.OnRequest = func(op string, n int) {
			if op == "users.info" && n == 3 {
				chat.Update(func(d *fake.Data) { d.Users = d.Users[:19] })
			}
		}
	})
	h := &faults.Handler{Next: chat}
	source := withFields(t, h, func(c *connectors.Config) { each(c); c.Retries = new(0) })
	h.Set(faults.Fault{On: faults.Path("users.info"), Skip: 10, Effect: faults.Reply(http.StatusServiceUnavailable, faults.Plain("no"))})
	first, err := source.Accounts.List(t.Context(), nil)
	if err == nil || first.Complete {
		t.Fatal("the first fetch is complete")
	}
	h.Clear()
	l, err := source.Accounts.List(context.WithoutCancel(t.Context()), nil)
	if err != nil || !l.Complete || len(l.Records) != 20 {
		t.Fatalf("%d accounts, complete: %t, error %v", len(l.Records), l.Complete, err)
	}
	if got := fieldsOf(l, "grade"); len(got) != 19 || got[id(18)][0] != "18" {
		t.Errorf("got %v", got)
	}
	if calls := chat.Calls(); calls["users.info"] != 20 || calls["users.list"] > 2 {
		t.Errorf("calls: %v", calls)
	}
}
