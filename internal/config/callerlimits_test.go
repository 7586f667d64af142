package config

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"roster/internal/access"
)

// What stands under the limits of a key, or of an issuer, is what its callers may do.
func TestCallerLimits(t *testing.T) {
	t.Parallel()
	const own = `{ body_bytes: 2000001, variables_bytes: 1000002, answer_bytes: 1000003, list_items: 104, cost: 105, caller_operations: 106, caller_share: 57, requests: 108 }`
	cfg, err := load([]byte(`
access:
  keys: [{ name: router, hash: "sha256:0000000000000000000000000000000000000000000000000000000000000001", scopes: ["directory:read"], limits: `+own+` }]
  oidc: { issuer: "https://login.acme.example", audience: roster, limits: `+own+` }
sources: [{ name: a, kind: worksection, url: "https://acme.worksection.com", api_key: k }]
`), testEnv, nil)
	if err != nil {
		t.Fatal(err)
	}
	want := &access.Limits{
		BodyBytes: 2000001, VariablesBytes: 1000002, AnswerBytes: 1000003, ListItems: 104, Cost: 105, Operations: 106, Share: 57, Requests: 108,
	}
	for name, got := range map[string]*access.Limits{"key": cfg.Access.Keys[0].Limits, "oidc": cfg.Access.OIDC.Limits} {
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// Where nothing is said of one caller's operations, they are no more than the share of all operations.
func TestCallerOperations(t *testing.T) {
	t.Parallel()
	for limits, want := range map[string]int{
		"{}":                                        64,
		"{ operations: 1000 }":                      64,
		"{ operations: 64 }":                        16,
		"{ operations: 2 }":                         1,
		"{ caller_share: 10 }":                      25,
		"{ operations: 64, caller_share: 100 }":     64,
		"{ operations: 64, caller_operations: 60 }": 60,
	} {
		cfg, err := load([]byte("limits: "+limits+`
sources: [{ name: a, kind: worksection, url: "https://acme.worksection.com", api_key: k }]
`), testEnv, nil)
		if err != nil {
			t.Fatal(err)
		}
		if got := cfg.Limits.CallerOperations; got != want {
			t.Errorf("%s: %d operations of one caller, want %d", limits, got, want)
		}
	}
}
