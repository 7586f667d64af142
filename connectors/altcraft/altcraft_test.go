package altcraft_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"roster/connectors"
	"roster/connectors/altcraft"
	"roster/connectors/altcraft/fake"
)

const (
	prefix     = "/base"
	adminToken = "admin-token-of-a-test"
	userToken  = "user-token-of-a-test"
)

// company has two accounts that hold the same username, and one without users.
func company() fake.Data {
	return fake.Data{
		Tokens:     []string{adminToken},
		UserTokens: []string{userToken},
		Accounts: []fake.Account{
			{ID: 9, Name: "north", Users: []fake.User{
				{Username: "zoe", FirstName: "Zoë", LastName: "Müller", Email: "zoe@example.com", Lang: "EN", Active: true, Master: true},
				{Username: "smith", FirstName: "Ann", LastName: "Smith", Email: "ann@example.com", NotifyEmail: "alerts@example.com",
					Phone: "+442079460018", Lang: "RU"},
				{Username: "abel", FirstName: "Abel", LastName: "Okoro", Email: "abel@example.com", Lang: "EN", Active: true},
			}},
			{ID: 12, Name: "south", Users: []fake.User{
				{Username: "smith", FirstName: "Joe", LastName: "Smith", Email: "joe@example.com", Lang: "EN", Active: true},
			}},
			{ID: 15, Name: "empty"},
		},
	}
}

// start serves the fake under a prefix, and gives what opens sources on it.
func start(t *testing.T, k fake.Options) (*fake.Server, func(func(*connectors.Config)) *connectors.Source) {
	t.Helper()
	k.Prefix = prefix
	k.NoLimits = true
	f := fake.New(company(), k)
	mux := http.NewServeMux()
	mux.Handle(prefix+"/", http.StripPrefix(prefix, f))
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	return f, func(change func(*connectors.Config)) *connectors.Source {
		t.Helper()
		cfg := connectors.Config{
			Name: "altcraft", Kind: altcraft.Name, URL: server.URL + prefix, Settings: &altcraft.Settings{Token: adminToken, AccountID: 9}, Timeout: 10 * time.Second,
		}
		if change != nil {
			change(&cfg)
		}
		source, err := altcraft.Open(cfg)
		if err != nil {
			t.Fatal(err)
		}
		return source
	}
}

// inBothForms runs a test once for each form in which the vendor speaks.
func inBothForms(t *testing.T, test func(t *testing.T, format string)) {
	t.Helper()
	for _, format := range []string{"json", "xml"} {
		t.Run(format, func(t *testing.T) {
			t.Parallel()
			test(t, format)
		})
	}
}

func ids(l connectors.Listing[connectors.Account]) []string {
	found := []string{}
	for _, a := range l.Records {
		found = append(found, a.ID)
	}
	return found
}

func TestAccounts(t *testing.T) {
	t.Parallel()
	inBothForms(t, listed)
}

func listed(t *testing.T, format string) {
	f, open := start(t, fake.Options{})
	got, err := open(func(c *connectors.Config) { settings(c).Format = format }).Accounts.List(t.Context(), func(connectors.Listing[connectors.Account]) {
		t.Error("progress was told although there is one page only")
	})
	if err != nil {
		t.Fatal(err)
	}
	total := 3
	want := connectors.Listing[connectors.Account]{
		Expected: &total,
		Complete: true,
		Records: []connectors.Account{
			{ID: "9:abel", Username: "abel", Name: "Abel Okoro", FirstName: "Abel", LastName: "Okoro", Locale: "en", Active: true,
				Emails: []connectors.Email{{Address: "abel@example.com"}}, Access: connectors.AccessMember, Details: &altcraft.Details{}},
			{ID: "9:smith", Username: "smith", Name: "Ann Smith", FirstName: "Ann", LastName: "Smith", Locale: "ru", Active: false,
				Emails: []connectors.Email{{Address: "ann@example.com"}}, Access: connectors.AccessMember,
				Phones:  []connectors.Phone{{Raw: "+442079460018", E164: "+442079460018"}},
				Details: &altcraft.Details{NotifyEmail: "alerts@example.com"}},
			{ID: "9:zoe", Username: "zoe", Name: "Zoë Müller", FirstName: "Zoë", LastName: "Müller", Locale: "en", Active: true,
				Emails: []connectors.Email{{Address: "zoe@example.com"}}, Access: connectors.AccessAdmin,
				Details: &altcraft.Details{Master: true}},
		},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if diff := cmp.Diff(map[string]int{fake.OpUsersList: 1}, f.Calls()); diff != "" {
		t.Errorf("calls (-want +got)\n%s", diff)
	}
}

// TestTraps has one case for each thing about this vendor that has misled somebody, or could.
func TestTraps(t *testing.T) {
	t.Parallel()
	inBothForms(t, traps)
}

func traps(t *testing.T, format string) {
	everyone := []string{"9:abel", "9:smith", "9:zoe"}
	tests := map[string]struct {
		options  fake.Options
		account  int64
		want     []string
		expected int // -1 for not told
		short    bool
	}{
		"the same username in another account is another record": {account: 12, want: []string{"12:smith"}, expected: 1},
		"a hidden row limit makes the listing incomplete": {
			options: fake.Options{Truncate: 2}, want: []string{"9:smith", "9:zoe"}, expected: 3, short: true},
		"a row limit that leaves nothing":                        {options: fake.Options{Truncate: -1}, want: []string{}, expected: 3, short: true},
		"empty array":                                            {account: 15, want: []string{}},
		"null for no rows":                                       {options: fake.Options{Empty: fake.EmptyNull}, account: 15, want: []string{}},
		"no data for no rows":                                    {options: fake.Options{Empty: fake.EmptyAbsent}, account: 15, want: []string{}},
		"empty object for no rows":                               {options: fake.Options{Empty: fake.EmptyObject}, account: 15, want: []string{}},
		"an unknown account that answers with nothing":           {options: fake.Options{Unknown: fake.UnknownEmpty}, account: 77, want: []string{}},
		"phone null":                                             {options: fake.Options{NullPhone: true}, want: everyone, expected: 3},
		"language in lower case":                                 {options: fake.Options{LowerLang: true}, want: everyone, expected: 3},
		"inactive users are there, because no filter is sent":    {options: fake.Options{CountBeforeFilter: true}, want: everyone, expected: 3},
		"a redirecting slash form is not the one that is called": {options: fake.Options{RedirectSlash: true}, want: everyone, expected: 3},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, open := start(t, tt.options)
			got, err := open(func(c *connectors.Config) {
				settings(c).Format = format
				if tt.account != 0 {
					settings(c).AccountID = tt.account
				}
			}).Accounts.List(t.Context(), nil)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, ids(got)); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
			if got.Complete == tt.short || got.Expected == nil || *got.Expected != tt.expected {
				t.Errorf("complete %v with %v expected, want %v with %d", got.Complete, got.Expected, !tt.short, tt.expected)
			}
		})
	}
	t.Run("a row without active counts as active", func(t *testing.T) {
		t.Parallel()
		_, open := start(t, fake.Options{NoActive: true})
		got, err := open(nil).Accounts.List(t.Context(), nil)
		if err != nil {
			t.Fatal(err)
		}
		for _, a := range got.Records {
			if !a.Active {
				t.Errorf("%s is taken for inactive", a.ID)
			}
		}
	})
	t.Run("a national phone number needs a region", func(t *testing.T) {
		t.Parallel()
		f, open := start(t, fake.Options{})
		f.Update(func(d *fake.Data) { d.Accounts[1].Users[0].Phone = "020 7946 0018" })
		got, err := open(func(c *connectors.Config) { settings(c).AccountID, c.PhoneRegion = 12, "GB" }).Accounts.List(t.Context(), nil)
		if err != nil {
			t.Fatal(err)
		}
		want := []connectors.Phone{{Raw: "020 7946 0018", E164: "+442079460018"}}
		if diff := cmp.Diff(want, got.Records[0].Phones); diff != "" {
			t.Errorf("(-want +got)\n%s", diff)
		}
	})
}

func TestFailures(t *testing.T) {
	t.Parallel()
	inBothForms(t, failures)
}

func failures(t *testing.T, format string) {
	tests := map[string]struct {
		options fake.Options
		token   connectors.Secret
		account int64
		want    connectors.ErrorKind
		says    string
		page    bool
	}{
		"wrong token, told within HTTP 200": {token: "wrong", want: connectors.KindUnauthorized, says: "check token"},
		"wrong token, told by HTTP 401":     {options: fake.Options{DenyStatus: 401}, token: "wrong", want: connectors.KindUnauthorized},
		"wrong token, an HTML page with 401": {
			options: fake.Options{DenyStatus: 401, DenyHTML: true}, token: "wrong", want: connectors.KindUnauthorized},
		"wrong token, a sign-in page with 200": {options: fake.Options{DenyHTML: true}, token: "wrong", want: connectors.KindBadResponse, page: true},
		"an account's own token":               {token: userToken, want: connectors.KindForbidden, says: "admin token"},
		"unknown account as a bad request":     {account: 77, want: connectors.KindInvalid, says: "check account_id"},
		"unknown account as not found":         {options: fake.Options{Unknown: fake.UnknownNotFound}, account: 77, want: connectors.KindNotFound},
		"missing error field":                  {options: fake.Options{Fault: fake.FaultNoErrorField}, want: connectors.KindBadResponse},
		"empty body":                           {options: fake.Options{Fault: fake.FaultEmptyBody}, want: connectors.KindBadResponse},
		"HTML page with 200":                   {options: fake.Options{Fault: fake.FaultHTML}, want: connectors.KindBadResponse, page: true},
		"half a document":                      {options: fake.Options{Fault: fake.FaultCutOff}, want: connectors.KindBadResponse, says: "cut off"},
		"HTML page with 502":                   {options: fake.Options{Fault: fake.FaultBadGateway}, want: connectors.KindUnavailable},
		"maintenance":                          {options: fake.Options{Fault: fake.FaultUnavailable}, want: connectors.KindUnavailable, says: "retry after 30s"},
		"a code that nobody explains":          {options: fake.Options{Error: 440}, want: connectors.KindBadResponse, says: "code 440"},
		"a redirect is not followed":           {options: fake.Options{RedirectAll: true}, want: connectors.KindBadResponse, says: "check url"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f, open := start(t, tt.options)
			source := open(func(c *connectors.Config) {
				c.Retries = new(int)
				settings(c).Format = format
				if tt.token != "" {
					settings(c).Token = tt.token
				}
				if tt.account != 0 {
					settings(c).AccountID = tt.account
				}
			})
			got, err := source.Accounts.List(t.Context(), nil)
			if !connectors.IsKind(err, tt.want) || !strings.Contains(err.Error(), tt.says) {
				t.Errorf("got %v, want %s with %q", err, tt.want, tt.says)
			}
			if got.Complete || len(got.Records) > 0 {
				t.Errorf("a failure with %d records, complete %v", len(got.Records), got.Complete)
			}
			if _, err := source.Prober.Probe(t.Context()); !connectors.IsKind(err, tt.want) {
				t.Errorf("the probe says %v, want %s", err, tt.want)
			}
			want := 2
			if tt.page { // something else has answered: it is left alone
				want = 1
			}
			if n := f.Calls()[fake.OpUsersList]; n != want {
				t.Errorf("%d calls, want %d", n, want)
			}
		})
	}
}

// sent is what reaches the vendor.
type sent struct {
	Method, Path, Query, ContentType, Accept string
	Header                                   bool // an Authorization header
	Body                                     string
}

func TestOnlyTheDocumentedRequestIsSent(t *testing.T) {
	t.Parallel()
	// No filters: active, master and lang must be absent, not false. The token goes into the body and nowhere else.
	for format, want := range map[string]string{
		"json": `{"token":"<&>","format":"json","account_id":9}`,
		"xml":  `<xml><token>&lt;&amp;&gt;</token><format>xml</format><account_id>9</account_id></xml>`,
	} {
		t.Run(format, func(t *testing.T) {
			t.Parallel()
			var got sent
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				body, err := io.ReadAll(r.Body)
				if err != nil {
					t.Error(err)
				}
				got = sent{Method: r.Method, Path: r.URL.Path, Query: r.URL.RawQuery, ContentType: r.Header.Get("Content-Type"), Accept: r.Header.Get("Accept"),
					Header: r.Header.Get("Authorization") != "", Body: strings.NewReplacer(`\u003c`, "<", `\u003e`, ">", `\u0026`, "&").Replace(string(body))}
				empty := map[string]string{"json": `{"data":[],"error":0,"total_count":0}`, "xml": `<xml><data/><error>0</error><total_count>0</total_count></xml>`}
				_, _ = io.WriteString(w, empty[format])
			}))
			t.Cleanup(server.Close)
			source, err := altcraft.Open(connectors.Config{Name: "a", Kind: altcraft.Name, URL: server.URL + "/base/", Settings: &altcraft.Settings{Token: "<&>", AccountID: 9, Format: format}})
			if err != nil {
				t.Fatal(err)
			}
			if _, err := source.Accounts.List(t.Context(), nil); err != nil {
				t.Fatal(err)
			}
			want := sent{Method: "POST", Path: "/base/api/v1.1/admin/accounts/users/list", ContentType: "application/" + format, Accept: "application/" + format, Body: want}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

func TestListingCanBeCancelled(t *testing.T) {
	t.Parallel()
	arrived := make(chan struct{})
	_, open := start(t, fake.Options{Delay: time.Hour, OnRequest: func(string, int) { close(arrived) }})
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		<-arrived
		cancel()
	}()
	_, err := open(nil).Accounts.List(ctx, nil)
	if !connectors.IsKind(err, connectors.KindTimeout) {
		t.Errorf("got %v, want it given up", err)
	}
}

func TestProbe(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		options fake.Options
		want    []string
	}{
		"healthy": {want: []string{"all users of the account: true", "inactive users: true"}},
		"row limit": {
			options: fake.Options{Truncate: 2}, want: []string{"all users of the account: false: it lists 2 of 3", "inactive users: true"}},
		"none are hidden": {
			options: fake.Options{NoActive: true}, want: []string{"all users of the account: true", "inactive users: false: it lists none"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f, open := start(t, tt.options)
			findings, err := open(nil).Prober.Probe(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if len(findings) != len(tt.want) {
				t.Fatalf("got %+v, want %q", findings, tt.want)
			}
			for i, f := range findings {
				if got := fmt.Sprintf("%s: %v: %s", f.What, f.OK, f.Note); !strings.HasPrefix(got, tt.want[i]) {
					t.Errorf("got %q, want %q", got, tt.want[i])
				}
			}
			if n := f.Calls()[fake.OpUsersList]; n != 1 {
				t.Errorf("%d calls, want 1", n)
			}
		})
	}
}

func settings(c *connectors.Config) *altcraft.Settings { return c.Settings.(*altcraft.Settings) }
