package registry

import (
	"slices"
	"testing"

	"roster/connectors"
)

func TestEveryKindHasAConstructor(t *testing.T) {
	t.Parallel()
	for _, kind := range connectors.Kinds {
		if constructors[kind] == nil {
			t.Errorf("%s has none", kind)
		}
	}
	for kind := range constructors {
		if !slices.Contains(connectors.Kinds[:], kind) {
			t.Errorf("%s is not listed among the kinds", kind)
		}
	}
}

func TestOpen(t *testing.T) {
	t.Parallel()
	tests := map[string]connectors.Config{
		"worksection": {APIKey: "key"},
		"kommo":       {AccessToken: "token"},
		"altcraft":    {Token: "token", AccountID: 9},
		"rocketchat":  {UserID: "user", AuthToken: "token"},
	}
	for kind, cfg := range tests {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			cfg.Name, cfg.Kind, cfg.URL = "mine", connectors.Kind(kind), "https://acme.example.com"
			source, err := Open(cfg)
			if err != nil {
				t.Fatal(err)
			}
			if source.Name != "mine" || source.Kind != cfg.Kind || !source.Has(connectors.Accounts) {
				t.Errorf("got %s of kind %s with %v", source.Name, source.Kind, source.Collections())
			}
		})
	}
}

func TestOpenRefusesAnUnknownKind(t *testing.T) {
	t.Parallel()
	for kind, want := range map[connectors.Kind]string{
		"":      `kind: "" is not one of worksection, kommo, altcraft, rocketchat`,
		"Kommo": `kind: "Kommo" is not one of worksection, kommo, altcraft, rocketchat`,
	} {
		if _, err := Open(connectors.Config{Name: "mine", Kind: kind, URL: "https://acme.example.com"}); err == nil || err.Error() != want {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}
