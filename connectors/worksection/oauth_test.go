package worksection_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"roster/connectors"
	"roster/connectors/conntest"
	"roster/connectors/worksection"
	"roster/connectors/worksection/fake"
	"roster/internal/credential"
)

const (
	clientID    = "6f1d-client"
	appSecret   = "canary-client-secret"
	redirectURI = "https://roster.example/done"
	firstToken  = "canary-first-refresh"
)

// authorised is the company with an application that somebody has authorised.
func authorised() fake.Data {
	d := company()
	d.Application = &fake.Application{ClientID: clientID, Secret: appSecret, RedirectURI: redirectURI}
	d.Grants = []fake.Grant{{Value: firstToken}, {Value: "canary-code", Code: true}}
	return d
}

func oauthConfig(tokenURL string) connectors.Config {
	return connectors.Config{Kind: connectors.Worksection, Name: "ws", OAuth: &connectors.OAuth{
		ClientID: clientID, ClientSecret: appSecret, RedirectURI: redirectURI, RefreshToken: firstToken, URL: tokenURL,
	}}
}

func keeping(t *testing.T, store credential.Store) *credential.Keeper {
	t.Helper()
	k := credential.New(credential.Options{Store: store})
	t.Cleanup(k.Close)
	return k
}

// openOAuth serves the account and, at another address, the tokens.
func openOAuth(t *testing.T, vendor http.Handler, store credential.Store, change func(*connectors.Config)) *connectors.Source {
	t.Helper()
	account, tokens := httptest.NewServer(http.StripPrefix("/base", vendor)), httptest.NewServer(http.StripPrefix("/tokens", vendor))
	t.Cleanup(account.Close)
	t.Cleanup(tokens.Close)
	cfg := oauthConfig(tokens.URL + "/tokens")
	cfg.URL, cfg.Runtime.Tokens, cfg.RateLimit = account.URL+"/base", keeping(t, store), &connectors.RateLimit{}
	if change != nil {
		change(&cfg)
	}
	s, err := worksection.Open(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestConformanceWithOAuth(t *testing.T) {
	t.Parallel()
	vendor := fake.New(authorised(), fake.Knobs{NoLimits: true})
	tokens := httptest.NewServer(vendor)
	t.Cleanup(tokens.Close)
	var store credential.Memory
	conntest.Run(t, conntest.Subject{
		Open: func(c connectors.Config) (*connectors.Source, error) {
			// Every source is a process of its own; they share what is stored.
			c.Runtime.Tokens = keeping(t, &store)
			return worksection.Open(c)
		},
		Config: oauthConfig(tokens.URL), Fake: vendor, Secrets: []string{appSecret, firstToken, "def502", "eyJ"},
	})
}

func TestConformanceWithHMAC(t *testing.T) {
	t.Parallel()
	conntest.Run(t, conntest.Subject{
		Open:   worksection.Open,
		Config: connectors.Config{Kind: connectors.Worksection, APIKey: key, Signing: "hmac"},
		Fake:   fake.New(company(), fake.Knobs{NoLimits: true}), Secrets: []string{"Admin "},
	})
}

func TestOAuthReads(t *testing.T) {
	t.Parallel()
	code := func(c *connectors.Config) { c.OAuth.RefreshToken, c.OAuth.Code = "", "canary-code" }
	tests := map[string]struct {
		change func(*connectors.Config)
		knobs  fake.Knobs
	}{
		"from a refresh token":          {},
		"from a code":                   {change: code, knobs: fake.Knobs{AccountURL: "https://lumen.worksection.com"}},
		"with an older word for expiry": {knobs: fake.Knobs{OlderExpiry: true}},
		"with reusable refresh tokens":  {knobs: fake.Knobs{ReusableRefresh: true}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tt.knobs.NoLimits = true
			vendor := fake.New(authorised(), tt.knobs)
			var store credential.Memory
			for n := range 3 { // each time the program is started anew, and the access token has ended
				s := openOAuth(t, vendor, &store, tt.change)
				if l, err := s.Accounts.List(t.Context(), nil); err != nil || !l.Complete {
					t.Fatalf("complete %v, %v", l.Complete, err)
				}
				if c := vendor.Calls(); c["oauth2/refresh"]+c["oauth2/token"] != n+1 {
					t.Errorf("calls %v, want %d for tokens", c, n+1)
				}
				vendor.RevokeAccess()
			}
		})
	}
}

func TestOAuthRefused(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		change func(*connectors.Config)
		kind   connectors.ErrorKind
		says   string
	}{
		"a dead refresh token": {func(c *connectors.Config) { c.OAuth.RefreshToken = "canary-dead" }, connectors.KindUnauthorized, "authorise anew"},
		"a dead code": {func(c *connectors.Config) { c.OAuth.RefreshToken, c.OAuth.Code = "", "canary-dead" },
			connectors.KindUnauthorized, "authorise anew"},
		"another secret": {func(c *connectors.Config) { c.OAuth.ClientSecret = "canary-wrong" }, connectors.KindInvalid, "client_secret"},
		"another redirect": {func(c *connectors.Config) {
			c.OAuth.RefreshToken, c.OAuth.Code, c.OAuth.RedirectURI = "", "canary-code", "https://x.example"
		}, connectors.KindInvalid, "oauth"},
	}
	for name, tt := range tests {
		for _, standard := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, standard words %v", name, standard), func(t *testing.T) {
				t.Parallel()
				vendor := fake.New(authorised(), fake.Knobs{NoLimits: true, StandardErrors: standard})
				var store credential.Memory
				s := openOAuth(t, vendor, &store, tt.change)
				for range 2 {
					_, err := s.Contacts.List(t.Context(), nil)
					if !connectors.IsKind(err, tt.kind) || !strings.Contains(err.Error(), tt.says) || strings.Contains(fmt.Sprintf("%+v", err), "canary") {
						t.Errorf("got %v", err)
					}
				}
				if c := vendor.Calls(); c["oauth2/refresh"]+c["oauth2/token"] != 1 {
					t.Errorf("calls %v, want one attempt and a pause", c)
				}
			})
		}
	}
}

func TestCredentialSettings(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		change func(*connectors.Config)
		want   string
	}{
		"both":            {func(c *connectors.Config) { c.APIKey = "canary" }, "api_key: give either this or oauth"},
		"another signing": {func(c *connectors.Config) { c.OAuth, c.APIKey, c.Signing = nil, "k", "sha1" }, "signing: must be md5 or hmac"},
		"nothing": {func(c *connectors.Config) { c.OAuth = &connectors.OAuth{} },
			"oauth.client_id: required\noauth.client_secret: required\noauth.refresh_token: give either this or oauth.code"},
		"no place": {func(c *connectors.Config) { c.Runtime.Tokens = nil }, "oauth: " + connectors.NoTokenKeeper},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := oauthConfig("")
			c.URL, c.Runtime.Tokens = "https://lumen.worksection.com", keeping(t, &credential.Memory{})
			tt.change(&c)
			if _, err := worksection.Open(c); err == nil || err.Error() != tt.want {
				t.Errorf("got %v, want %s", err, tt.want)
			}
		})
	}
}

// The fingerprint goes by the first grant, which tells whose the credential is, and by nothing that changes when tokens are renewed.
func TestOAuthFingerprint(t *testing.T) {
	t.Parallel()
	changes := map[string]func(*connectors.Config){
		"nothing":         func(*connectors.Config) {},
		"another name":    func(c *connectors.Config) { c.Name = "other" },
		"another secret":  func(c *connectors.Config) { c.OAuth.ClientSecret = "new" },
		"another grant":   func(c *connectors.Config) { c.OAuth.RefreshToken = "other" },
		"a code":          func(c *connectors.Config) { c.OAuth.RefreshToken, c.OAuth.Code = "", connectors.Secret(firstToken) },
		"another client":  func(c *connectors.Config) { c.OAuth.ClientID = "other" },
		"another account": func(c *connectors.Config) { c.URL += "/deeper" },
	}
	seen := map[string]string{}
	for name, change := range changes {
		c := oauthConfig("")
		c.URL, c.Runtime.Tokens = "https://lumen.worksection.com", keeping(t, &credential.Memory{})
		change(&c)
		s, err := worksection.Open(c)
		if err != nil {
			t.Fatal(err)
		}
		seen[name] = s.Fingerprint
	}
	distinct := map[string]bool{}
	for name, f := range seen {
		same := name == "another name" || name == "another secret"
		if same != (f == seen["nothing"]) && name != "nothing" {
			t.Errorf("%s: the same fingerprint %v, want %v", name, f == seen["nothing"], same)
		}
		distinct[f] = true
	}
	if len(distinct) != 5 {
		t.Errorf("%d fingerprints, want 5", len(distinct))
	}
}
