package fake_test

import (
	"crypto/md5"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"roster/connectors/worksection/fake"
)

const key = "7776461cd931e7b1c8e9632ff8e979ce"

func signed(query string) string {
	sum := md5.Sum([]byte(query + key))
	return query + "&hash=" + hex.EncodeToString(sum[:])
}

func do(t *testing.T, h http.Handler, method, target, body string) (status int, header http.Header, text string) {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), method, target, strings.NewReader(body))
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	res := w.Result()
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, res.Header, string(b)
}

func ask(t *testing.T, h http.Handler, action string) string {
	t.Helper()
	_, _, text := do(t, h, http.MethodGet, "/api/admin/v2/?"+signed("action="+action), "")
	return text
}

const (
	refused = `{"message":"Action hash is missed or invalid","status":"error","status_code":2}`
	none    = `{"data":[],"status":"ok"}`
	tooMany = `{"message":"Too many requests","status":"error","status_code":3}`
)

func TestSignature(t *testing.T) {
	t.Parallel()
	const path = "/api/admin/v2/?"
	for _, tt := range []struct {
		name     string
		target   string
		body     string // POST if not empty
		reencode bool
		want     string
	}{
		{name: "as documented", target: path + "action=get_users&hash=82d6b87d8d0b3ca3a91506adfc42751d", want: none},
		{name: "without the slash", target: "/api/admin/v2?action=get_users&hash=82d6b87d8d0b3ca3a91506adfc42751d", want: none},
		{name: "the hash first", target: path + "hash=82d6b87d8d0b3ca3a91506adfc42751d&action=get_users", want: none},
		{name: "a form", target: path, body: "action=get_users&hash=82d6b87d8d0b3ca3a91506adfc42751d", want: none},
		{name: "half of it in a form", target: path + "action=get_users", body: "hash=82d6b87d8d0b3ca3a91506adfc42751d", want: none},
		{name: "no hash", target: path + "action=get_users", want: refused},
		{name: "the hash of another action", target: path + "action=get_contacts&hash=82d6b87d8d0b3ca3a91506adfc42751d", want: refused},
		{name: "nothing", target: path, want: refused},
		{name: "another order", target: path + signed("x=1&action=get_users"), want: none},
		{name: "a tilde that is sent plain", target: path + signed("action=get_users&x=~"), want: none},
		{name: "a tilde that is sent plain, to a server that writes anew", target: path + signed("action=get_users&x=~"), reencode: true, want: refused},
		{name: "a tilde as PHP writes it, likewise", target: path + signed("action=get_users&x=%7E+%2A"), reencode: true, want: none},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := fake.New(fake.Data{APIKey: key}, fake.Options{Reencode: tt.reencode})
			method := http.MethodGet
			if tt.body != "" {
				method = http.MethodPost
			}
			if status, _, got := do(t, s, method, tt.target, tt.body); status != http.StatusOK || got != tt.want {
				t.Errorf("got %d %s, want %s", status, got, tt.want)
			}
		})
	}
}

func TestOutsideTheInterface(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, method, target string
		want                 int
	}{
		{"another path", http.MethodGet, "/api/v3?action=me", http.StatusNotFound},
		{"another method", http.MethodDelete, "/api/admin/v2/", http.StatusMethodNotAllowed},
		{"a query over 8 kB", http.MethodGet, "/api/admin/v2/?" + signed("action=get_users&x="+strings.Repeat("x", 8<<10)), http.StatusRequestURITooLong},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			status, header, _ := do(t, fake.New(fake.Data{APIKey: key}, fake.Options{}), tt.method, tt.target, "")
			if status != tt.want || !strings.HasPrefix(header.Get("Content-Type"), "text/html") {
				t.Errorf("got %d %s, want %d and a page", status, header.Get("Content-Type"), tt.want)
			}
		})
	}
}

func TestLimit(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := fake.New(fake.Data{APIKey: key}, fake.Options{})
		got := []string{ask(t, s, "get_users"), ask(t, s, "get_contacts")}
		time.Sleep(999 * time.Millisecond)
		got = append(got, ask(t, s, "get_users"))
		time.Sleep(time.Millisecond)
		got = append(got, ask(t, s, "get_users"))
		if diff := cmp.Diff([]string{none, tooMany, tooMany, none}, got); diff != "" {
			t.Errorf("answers (-want +got):\n%s", diff)
		}
		s.Configure(func(k *fake.Options) { k.Throttle429, k.Interval = true, 5*time.Second })
		status, header, text := do(t, s, http.MethodGet, "/api/admin/v2?"+signed("action=get_users"), "")
		if status != http.StatusTooManyRequests || header.Get("Retry-After") != "5" || text != tooMany {
			t.Errorf("got %d, Retry-After %q, %s", status, header.Get("Retry-After"), text)
		}
		s.Configure(func(k *fake.Options) { k.NoLimits = true })
		for range 3 {
			if got := ask(t, s, "get_users"); got != none {
				t.Errorf("without limits: %s", got)
			}
		}
	})
}

func TestRows(t *testing.T) {
	t.Parallel()
	rate := 12.5
	full := fake.Person{
		ID: "7", FirstName: "Ada", LastName: "Stone", Title: "t", URL: "https://x.example/7", Group: "g", Email: "a@x.example",
		Chats: map[string]string{"Signal": "s"}, Contacts: "c", DateAdded: "2024-01-01 00:00", Phone: "1", Phone4: "4", Address: "a",
	}
	users := []fake.User{{Person: full, Avatar: "https://x.example/7.jpg", Role: "team admin", Rate: &rate}, {Person: fake.Person{ID: "8"}}}
	const (
		plainAda = `{"id":"7","first_name":"Ada","last_name":"Stone","name":"Ada Stone","title":"t","url":"https://x.example/7",` +
			`"services":{"chats":{"Signal":"s"},"socials":{}},"contacts":"c","date_added":"2024-01-01 00:00","rate":12.5,` +
			`"avatar":"https://x.example/7.jpg","group":"g","department":"","role":"team admin","email":"a@x.example","phone":"1","phone4":"4","address":"a"}`
		plainNobody = `{"id":"8","first_name":"","last_name":"","name":"","title":"","avatar":"https://worksection.com/images/user/0m.gif",` +
			`"group":"","department":"","role":"","email":"8@8.worksection.com"}`
		oddAda = `{"id":7,"first_name":"Ada","last_name":"Stone","name":"Ada Stone","title":"t","url":"https://x.example/7",` +
			`"services":{"chats":{"Signal":"s"},"socials":[]},"contacts":"c","data_added":"2024-01-01 00:00","rate":"12.5",` +
			`"avatar":"https://x.example/7.jpg","group":"g","department":"","role":"Team admin","email":"a@x.example","phone":"1","phone4":"4","address":"a"}`
		oddNobody = `{"id":8,"first_name":"","last_name":"","name":"","title":"","services":[],"avatar":"https://worksection.com/images/user/0m.gif",` +
			`"group":"","department":"","role":"","email":"8@8.worksection.com"}`
		olderAda = `{"id":"7","first_name":"Ada","last_name":"Stone","name":"Ada Stone","title":"t","rate":12.5,` +
			`"avatar":"https://x.example/7.jpg","group":"g","department":"","role":"team admin","email":"a@x.example","phone":"1","phone4":"4","address":"a"}`
	)
	odd := fake.Options{ServicesAsArray: true, MisspelledDates: true, CapitalRoles: true, RatesAsText: true, NumericIDs: true}
	for _, tt := range []struct {
		name    string
		action  string
		options fake.Options
		data    fake.Data
		want    string // the rows
	}{
		{"users", "get_users", fake.Options{}, fake.Data{Users: users}, plainAda + "," + plainNobody},
		{"users with every oddity", "get_users", odd, fake.Data{Users: users}, oddAda + "," + oddNobody},
		{"users of an older account", "get_users", fake.Options{Older: true}, fake.Data{Users: users}, olderAda + "," + plainNobody},
		{
			"a contact without an address", "get_contacts", fake.Options{},
			fake.Data{Contacts: []fake.Contact{{Person: fake.Person{ID: "9", Name: "Tom", Group: "DEFAULT"}}}},
			`{"id":"9","first_name":"","last_name":"","name":"Tom","title":"","group":"DEFAULT"}`,
		},
		{
			"teams", "get_user_groups", fake.Options{}, fake.Data{Groups: []fake.Group{{ID: "1", Title: "a"}, {ID: "2", Title: "b", Client: true}}},
			`{"id":"1","title":"a","type":"company","client":0},{"id":"2","title":"b","type":"company","client":1}`,
		},
		{
			"folders", "get_contact_groups", fake.Options{},
			fake.Data{ContactGroups: []fake.ContactGroup{{ID: "1", Title: "USERS", Preset: true}, {ID: "41", Title: "b"}}},
			`{"id":1,"title":"USERS","type":"preset"},{"id":"41","title":"b","type":"folder"}`,
		},
		{
			"presets with text for IDs", "get_contact_groups", fake.Options{TextPresetIDs: true},
			fake.Data{ContactGroups: []fake.ContactGroup{{ID: "1", Title: "USERS", Preset: true}}}, `{"id":"1","title":"USERS","type":"preset"}`,
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			tt.data.APIKey = key
			got := ask(t, fake.New(tt.data, tt.options), tt.action)
			if diff := cmp.Diff(`{"data":[`+tt.want+`],"status":"ok"}`, got); diff != "" {
				t.Errorf("answer (-want +got):\n%s", diff)
			}
		})
	}
}

func TestLists(t *testing.T) {
	t.Parallel()
	long := fake.Data{APIKey: key}
	for i := range 10_001 {
		long.Groups = append(long.Groups, fake.Group{ID: fmt.Sprint(i + 1)})
	}
	for _, tt := range []struct {
		name    string
		action  string
		options fake.Options
		message string
		rows    int
	}{
		{name: "too long", action: "get_user_groups", message: "Too many records (10000 max)"},
		{name: "too long and cut", action: "get_user_groups", options: fake.Options{CutRows: true}, rows: 10_000},
		{name: "too long by the option", action: "get_user_groups", options: fake.Options{NoLimits: true, MaxRows: 5}, message: "Too many records (5 max)"},
		{name: "of any length without limits", action: "get_user_groups", options: fake.Options{NoLimits: true}, rows: 10_001},
		{name: "denied", action: "get_users", options: fake.Options{Denied: []string{"get_users"}}, message: "access denied"},
		{name: "unknown", action: "me", message: "Action is invalid"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var got struct {
				Message string
				Data    []any
			}
			if err := json.Unmarshal([]byte(ask(t, fake.New(long, tt.options), tt.action)), &got); err != nil {
				t.Fatal(err)
			}
			if got.Message != tt.message || len(got.Data) != tt.rows {
				t.Errorf("got %q and %d rows, want %q and %d", got.Message, len(got.Data), tt.message, tt.rows)
			}
		})
	}
	if got := ask(t, fake.New(fake.Data{APIKey: key}, fake.Options{NoEmptyData: true}), "get_users"); got != `{"status":"ok"}` {
		t.Errorf("without data: %s", got)
	}
}

func TestChangesBetweenAnswers(t *testing.T) {
	t.Parallel()
	rows := []fake.Group{{ID: "1", Title: "before"}}
	s := fake.New(fake.Data{APIKey: key, Groups: rows}, fake.Options{NoLimits: true})
	s.Configure(func(k *fake.Options) {
		k.OnRequest = func(action string, n int) {
			if action == "get_user_groups" && n == 2 {
				s.Update(func(d *fake.Data) { d.Groups[0].Title = "after" })
			}
		}
	})
	for i, want := range []string{"before", "after", "after"} {
		if got := ask(t, s, "get_user_groups"); !strings.Contains(got, want) {
			t.Errorf("answer %d is %s, want %s in it", i+1, got, want)
		}
	}
	if rows[0].Title != "before" {
		t.Error("the caller's own rows were changed")
	}
	if diff := cmp.Diff(map[string]int{"get_user_groups": 3}, s.Calls()); diff != "" {
		t.Errorf("calls (-want +got):\n%s", diff)
	}
	s.ResetCalls()
	if n := len(s.Calls()); n > 0 {
		t.Errorf("%d actions are still counted", n)
	}
}
