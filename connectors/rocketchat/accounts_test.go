package rocketchat

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"roster/connectors"
	"roster/connectors/faults"
	"roster/connectors/rocketchat/fake"
)

type accounts = connectors.Listing[connectors.Account]

func list(t *testing.T, source *connectors.Source) (accounts, error) {
	t.Helper()
	return source.Accounts.List(t.Context(), nil)
}

func allOf(t *testing.T, source *connectors.Source) accounts {
	t.Helper()
	got, err := list(t, source)
	if err != nil {
		t.Fatal(err)
	}
	if !got.Complete {
		t.Error("the listing is not complete")
	}
	return got
}

// TestAccountsByVersion reads the same people from servers of every line, for both kinds of callers. What the server is asked is
// recorded: a newer server ignores a wrong parameter without a word.
func TestAccountsByVersion(t *testing.T) {
	t.Parallel()
	for _, version := range []string{"6.4.0", "6.13.1", "7.8.2", "8.0.3", "8.6.0", "9.0.0"} {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			for _, who := range []fake.Credential{everything(), ordinary()} {
				chat := fake.New(fake.Data{Users: people(250), Credentials: []fake.Credential{who}},
					fake.Options{Version: version, NoLimits: true})
				var mu sync.Mutex
				var queries []string
				server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					mu.Lock()
					for name := range r.URL.Query() {
						queries = append(queries, name)
					}
					mu.Unlock()
					chat.ServeHTTP(w, r)
				}))
				t.Cleanup(server.Close)
				source, err := Open(config(server.URL))
				if err != nil {
					t.Fatal(err)
				}
				got := allOf(t, source)
				var want []string
				for i := range 250 {
					want = append(want, id(i))
				}
				if diff := cmp.Diff(want, ids(got.Records)); diff != "" {
					t.Errorf("(-want +got)\n%s", diff)
				}
				slices.Sort(queries)
				if diff := cmp.Diff([]string{"count", "offset", "sort"}, slices.Compact(queries)); diff != "" {
					t.Errorf("parameters (-want +got)\n%s", diff)
				}
				if n := chat.Calls()["users.list"]; n != 3 {
					t.Errorf("250 users took %d calls, want 3", n)
				}
			}
		})
	}
}

// TestAccountsPermission is about keys that are absent: of no value to this user, or not for this caller.
func TestAccountsPermission(t *testing.T) {
	t.Parallel()
	bare := fake.User{ID: "a-bare", Username: "bare", Omit: []string{"roles"}}
	full := person(1)
	empty := []connectors.Email{}
	for _, tc := range []struct {
		name  string
		who   fake.Credential
		users []fake.User
		want  map[string][]connectors.Email
	}{
		{"sees all: absent means none", everything(), []fake.User{bare, full}, map[string][]connectors.Email{"a-bare": empty}},
		{"does not see all: absent means unknown", ordinary(), []fake.User{bare, full}, map[string][]connectors.Email{"a-bare": nil, full.ID: nil}},
		{"nobody has any: unknown", everything(), []fake.User{bare}, map[string][]connectors.Email{"a-bare": nil}},
		{"only roles give it away", everything(), []fake.User{bare, {ID: "b", Username: "b", Roles: []string{"user"}}},
			map[string][]connectors.Email{"a-bare": empty, "b": empty}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			source, _ := serve(t, fake.New(fake.Data{Users: tc.users, Credentials: []fake.Credential{tc.who}}, fake.Options{NoLimits: true}))
			for _, a := range allOf(t, source).Records {
				want, checked := tc.want[a.ID]
				if diff := cmp.Diff(want, a.Emails); checked && diff != "" {
					t.Errorf("%s: e-mail addresses (-want +got)\n%s", a.ID, diff)
				}
				if checked && (a.Roles == nil) != (want == nil) {
					t.Errorf("%s: roles %v, e-mail addresses %v: both are known or none", a.ID, a.Roles, a.Emails)
				}
				if a.Roles == nil && a.Access != connectors.AccessUnknown {
					t.Errorf("%s: access %v without knowing any role", a.ID, a.Access)
				}
			}
		})
	}
}

// TestAccountsPermissionFoundLate has the first address on the third page: until then nothing may be taken for none, and then everything.
func TestAccountsPermissionFoundLate(t *testing.T) {
	t.Parallel()
	users := people(250)
	for i := range 230 {
		users[i].Emails, users[i].Omit = nil, []string{"roles", "lastLogin"}
	}
	source, _ := serve(t, fake.New(fake.Data{Users: users, Credentials: []fake.Credential{everything()}}, fake.Options{NoLimits: true}))
	told := 0
	got, err := source.Accounts.List(t.Context(), func(l accounts) {
		told++
		if l.Complete {
			t.Error("progress calls itself complete")
		}
		for _, a := range l.Records {
			if a.Emails != nil || a.Roles != nil {
				t.Fatalf("%s is said to have none before that is known", a.ID)
			}
		}
	})
	if err != nil || told != 2 {
		t.Fatalf("progress was told %d times, want 2 (error: %v)", told, err)
	}
	for _, a := range got.Records {
		if a.Emails == nil || a.Roles == nil {
			t.Fatalf("%s: still unknown", a.ID)
		}
	}
}

// TestAccountsMoving changes the list between two pages. Whoever was there all the time must be in a complete listing.
func TestAccountsMoving(t *testing.T) {
	t.Parallel()
	remove := func(from, n int) func(*fake.Data) {
		return func(d *fake.Data) { d.Users = slices.Delete(d.Users, from, from+n) }
	}
	for _, tc := range []struct {
		name   string
		change func(*fake.Data) // before the second page
		gone   []int            // who need not be found
		calls  int
	}{
		{"someone behind us is deleted: the next page slips", remove(10, 1), []int{10}, 5},
		{"the last one seen is deleted, which looks the same", remove(99, 1), []int{99}, 5},
		{"the last one seen and one before are deleted", remove(98, 2), []int{98, 99}, 5},
		{"a whole page behind us is deleted", remove(0, 100), nil, 4},
		{"nearly all are deleted: the list ends before the place where we are", func(d *fake.Data) { d.Users = d.Users[240:] }, nil, 3},
		{"all are deleted", func(d *fake.Data) { d.Users = nil }, nil, 3},
		{"someone ahead is deleted", remove(200, 1), []int{200}, 3},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			chat := fake.New(fake.Data{Users: people(250), Credentials: []fake.Credential{everything()}}, fake.Options{NoLimits: true})
			var left []string
			chat.Configure(func(k *fake.Options) {
				k.OnRequest = func(op string, n int) {
					if op == "users.list" && n == 2 {
						chat.Update(func(d *fake.Data) {
							tc.change(d)
							for _, u := range d.Users {
								left = append(left, u.ID)
							}
						})
					}
				}
			})
			source, _ := serve(t, chat)
			found := ids(allOf(t, source).Records)
			for _, u := range left {
				if !slices.Contains(found, u) {
					t.Errorf("%s is missing", u)
				}
			}
			if !slices.IsSorted(found) {
				t.Error("not in the order of the IDs")
			}
			if n := chat.Calls()["users.list"]; n > tc.calls {
				t.Errorf("it took %d calls, want at most %d", n, tc.calls)
			}
		})
	}
}

// TestAccountsInsertedBehind: the server counts one more than we have seen. Where it has counted so from the beginning, it holds somebody
// back; where that one came while we read, all are found who were there throughout, and the next reading finds the newcomer.
func TestAccountsInsertedBehind(t *testing.T) {
	t.Parallel()
	for name, came := range map[string]bool{"came meanwhile": true, "was counted all the time": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			chat := fake.New(fake.Data{Users: people(250), Credentials: []fake.Credential{everything()}}, fake.Options{NoLimits: true})
			chat.Configure(func(k *fake.Options) {
				k.OnRequest = func(_ string, n int) {
					if n == 2 && came {
						chat.Update(func(d *fake.Data) { d.Users = append(d.Users, fake.User{ID: "a", Username: "a"}) })
					}
				}
			})
			if !came { // a row that cannot be told from others
				chat.Update(func(d *fake.Data) { d.Users = append(d.Users, fake.User{Username: "a"}) })
			}
			source, _ := serve(t, chat)
			got, err := list(t, source)
			if err != nil || got.Complete != came || len(got.Records) != 250 || got.Expected == nil || *got.Expected != 251 {
				t.Errorf("%d records, complete %v, error %v; want 250 of 251, complete %v", len(got.Records), got.Complete, err, came)
			}
			if !came {
				return
			}
			if got := allOf(t, source); len(got.Records) != 251 {
				t.Errorf("the next reading has %d, want 251", len(got.Records))
			}
		})
	}
}

// TestAccountsPages is about what a page may be like.
func TestAccountsPages(t *testing.T) {
	t.Parallel()
	for name, options := range map[string]fake.Options{
		"the server gives fewer rows than asked for": {MaxCount: 7},
		"two rows are the least that can overlap":    {MaxCount: 2},
		"the oldest rows":                            {OldRows: true, Version: "6.4.0"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			options.NoLimits = true
			source, _ := serve(t, fake.New(fake.Data{Users: people(45), Credentials: []fake.Credential{everything()}}, options))
			if got := allOf(t, source); len(got.Records) != 45 {
				t.Errorf("got %d, want 45", len(got.Records))
			}
		})
	}
	t.Run("one row at a time cannot be joined: short, and it says so", func(t *testing.T) {
		t.Parallel()
		source, _ := serve(t, fake.New(fake.Data{Users: people(3), Credentials: []fake.Credential{everything()}},
			fake.Options{MaxCount: 1, NoLimits: true}))
		if got, err := list(t, source); err != nil || got.Complete || len(got.Records) != 1 {
			t.Errorf("%d records, complete %v, %v", len(got.Records), got.Complete, err)
		}
	})
	t.Run("nobody", func(t *testing.T) {
		t.Parallel()
		source, _ := serve(t, fake.New(fake.Data{Credentials: []fake.Credential{everything()}}, fake.Options{NoLimits: true}))
		if got := allOf(t, source); len(got.Records) != 0 {
			t.Errorf("got %v", ids(got.Records))
		}
	})
}

// TestAccountsLies has a server that answers something other than its list.
func TestAccountsLies(t *testing.T) {
	t.Parallel()
	rows := func(from, to int) string {
		var b strings.Builder
		for i := from; i < to; i++ {
			if i > from {
				b.WriteString(",")
			}
			b.WriteString(`{"_id":"` + id(i) + `"}`)
		}
		return b.String()
	}
	for _, tc := range []struct {
		name   string
		second string // every page but the first
		calls  int    // at most
		kind   connectors.ErrorKind
		fine   bool // no error, but incomplete
	}{
		{"the offset is ignored", `{"users":[` + rows(0, 100) + `],"total":300,"offset":0,"success":true}`, 2, connectors.KindBadResponse, false},
		{"the offset is ignored and not told", `{"users":[` + rows(0, 100) + `],"success":true}`, 6, connectors.KindBadResponse, false},
		{"the overlap never comes", `{"users":[` + rows(150, 250) + `],"total":300,"success":true}`, 20, connectors.KindBadResponse, false},
		{"the rows end before the count", `{"users":[],"total":300,"success":true}`, 2, 0, true},
		{"the count grows without rows", `{"users":[` + rows(99, 100) + `],"total":100000,"success":true}`, 3, 0, true},
		{"no list", `{"success":true}`, 2, connectors.KindBadResponse, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			source, h := serve(t, fake.New(fake.Data{Credentials: []fake.Credential{everything()}}, fake.Options{NoLimits: true}))
			first := `{"users":[` + rows(0, 100) + `],"total":300,"offset":0,"success":true}`
			h.Set(
				faults.Fault{On: func(r *http.Request) bool { return r.URL.Query().Get("offset") == "0" }, Effect: faults.Reply(200, faults.JSON(first))},
				faults.Fault{Effect: faults.Reply(200, faults.JSON(tc.second))},
			)
			got, err := list(t, source)
			if got.Complete || len(got.Records) < 100 {
				t.Errorf("%d records, complete %v", len(got.Records), got.Complete)
			}
			if tc.fine {
				if err != nil {
					t.Errorf("got %v, want no error", err)
				}
			} else {
				wantKind(t, err, tc.kind)
			}
			if n := h.Requests(); n > tc.calls {
				t.Errorf("it took %d calls, want at most %d", n, tc.calls)
			}
		})
	}
}

// TestAccountsFaults breaks the second page in every way that a server can.
func TestAccountsFaults(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		effect faults.Effect
		kind   connectors.ErrorKind
	}{
		"503 with a page":  {faults.Reply(503, faults.HTML("<h1>busy</h1>")), connectors.KindUnavailable},
		"truncated JSON":   {faults.Truncate(), connectors.KindBadResponse},
		"a cut connection": {faults.Reset(), connectors.KindUnavailable},
		"the permission is taken away": {faults.Reply(403, faults.JSON(`{"success":false,"error":"no [error-forbidden]"}`)),
			connectors.KindForbidden},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			source, h := serve(t, fake.New(fake.Data{Users: people(250), Credentials: []fake.Credential{everything()}},
				fake.Options{NoLimits: true}))
			h.Set(faults.Fault{Skip: 1, Effect: tc.effect})
			got, err := list(t, source)
			wantKind(t, err, tc.kind)
			if got.Complete || len(got.Records) != 100 {
				t.Errorf("%d records, complete %v; want the first page, incomplete", len(got.Records), got.Complete)
			}
		})
	}
}

// TestAccountsCredentials has credentials that may not read.
func TestAccountsCredentials(t *testing.T) {
	t.Parallel()
	inactive := person(1)
	inactive.ID, inactive.Deactivated = reader, true
	for _, version := range []string{"6.4.0", "7.8.2", "8.4.0", "9.0.0"} {
		for name, tc := range map[string]struct {
			data    fake.Data
			options fake.Options
			kind    connectors.ErrorKind
		}{
			"wrong token": {fake.Data{Credentials: []fake.Credential{{UserID: reader, Token: "another"}}},
				fake.Options{}, connectors.KindUnauthorized},
			"the token's user is deactivated": {fake.Data{Users: []fake.User{inactive}, Credentials: []fake.Credential{everything()}},
				fake.Options{}, connectors.KindUnauthorized},
			"no permission": {fake.Data{Credentials: []fake.Credential{{UserID: reader, Token: token}}},
				fake.Options{}, connectors.KindForbidden},
			"outside rooms not allowed": {fake.Data{Credentials: []fake.Credential{ordinary()}},
				fake.Options{OutsideRoomChecked: true}, connectors.KindForbidden},
			"the route is unknown": {fake.Data{Credentials: []fake.Credential{everything()}},
				fake.Options{Missing: []string{"users.list"}}, connectors.KindNotFound},
		} {
			t.Run(version+", "+name, func(t *testing.T) {
				t.Parallel()
				tc.options.Version = version
				source, _ := serve(t, fake.New(tc.data, tc.options))
				got, err := list(t, source)
				wantKind(t, err, tc.kind)
				if got.Complete || len(got.Records) > 0 {
					t.Errorf("%d records, complete %v", len(got.Records), got.Complete)
				}
			})
		}
	}
}
