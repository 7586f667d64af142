package resolvers_test

import (
	"encoding/json"
	"strings"
	"testing"

	"roster/connectors/registry"
	"roster/internal/sandbox"

	"roster/connectors"
)

// What the vendors' APIs said is shown only of sources with raw, and only to callers with both scopes.
func TestRawOfRealSources(t *testing.T) {
	t.Parallel()
	company, err := sandbox.Start(t.Context(), sandbox.Options{People: 30, Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer company.Close() //nolint:errcheck // no check depends on it
	for _, raw := range []bool{true, false} {
		var sources []*connectors.Source
		for _, cfg := range company.Sources() {
			cfg.Raw = raw
			source, err := registry.Open(cfg)
			if err != nil {
				t.Fatal(err)
			}
			sources = append(sources, source)
		}
		ask := overHTTP(newTestServerOf(t, fetchedOnce(sources)).read().withAuthentication())
		const document = `{ users(first: 100) { nodes { accounts { externalId username email source { name } raw } } } }`
		for _, scopes := range []string{onlyRead, sensitive, onlyRead + " directory:raw"} {
			text := ask(t, scopes, document, nil)
			if strings.Contains(text, `"raw":{`) || !strings.Contains(text, `"FORBIDDEN"`) {
				t.Errorf("a caller with %s gets %.500s", scopes, text)
			}
		}
		var got struct {
			Data struct {
				Users struct {
					Nodes []struct {
						Accounts []struct {
							ExternalID, Username, Email string
							Source                      struct{ Name string }
							Raw                         json.RawMessage
						}
					}
				}
			}
		}
		if err := json.Unmarshal([]byte(ask(t, seesAll, document, nil)), &got); err != nil {
			t.Fatal(err)
		}
		seen := make(map[string]int)
		for _, u := range got.Data.Users.Nodes {
			for _, a := range u.Accounts {
				shown := string(a.Raw) != "null"
				if shown != raw {
					t.Errorf("%s %s with raw: %t: %s", a.Source.Name, a.ExternalID, raw, a.Raw)
				}
				if id := a.ExternalID; shown && !strings.Contains(string(a.Raw), id[strings.LastIndex(id, ":")+1:]) {
					t.Errorf("%s %s: the row of somebody else: %s", a.Source.Name, id, a.Raw)
				}
				seen[a.Source.Name]++
			}
		}
		if len(seen) != len(sources) {
			t.Errorf("accounts of %v", seen)
		}
	}
}
