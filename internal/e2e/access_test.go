package e2e_test

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"roster/connectors"
)

// newKey has the program make an API key, and gives its hash too.
func newKey(t *testing.T) (key, hash string) {
	t.Helper()
	code, stdout, stderr := run(t, "key", "e2e")
	if code != 0 || stderr != "" {
		t.Fatalf("exit code %d, errors %q", code, stderr)
	}
	key, rest, _ := strings.Cut(stdout, "\n")
	return key, regexp.MustCompile(`sha256:[0-9a-f]{64}`).FindString(rest)
}

// A server that asks its callers can be reached from elsewhere; what it answers goes by their keys, and what they asked for is written down.
func TestAccess(t *testing.T) {
	t.Parallel()
	reader, readerHash := newKey(t)
	hr, hrHash := newKey(t)
	old, _ := newKey(t) // it has been taken out of the configuration
	settings := settingsOf(sourceSettings(system(t, connectors.Worksection, 30).Sources()[0]))
	settings["listen"] = "0.0.0.0:0"
	dir := t.TempDir()
	settings["access"] = map[string]any{
		"log": filepath.Join(dir, "access.log"),
		"keys": []any{
			map[string]any{"name": "reader", "hash": readerHash, "scopes": []string{"directory:read"}},
			map[string]any{"name": "hr", "hash": hrHash, "scopes": []string{"directory:read", "directory:sensitive"}},
		},
	}
	p := serve(t, settings)
	p.url = strings.Replace(p.url, "0.0.0.0", "127.0.0.1", 1)
	p.url = strings.Replace(p.url, "[::]", "127.0.0.1", 1)
	p.awaitFirstReading(t)
	ask := func(authorization string) answer {
		t.Helper()
		body, err := json.Marshal(map[string]any{"query": `query Phones { users(filter: {bot: false}) { nodes { name phones { raw } } } viewer { subject } }`})
		if err != nil {
			t.Fatal(err)
		}
		var header []string
		if authorization != "" {
			header = []string{"Authorization", authorization}
		}
		return p.send(t, http.MethodPost, "", "application/json", body, header...)
	}
	type data struct {
		Users struct {
			Nodes []struct{ Phones []struct{ Raw string } }
		}
		Viewer struct{ Subject string }
	}
	for name, tc := range map[string]struct {
		authorization string
		status        int
		code          string // of the only error
		phones        bool
		subject       string
	}{
		"nothing":         {"", 401, "UNAUTHENTICATED", false, ""},
		"an unknown key":  {"Bearer " + old, 401, "UNAUTHENTICATED", false, ""},
		"a reader":        {"Bearer " + reader, 200, "FORBIDDEN", false, "reader"},
		"human resources": {"Bearer " + hr, 200, "", true, "hr"},
	} {
		a := ask(tc.authorization)
		codes := ""
		for _, e := range a.Errors {
			codes += e.Extensions.Code
		}
		if a.Status != tc.status || codes != tc.code {
			t.Errorf("%s: HTTP %d, errors %v", name, a.Status, a.Errors)
		}
		if tc.status != 200 {
			continue
		}
		var d data
		if err := json.Unmarshal(a.Data, &d); err != nil {
			t.Fatal(err)
		}
		phones := false
		for _, u := range d.Users.Nodes {
			phones = phones || len(u.Phones) > 0
		}
		if phones != tc.phones || d.Viewer.Subject != tc.subject {
			t.Errorf("%s: phones %v, known as %q", name, phones, d.Viewer.Subject)
		}
	}
	for path, want := range map[string]int{"/healthz": 200, "/readyz": 200, "/": 200} {
		if got := p.status(t, path); got != want {
			t.Errorf("%s: HTTP %d", path, got)
		}
	}
	text, err := os.ReadFile(filepath.Join(dir, "access.log"))
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(string(text), `"name":"Phones"`); n != 2 || !strings.Contains(string(text), `"subject":"hr"`) || strings.Contains(string(text), "raw") {
		t.Errorf("%d entries:\n%s", n, text)
	}
	for _, key := range []string{reader, hr, old} {
		if strings.Contains(string(text)+p.log.String(), key) {
			t.Error("a log holds a key")
		}
	}
}

// By order, a server that asks nobody can be reached from elsewhere, and says so; without the order it does not start.
func TestServeEveryone(t *testing.T) {
	t.Parallel()
	settings := settingsOf(sourceSettings(system(t, connectors.Altcraft, 30).Sources()[0]))
	settings["listen"] = "0.0.0.0:0"
	path := configFile(t, settings)
	code, _, stderr := run(t, "serve", "--config", path)
	if code != 1 || !strings.Contains(stderr, "access.keys") || !strings.Contains(stderr, "--insecure-serve-everyone") {
		t.Errorf("exit code %d, errors %s", code, stderr)
	}
	p, err := launch("serve", "--insecure-serve-everyone", "--config", path)
	if err != nil {
		t.Fatal(err)
	}
	if err := p.awaitAddress("Roster listens on "); err != nil {
		t.Fatal(err)
	}
	if err := p.stop(); err != nil {
		t.Error(err)
	}
	if !strings.Contains(p.log.String(), "nobody is asked") {
		t.Errorf("the log does not warn:\n%s", p.log.String())
	}
}
