package kommo

import (
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"roster/connectors"
	"roster/connectors/kommo/fake"
)

func TestOpenRefuses(t *testing.T) {
	t.Parallel()
	const address = "https://harbour.example"
	tests := map[string]struct {
		cfg  connectors.Config
		want string
	}{
		"nothing given":          {connectors.Config{}, "url: required\naccess_token: required"},
		"no scheme":              {connectors.Config{URL: "harbour.example", Settings: &Settings{AccessToken: "t"}}, "url: not an absolute http or https URL"},
		"not a URL, nor a token": {connectors.Config{URL: "http://a b"}, "url: not an absolute http or https URL\naccess_token: required"},
		"a query":                {connectors.Config{URL: address + "?a=b", Settings: &Settings{AccessToken: "t"}}, "url: must have no user, query or fragment"},
		"the shared host": {
			connectors.Config{URL: "https://www.kommo.com/", Settings: &Settings{AccessToken: "t"}},
			"url: must be the account's own address, such as https://example.kommo.com",
		},
		"a token of white space":   {connectors.Config{URL: address, Settings: &Settings{AccessToken: " \n"}}, "access_token: required"},
		"a token of several words": {connectors.Config{URL: address, Settings: &Settings{AccessToken: "Bearer t"}}, "access_token: must be one word of ASCII characters"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := Open(tt.cfg)
			if err == nil || err.Error() != tt.want {
				t.Errorf("got %v, want %s", err, tt.want)
			}
		})
	}
}

func TestSourceIsTheSameForOneAddress(t *testing.T) {
	t.Parallel()
	var first *connectors.Source
	for _, address := range []string{"https://harbour.example/x", "https://harbour.example/x/", "HTTPS://Harbour.Example/x"} {
		s, err := Open(connectors.Config{Name: "a", URL: address, Settings: &Settings{AccessToken: "token\n"}})
		if err != nil {
			t.Fatal(err)
		}
		if first == nil {
			first = s
		}
		if s.URL != "https://harbour.example/x" || s.Fingerprint != first.Fingerprint {
			t.Errorf("%s: URL %s, fingerprint %s", address, s.URL, s.Fingerprint)
		}
	}
	if diff := cmp.Diff([]connectors.Collection{connectors.Accounts, connectors.Teams, connectors.Roles, connectors.Contacts},
		first.Collections()); diff != "" {
		t.Errorf("collections (-want +got):\n%s", diff)
	}
}

// direct answers without a network, so that time can be the test's own.
type direct struct{ http.Handler }

func (d direct) RoundTrip(r *http.Request) (*http.Response, error) {
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	rec := httptest.NewRecorder()
	d.ServeHTTP(rec, r)
	return rec.Result(), nil
}

func dataWith(contacts int) fake.Data {
	d := fake.Data{Account: fake.Account{ID: 1}, Tokens: []fake.Token{{Value: "t", Admin: true}}, Groups: []fake.Group{{Name: "All"}}}
	for i := range contacts {
		d.Contacts = append(d.Contacts, fake.Contact{ID: int64(i + 1)})
	}
	return d
}

func TestStaysWithinTheLimit(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := fake.New(dataWith(12_000), fake.Options{}) // 48 pages, and some more since they overlap; Kommo's own limit counts
		s, err := open(connectors.Config{Name: "a", URL: "http://harbour.example", Settings: &Settings{AccessToken: "t"}}, direct{f})
		if err != nil {
			t.Fatal(err)
		}
		got, err := s.Contacts.List(t.Context(), nil)
		if err != nil || !got.Complete || len(got.Records) != 12_000 {
			t.Errorf("%d contacts, complete %v, %v", len(got.Records), got.Complete, err)
		}
		if n := f.Calls()["contacts.list"]; n != 52 {
			t.Errorf("%d calls, want 52, none refused", n)
		}
	})
}

func TestTooManyCalls(t *testing.T) {
	t.Parallel()
	limit := &connectors.RateLimit{Calls: 1000, Per: time.Second}
	for name, options := range map[string]fake.Options{
		"told in JSON":      {RetryAfter: 2},
		"told by a header":  {RetryAfter: 2, RetryAfterHeader: true, PlainTooMany: true},
		"without a time":    {PlainTooMany: true},
		"in another tongue": {RetryAfter: 2, Portuguese: true},
	} {
		t.Run("a short wait is waited out, "+name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				f := fake.New(dataWith(3000), options)
				s, err := open(connectors.Config{Name: "a", URL: "http://harbour.example", Settings: &Settings{AccessToken: "t"}, RateLimit: limit}, direct{f})
				if err != nil {
					t.Fatal(err)
				}
				got, err := s.Contacts.List(t.Context(), nil)
				if err != nil || !got.Complete || len(got.Records) != 3000 {
					t.Errorf("%d contacts, complete %v, %v", len(got.Records), got.Complete, err)
				}
				if n := f.Calls()["contacts.list"]; n != 14 {
					t.Errorf("%d calls, want 13 and one that was refused", n)
				}
			})
		})
	}
	t.Run("a long wait is told", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			f := fake.New(dataWith(3000), fake.Options{})
			s, err := open(connectors.Config{Name: "a", URL: "http://harbour.example", Settings: &Settings{AccessToken: "t"}, RateLimit: limit}, direct{f})
			if err != nil {
				t.Fatal(err)
			}
			got, err := s.Contacts.List(t.Context(), nil)
			e, ok := errors.AsType[*connectors.Error](err)
			if !ok || e.Kind != connectors.KindRateLimited || e.RetryAfter != 300*time.Second || e.Blocked {
				t.Errorf("got %v, want to be told to come back in 300 s", err)
			}
			if got.Complete || len(got.Records) != 1708 {
				t.Errorf("%d contacts, complete %v; want the 1708 of seven pages that overlap", len(got.Records), got.Complete)
			}
		})
	})
}

func TestProbe(t *testing.T) {
	t.Parallel()
	token := func(life time.Duration) string {
		claims := fmt.Sprintf(`{"sub":"501","exp":%d}`, time.Now().Add(life).Unix())
		return "e30." + base64.RawURLEncoding.EncodeToString([]byte(claims)) + ".x"
	}
	admin := connectors.Finding{What: "users and roles", OK: true}
	other := connectors.Finding{What: "users and roles", Note: "take a token of an administrator of the account"}
	tests := map[string]struct {
		token   fake.Token
		options fake.Options
		want    []connectors.Finding
		kind    connectors.ErrorKind
		fails   bool
	}{
		"an administrator's":          {token: fake.Token{Value: "t", Admin: true}, want: []connectors.Finding{admin}},
		"another user's":              {token: fake.Token{Value: "t"}, want: []connectors.Finding{other}},
		"another user's, told by 401": {token: fake.Token{Value: "t"}, options: fake.Options{NotAdminStatus: 401}, want: []connectors.Finding{other}},
		"not accepted":                {token: fake.Token{Value: "t", Expires: time.Unix(1, 0)}, fails: true, kind: connectors.KindUnauthorized},
		"unpaid":                      {token: fake.Token{Value: "t"}, options: fake.Options{Unpaid: true}, fails: true, kind: connectors.KindUnavailable},
		"somebody else's site":        {token: fake.Token{Value: "t"}, options: fake.Options{LoginPage: true}, fails: true, kind: connectors.KindBadResponse},
		"good for a year":             {token: fake.Token{Value: token(8760 * time.Hour), Admin: true}, want: []connectors.Finding{admin, {OK: true}}},
		"good for three days more": {
			token: fake.Token{Value: token(72 * time.Hour), Admin: true},
			want:  []connectors.Finding{admin, {Note: "make a new token in Kommo, and put it into access_token"}},
		},
		"three words that are no JWT":  {token: fake.Token{Value: "a.b.c", Admin: true}, want: []connectors.Finding{admin}},
		"a JWT whose claims are words": {token: fake.Token{Value: "e30.ImhpIg.x", Admin: true}, want: []connectors.Finding{admin}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := dataWith(0)
			d.Tokens = []fake.Token{tt.token}
			d.Users = []fake.User{{ID: 501, IsAdmin: true, IsActive: true}}
			cfg := connectors.Config{Name: "a", URL: "http://harbour.example", Settings: &Settings{AccessToken: connectors.Secret(tt.token.Value)}}
			s, err := open(cfg, direct{fake.New(d, tt.options)})
			if err != nil {
				t.Fatal(err)
			}
			got, err := s.Prober.Probe(t.Context())
			if tt.fails {
				if !connectors.IsKind(err, tt.kind) {
					t.Errorf("got %v, want %s", err, tt.kind)
				}
				return
			}
			for i := range got {
				if strings.HasPrefix(got[i].What, "token good until 2") {
					got[i].What = "" // the date depends on today's
				}
			}
			if diff := cmp.Diff(tt.want, got); diff != "" || err != nil {
				t.Errorf("%v (-want +got)\n%s", err, diff)
			}
		})
	}
}
