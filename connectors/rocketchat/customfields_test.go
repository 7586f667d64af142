package rocketchat

import (
	"context"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
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
			asks := tc.name != "nobody asks" && !strings.HasPrefix(tc.name, "but only")
			noted := slices.Contains(l.Anomalies, connectors.Anomaly{Field: "customFields", Count: 3, Example: connectors.NotSent})
			if want := asks && len(tc.want) == 0; noted != want {
				t.Errorf("anomalies %v: noted %t, want %t", l.Anomalies, noted, want)
			}
			if got := chat.Calls()["users.info"]; got != tc.infos {
				t.Errorf("%d calls of users.info, want %d", got, tc.infos)
			}
		})
	}
}

// A server where nobody has custom fields is not told from one that does not list them, unless it sends empty ones.
func TestCustomFieldsOfNobody(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		options  fake.Options
		settings func(*connectors.Config)
		sent     bool
	}{
		"the list has no key":      {fake.Options{Version: "6.13.0"}, grade, false},
		"the list has empty ones":  {fake.Options{Version: "6.13.0", EmptyFields: true}, grade, true},
		"the list ignores it":      {fake.Options{Version: "8.4.0", EmptyFields: true}, grade, false},
		"single users have no key": {fake.Options{Version: "9.0.0"}, each, false},
		"single users' empty ones": {fake.Options{Version: "9.0.0", EmptyFields: true}, each, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tc.options.NoLimits = true
			chat := fake.New(fake.Data{Users: people(3), Credentials: []fake.Credential{everything()}}, tc.options)
			source := withFields(t, chat, tc.settings)
			l, err := source.Accounts.List(t.Context(), nil)
			if err != nil || !l.Complete {
				t.Fatal(l.Complete, err)
			}
			noted := slices.Contains(l.Anomalies, connectors.Anomaly{Field: "customFields", Count: 3, Example: connectors.NotSent})
			if noted == tc.sent {
				t.Errorf("anomalies %v", l.Anomalies)
			}
			findings, err := source.Prober.Probe(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			i := slices.IndexFunc(findings, func(f connectors.Finding) bool { return f.What == "custom fields" })
			if i < 0 || findings[i].OK != tc.sent {
				t.Errorf("check finds %+v", findings)
			}
		})
	}
}

// The progress of a fetch with a call for each user counts those who have been asked for.
func TestProgressOfOneCallForEachUser(t *testing.T) {
	t.Parallel()
	chat := fake.New(fake.Data{Users: people(25), Credentials: []fake.Credential{everything()}}, fake.Options{Version: "9.0.0", NoLimits: true})
	var done []int
	l, err := withFields(t, chat, each).Accounts.List(t.Context(), func(l connectors.Listing[connectors.Account]) { done = append(done, len(l.Records)-l.Pending) })
	if diff := cmp.Diff([]int{0, 10, 20}, done); err != nil || l.Pending != 0 || diff != "" {
		t.Errorf("error %v, in the end %d pending (-want +got)\n%s", err, l.Pending, diff)
	}
}

// After user_info is set or unset, accounts are fetched again, and after another name or type of a field they are not.
func TestWhatMakesAccountsOutdated(t *testing.T) {
	t.Parallel()
	fields := func(change func(*connectors.Config)) string {
		source := withFields(t, http.NotFoundHandler(), change)
		var cfg connectors.Config
		change(&cfg)
		source.WithCustomFields(cfg, &Kind)
		return source.FieldsOf(connectors.Accounts)
	}
	renamed := func(c *connectors.Config) {
		c.CustomFields = []connectors.CustomField{{Path: "grade", Name: "level", Type: connectors.CustomText}}
	}
	if fields(grade) == fields(each) || fields(grade) != fields(renamed) || fields(func(*connectors.Config) {}) != "" {
		t.Errorf("%q, %q, %q", fields(grade), fields(each), fields(renamed))
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
