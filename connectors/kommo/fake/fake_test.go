package fake_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"roster/connectors/kommo/fake"
)

func data() fake.Data {
	return fake.Data{
		Account: fake.Account{ID: 900, Name: "Harbour"},
		Tokens:  []fake.Token{{Value: "admin", UserID: 1, Admin: true}, {Value: "user", UserID: 2}, {Value: "old", Admin: true, Expires: time.Unix(1, 0)}},
		Groups:  []fake.Group{{ID: 0, Name: "Front desk"}, {ID: 55, Name: "Quay"}},
		Roles:   []fake.Role{{ID: 8, Name: "Closer", Rights: fake.Rights{Leads: map[string]string{"view": "G"}}}},
		Users: []fake.User{
			{ID: 1, Name: "Noor", IsAdmin: true, IsActive: true},
			{ID: 2, Name: "Tomás", IsActive: true, GroupID: 55, RoleID: 8, Rank: "newbie"},
		},
		Contacts: []fake.Contact{{ID: 12, UpdatedAt: 5}, {ID: 10, UpdatedAt: 7}, {ID: 11, UpdatedAt: 6}},
	}
}

func get(t *testing.T, s http.Handler, token, target string) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, target, http.NoBody)
	r.Header.Set("Authorization", "Bearer "+token)
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	return w
}

func body(t *testing.T, w *httptest.ResponseRecorder) map[string]any {
	t.Helper()
	var v map[string]any
	if err := json.Unmarshal(w.Body.Bytes(), &v); err != nil {
		t.Fatalf("%v in %s", err, w.Body)
	}
	return v
}

// rows gives the IDs of the records in a list.
func rows(t *testing.T, w *httptest.ResponseRecorder, name string) []string {
	t.Helper()
	ids := []string{}
	if w.Code == http.StatusNoContent {
		return ids
	}
	embedded, _ := body(t, w)["_embedded"].(map[string]any)
	list, _ := embedded[name].([]any)
	for _, row := range list {
		record, _ := row.(map[string]any)
		ids = append(ids, fmt.Sprint(record["id"]))
	}
	return ids
}

func TestStatus(t *testing.T) {
	t.Parallel()
	const hal, problem, html = "application/hal+json", "application/problem+json", "text/html; charset=utf-8"
	tests := map[string]struct {
		token, target string
		options       fake.Options
		status        int
		contentType   string
	}{
		"a list":                    {token: "admin", target: "/api/v4/users", status: 200, contentType: hal},
		"one":                       {token: "admin", target: "/api/v4/users/2", status: 200, contentType: hal},
		"one that is not there":     {token: "admin", target: "/api/v4/contacts/99", status: 404, contentType: problem},
		"no token":                  {target: "/api/v4/account", status: 401, contentType: problem},
		"an expired token":          {token: "old", target: "/api/v4/account", status: 401, contentType: problem},
		"users, by no admin":        {token: "user", target: "/api/v4/users", status: 403, contentType: problem},
		"a role, by no admin":       {token: "user", target: "/api/v4/roles/8", status: 403, contentType: problem},
		"the account, by no admin":  {token: "user", target: "/api/v4/account", status: 200, contentType: hal},
		"past the end":              {token: "admin", target: "/api/v4/users?page=2", status: 204},
		"the largest page":          {token: "admin", target: "/api/v4/users?limit=250", status: 200, contentType: hal},
		"too large a page":          {token: "admin", target: "/api/v4/users?limit=251", status: 422, contentType: problem},
		"too large a page, as 400":  {token: "admin", target: "/api/v4/users?limit=251", options: fake.Options{MaxPageStatus: 400}, status: 400, contentType: problem},
		"page zero":                 {token: "admin", target: "/api/v4/users?page=0", status: 400, contentType: problem},
		"no such endpoint":          {token: "admin", target: "/api/v4/groups", status: 404, contentType: problem},
		"beside the API":            {token: "admin", target: "/users", status: 404, contentType: problem},
		"unpaid":                    {token: "admin", target: "/api/v4/users", options: fake.Options{Unpaid: true}, status: 402, contentType: problem},
		"blocked":                   {token: "admin", target: "/api/v4/users", options: fake.Options{Blocked: true}, status: 403, contentType: html},
		"overloaded":                {token: "admin", target: "/api/v4/users", options: fake.Options{Overloaded: true}, status: 504, contentType: html},
		"unknown filter is ignored": {token: "admin", target: "/api/v4/contacts?filter[nobody]=1", status: 200, contentType: hal},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := get(t, fake.New(data(), tt.options), tt.token, tt.target)
			if w.Code != tt.status || w.Header().Get("Content-Type") != tt.contentType {
				t.Errorf("got %d %q, want %d %q", w.Code, w.Header().Get("Content-Type"), tt.status, tt.contentType)
			}
			if tt.status == http.StatusNoContent && w.Body.Len() > 0 {
				t.Errorf("204 with a body: %s", w.Body)
			}
		})
	}
}

func TestPost(t *testing.T) {
	t.Parallel()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/api/v4/users", strings.NewReader("[]"))
	r.Header.Set("Authorization", "Bearer admin")
	w := httptest.NewRecorder()
	fake.New(data(), fake.Options{}).ServeHTTP(w, r)
	if w.Code != http.StatusMethodNotAllowed {
		t.Errorf("got %d, want 405", w.Code)
	}
}

func TestWithTogglesKeys(t *testing.T) {
	t.Parallel()
	s := fake.New(data(), fake.Options{})
	bare := body(t, get(t, s, "admin", "/api/v4/users/2"))
	full := body(t, get(t, s, "admin", "/api/v4/users/2?with=role,group,uuid,amojo_id,user_rank,phone_number"))
	for _, key := range []string{"uuid", "amojo_id", "user_rank", "phone_number", "_embedded"} {
		if _, ok := bare[key]; ok {
			t.Errorf("%s is there though it was not asked for", key)
		}
		if _, ok := full[key]; !ok {
			t.Errorf("%s is not there", key)
		}
	}
	want := map[string]any{
		"roles": []any{map[string]any{"id": 8., "name": "Closer",
			"_links": map[string]any{"self": map[string]any{"href": "http://example.com/api/v4/roles/8"}}}},
		"groups": []any{map[string]any{"id": 55., "name": "Quay", "uuid": nil}},
	}
	if diff := cmp.Diff(want, full["_embedded"]); diff != "" {
		t.Errorf("_embedded (-want +got):\n%s", diff)
	}
	rights, _ := body(t, get(t, s, "admin", "/api/v4/users/1"))["rights"].(map[string]any)
	if group, ok := rights["group_id"]; !ok || group != nil {
		t.Errorf("the default group is %v in a user, want null", group)
	}
	role := body(t, get(t, s, "admin", "/api/v4/roles/8?with=users"))
	if diff := cmp.Diff(map[string]any{"users": []any{2.}}, role["_embedded"]); diff != "" {
		t.Errorf("a role's users (-want +got):\n%s", diff)
	}
}

func TestLinks(t *testing.T) {
	t.Parallel()
	s := fake.New(data(), fake.Options{Prefix: "/base"})
	mounted := http.StripPrefix("/base", s)
	next := func(target string) string {
		links, _ := body(t, get(t, mounted, "admin", target))["_links"].(map[string]any)
		link, _ := links["next"].(map[string]any)
		href, _ := link["href"].(string)
		return href
	}
	want := "http://example.com/base/api/v4/contacts?limit=2&order%5Bid%5D=asc&page=2"
	if got := next("/base/api/v4/contacts?limit=2&order[id]=asc"); got != want {
		t.Errorf("next is %s, want %s", got, want)
	}
	if got := next("/base/api/v4/contacts?limit=2&page=2"); got != "" {
		t.Errorf("next of the last page is %s, want none", got)
	}
	s.Configure(func(k *fake.Options) { k.NextHost = "foreign.example" })
	if got := next("/base/api/v4/contacts?limit=2"); !strings.HasPrefix(got, "http://foreign.example/base/") {
		t.Errorf("next is %s, want it elsewhere", got)
	}
}

func TestContacts(t *testing.T) {
	t.Parallel()
	for query, want := range map[string][]string{
		"":                                      {"12", "10", "11"},
		"order[id]=asc":                         {"10", "11", "12"},
		"order[id]=desc":                        {"12", "11", "10"},
		"order[updated_at]=asc":                 {"12", "11", "10"},
		"filter[id][]=10&filter[id][]=12":       {"12", "10"},
		"filter[id][0]=10&filter[id][1]=99":     {"10"},
		"filter[id][]=99":                       {},
		"filter[updated_at][from]=6":            {"10", "11"},
		"filter[updated_at][to]=6":              {"12", "11"},
		"filter[updated_at][from]=soon":         {"12", "10", "11"},
		"order[id]=asc&limit=2":                 {"10", "11"},
		"order[id]=asc&limit=2&page=2":          {"12"},
		"order[id]=asc&limit=1&page=2&whatever": {"11"},
	} {
		got := rows(t, get(t, fake.New(data(), fake.Options{}), "user", "/api/v4/contacts?"+query), "contacts")
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got)\n%s", query, diff)
		}
	}
}

func TestLimits(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := fake.New(data(), fake.Options{BlockAfter: 3, BlockFor: time.Minute, RetryAfter: 2, RetryAfterHeader: true})
		statuses := func(n int) []int {
			var list []int
			for range n {
				list = append(list, get(t, s, "admin", "/api/v4/account").Code)
			}
			return list
		}
		if diff := cmp.Diff([]int{200, 200, 200, 200, 200, 200, 200, 429}, statuses(8)); diff != "" {
			t.Errorf("in the first second (-want +got):\n%s", diff)
		}
		w := get(t, s, "admin", "/api/v4/account")
		if w.Header().Get("Retry-After") != "2" || body(t, w)["retry_after"] != 2. {
			t.Errorf("%v %s: want to be asked to wait 2 seconds", w.Header(), w.Body)
		}
		time.Sleep(time.Second)
		if got := statuses(1); got[0] != 200 {
			t.Errorf("a second later: %v, want 200", got)
		}
		if diff := cmp.Diff([]int{200, 200, 200, 200, 200, 200, 429, 403, 403}, statuses(9)); diff != "" {
			t.Errorf("after the third violation (-want +got):\n%s", diff)
		}
		time.Sleep(59 * time.Second)
		if w := get(t, s, "admin", "/api/v4/account"); w.Code != 403 || !strings.Contains(w.Body.String(), "<html>") {
			t.Errorf("within the block: %d %s, want 403 and a page", w.Code, w.Body)
		}
		time.Sleep(time.Second)
		if got := statuses(1); got[0] != 200 {
			t.Errorf("after the block: %v, want 200", got)
		}
	})
}

func TestNoLimits(t *testing.T) {
	t.Parallel()
	s := fake.New(data(), fake.Options{NoLimits: true})
	for range 100 {
		if w := get(t, s, "admin", "/api/v4/account"); w.Code != 200 {
			t.Fatalf("got %d", w.Code)
		}
	}
	if diff := cmp.Diff(map[string]int{"account.get": 100}, s.Calls()); diff != "" {
		t.Errorf("calls (-want +got)\n%s", diff)
	}
	s.ResetCalls()
	if n := len(s.Calls()); n != 0 {
		t.Errorf("%d names after the reset", n)
	}
}

func TestChangesWhileServing(t *testing.T) {
	t.Parallel()
	s := fake.New(data(), fake.Options{NoLimits: true})
	s.Configure(func(k *fake.Options) {
		k.OnRequest = func(string, int) {
			s.Update(func(d *fake.Data) { d.Contacts[0].Name = "Changed"; slices.Reverse(d.Contacts) })
		}
	})
	var readers sync.WaitGroup
	for range 4 {
		readers.Go(func() {
			for range 20 {
				r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/api/v4/contacts", http.NoBody)
				r.Header.Set("Authorization", "Bearer user")
				w := httptest.NewRecorder()
				s.ServeHTTP(w, r)
				if w.Code != 200 {
					t.Errorf("got %d", w.Code)
				}
			}
		})
	}
	readers.Wait()
	if n := s.Calls()["contacts.list"]; n != 80 {
		t.Errorf("%d calls, want 80", n)
	}
}
