package config

import (
	"slices"
	"testing"

	"roster/internal/access"
)

func TestFederation(t *testing.T) {
	t.Parallel()
	const sources = "\nsources: [{ name: a, kind: worksection, url: 'https://acme.worksection.com', api_key: k }]\n"
	const hash = `hash: "sha256:0000000000000000000000000000000000000000000000000000000000000001"`
	const key = `access: { keys: [{ name: gate, ` + hash + `, scopes: ["directory:read"], router: `
	const issuer = `access: { oidc: { issuer: "https://login.acme.example", audience: roster, router: `
	for name, tc := range map[string]struct {
		text     string
		security bool
	}{
		"nothing said":                {``, false},
		"a key that is no router's":   {key + `false }] }`, false},
		"a router's key":              {key + `true }] }`, true},
		"a router's issuer":           {issuer + `true } }`, true},
		"included for everybody":      {`federation: { security_directives: include }`, true},
		"left out where nobody minds": {`federation: { security_directives: omit }`, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cfg, err := load([]byte(tc.text+sources), testEnv, nil)
			if err != nil {
				t.Fatal(err)
			}
			if got := cfg.Federation.SecurityDirectives; got != tc.security {
				t.Errorf("security directives: %t, want %t", got, tc.security)
			}
			for _, k := range cfg.Access.Keys {
				if slices.Contains(k.Scopes, access.ScopeSchema) != k.Router {
					t.Errorf("a key with router: %t has the scopes %v", k.Router, k.Scopes)
				}
			}
		})
	}
	for _, prefix := range []string{"Roster", "R", "Roster_", "Acme2"} {
		if cfg, err := load([]byte("federation: { prefix: "+prefix+" }"+sources), testEnv, nil); err != nil || cfg.Federation.Prefix != prefix {
			t.Errorf("prefix %s: %v", prefix, err)
		}
	}
	for _, prefix := range []string{"roster", "_R", "__Type", "Ro-ster", "2R", "Ro__", "Ünder", "R_s"} {
		if _, err := load([]byte("federation: { prefix: \""+prefix+"\" }"+sources), testEnv, nil); err == nil {
			t.Errorf("prefix %s is taken", prefix)
		}
	}
}
