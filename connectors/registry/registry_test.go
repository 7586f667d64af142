package registry

import (
	"testing"

	"roster/connectors"
)

func TestOpen(t *testing.T) {
	t.Parallel()
	tests := map[connectors.KindName]map[string]any{
		"worksection": {"api_key": "key"},
		"kommo":       {"access_token": "token"},
		"altcraft":    {"token": "token", "account_id": 9},
		"rocketchat":  {"user_id": "user", "auth_token": "token"},
	}
	for kind, values := range tests {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			settings, err := connectors.KindNamed(kind).SettingsFrom(values)
			if err != nil {
				t.Fatal(err)
			}
			cfg := connectors.Config{Name: "mine", Kind: kind, URL: "https://acme.example.com", Settings: settings}
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
	for kind, want := range map[connectors.KindName]string{
		"":      `kind: "" is not one of worksection, kommo, altcraft, rocketchat`,
		"Kommo": `kind: "Kommo" is not one of worksection, kommo, altcraft, rocketchat`,
	} {
		if _, err := Open(connectors.Config{Name: "mine", Kind: kind, URL: "https://acme.example.com"}); err == nil || err.Error() != want {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}
