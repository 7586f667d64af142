package altcraft

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
	"roster/connectors/rest"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// listingOf takes a body all the way: what it means, what it holds, what that becomes.
func listingOf(f *form, status int, body []byte) (connectors.Listing[connectors.Account], error) {
	resp := &rest.Response{Status: status, Body: body}
	if e := f.judge(resp); e != nil {
		return connectors.Listing[connectors.Account]{}, e
	}
	list, err := f.userList(resp)
	if err != nil {
		return connectors.Listing[connectors.Account]{}, err
	}
	c := &client{accountID: 9}
	return c.convert(list), nil
}

// fixtures gives the answers that are kept, with the form of each.
func fixtures(t testing.TB) map[string]*form {
	t.Helper()
	found := make(map[string]*form)
	for _, form := range []*form{jsonForm, xmlForm} {
		files, err := filepath.Glob("testdata/users-list_*." + form.name)
		if err != nil || len(files) == 0 {
			t.Fatalf("no test data in %s: %v", form.name, err)
		}
		for _, file := range files {
			found[file] = form
		}
	}
	return found
}

func TestGolden(t *testing.T) {
	t.Parallel()
	for file, form := range fixtures(t) {
		t.Run(strings.TrimPrefix(filepath.Base(file), "users-list_"), func(t *testing.T) {
			t.Parallel()
			body, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			listing, err := listingOf(form, 200, body)
			if err != nil {
				t.Fatal(err)
			}
			var got bytes.Buffer
			enc := json.NewEncoder(&got)
			enc.SetIndent("", "  ")
			if err := enc.Encode(listing); err != nil {
				t.Fatal(err)
			}
			golden := file + ".golden"
			if *update {
				if err := os.WriteFile(golden, got.Bytes(), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), got.String()); diff != "" {
				t.Errorf("(-golden +got)\n%s", diff)
			}
		})
	}
}
