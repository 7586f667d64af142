package rocketchat

import (
	"strings"
	"testing"

	"roster/connectors"
)

func TestOpenRefuses(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		change func(*connectors.Config)
		want   string
	}{
		"no user":  {func(c *connectors.Config) { c.Settings.(*Settings).UserID = "" }, "user_id: required"},
		"no token": {func(c *connectors.Config) { c.Settings.(*Settings).AuthToken = "  " }, "auth_token: required"},
		"a token with a line break": {func(c *connectors.Config) { c.Settings.(*Settings).AuthToken = "tok\nen" },
			"auth_token: must be printable ASCII without spaces or line breaks"},
		"a relative URL": {func(c *connectors.Config) { c.URL = "chat.acme.example" }, "url: not an absolute http or https URL"},
		"the interface for the server": {func(c *connectors.Config) { c.URL += "/api/v1/" },
			"url: must be the address that people open, without /api"},
		"all at once": {func(c *connectors.Config) { *c = connectors.Config{} },
			"url: not an absolute http or https URL\nuser_id: required\nauth_token: required"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cfg := config("https://chat.acme.example")
			tc.change(&cfg)
			if _, err := Open(cfg); err == nil || err.Error() != tc.want {
				t.Errorf("got %v, want %s", err, tc.want)
			}
		})
	}
}

func TestOpenSubPath(t *testing.T) {
	t.Parallel()
	source, err := Open(config("https://Acme.example/chat/"))
	if err != nil {
		t.Fatal(err)
	}
	if source.URL != "https://Acme.example/chat" {
		t.Errorf("people open %s", source.URL)
	}
	same, err := Open(config("https://acme.example/chat"))
	if err != nil || same.Fingerprint != source.Fingerprint {
		t.Errorf("the same place spelt otherwise has another fingerprint (error: %v)", err)
	}
	if strings.Contains(source.Fingerprint, token) {
		t.Error("the fingerprint shows the token")
	}
}
