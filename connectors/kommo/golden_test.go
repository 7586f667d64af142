package kommo

import (
	"bytes"
	"encoding/json"
	"flag"
	"net/http"
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

// reply is a success with that body.
func reply(body []byte) *rest.Response {
	return &rest.Response{Status: http.StatusOK, Header: http.Header{"Content-Type": {"application/hal+json"}}, Body: body}
}

// understood takes one page all the way: what it means, what it holds, what that becomes.
func understood[T connectors.Record](resp *rest.Response, key string, convert func(decode.Value) (T, bool)) (connectors.Listing[T], error) {
	if e := judge(resp); e != nil {
		return connectors.Listing[T]{}, e
	}
	var got connectors.Collector[T]
	p, err := decodePage(resp, key, &got.Anomalies)
	if err != nil {
		return connectors.Listing[T]{}, err
	}
	var count counter
	count.page(&p)
	take(&got, p.rows, convert)
	return finish(&got, &count), nil
}

func understoodUsers(resp *rest.Response) (connectors.Listing[connectors.Account], error) {
	return understood(resp, "users", accountConverter{}.convert)
}

func understoodRoles(resp *rest.Response) (connectors.Listing[connectors.Role], error) {
	return understood(resp, "roles", convertRole)
}

func understoodContacts(resp *rest.Response) (connectors.Listing[connectors.Contact], error) {
	return understood(resp, "contacts", contactConverter{}.convert)
}

func understoodTeams(resp *rest.Response) (connectors.Listing[connectors.Team], error) {
	if e := judge(resp); e != nil {
		return connectors.Listing[connectors.Team]{}, e
	}
	return decodeTeams(resp)
}

// readers say what a file of test data is, by the word that its name begins with.
var readers = map[string]func(*rest.Response) (any, error){
	"users":    func(r *rest.Response) (any, error) { return understoodUsers(r) },
	"roles":    func(r *rest.Response) (any, error) { return understoodRoles(r) },
	"contacts": func(r *rest.Response) (any, error) { return understoodContacts(r) },
	"account":  func(r *rest.Response) (any, error) { return understoodTeams(r) },
}

func testdata(t testing.TB, pattern string) map[string][]byte {
	t.Helper()
	files, err := filepath.Glob("testdata/" + pattern)
	if err != nil || len(files) == 0 {
		t.Fatalf("no test data %s: %v", pattern, err)
	}
	bodies := make(map[string][]byte)
	for _, file := range files {
		body, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		bodies[file] = body
	}
	return bodies
}

func TestGolden(t *testing.T) {
	t.Parallel()
	for file, body := range testdata(t, "*.json") {
		t.Run(filepath.Base(file), func(t *testing.T) {
			t.Parallel()
			kind, _, _ := strings.Cut(filepath.Base(file), "_")
			listing, err := readers[kind](reply(body))
			if err != nil {
				t.Fatal(err)
			}
			var got bytes.Buffer
			enc := json.NewEncoder(&got)
			enc.SetEscapeHTML(false)
			enc.SetIndent("", "  ")
			if err := enc.Encode(listing); err != nil {
				t.Fatal(err)
			}
			if *update {
				if err := os.WriteFile(file+".golden", got.Bytes(), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(file + ".golden")
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), got.String()); diff != "" {
				t.Errorf("(-golden +got)\n%s", diff)
			}
		})
	}
}
