package e2e_test

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// The commands of the documentation write the files that it describes.
func TestExportByCurl(t *testing.T) {
	t.Parallel()
	needs(t, "curl")
	p, dir := theDemo(t), t.TempDir()
	page, err := os.ReadFile(filepath.Join(repository, "docs", "export.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(page), "```sh\n")
	commands, _, ok := strings.Cut(rest, "```")
	if !ok {
		t.Fatal("the page has no commands")
	}
	script := exec.CommandContext(t.Context(), "sh", "-e", "-c", strings.ReplaceAll(commands, "http://127.0.0.1:8080", p.url))
	script.Dir = dir
	if out, err := script.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	rows := func(file string) [][]string {
		text, err := os.ReadFile(filepath.Join(dir, file))
		if err != nil {
			t.Fatal(err)
		}
		all, err := csv.NewReader(bytes.NewReader(text)).ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		return all
	}
	var data struct {
		Users  struct{ TotalCount int }
		Admins struct {
			Nodes []struct {
				Name, Email string
				Accounts    []struct {
					ExternalID string
					Source     struct{ Name string }
				}
			}
		}
	}
	a := p.ask(t, `{ users { totalCount } admins: users(first: 500, filter: {accessLevels: [ADMIN, OWNER], active: true}, orderBy: {field: EMAIL}) {
		nodes { name email accounts { externalId source { name } } } } }`, nil)
	if err := json.Unmarshal(a.Data, &data); err != nil {
		t.Fatal(err)
	}
	if people := rows("people.csv"); len(people) != 1+data.Users.TotalCount || data.Users.TotalCount < 1000 {
		t.Errorf("people.csv has %d rows, and there are %d people", len(people), data.Users.TotalCount)
	}
	want := [][]string{{"name", "email", "accounts.kommo.externalId", "accounts.worksection.externalId"}}
	for _, u := range data.Admins.Nodes {
		of := make(map[string][]string)
		for _, account := range u.Accounts {
			of[account.Source.Name] = append(of[account.Source.Name], account.ExternalID)
		}
		want = append(want, []string{u.Name, u.Email, strings.Join(of["kommo"], "; "), strings.Join(of["worksection"], "; ")})
	}
	if diff := cmp.Diff(want, rows("admins.csv")); diff != "" || len(want) < 3 {
		t.Errorf("admins.csv (-graph +file):\n%s", diff)
	}
}

// While a source is down, the file says so.
func TestExportWithoutASource(t *testing.T) {
	t.Parallel()
	p, err := launch("demo", "--people", "25", "--listen", "127.0.0.1:0", "--without", "kommo")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.stop(); err != nil {
			t.Error(err)
		}
	})
	if err := p.awaitAddress("Roster is ready: "); err != nil {
		t.Fatal(err)
	}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodHead, p.url+"/export/people.csv", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if missing := resp.Header.Get("X-Roster-Missing-Sources"); resp.Header.Get("X-Roster-Complete") != "false" || !strings.HasPrefix(missing, "kommo;code=SOURCE_UNAVAILABLE") {
		t.Errorf("HTTP %d %v", resp.StatusCode, resp.Header)
	}
}
