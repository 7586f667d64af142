package fake_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"roster/connectors/altcraft/fake"
)

func data() fake.Data {
	return fake.Data{
		Tokens: []string{"t"},
		Accounts: []fake.Account{
			{ID: 12, Name: "south", Inactive: true},
			{ID: 9, Name: "north", TimeZone: "Europe/Berlin", Users: []fake.User{
				{Username: "u", FirstName: "U", LastName: "V", Email: "u@example.com", NotifyEmail: "n@example.com", Lang: "RU", Active: true, Master: true},
				{Username: "w", Lang: "EN", Phone: "1"},
			}},
		},
	}
}

const (
	usersList    = "/api/v1.1/admin/accounts/users/list"
	accountsList = "/api/v1.1/admin/accounts/list/"
	userU        = `{"username":"u","first_name":"U","last_name":"V","email":"u@example.com","notify_email":"n@example.com",` +
		`"phone":"","lang":"RU","active":true,"master":true}`
	userW = `{"username":"w","first_name":"","last_name":"","email":"","notify_email":"",` +
		`"phone":"1","lang":"EN","active":false,"master":false}`
	done = `"error":0,"error_text":"Done",`
)

func call(t *testing.T, s http.Handler, path, body string, header ...string) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, path, strings.NewReader(body))
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	rec := httptest.NewRecorder()
	s.ServeHTTP(rec, r)
	return rec
}

func TestAnswers(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		options fake.Options
		path    string
		body    string
		header  []string
		want    string
	}{
		"users": {
			body: `{"token":"t","account_id":9}`, want: `{"data":[` + userU + `,` + userW + `],` + done + `"total_count":2}`},
		"users, with a slash": {
			path: usersList + "/", body: `{"token":"t","account_id":9,"active":false}`, want: `{"data":[` + userW + `],` + done + `"total_count":1}`},
		"token in a bearer header": {
			body: `{"account_id":9,"master":true}`, header: []string{"Authorization", "Bearer t"},
			want: `{"data":[` + userU + `],` + done + `"total_count":1}`},
		"filter by language": {
			body: `{"token":"t","account_id":9,"lang":"en"}`, want: `{"data":[` + userW + `],` + done + `"total_count":1}`},
		"counted before the filter": {
			options: fake.Options{CountBeforeFilter: true}, body: `{"token":"t","account_id":9,"lang":"EN"}`,
			want: `{"data":[` + userW + `],` + done + `"total_count":2}`},
		"cut short": {
			options: fake.Options{Truncate: 1}, body: `{"token":"t","account_id":9}`, want: `{"data":[` + userU + `],` + done + `"total_count":2}`},
		"no users": {body: `{"token":"t","account_id":12}`, want: `{"data":[],` + done + `"total_count":0}`},
		"no users as null": {options: fake.Options{Empty: fake.EmptyNull}, body: `{"token":"t","account_id":12}`,
			want: `{"data":null,` + done + `"total_count":0}`},
		"no users, no data": {options: fake.Options{Empty: fake.EmptyAbsent}, body: `{"token":"t","account_id":12}`, want: `{` + done + `"total_count":0}`},
		"no users as an object": {options: fake.Options{Empty: fake.EmptyObject}, body: `{"token":"t","account_id":12}`,
			want: `{"data":{},` + done + `"total_count":0}`},
		"no token":       {body: `{"account_id":9}`, want: `{"error":401,"error_text":"The token is not accepted"}`},
		"nothing sent":   {want: `{"error":401,"error_text":"The token is not accepted"}`},
		"no account":     {body: `{"token":"t"}`, want: `{"error":400,"error_text":"Bad request"}`},
		"not JSON":       {body: `token=t`, want: `{"error":400,"error_text":"Bad request"}`},
		"unknown format": {body: `{"token":"t","format":"csv","account_id":9}`, want: `{"error":400,"error_text":"Bad request"}`},
		"XML in, JSON out": {
			body: `<xml><token>t</token><account_id>9</account_id><active>false</active></xml>`, header: []string{"Content-Type", "application/xml"},
			want: `{"data":[` + userW + `],` + done + `"total_count":1}`},
		"XML in and out": {
			body:   `<xml><token>t</token><format>xml</format><account_id>9</account_id><master>true</master></xml>`,
			header: []string{"Content-Type", "application/xml"},
			want: `<xml><data><user><username>u</username><first_name>U</first_name><last_name>V</last_name><email>u@example.com</email>` +
				`<notify_email>n@example.com</notify_email><phone></phone><lang>RU</lang><active>true</active><master>true</master></user></data>` +
				`<error>0</error><error_text>Done</error_text><total_count>1</total_count></xml>`},
		"XML without rows": {
			path: usersList + "?format=xml", body: `{"token":"t","account_id":12}`,
			want: `<xml><data></data><error>0</error><error_text>Done</error_text><total_count>0</total_count></xml>`},
		"XML refusal": {
			body: `{"format":"xml","account_id":12}`, want: `<xml><data></data><error>401</error><error_text>The token is not accepted</error_text></xml>`},
		"accounts, by ID": {
			path: accountsList, body: `{"token":"t"}`,
			want: `{"data":[{"id":9,"name":"north","timezone":"Europe/Berlin","is_active":true},{"id":12,"name":"south","timezone":"","is_active":false}],` +
				done + `"total_count":2}`},
		"accounts, the first page": {
			path: accountsList, body: `{"token":"t","limit":1}`,
			want: `{"data":[{"id":9,"name":"north","timezone":"Europe/Berlin","is_active":true}],` + done + `"total_count":2}`},
		"accounts, past the last page": {
			path: accountsList, body: `{"token":"t","from_id":13}`, want: `{"data":[],` + done + `"total_count":2}`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if tt.path == "" {
				tt.path = usersList
			}
			rec := call(t, fake.New(data(), tt.options), tt.path, tt.body, tt.header...)
			if diff := cmp.Diff(tt.want, rec.Body.String()); diff != "" || rec.Code != http.StatusOK {
				t.Errorf("HTTP %d (-want +got)\n%s", rec.Code, diff)
			}
		})
	}
}

func TestOnlyPostIsAnswered(t *testing.T) {
	t.Parallel()
	rec := httptest.NewRecorder()
	fake.New(data(), fake.Options{}).ServeHTTP(rec, httptest.NewRequestWithContext(t.Context(), http.MethodGet, usersList, http.NoBody))
	if rec.Code != http.StatusMethodNotAllowed || rec.Header().Get("Allow") != http.MethodPost {
		t.Errorf("HTTP %d, Allow %q", rec.Code, rec.Header().Get("Allow"))
	}
}

func TestRedirectsKeepThePrefix(t *testing.T) {
	t.Parallel()
	s := fake.New(data(), fake.Options{Prefix: "/base", RedirectSlash: true})
	for path, want := range map[string]string{
		usersList + "/": "/base" + usersList, usersList: "",
		strings.TrimSuffix(accountsList, "/"): "/base" + accountsList, accountsList: "",
	} {
		if got := call(t, s, path, `{"token":"t","account_id":9}`).Header().Get("Location"); got != want {
			t.Errorf("%s leads to %q, want %q", path, got, want)
		}
	}
}

func TestCallsBeyondTheRateAreRefused(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := fake.New(data(), fake.Options{Rate: 2})
		var got []int
		for range 3 {
			got = append(got, call(t, s, usersList, `{"token":"t","account_id":9}`).Code)
		}
		rest := time.NewTimer(time.Second)
		<-rest.C
		got = append(got, call(t, s, usersList, `{"token":"t","account_id":9}`).Code)
		if diff := cmp.Diff([]int{200, 200, 429, 200}, got); diff != "" {
			t.Errorf("(-want +got)\n%s", diff)
		}
		if diff := cmp.Diff(map[string]int{fake.OpUsersList: 4}, s.Calls()); diff != "" {
			t.Errorf("calls (-want +got)\n%s", diff)
		}
		s.ResetCalls()
		if n := len(s.Calls()); n != 0 {
			t.Errorf("%d counts after the reset", n)
		}
	})
}

func TestRecordsMayChangeWhileACallIsUnderWay(t *testing.T) {
	t.Parallel()
	s := fake.New(data(), fake.Options{})
	s.Configure(func(k *fake.Options) {
		k.OnRequest = func(op string, n int) {
			if op == fake.OpUsersList && n == 1 {
				s.Update(func(d *fake.Data) { d.Accounts = append(d.Accounts, fake.Account{ID: 15}) })
			}
		}
	})
	rec := call(t, s, usersList, `{"token":"t","account_id":15}`)
	if want := `{"data":[],` + done + `"total_count":0}`; rec.Body.String() != want {
		t.Errorf("got %s, want %s", rec.Body, want)
	}
}
