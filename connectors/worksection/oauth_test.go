package worksection_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
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
	return connectors.Config{Kind: worksection.Name, Name: "ws", Settings: &worksection.Settings{OAuth: &connectors.OAuth{
		ClientID: clientID, ClientSecret: appSecret, RedirectURI: redirectURI, RefreshToken: firstToken, URL: tokenURL,
	}}}
}

// ownAccount is a configuration of a source that nobody calls.
func ownAccount(t *testing.T) connectors.Config {
	t.Helper()
	c := oauthConfig("")
	c.URL, c.Runtime.Tokens = "https://lumen.worksection.com", keeping(t, &credential.Memory{})
	return c
}

func keeping(t *testing.T, store credential.Store) *credential.Renewer {
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
	vendor := fake.New(authorised(), fake.Options{NoLimits: true})
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
		Config: connectors.Config{Kind: worksection.Name, Settings: &worksection.Settings{APIKey: key, Signing: "hmac"}},
		Fake:   fake.New(company(), fake.Options{NoLimits: true}), Secrets: []string{"Admin "},
	})
}

func TestOAuthReads(t *testing.T) {
	t.Parallel()
	code := func(c *connectors.Config) { c.OAuth().RefreshToken, c.OAuth().Code = "", "canary-code" }
	tests := map[string]struct {
		change  func(*connectors.Config)
		options fake.Options
	}{
		"from a refresh token":          {},
		"from a code":                   {change: code, options: fake.Options{AccountURL: "https://lumen.worksection.com"}},
		"with an older word for expiry": {options: fake.Options{OlderExpiry: true}},
		"with reusable refresh tokens":  {options: fake.Options{ReusableRefresh: true}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tt.options.NoLimits = true
			vendor := fake.New(authorised(), tt.options)
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
		"a dead refresh token": {func(c *connectors.Config) { c.OAuth().RefreshToken = "canary-dead" }, connectors.KindUnauthorized, "authorise again"},
		"a dead code": {func(c *connectors.Config) { c.OAuth().RefreshToken, c.OAuth().Code = "", "canary-dead" },
			connectors.KindUnauthorized, "authorise again"},
		"another secret": {func(c *connectors.Config) { c.OAuth().ClientSecret = "canary-wrong" }, connectors.KindInvalid, "client_secret"},
		"another redirect": {func(c *connectors.Config) {
			c.OAuth().RefreshToken, c.OAuth().Code, c.OAuth().RedirectURI = "", "canary-code", "https://x.example"
		}, connectors.KindInvalid, "oauth"},
	}
	for name, tt := range tests {
		for _, standard := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, standard words %v", name, standard), func(t *testing.T) {
				t.Parallel()
				vendor := fake.New(authorised(), fake.Options{NoLimits: true, StandardErrors: standard})
				var store credential.Memory
				s := openOAuth(t, vendor, &store, tt.change)
				for range 2 {
					_, err := s.Contacts.List(t.Context(), nil)
					conntest.Refused(t, err, tt.kind, tt.says)
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
	conntest.BadSettings(t, worksection.Open, ownAccount(t), map[string]conntest.BadSetting{
		"both":            {Change: func(c *connectors.Config) { settings(c).APIKey = "canary" }, Want: "api_key: give either this or oauth"},
		"another signing": {Change: func(c *connectors.Config) { *settings(c) = worksection.Settings{APIKey: "k", Signing: "sha1"} }, Want: "signing: must be md5 or hmac"},
		"nothing": {Change: func(c *connectors.Config) { settings(c).OAuth = &connectors.OAuth{} },
			Want: "oauth.client_id: required\noauth.client_secret: required\noauth.refresh_token: give either this or oauth.code"},
		"no place": {Change: func(c *connectors.Config) { c.Runtime.Tokens = nil }, Want: "oauth: " + connectors.NoTokenStore},
	})
}

func TestOAuthFingerprint(t *testing.T) {
	t.Parallel()
	conntest.OAuthFingerprint(t, worksection.Open, ownAccount(t))
}
