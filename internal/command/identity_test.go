package command

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// newRules is the configuration of which the tests ask for a preview. The server does not have the source chat.
const newRules = `sources:
- { name: crm, kind: kommo, url: https://acme.kommo.com, access_token: x }
- { name: chat, kind: rocketchat, url: https://chat.acme.example, user_id: u, auth_token: t }
identity:
  link: [[crm/1, chat/2], [crm/3, crm/4]]
`

func previewFiles(t *testing.T) (file, key string) {
	t.Helper()
	dir := t.TempDir()
	file, key = filepath.Join(dir, "new.yaml"), filepath.Join(dir, "key")
	for path, text := range map[string]string{file: newRules, key: "secret\n"} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return file, key
}

// What the preview does not show is said on standard error, and errors say what to do.
func TestIdentityPreview(t *testing.T) {
	t.Parallel()
	accounts := strings.Repeat(`,{"externalId":"1","source":{"name":"crm"},"user":{"name":"Ann"}}`, 20)[1:]
	for name, tc := range map[string]struct {
		state, answer string
		notes         []string
		wrong         string
	}{
		"of all data": {"FRESH", `{"data":{"preview":{"people":3,"peopleAfter":3}}}`, []string{
			"identity.link: 1 of its lists name accounts of sources that the server does not have, which the preview leaves out",
			"the server does not have these sources of the file, so the preview is without them: chat",
		}, ""},
		"of a part of the data": {"INCOMPLETE", `{"data":{"preview":{"people":3,"peopleAfter":3}}}`, []string{
			"the accounts of crm have not been read completely, and the preview is without what is missing: ask again when they have",
		}, ""},
		"of somebody with many accounts": {"STALE", `{"data":{"preview":{"people":3,"peopleAfter":3,"mergeCount":1,"merges":[{"name":"Ann","accounts":[` + accounts + `]}]}}}`,
			[]string{"of each person, at most 20 accounts are listed, and of each split as many people"}, ""},
		"of too many rules": {"FRESH", `{"errors":[{"message":"it names too many","extensions":{"code":"LIMIT_EXCEEDED","limit":"list_items"}}]}`, nil,
			"it names too many; raise limits.list_items of the server"},
		"that takes too long": {"FRESH", `{"errors":[{"message":"too long","extensions":{"code":"TIMEOUT"}}]}`, nil, "the server gives an operation the time limits.operation_time"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				var asked struct{ Query string }
				if err := json.NewDecoder(r.Body).Decode(&asked); err != nil || r.Header.Get("Authorization") != "Bearer secret" {
					t.Errorf("it asks %v with %q", err, r.Header.Get("Authorization"))
				}
				answer := tc.answer
				if strings.Contains(asked.Query, "state") {
					answer = `{"data":{"sources":[{"name":"crm","collections":[{"kind":"ACCOUNTS","state":"` + tc.state + `"},{"kind":"TEAMS","state":"MISSING"}]}]}}`
				}
				io.WriteString(w, answer) //nolint:errcheck // the client reports it
			}))
			defer s.Close()
			file, key := previewFiles(t)
			var stdout, stderr strings.Builder
			err := Run(t.Context(), []string{"identity", "preview", file, "--url", s.URL, "--key-file", key}, &stdout, &stderr)
			if (err == nil) != (tc.wrong == "") || err != nil && !strings.Contains(err.Error(), tc.wrong) {
				t.Errorf("error %v, want %q", err, tc.wrong)
			}
			lines := strings.Split(stderr.String(), "\n")
			for _, note := range tc.notes {
				if !slices.Contains(lines, "roster identity preview: "+note) {
					t.Errorf("it does not say %q, but %q", note, lines)
				}
			}
		})
	}
}

// The key is not sent unencrypted to another machine, unless a flag says so. The test's host names lead nowhere.
func TestIdentityPreviewEncryptsTheKey(t *testing.T) {
	t.Parallel()
	file, key := previewFiles(t)
	const refused = "the key would be sent unencrypted"
	for _, tc := range []struct {
		flags   []string
		refused bool
	}{
		{[]string{"--url", "http://roster.invalid/graphql", "--key-file", key}, true},
		{[]string{"--url", "http://192.0.2.1:8080/graphql", "--key-file", key}, true},
		{[]string{"--url", "http://roster.invalid/graphql", "--key-file", key, "--insecure-http"}, false},
		{[]string{"--url", "https://roster.invalid/graphql", "--key-file", key}, false},
		{[]string{"--url", "http://roster.invalid/graphql"}, false},
		{[]string{"--url", "http://[::1]:1/graphql", "--key-file", key}, false},
	} {
		var stderr strings.Builder
		err := Run(t.Context(), append([]string{"identity", "preview", file, "--timeout", "5s"}, tc.flags...), io.Discard, &stderr)
		if err == nil || strings.Contains(stderr.String(), refused) != tc.refused {
			t.Errorf("%v: %v, %s", tc.flags, err, &stderr)
		}
	}
}
