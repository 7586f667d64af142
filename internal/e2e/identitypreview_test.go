package e2e_test

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"roster/connectors"
	"roster/internal/sandbox"
)

// changedRules gives a configuration with sources of the demo and other rules for joining accounts.
func changedRules(identity map[string]any, kinds ...connectors.KindName) map[string]any {
	var sources []map[string]any
	for _, kind := range kinds {
		s := map[string]any{"name": string(kind), "kind": string(kind), "url": "http://127.0.0.1:1"}
		maps.Copy(s, sandbox.Credentials(kind))
		sources = append(sources, s)
	}
	settings := settingsOf(sources...)
	settings["identity"] = identity
	return settings
}

// An operator sees what other links and splits would do, before the server reads them.
func TestIdentityPreview(t *testing.T) {
	t.Parallel()
	p := theDemo(t)
	const countPeople = "{ users { totalCount } }"
	before := p.ask(t, countPeople, nil).Body
	file := configFile(t, changedRules(map[string]any{
		"link":  [][]string{{"worksection/3402", "rocketchat/9tfbysyj2PpExryAM"}, {"worksection/3402", "kommo/404"}},
		"split": [][]string{{"worksection/3001", "kommo/9100003"}},
	}, sandbox.Kinds[:]...))
	code, stdout, stderr := run(t, "identity", "preview", file, "--url", p.url+"/graphql")
	const want = `CHANGE  PERSON           DETAILS
merge   Annegret Bäcker  worksection/3402 of Annegret Bäcker, rocketchat/9tfbysyj2PpExryAM of Annegret Bäcker
split   Zoë Müller       Zoë Müller with worksection/3001; Zoë Müller with kommo/9100003; Zoë Müller with altcraft/12:zoe.muller; Zoë Müller with rocketchat/Cu2vtvNxe7en8MX3k
new ID  Annegret Bäcker  VXJvY2tldGNoYXQvOXRmYnlzeWoyUHBFeHJ5QU0 becomes VXdvcmtzZWN0aW9uLzM0MDI

The server has no account kommo/404, which the file links or splits.
1072 people now, 1074 then: 1 merged, 1 split, 1 with another ID.
`
	if diff := cmp.Diff(want, stdout); diff != "" || code != 0 || stderr != "" {
		t.Errorf("exit code %d, errors %q, output (-want +got):\n%s", code, stderr, diff)
	}
	code, stdout, stderr = run(t, "identity", "preview", file, "--url", p.url+"/graphql", "--json")
	var got struct {
		MergeCount, SplitCount, IDChangeCount int
		Merges                                []struct{ Accounts []struct{ ExternalID string } }
		UnknownAccounts                       []string
	}
	if err := json.Unmarshal([]byte(stdout), &got); err != nil || code != 0 || stderr != "" || got.MergeCount != 1 || got.SplitCount != 1 || len(got.Merges) != 1 ||
		len(got.Merges[0].Accounts) != 2 || got.Merges[0].Accounts[0].ExternalID != "3402" || len(got.UnknownAccounts) != 1 {
		t.Errorf("as JSON: exit code %d, %v, errors %q, output %s", code, err, stderr, stdout)
	}
	if after := p.ask(t, countPeople, nil).Body; string(after) != string(before) {
		t.Errorf("the preview has changed the people: %s, then %s", before, after)
	}
}

// What the preview cannot show of a configuration is said, because it changes people too.
func TestIdentityPreviewSaysWhatItDoesNotShow(t *testing.T) {
	t.Parallel()
	p := theDemo(t)
	settings := changedRules(map[string]any{}, sandbox.RocketChat, sandbox.Worksection, sandbox.Kommo)
	settings["sources"].([]map[string]any)[2]["name"] = "crm"
	settings["identity"] = map[string]any{"anchors": []map[string]any{
		{"name": "employee", "fields": []string{"rocketchat/employeeNumber", "worksection/id"}},
	}}
	code, stdout, stderr := run(t, "identity", "preview", configFile(t, settings), "--url", p.url+"/graphql")
	for _, note := range []string{
		"roster identity preview: the server does not have these sources of the file, so the preview is without them: crm\n",
		"roster identity preview: the file does not have these sources of the server, and the preview goes on with them: kommo, altcraft\n",
		"roster identity preview: the file has the sources in another order, which changes IDs; the preview has the order of the server\n",
		"roster identity preview: the anchor employee joins no accounts of rocketchat in the preview if the server has not fetched the field employeeNumber yet: see docs/identity.md\n",
	} {
		if !strings.Contains(stderr, note) {
			t.Errorf("it does not say %q, but %q", note, stderr)
		}
	}
	if code != 0 || !strings.HasSuffix(stdout, ": 0 merged, 0 split, 0 with another ID.\n") {
		t.Errorf("exit code %d, output %q", code, stdout)
	}
}

// Only a key with directory:admin gets a preview. Errors say what to do.
func TestIdentityPreviewNeedsAKey(t *testing.T) {
	t.Parallel()
	p := startDemo(t, "--keys")
	file := configFile(t, changedRules(map[string]any{}, sandbox.Kinds[:]...))
	for name, want := range map[string]struct {
		code int
		says string
	}{
		"":       {1, "; name a file with an API key with --key-file\n"},
		"reader": {1, "; the key in --key-file needs directory:admin and, if the file or the server has anchors, directory:sensitive\n"},
		"hr":     {1, "; the key in --key-file needs directory:admin and, if the file or the server has anchors, directory:sensitive\n"},
		"admin":  {0, ""},
	} {
		args := []string{"identity", "preview", file, "--url", p.url + "/graphql"}
		if name != "" {
			key := regexp.MustCompile(`(?m)^  ` + name + ` +(\S+) `).FindStringSubmatch(p.out.String())
			if key == nil {
				t.Fatalf("there is no key %s in\n%s", name, p.out.String())
			}
			keyFile := filepath.Join(t.TempDir(), "key")
			if err := os.WriteFile(keyFile, []byte(key[1]+"\n"), 0o600); err != nil {
				t.Fatal(err)
			}
			args = append(args, "--key-file", keyFile)
		}
		code, stdout, stderr := run(t, args...)
		if code != want.code || !strings.HasSuffix(stderr, want.says) || strings.Count(stderr, "\n") != want.code || (stdout == "") != (code == 1) {
			t.Errorf("with the key %q: exit code %d, output %q, errors %q", name, code, stdout, stderr)
		}
	}
	code, _, stderr := run(t, "identity", "preview", file, "--url", p.url+"/nowhere")
	if want := "has answered with HTTP 404 and no GraphQL: name the address of the graph with --url"; code != 1 || !strings.Contains(stderr, want) {
		t.Errorf("at another address: exit code %d, errors %q", code, stderr)
	}
}
