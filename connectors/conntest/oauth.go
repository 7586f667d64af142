package conntest

import (
	"fmt"
	"reflect"
	"strings"
	"testing"

	"roster/connectors"
)

// Opener is a vendor's constructor.
type Opener func(connectors.Config) (*connectors.Source, error)

// with returns a changed copy of a configuration.
func with(cfg connectors.Config, change func(*connectors.Config)) connectors.Config {
	settings := reflect.ValueOf(cfg.Settings).Elem()
	own := reflect.New(settings.Type())
	own.Elem().Set(settings)
	for i := range settings.NumField() {
		if o, ok := settings.Field(i).Interface().(*connectors.OAuth); ok && o != nil {
			renewed := *o
			own.Elem().Field(i).Set(reflect.ValueOf(&renewed))
		}
	}
	cfg.Settings = own.Interface()
	change(&cfg)
	return cfg
}

// BadSetting is a change of a valid configuration, and the text of the constructor's error for it.
type BadSetting struct {
	Change func(*connectors.Config)
	Want   string
}

// BadSettings checks that the constructor rejects each of the changes, with that error.
func BadSettings(t *testing.T, open Opener, good connectors.Config, bad map[string]BadSetting) {
	t.Helper()
	for name, b := range bad {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if _, err := open(with(good, b.Change)); err == nil || err.Error() != b.Want {
				t.Errorf("got %v, want %s", err, b.Want)
			}
		})
	}
}

// OAuthFingerprint checks the fingerprint of a source with renewed tokens. It must depend on the first grant, which identifies the owner of the credential,
// and on nothing that changes when tokens are renewed.
func OAuthFingerprint(t *testing.T, open Opener, cfg connectors.Config) {
	t.Helper()
	fingerprint := func(change func(*connectors.Config)) string {
		s, err := open(with(cfg, change))
		if err != nil {
			t.Fatal(err)
		}
		return s.Fingerprint
	}
	first := fingerprint(func(*connectors.Config) {})
	for name, change := range map[string]func(*connectors.Config){
		"another name":   func(c *connectors.Config) { c.Name = "other" },
		"another secret": func(c *connectors.Config) { c.OAuth().ClientSecret = "new" },
	} {
		if fingerprint(change) != first {
			t.Errorf("%s: another fingerprint", name)
		}
	}
	seen := map[string]string{first: "the first"}
	for name, change := range map[string]func(*connectors.Config){
		"another grant": func(c *connectors.Config) { c.OAuth().RefreshToken = "other" },
		"a code": func(c *connectors.Config) {
			c.OAuth().RefreshToken, c.OAuth().Code = "", c.OAuth().RefreshToken
		},
		"another client":  func(c *connectors.Config) { c.OAuth().ClientID = "other" },
		"another account": func(c *connectors.Config) { c.URL += "/deeper" },
	} {
		f := fingerprint(change)
		if other, there := seen[f]; there {
			t.Errorf("%s: the fingerprint of %s", name, other)
		}
		seen[f] = name
	}
}

// Refused checks the error for a vendor's refusal: its kind, a part of its text, and that it contains no secret with the word "canary".
func Refused(t *testing.T, err error, kind connectors.ErrorKind, says string) {
	t.Helper()
	if !connectors.IsKind(err, kind) || !strings.Contains(err.Error(), says) {
		t.Errorf("got %v, want %s, and that it says %q", err, kind, says)
	}
	if strings.Contains(fmt.Sprintf("%+v", err), "canary") {
		t.Errorf("the error shows a secret: %+v", err)
	}
}
