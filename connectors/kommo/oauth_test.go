package kommo_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"roster/connectors"
	"roster/connectors/conntest"
	"roster/connectors/kommo"
	"roster/connectors/kommo/fake"
	"roster/internal/credential"
)

const (
	clientID    = "6f1d-client"
	appSecret   = "canary-client-secret"
	redirectURI = "https://roster.example/done"
	firstToken  = "canary-first-refresh"
)

// authorised is the company with an integration that one administrator has authorised.
func authorised() fake.Data {
	d := company()
	d.Integration = &fake.Integration{ClientID: clientID, Secret: appSecret, RedirectURI: redirectURI}
	d.Grants = []fake.Grant{{Value: firstToken, UserID: 1, Admin: true}, {Value: "canary-code", Code: true, UserID: 1, Admin: true}}
	return d
}

func oauthConfig() connectors.Config {
	return connectors.Config{Kind: kommo.Name, Name: "crm", Settings: &kommo.Settings{OAuth: &connectors.OAuth{
		ClientID: clientID, ClientSecret: appSecret, RedirectURI: redirectURI, RefreshToken: firstToken,
	}}}
}

// ownAccount is a configuration of a source that nobody calls.
func ownAccount(t *testing.T) connectors.Config {
	t.Helper()
	c := oauthConfig()
	c.URL, c.Runtime.Tokens = "https://harbour.example", keeping(t, &credential.Memory{})
	return c
}

// keeping gives a keeper over store that is closed with the test.
func keeping(t *testing.T, store credential.Store) *credential.Renewer {
	t.Helper()
	k := credential.New(credential.Options{Store: store})
	t.Cleanup(k.Close)
	return k
}

// openOAuth serves the vendor below a path and opens it with these tokens.
func openOAuth(t *testing.T, vendor http.Handler, store credential.Store, change func(*connectors.Config)) *connectors.Source {
	t.Helper()
	server := httptest.NewServer(http.StripPrefix("/base", vendor))
	t.Cleanup(server.Close)
	cfg := oauthConfig()
	cfg.URL, cfg.Runtime.Tokens = server.URL+"/base", keeping(t, store)
	if change != nil {
		change(&cfg)
	}
	s, err := kommo.Open(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestConformanceWithOAuth(t *testing.T) {
	t.Parallel()
	// Every check has a server of its own, which would look like a renamed account.
	vendor := fake.New(authorised(), fake.Options{NoLimits: true, Prefix: conntest.Prefix, APIDomain: "api.example"})
	var store credential.Memory
	// The kit counts the calls of a reading: the first pair must be there.
	if _, err := openOAuth(t, vendor, &store, nil).Prober.Probe(t.Context()); err != nil {
		t.Fatal(err)
	}
	cfg := oauthConfig()
	conntest.Run(t, conntest.Subject{
		Open: func(c connectors.Config) (*connectors.Source, error) {
			// Every source is a process of its own; they share what is stored.
			c.Runtime.Tokens = keeping(t, &store)
			return kommo.Open(c)
		},
		Config: cfg, Fake: vendor, NoBodyIsNone: true,
		Secrets: []string{appSecret, firstToken, "def50200", "eyJ"},
	})
}

func TestOAuthReads(t *testing.T) {
	t.Parallel()
	tests := map[string]func(*connectors.Config){
		"from a refresh token": nil,
		"from a code": func(c *connectors.Config) {
			c.OAuth().RefreshToken, c.OAuth().Code = "", "canary-code"
		},
	}
	for name, change := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			vendor := fake.New(authorised(), fake.Options{NoLimits: true, Prefix: "/base"})
			var store credential.Memory
			for range 2 { // the second is a restart: what was first given is dead by then
				s := openOAuth(t, vendor, &store, change)
				for range 2 {
					if l, err := s.Accounts.List(t.Context(), nil); err != nil || !l.Complete {
						t.Fatalf("complete %v, %v", l.Complete, err)
					}
				}
			}
			if c := vendor.Calls(); c["token.refresh"]+c["token.code"] != 1 {
				t.Errorf("calls %v, want one for tokens", c)
			}
		})
	}
}

func TestOAuthRenewsARefusedTokenOnce(t *testing.T) {
	t.Parallel()
	vendor := fake.New(authorised(), fake.Options{NoLimits: true, Prefix: "/base"})
	var store credential.Memory
	s := openOAuth(t, vendor, &store, nil)
	read := func(what string, l func(context.Context) error) {
		t.Helper()
		if err := l(t.Context()); err != nil {
			t.Errorf("%s: %v", what, err)
		}
	}
	contacts := func(ctx context.Context) error { _, err := s.Contacts.List(ctx, nil); return err }
	users := func(ctx context.Context) error { _, err := s.Accounts.List(ctx, nil); return err }
	read("at first", contacts)
	vendor.RevokeAccess()
	read("after the end of the access token", users) // an endpoint for administrators goes another way
	if n := vendor.Calls()["token.refresh"]; n != 2 {
		t.Errorf("%d refreshes, want the first and one more", n)
	}
	vendor.RevokeAccess()
	if err := contacts(t.Context()); !connectors.IsKind(err, connectors.KindUnauthorized) {
		t.Errorf("a token that has just been renewed and is refused: %v", err)
	}
	if n := vendor.Calls()["token.refresh"]; n != 2 {
		t.Errorf("%d refreshes, want none for a token that was just renewed", n)
	}
}

// A 401 that is about the right must not renew the token each time.
func TestOAuthOfNoAdministrator(t *testing.T) {
	t.Parallel()
	d := authorised()
	d.Grants[0].Admin = false
	vendor := fake.New(d, fake.Options{NoLimits: true, Prefix: "/base", NotAdminStatus: http.StatusUnauthorized})
	var store credential.Memory
	s := openOAuth(t, vendor, &store, nil)
	for range 3 {
		if _, err := s.Accounts.List(t.Context(), nil); !connectors.IsKind(err, connectors.KindForbidden) {
			t.Errorf("got %v, want it forbidden", err)
		}
	}
	if n := vendor.Calls()["token.refresh"]; n != 1 {
		t.Errorf("%d refreshes, want one", n)
	}
}

func TestOAuthRefused(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		cfg     func(*connectors.Config)
		options func(*fake.Options)
		kind    connectors.ErrorKind
		says    string
	}{
		"a dead refresh token": {cfg: func(c *connectors.Config) { c.OAuth().RefreshToken = "canary-dead" }, kind: connectors.KindUnauthorized, says: "authorise again"},
		"another redirect":     {cfg: func(c *connectors.Config) { c.OAuth().RedirectURI += "/" }, kind: connectors.KindInvalid, says: "redirect_uri"},
		"another secret":       {cfg: func(c *connectors.Config) { c.OAuth().ClientSecret = "canary-wrong" }, kind: connectors.KindInvalid, says: "client_secret"},
		"blocked":              {options: func(k *fake.Options) { k.TokensBlocked = true }, kind: connectors.KindRateLimited, says: "blocked"},
		"no such account":      {options: func(k *fake.Options) { k.Host = "elsewhere.example" }, kind: connectors.KindNotFound, says: "url"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			vendor := fake.New(authorised(), fake.Options{NoLimits: true, Prefix: "/base"})
			if tt.options != nil {
				vendor.Configure(tt.options)
			}
			var store credential.Memory
			s := openOAuth(t, vendor, &store, tt.cfg)
			for range 3 {
				_, err := s.Contacts.List(t.Context(), nil)
				conntest.Refused(t, err, tt.kind, tt.says)
			}
			if n := vendor.Calls()["token.refresh"]; n != 1 {
				t.Errorf("%d attempts, want one and a pause", n)
			}
			if st := s.Credential(); st.State == connectors.CredentialGood || !strings.Contains(st.Detail, tt.says) {
				t.Errorf("the credential is %+v", st)
			}
		})
	}
}

// An account whose subdomain was renamed is found again, when tokens are renewed, and stays found.
func TestOAuthFollowsARenamedSubdomain(t *testing.T) {
	t.Parallel()
	for _, status := range []int{http.StatusNotFound, http.StatusUnauthorized} {
		t.Run(fmt.Sprint(status), func(t *testing.T) {
			t.Parallel()
			vendor := fake.New(authorised(), fake.Options{NoLimits: true, Prefix: "/base", MovedStatus: status})
			elsewhere := httptest.NewServer(http.StripPrefix("/base", vendor))
			t.Cleanup(elsewhere.Close)
			var store credential.Memory
			s := openOAuth(t, vendor, &store, nil)
			if _, err := s.Contacts.List(t.Context(), nil); err != nil {
				t.Fatal(err)
			}
			vendor.Configure(func(k *fake.Options) { k.Host = strings.TrimPrefix(elsewhere.URL, "http://") })
			if _, err := s.Contacts.List(t.Context(), nil); err != nil {
				t.Errorf("after the renaming: %v", err)
			}
			if _, err := s.Accounts.List(t.Context(), nil); err != nil {
				t.Errorf("and again: %v", err)
			}
			findings, err := s.Prober.Probe(t.Context())
			if err != nil || !strings.Contains(fmt.Sprint(findings), "change url") {
				t.Errorf("check says %v, %v", findings, err)
			}
			again := openOAuth(t, vendor, &store, func(c *connectors.Config) { c.URL = s.URL })
			if _, err := again.Contacts.List(t.Context(), nil); err != nil {
				t.Errorf("after a restart: %v", err)
			}
			if c := vendor.Calls(); c["token.refresh"] != 3 || c["subdomain"] != 1 {
				t.Errorf("calls %v, want three for tokens, one of them in vain, and one for the address", c)
			}
		})
	}
}

func TestOAuthSettings(t *testing.T) {
	t.Parallel()
	conntest.BadSettings(t, kommo.Open, ownAccount(t), map[string]conntest.BadSetting{
		"both": {Change: func(c *connectors.Config) { settings(c).AccessToken = "canary" }, Want: "access_token: give either this or oauth"},
		"nothing": {Change: func(c *connectors.Config) { settings(c).OAuth = &connectors.OAuth{} },
			Want: "oauth.client_id: required\noauth.client_secret: required\noauth.redirect_uri: required\noauth.refresh_token: give either this or oauth.code"},
		"two grants": {Change: func(c *connectors.Config) { c.OAuth().Code = "canary" }, Want: "oauth.refresh_token: give either this or oauth.code"},
		"no place":   {Change: func(c *connectors.Config) { c.Runtime.Tokens = nil }, Want: "oauth: " + connectors.NoTokenStore},
		"a bad URL":  {Change: func(c *connectors.Config) { c.OAuth().URL = "canary" }, Want: "oauth.url: not an absolute http or https URL"},
	})
}

func TestOAuthFingerprint(t *testing.T) {
	t.Parallel()
	conntest.OAuthFingerprint(t, kommo.Open, ownAccount(t))
}
