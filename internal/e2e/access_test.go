package e2e_test

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"roster/internal/sandbox"
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

// fromHere gives the address of a server that listens everywhere, as it is reached from this machine.
func fromHere(url string) string { return "http://127.0.0.1:" + url[strings.LastIndex(url, ":")+1:] }

// A server that asks its callers can be reached from elsewhere; what it answers goes by their keys, and what they asked for is written down.
func TestAccess(t *testing.T) {
	t.Parallel()
	reader, readerHash := newKey(t)
	hr, hrHash := newKey(t)
	old, _ := newKey(t) // it has been taken out of the configuration
	settings := settingsOf(sourceSettings(system(t, sandbox.Worksection, 30).Sources()[0]))
	settings["listen"], settings["insecure_plaintext"] = "0.0.0.0:0", true
	dir := t.TempDir()
	settings["access"] = map[string]any{
		"log": filepath.Join(dir, "access.log"),
		"keys": []any{
			map[string]any{"name": "reader", "hash": readerHash, "scopes": []string{"directory:read"}},
			map[string]any{"name": "hr", "hash": hrHash, "scopes": []string{"directory:read", "directory:sensitive"}},
		},
	}
	p := serve(t, settings)
	p.url = fromHere(p.url)
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

// By order, a server without authentication can be reached from elsewhere, and logs that; without the order it does not start.
func TestServeEveryone(t *testing.T) {
	t.Parallel()
	settings := settingsOf(sourceSettings(system(t, sandbox.Altcraft, 30).Sources()[0]))
	settings["listen"], settings["insecure_plaintext"] = "0.0.0.0:0", true
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
	if !strings.Contains(p.log.String(), "no authentication is configured") {
		t.Errorf("the log does not warn:\n%s", p.log.String())
	}
}

// A key is replaced without a moment in which neither is good, and a configuration that would ask nobody any more is not taken over where others
// can reach the server.
func TestKeysAreReplaced(t *testing.T) {
	t.Parallel()
	oldKey, oldHash := newKey(t)
	freshKey, freshHash := newKey(t)
	settings := settingsOf(sourceSettings(system(t, sandbox.Altcraft, 30).Sources()[0]))
	settings["listen"], settings["insecure_plaintext"] = "0.0.0.0:0", true
	key := func(name, hash string) map[string]any {
		return map[string]any{"name": name, "hash": hash, "scopes": []string{"directory:read"}}
	}
	with := func(keys ...any) map[string]any {
		settings["access"] = map[string]any{"keys": keys}
		return settings
	}
	r := serveReloadable(t, with(key("old", oldHash)))
	r.url = fromHere(r.url)
	expect := func(wantOld, wantFresh int) {
		t.Helper()
		for key, want := range map[string]int{oldKey: wantOld, freshKey: wantFresh, "": 401} {
			header := []string{"Authorization", "Bearer " + key}
			if key == "" {
				header = nil
			}
			if a := r.send(t, http.MethodPost, "", "application/json", []byte(`{"query":"{ viewer { subject } }"}`), header...); a.Status != want {
				t.Errorf("HTTP %d, want %d", a.Status, want)
			}
		}
	}
	expect(200, 401)
	r.reload(t, with(key("old", oldHash), key("fresh", freshHash)))
	expect(200, 200)
	r.reload(t, with(key("fresh", freshHash)))
	expect(401, 200)

	delete(settings, "access")
	settings["listen"] = "127.0.0.1:0" // it would be good at a start, but this listener stays
	replace(t, r.path, inYAML(settings))
	r.hangUp(t)
	eventually(t, "the configuration is refused", func() bool { return r.said(notTakenOver) == 1 })
	expect(401, 200)
}
