package altcraft_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"roster/connectors"
	"roster/connectors/altcraft"
)

func TestOpen(t *testing.T) {
	t.Parallel()
	good := func() connectors.Config {
		return connectors.Config{Name: "a", Kind: altcraft.Name, URL: "https://altcraft.example.com/", Settings: &altcraft.Settings{Token: "t", AccountID: 9}}
	}
	tests := map[string]struct {
		change func(*connectors.Config)
		want   string
	}{
		"everything missing": {func(c *connectors.Config) { *c = connectors.Config{} },
			"url: required\ntoken: required\naccount_id: required, a number above 0"},
		"relative URL":     {func(c *connectors.Config) { c.URL = "altcraft.example.com" }, "url: not an absolute http or https URL"},
		"URL with a token": {func(c *connectors.Config) { c.URL += "?token=x" }, "url: must have no user, query or fragment"},
		"blank token":      {func(c *connectors.Config) { settings(c).Token = " \n" }, "token: required"},
		"account 0":        {func(c *connectors.Config) { settings(c).AccountID = 0 }, "account_id: required, a number above 0"},
		"another form":     {func(c *connectors.Config) { settings(c).Format = "yaml" }, "format: must be json or xml"},
		"account below 0":  {func(c *connectors.Config) { settings(c).AccountID = -9 }, "account_id: required, a number above 0"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cfg := good()
			tt.change(&cfg)
			if _, err := altcraft.Open(cfg); err == nil || err.Error() != tt.want {
				t.Errorf("got %v, want %q", err, tt.want)
			}
		})
	}
	t.Run("good", func(t *testing.T) {
		t.Parallel()
		source, err := altcraft.Open(good())
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]connectors.Collection{connectors.Accounts}, source.Collections()); diff != "" {
			t.Errorf("collections (-want +got)\n%s", diff)
		}
		if source.URL != "https://altcraft.example.com" || source.Presence != nil {
			t.Errorf("URL %q, presence %v", source.URL, source.Presence)
		}
		slashless := good()
		slashless.URL = "https://altcraft.example.com"
		other, err := altcraft.Open(slashless)
		if err != nil || other.Fingerprint != source.Fingerprint {
			t.Errorf("a slash at the end makes another fingerprint, or fails: %v", err)
		}
	})
}
