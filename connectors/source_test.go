package connectors_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"roster/connectors"
)

func TestSecretNeverPrints(t *testing.T) {
	t.Parallel()
	const secret = connectors.Secret("sesame")
	type settings struct{ Key, Token connectors.Secret }
	cfg := connectors.Config{Name: "kommo", Settings: &settings{secret, secret}}
	printed := map[string]func() string{}
	for _, format := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%t"} {
		printed["fmt "+format] = func() string { return fmt.Sprintf(format, secret) }
		printed["fmt "+format+" in a struct"] = func() string { return fmt.Sprintf(format, cfg) }
		printed["fmt "+format+" behind a pointer"] = func() string { return fmt.Sprintf(format, &cfg) }
	}
	printed["JSON"] = func() string { b, _ := json.Marshal(cfg); return string(b) }
	for name, handler := range map[string]func(*bytes.Buffer) slog.Handler{
		"slog text": func(b *bytes.Buffer) slog.Handler { return slog.NewTextHandler(b, nil) },
		"slog JSON": func(b *bytes.Buffer) slog.Handler { return slog.NewJSONHandler(b, nil) },
	} {
		printed[name] = func() string {
			var b bytes.Buffer
			slog.New(handler(&b)).Info("source", "config", cfg, "secret", secret, slog.Group("group", "secret", secret))
			return b.String()
		}
	}
	for name, text := range printed {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := text()
			for _, form := range []string{"sesame", fmt.Sprintf("%x", "sesame"), fmt.Sprintf("%X", "sesame")} {
				if strings.Contains(got, form) {
					t.Errorf("printed as %s", got)
				}
			}
		})
	}
	if secret.Reveal() != "sesame" {
		t.Errorf("Reveal gives %q", secret.Reveal())
	}
}

func TestCollectionsOfASource(t *testing.T) {
	t.Parallel()
	var none connectors.Source
	if got := none.Collections(); len(got) != 0 {
		t.Errorf("a source without any has %v", got)
	}
	some := connectors.Source{Accounts: connectors.ListFunc[connectors.Account](nil), Contacts: connectors.ListFunc[connectors.Contact](nil)}
	if diff := cmp.Diff([]connectors.Collection{connectors.Accounts, connectors.Contacts}, some.Collections()); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	all := connectors.Source{
		Accounts: connectors.ListFunc[connectors.Account](nil), Teams: connectors.ListFunc[connectors.Team](nil),
		Roles: connectors.ListFunc[connectors.Role](nil), Contacts: connectors.ListFunc[connectors.Contact](nil),
		ContactFolders: connectors.ListFunc[connectors.ContactFolder](nil),
	}
	if diff := cmp.Diff(connectors.AllCollections[:], all.Collections()); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	var names []string
	for _, c := range connectors.AllCollections {
		names = append(names, c.String())
	}
	if diff := cmp.Diff([]string{"accounts", "teams", "roles", "contacts", "contact_folders"}, names); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}
