package fake_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"roster/connectors/rocketchat/fake"
)

const (
	reader = "reader"
	token  = "token"
)

func credential(permissions ...fake.Permission) fake.Credential {
	return fake.Credential{UserID: reader, Token: token, Permissions: permissions}
}

func company(who fake.Credential) fake.Data {
	yes, half := true, 5.5
	return fake.Data{
		Credentials: []fake.Credential{who},
		Users: []fake.User{
			{ID: "c", Username: "ada", Name: "Ada", Emails: []fake.Email{{Address: "ada@acme.example", Verified: &yes}, {Address: "a@home.example"}},
				Roles: []string{"admin"}, Status: "online", UTCOffset: &half, LastLogin: time.UnixMilli(0), AvatarETag: "tag",
				CustomFields: map[string]any{"floor": "3"}},
			{ID: "b", Username: "bo", Deactivated: true},
			{ID: "a", Name: "No Username", Type: "guest", Omit: []string{"active"}},
			{ID: "d", Emails: []fake.Email{{Address: "only@acme.example"}}},
		},
		Roles: []fake.Role{{ID: "admin", Protected: true}, {ID: "kQ3", Name: "support", Scope: "Subscriptions"}},
		Teams: []fake.Team{{ID: "t1", Name: "one", Private: true, CreatedBy: "c",
			Members: []fake.Member{{UserID: "c", Roles: []string{"owner"}}, {UserID: "gone"}}}},
	}
}

type reply struct {
	status int
	header http.Header
	body   map[string]any
	text   string
}

func get(t *testing.T, s http.Handler, target string) reply {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, target, nil)
	r.Header.Set("X-User-Id", reader)
	r.Header.Set("X-Auth-Token", token)
	rec := httptest.NewRecorder()
	s.ServeHTTP(rec, r)
	got := reply{status: rec.Code, header: rec.Result().Header, text: rec.Body.String()}
	if rec.Header().Get("Content-Type") == "application/json" {
		if err := json.Unmarshal(rec.Body.Bytes(), &got.body); err != nil {
			t.Fatalf("%s: %v in %s", target, err, got.text)
		}
	}
	return got
}

func rows(r reply, key string) []string {
	list, _ := r.body[key].([]any)
	found := []string{}
	for _, row := range list {
		found = append(found, row.(map[string]any)["_id"].(string))
	}
	return found
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	none, all := credential(), credential(fake.ViewDirect, fake.ViewFullOtherUser, fake.ViewAllTeams)
	for _, tc := range []struct {
		name, version string
		who           fake.Credential
		target        string
		status        int
		text          string // part of the body
	}{
		{"not logged in, 6", "6.4.0", fake.Credential{}, "/api/v1/me", 401, `{"message":"You must be logged in to do this.","status":"error"}`},
		{"not logged in, 7", "7.1.0", fake.Credential{}, "/api/v1/me", 401, `"success":false`},
		{"not logged in, 8", "8.0.0", fake.Credential{}, "/api/v1/me", 401, `{"error":"You must be logged in to do this.","success":false}`},
		{"no permission, 7", "7.1.0", none, "/api/v1/users.list", 403, "[error-unauthorized]"},
		{"no permission, 8", "8.0.0", none, "/api/v1/users.list", 403, "[error-forbidden]"},
		{"no permission for teams", "8.0.0", none, "/api/v1/teams.listAll", 403, "[error-forbidden]"},
		{"no permission for members", "8.0.0", none, "/api/v1/teams.members?teamId=t1", 403, "[error-forbidden]"},
		{"by address without permission", "8.4.0", credential(fake.ViewDirect), "/api/v1/users.list?email=a@b", 403, "[error-forbidden]"},
		{"unknown route", "8.4.0", all, "/api/v1/users.everything", 404, "Resource not found"},
		{"unknown user", "8.4.0", all, "/api/v1/users.info?userId=x", 400, `{"error":"User not found.","success":false}`},
		{"no selector", "8.4.0", all, "/api/v1/users.info", 400, `"errorType":"invalid-params"`},
		{"two selectors", "8.4.0", all, "/api/v1/users.info?userId=c&username=ada", 400, `"errorType":"invalid-params"`},
		{"unknown team", "8.4.0", all, "/api/v1/teams.members?teamId=x", 400, `"error":"team-does-not-exist"`},
		{"no team", "8.4.0", all, "/api/v1/teams.info", 400, `"error":"missing-teamId-or-teamName"`},
		{"sort is no JSON", "8.4.0", all, "/api/v1/users.list?sort=_id", 400, "error-invalid-sort"},
		{"sort has another value", "8.4.0", all, "/api/v1/users.list?sort=" + `{"_id":2}`, 400, "error-invalid-sort"},
		{"sort goes on", "8.4.0", all, "/api/v1/users.list?sort=" + `{"_id":1}{`, 400, "error-invalid-sort"},
		{"unknown parameter, late 8", "8.4.0", all, "/api/v1/users.list?trace=1", 400, "error-invalid-params"},
		{"unknown parameter, early 8", "8.3.0", all, "/api/v1/users.list?trace=1", 200, ""},
		{"unknown parameter elsewhere, 8", "8.4.0", all, "/api/v1/roles.list?trace=1", 200, ""},
		{"unknown parameter elsewhere, 9", "9.0.0", all, "/api/v1/roles.list?trace=1", 400, "error-invalid-params"},
		{"query, 8", "8.4.0", all, `/api/v1/users.list?query={"username":"bo"}`, 200, `"total":4`},
		{"query, 9", "9.0.0", all, `/api/v1/users.list?query={"username":"bo"}`, 400, "error-invalid-params"},
		{"query, 6", "6.4.0", all, `/api/v1/users.list?query={"username":"bo"}`, 200, `"total":1`},
		{"query that is no JSON, 6", "6.4.0", all, `/api/v1/users.list?query=bo`, 400, "error-invalid-query"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			s := fake.New(company(tc.who), fake.Options{Version: tc.version, NoLimits: true})
			got := get(t, s, tc.target)
			if got.status != tc.status || !strings.Contains(got.text, tc.text) {
				t.Errorf("got %d %s, want %d with %s", got.status, got.text, tc.status, tc.text)
			}
		})
	}
}

func TestRows(t *testing.T) {
	t.Parallel()
	full := credential(fake.ViewDirect, fake.ViewFullOtherUser, fake.ViewAllTeams)
	for _, tc := range []struct {
		name    string
		who     fake.Credential
		options fake.Options
		target  string
		want    string
	}{
		{"a caller who sees all", full, fake.Options{}, `users.list?sort={"_id":-1}&count=2`,
			`{"count":2,"offset":0,"success":true,"total":4,"users":[
			 {"_id":"d","active":true,"emails":[{"address":"only@acme.example"}],"nameInsensitive":"","roles":[],"status":"offline","type":"user"},
			 {"_id":"c","active":true,"avatarETag":"tag","emails":[{"address":"ada@acme.example","verified":true},{"address":"a@home.example"}],
			  "lastLogin":"1970-01-01T00:00:00.000Z","name":"Ada","nameInsensitive":"ada","roles":["admin"],"status":"online","type":"user","username":"ada"}]}`},
		{"a caller who does not, and so does not see who has only an address", credential(fake.ViewDirect),
			fake.Options{}, `users.list?sort={"_id":1}&count=1`,
			`{"count":1,"offset":0,"success":true,"total":3,"users":[
			 {"_id":"a","name":"No Username","nameInsensitive":"no username","status":"offline","type":"guest"}]}`},
		{"rows of the oldest documents", credential(fake.ViewDirect), fake.Options{OldRows: true}, `users.list?sort={"_id":-1}&count=1`,
			`{"count":1,"offset":0,"success":true,"total":3,"users":[
			 {"_id":"c","active":true,"avatarETag":"tag","name":"Ada","status":"online","type":"user","username":"ada","utcOffset":5.5}]}`},
		{"by address", full, fake.Options{}, "users.list?email=ADA@acme.example", `{"count":1,"offset":0,"success":true,"total":1,"users":[
			 {"_id":"c","active":true,"avatarETag":"tag","emails":[{"address":"ada@acme.example","verified":true},{"address":"a@home.example"}],
			  "lastLogin":"1970-01-01T00:00:00.000Z","name":"Ada","nameInsensitive":"ada","roles":["admin"],"status":"online","type":"user","username":"ada"}]}`},
		{"roles", full, fake.Options{}, "roles.list", `{"roles":[{"_id":"admin","description":"","mandatory2fa":false,"protected":true,"scope":"Users"},
			 {"_id":"kQ3","description":"","mandatory2fa":false,"name":"support","protected":false,"scope":"Subscriptions"}],"success":true}`},
		{"members, one of whom is gone", full, fake.Options{}, "teams.members?teamName=one",
			`{"count":2,"members":[{"createdAt":"0001-01-01T00:00:00.000Z","createdBy":{"_id":"c","username":"ada"},"roles":["owner"],
			  "user":{"_id":"c","name":"Ada","settings":{"profile":{}},"status":"online","username":"ada"}},
			 {"createdAt":"0001-01-01T00:00:00.000Z","createdBy":{"_id":"c","username":"ada"}}],"offset":0,"success":true,"total":2}`},
		{"presence leaves out who is offline", full, fake.Options{}, "users.presence?ids=c,b",
			`{"full":false,"success":true,"users":[{"_id":"c","avatarETag":"tag","name":"Ada","status":"online","statusText":"","username":"ada","utcOffset":5.5}]}`},
		{"presence with repeated keys", full, fake.Options{CommaIDsBroken: true}, "users.presence?ids=c&ids=b",
			`{"full":false,"success":true,"users":[{"_id":"c","avatarETag":"tag","name":"Ada","status":"online","statusText":"","username":"ada","utcOffset":5.5}]}`},
		{"presence where commas are broken", full,
			fake.Options{CommaIDsBroken: true}, "users.presence?ids=c,b", `{"full":false,"success":true,"users":[]}`},
		{"presence switched off", full, fake.Options{PresenceDisabled: true}, "users.presence?ids=c", `{"full":true,"success":true,"users":[]}`},
		{"me is flat, and its links have the prefix", full, fake.Options{Prefix: "/chat"}, "me",
			`{"_id":"reader","active":true,"avatarUrl":"/chat/avatar/","createdAt":"0001-01-01T00:00:00.000Z","roles":[],"settings":{"preferences":{}},
			  "status":"offline","statusConnection":"offline","statusText":"","success":true,"type":"user"}`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			tc.options.NoLimits = true
			var want map[string]any
			if err := json.Unmarshal([]byte(tc.want), &want); err != nil {
				t.Fatal(err)
			}
			got := get(t, fake.New(company(tc.who), tc.options), "/api/v1/"+tc.target)
			if diff := cmp.Diff(want, got.body); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

func TestInfo(t *testing.T) {
	t.Parallel()
	s := fake.New(company(credential(fake.ViewFullOtherUser)), fake.Options{Version: "7.10.3", NoLimits: true})
	if got := get(t, s, "/api/info"); got.body["version"] != "7.10" {
		t.Errorf("version: %s", got.text)
	}
	user, _ := get(t, s, "/api/v1/users.info?username=ada").body["user"].(map[string]any)
	if user["canViewAllInfo"] != true || user["emails"] == nil || user["customFields"] == nil {
		t.Errorf("got %v", user)
	}
	picture := get(t, s, "/avatar/ada?etag=tag")
	if picture.header.Get("Content-Type") != "image/svg+xml" || !strings.Contains(picture.text, ">A<") {
		t.Errorf("got %s", picture.text)
	}
	s.Update(func(d *fake.Data) { d.Users = append(d.Users, fake.User{ID: reader, Username: "r", Deactivated: true}) })
	if got := get(t, s, "/api/v1/me"); got.status != http.StatusUnauthorized {
		t.Errorf("a deactivated user gets %d", got.status)
	}
	want := map[string]int{"info": 1, "users.info": 1, "avatar": 1, "me": 1}
	if diff := cmp.Diff(want, s.Calls()); diff != "" {
		t.Errorf("calls (-want +got)\n%s", diff)
	}
	s.ResetCalls()
	if len(s.Calls()) > 0 {
		t.Error("still counting from before")
	}
}

func TestPages(t *testing.T) {
	t.Parallel()
	d := fake.Data{Credentials: []fake.Credential{credential(fake.ViewDirect)}}
	for i := range 250 {
		d.Users = append(d.Users, fake.User{ID: fmt.Sprintf("%03d", i), Username: fmt.Sprintf("%03d", 250-i)})
	}
	for _, tc := range []struct {
		query   string
		options fake.Options
		first   string
		count   int
	}{
		{"", fake.Options{}, "249", 50},
		{"count=1000", fake.Options{}, "249", 100},
		{"count=0", fake.Options{}, "249", 250},
		{"count=0", fake.Options{NoInfiniteCount: true}, "249", 50},
		{`count=100&offset=200&sort={"_id":1}`, fake.Options{}, "200", 50},
		{`count=10&offset=5&sort={"active":1,"_id":-1}`, fake.Options{}, "244", 10},
		{"count=10&offset=400", fake.Options{}, "", 0},
		{"count=10&offset=-3", fake.Options{MaxCount: 5}, "249", 5},
	} {
		t.Run(tc.query, func(t *testing.T) {
			t.Parallel()
			tc.options.NoLimits = true
			got := get(t, fake.New(d, tc.options), "/api/v1/users.list?"+tc.query)
			found := rows(got, "users")
			if len(found) != tc.count || got.body["count"] != float64(tc.count) || got.body["total"] != 250.0 {
				t.Errorf("%d rows, count %v of %v; want %d of 250", len(found), got.body["count"], got.body["total"], tc.count)
			}
			if len(found) > 0 && found[0] != tc.first {
				t.Errorf("begins with %s, want %s", found[0], tc.first)
			}
		})
	}
}

func TestLimiter(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := fake.New(company(credential(fake.ViewDirect)), fake.Options{ClockSkew: time.Hour})
		end := time.Now().Add(time.Minute + time.Hour).UnixMilli()
		for i := range 12 {
			got := get(t, s, "/api/v1/users.list")
			want := []string{"10", strconv.Itoa(max(0, 9-i)), strconv.FormatInt(end, 10), ""}
			have := []string{got.header.Get("X-RateLimit-Limit"), got.header.Get("X-RateLimit-Remaining"), got.header.Get("X-RateLimit-Reset"),
				got.header.Get("Retry-After")}
			if diff := cmp.Diff(want, have); diff != "" {
				t.Errorf("call %d (-want +got)\n%s", i+1, diff)
			}
			if (got.status == http.StatusTooManyRequests) != (i >= 10) {
				t.Errorf("call %d: %d", i+1, got.status)
			}
			if i >= 10 && !strings.Contains(got.text, "You must wait 50 seconds before") && !strings.Contains(got.text, "You must wait 49 seconds before") {
				t.Errorf("call %d: %s", i+1, got.text)
			}
			time.Sleep(time.Second)
		}
		if got := get(t, s, "/api/v1/roles.list"); got.status != http.StatusOK {
			t.Errorf("another route: %d", got.status)
		}
		time.Sleep(time.Minute)
		if got := get(t, s, "/api/v1/users.list"); got.status != http.StatusOK || got.header.Get("X-RateLimit-Remaining") != "9" {
			t.Errorf("a minute later: %d", got.status)
		}
		s.Update(func(d *fake.Data) {
			d.Credentials[0].Permissions = append(d.Credentials[0].Permissions, fake.BypassRateLimit)
		})
		for range 20 {
			if got := get(t, s, "/api/v1/users.list"); got.status != http.StatusOK || got.header.Get("X-RateLimit-Limit") != "" {
				t.Fatalf("with the bypass: %d", got.status)
			}
		}
	})
}

// TestHook changes rows and presence from within a request.
func TestHook(t *testing.T) {
	t.Parallel()
	d := company(credential(fake.ViewDirect))
	s := fake.New(d, fake.Options{NoLimits: true})
	s.Configure(func(k *fake.Options) {
		k.OnRequest = func(op string, n int) {
			if op == "users.list" && n == 2 {
				s.Update(func(d *fake.Data) { d.Users = slices.Delete(d.Users, 0, 1) })
				s.SetPresence("a", "busy", "")
				s.SetPresence("nobody", "busy", "")
			}
		}
	})
	before, after := get(t, s, `/api/v1/users.list?sort={"status":1}`), get(t, s, `/api/v1/users.list?sort={"status":1}`)
	if diff := cmp.Diff([]string{"a", "b", "c"}, rows(before, "users")); diff != "" {
		t.Errorf("before (-want +got)\n%s", diff)
	}
	if diff := cmp.Diff([]string{"a", "b"}, rows(after, "users")); diff != "" {
		t.Errorf("after (-want +got)\n%s", diff)
	}
	if got := rows(get(t, s, "/api/v1/users.presence"), "users"); !slices.Equal(got, []string{"a"}) {
		t.Errorf("present: %v", got)
	}
	if d.Users[0].ID != "c" || len(d.Users) != 4 {
		t.Error("the caller's rows were changed")
	}
}
