package worksection

import (
	"encoding/json"
	"flag"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"roster/connectors"
	"roster/connectors/rest"
)

var update = flag.Bool("update", false, "rewrite the golden files in testdata")

// kyiv is two hours east of UTC, as in winter there; the machine's zone database is not needed.
var kyiv = converter{zone: time.FixedZone("", 2*60*60), region: "UA"}

// result is a listing with its type forgotten.
type result struct {
	records  any
	ids      []string
	complete bool
}

// read does with a body what a lister of the action does with an answer.
func read(action string, body []byte) (result, error) {
	r := &rest.Response{Status: http.StatusOK, Header: http.Header{}, Body: body}
	if e := judge(r); e != nil {
		return result{}, e
	}
	switch action {
	case actionUsers:
		return erase(gather(r, kyiv.account))
	case actionUserGroups:
		return erase(gather(r, team))
	case actionContacts:
		return erase(gather(r, kyiv.contact))
	default:
		return erase(gather(r, folder))
	}
}

func erase[R connectors.Record](l connectors.Listing[R], err error) (result, error) {
	got := result{records: l.Records, complete: l.Complete}
	for _, r := range l.Records {
		got.ids = append(got.ids, r.Key())
	}
	return got, err
}

// actionOf tells from a fixture's name which list it is of.
func actionOf(t testing.TB, file string) string {
	t.Helper()
	for _, action := range []string{actionUserGroups, actionUsers, actionContactGroups, actionContacts} {
		if strings.HasPrefix(filepath.Base(file), action+"_") {
			return action
		}
	}
	t.Fatalf("%s: named after no action", file)
	return ""
}

func fixtures(t testing.TB) []string {
	t.Helper()
	files, err := filepath.Glob("testdata/*.json")
	if err != nil || len(files) == 0 {
		t.Fatalf("no fixtures: %v", err)
	}
	return files
}

func TestGolden(t *testing.T) {
	t.Parallel()
	for _, file := range fixtures(t) {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".json"), func(t *testing.T) {
			t.Parallel()
			body, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			got, err := read(actionOf(t, file), body)
			if err != nil {
				t.Fatal(err)
			}
			text, err := json.MarshalIndent(got.records, "", "  ")
			if err != nil {
				t.Fatal(err)
			}
			text = append(text, '\n')
			if *update {
				if err := os.WriteFile(file+".golden", text, 0o600); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(file + ".golden")
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), string(text)); diff != "" {
				t.Errorf("%s.golden (-want +got):\n%s", file, diff)
			}
		})
	}
}
