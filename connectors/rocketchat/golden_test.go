package rocketchat

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"roster/connectors"
	"roster/connectors/decode"
	"roster/connectors/rest"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// pageIn takes a body as far as the rows: what it means, and what it holds.
func pageIn(body []byte, key string) (connectors.Page[decode.Value], error) {
	resp := &rest.Response{Status: 200, Body: body}
	if e := judge(resp); e != nil {
		return connectors.Page[decode.Value]{}, e
	}
	return page(resp, key, 0, nil)
}

// accountsOf takes the body of users.list all the way.
func accountsOf(body []byte) (connectors.Listing[connectors.Account], error) {
	p, err := pageIn(body, "users")
	if err != nil {
		return connectors.Listing[connectors.Account]{}, err
	}
	read := reading{root: "https://acme.example/chat"}
	read.add(p.Rows)
	return finish(&read.Collector, connectors.End{Whole: !p.Contradicts, Total: p.Total}, nil), nil
}

// rolesOf takes the body of roles.list all the way.
func rolesOf(body []byte) (connectors.Listing[connectors.Role], error) {
	p, err := pageIn(body, "roles")
	if err != nil {
		return connectors.Listing[connectors.Role]{}, err
	}
	return convertRoles(p.Rows), nil
}

func TestGolden(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/*_*.json")
	if err != nil || len(files) == 0 {
		t.Fatalf("no test data: %v", err)
	}
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".json")
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			body, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			var neutral any
			switch endpoint, _, _ := strings.Cut(name, "_"); endpoint {
			case "users-list":
				neutral, err = accountsOf(body)
			case "roles-list":
				neutral, err = rolesOf(body)
			case "users-presence":
				var p connectors.Page[decode.Value]
				p, err = pageIn(body, "users")
				neutral, _ = presenceByID(p.Rows)
			default:
				t.Fatalf("nobody reads %s", endpoint)
			}
			if err != nil {
				t.Fatal(err)
			}
			got := readable(t, neutral)
			golden := file + ".golden"
			if *update {
				if err := os.WriteFile(golden, got, 0o600); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), string(got)); diff != "" {
				t.Errorf("(-golden +got)\n%s", diff)
			}
		})
	}
}

// readable gives records as indented JSON, with custom fields as the text that they are.
func readable(t *testing.T, neutral any) []byte {
	t.Helper()
	raw, err := json.Marshal(neutral)
	if err != nil {
		t.Fatal(err)
	}
	if l, ok := neutral.(connectors.Listing[connectors.Account]); ok {
		for _, a := range l.Records {
			if text := a.Details.(*Details).CustomFields; text != nil {
				encoded, err := json.Marshal(text)
				if err != nil {
					t.Fatal(err)
				}
				raw = bytes.ReplaceAll(raw, encoded, text)
			}
		}
	}
	var b bytes.Buffer
	if err := json.Indent(&b, raw, "", "  "); err != nil {
		t.Fatal(err)
	}
	b.WriteByte('\n')
	return b.Bytes()
}
