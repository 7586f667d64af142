// Package newkind_test shows that a kind of source is one package and one registration: it adds a kind to the program from outside, and uses it as
// operators and clients would.
package newkind_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"roster/connectors"
	"roster/connectors/registry"
	"roster/internal/command"
	"roster/internal/config"
	"roster/internal/logtest"
	"roster/internal/redis/redistest"
	"roster/internal/sandbox"
)

// Secrets of these tests. Nothing that the program writes holds them.
const (
	fileKey  = "canary-file-key"
	annToken = "canary-token-of-ann"
)

// In these environment variables a process of this test is told what to be.
const (
	asProgram    = "ROSTER_TEST_AS_PROGRAM"    // the program, with this kind of source
	otherDetails = "ROSTER_TEST_OTHER_DETAILS" // in a release whose encoding of the details is another
)

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) == "" {
		os.Exit(m.Run())
	}
	if os.Getenv(otherDetails) != "" {
		kind.DetailsVersion++
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	err := command.Run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}

func program(t *testing.T, out io.Writer, env []string, args ...string) *exec.Cmd {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0], args...)
	cmd.Env = append(append(os.Environ(), asProgram+"=1"), env...)
	cmd.Stdout, cmd.Stderr = out, out
	return cmd
}

// run runs the program to its end, and gives what it wrote.
func run(t *testing.T, args ...string) (string, error) {
	t.Helper()
	var out logtest.Buffer
	err := program(t, &out, nil, args...).Run()
	return out.String(), err
}

// server is the program, serving.
type server struct {
	url  string
	out  *logtest.Buffer
	stop func()
}

func serve(t *testing.T, path string, env ...string) *server {
	t.Helper()
	s := &server{out: new(logtest.Buffer)}
	cmd := program(t, s.out, env, "serve", "--config", path)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	s.stop = sync.OnceFunc(func() {
		if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
			t.Error(err)
		}
		if err := <-ended; err != nil {
			t.Errorf("the program ended with %v: %s", err, s.out)
		}
	})
	t.Cleanup(s.stop)
	redistest.Await(t, func() bool { return strings.Contains(s.out.String(), "Every collection has been read, or tried.") }, "the program reads: %s", s.out)
	_, rest, _ := strings.Cut(s.out.String(), "Roster listens on ")
	s.url, _, _ = strings.Cut(rest, "\n")
	return s
}

func (s *server) ask(t *testing.T, query string, header ...string) string {
	t.Helper()
	body, err := json.Marshal(map[string]string{"query": query})
	if err != nil {
		t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.url+"/graphql", bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	resp, err := new(http.Client).Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(answer)
}

// people writes the file of people: Ann, whom the other source knows, too, and Bo. More lines follow.
func people(t *testing.T, dir, email string, more ...string) {
	t.Helper()
	lines := fileKey + "\n" +
		`{"id":"p1","name":"Ann Example","email":"` + email + `","team":"north","desk":"4.17","token":"` + annToken + `"}` + "\n" +
		`{"id":"p2","name":"Bo Example","email":"bo@jsonlines.example","team":"south","desk":"2.03"}` + "\n" + strings.Join(more, "\n")
	path := filepath.Join(dir, "people.jsonl")
	if err := errors.Join(os.WriteFile(path+".new", []byte(lines), 0o600), os.Rename(path+".new", path)); err != nil { // never seen in part
		t.Fatal(err)
	}
}

// configured writes a configuration with the file's settings, and gives its path.
func configured(t *testing.T, dir, more, settings string) string {
	t.Helper()
	path := filepath.Join(dir, "roster.yaml")
	text := "listen: 127.0.0.1:0\ndrain_delay: 0s\n" + more + "  - name: staff\n    kind: jsonlines\n" + settings
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func discreet(t *testing.T, texts ...string) {
	t.Helper()
	for _, text := range texts {
		if strings.Contains(text, "canary") {
			t.Errorf("a secret shows: %s", text)
		}
	}
}

func TestNewKind(t *testing.T) {
	t.Parallel()
	company, err := sandbox.StartOne(t.Context(), sandbox.Altcraft, sandbox.Options{People: sandbox.MinPeople})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = company.Close() })
	mailer := company.Sources()[0]
	email, mailerID := known(t, mailer)
	redis := redistest.Start(t)
	dir := t.TempDir()
	people(t, dir, email)
	if err := os.WriteFile(filepath.Join(dir, "key"), []byte(fileKey), 0o600); err != nil {
		t.Fatal(err)
	}
	credentials := sandbox.Credentials(sandbox.Altcraft)
	path := configured(t, dir, fmt.Sprintf("redis: {url: \"redis://%s\"}\nsources:\n  - {name: mailer, kind: altcraft, url: %q, token: %v, account_id: %v}\n",
		redis.Addr, mailer.URL, credentials["token"], credentials["account_id"]), "    file: people.jsonl\n    key_file: key\n    collections: {accounts: {min_interval: 1s, fresh_for: 1s}}\n")

	// It is checked.
	report, err := run(t, "check", "--config", path)
	if err != nil || !strings.Contains(report, "staff") || !strings.Contains(report, "jsonlines") {
		t.Errorf("check: %v\n%s", err, report)
	}

	// It is fetched, joined with the other source, and served.
	first := serve(t, path)
	const who = `{ user(by: {account: {source: "staff", externalId: "p1"}}) { teams { name } accounts { __typename externalId source { name kind kindName }
		... on DirectoryAccount { name attributes { name value } } } } }`
	want := fmt.Sprintf(`{"data":{"user":{"teams":[{"name":"Team north"}],"accounts":[`+
		`{"__typename":"AltcraftAccount","externalId":"%s","source":{"name":"mailer","kind":"ALTCRAFT","kindName":"altcraft"}},`+
		`{"__typename":"DirectoryAccount","externalId":"p1","source":{"name":"staff","kind":"OTHER","kindName":"jsonlines"},`+
		`"name":"Ann Example","attributes":[{"name":"desk","value":"4.17"}]}]}}}`, mailerID)
	if diff := cmp.Diff(want, first.ask(t, who)); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}

	// A caller's own token is good for it.
	const me = `{ viewer { account(source: "staff") { externalId name account { id user { name } } } } }`
	if got := first.ask(t, me, "X-Roster-Source-Token", "staff="+annToken); !strings.Contains(got, `"externalId":"p1","name":"Ann Example","account":{"id":"`) {
		t.Errorf("the caller is %s", got)
	}
	refused := first.ask(t, me, "X-Roster-Source-Token", "staff=canary-wrong")
	if !strings.Contains(refused, "UNAUTHORIZED") {
		t.Errorf("with a wrong token the caller is %s", refused)
	}

	// Another process has it from Redis, without the file.
	redistest.Await(t, func() bool { return len(strings.Fields(redis.Must("KEYS", "*:manifest:*"))) == 3 }, "all collections are stored")
	first.stop()
	if err := os.Remove(filepath.Join(dir, "people.jsonl")); err != nil {
		t.Fatal(err)
	}
	second := serve(t, path)
	if diff := cmp.Diff(want, withoutExtensions(t, second.ask(t, who))); diff != "" {
		t.Errorf("from Redis (-want +got):\n%s", diff)
	}
	second.stop()

	// A release with another encoding of the details does not take them, and fetches them again.
	third := serve(t, path, otherDetails+"=1")
	const mine = `{ users(filter: {sources: ["staff"]}) { totalCount } }`
	if got := withoutExtensions(t, third.ask(t, mine)); got != `{"data":{"users":{"totalCount":0}}}` {
		t.Errorf("what another encoding wrote is served: %s", got)
	}
	people(t, dir, email)
	if got := third.ask(t, `mutation { refreshSource(input: {source: "staff", force: true}) { outcome } }`); !strings.Contains(got, `"DONE"`) {
		t.Errorf("the source is not fetched: %s", got)
	}
	redistest.Await(t, func() bool { return strings.Contains(third.ask(t, mine), `"totalCount":2`) }, "they are fetched again")

	// Then only what is new in the file is fetched: Bo has left, and Ann's new address is not noticed.
	people(t, dir, "changed@jsonlines.example", `{"id":"p2","left":true}`, `{"id":"p3","name":"Cy Example","email":"cy@jsonlines.example"}`)
	const accounts = `{ users(filter: {sources: ["staff"]}) { nodes { accounts { externalId email } } } }`
	redistest.Await(t, func() bool { return strings.Contains(third.ask(t, accounts), `"p3"`) }, "changes are fetched")
	if got := third.ask(t, accounts); strings.Contains(got, `"p2"`) || strings.Contains(got, "changed@") {
		t.Errorf("after changes there are %s", got)
	}
	third.stop()
	discreet(t, report, refused, first.out.String(), second.out.String(), third.out.String())
}

// withoutExtensions gives an answer's data alone: extensions tell that the file cannot be read.
func withoutExtensions(t *testing.T, answer string) string {
	t.Helper()
	var parts struct {
		Data json.RawMessage `json:"data"`
	}
	if err := json.Unmarshal([]byte(answer), &parts); err != nil {
		t.Fatal(err)
	}
	return `{"data":` + string(parts.Data) + `}`
}

// known gives the address and the ID of somebody in the other source.
func known(t *testing.T, cfg connectors.Config) (email, id string) {
	t.Helper()
	source, err := registry.Open(cfg)
	if err != nil {
		t.Fatal(err)
	}
	l, err := source.Accounts.List(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range l.Records {
		if len(a.Emails) == 1 && a.Active && strings.Count(a.Emails[0].Address, "@") == 1 {
			return a.Emails[0].Address, a.ID
		}
	}
	t.Fatal("nobody has an address")
	return "", ""
}

// What is wrong with its settings is said by their names, all at once, and no value of a secret is.
func TestBadSettings(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		settings string
		want     []string
	}{
		"nothing":          {"", []string{"sources[0].file: is required", "sources[0].key: is required: set it, or set key_file instead"}},
		"another file":     {"    file: people.csv\n    key: canary\n", []string{"roster.yaml:6:11: sources[0].file: must be a file whose name ends with .jsonl"}},
		"no truth value":   {"    file: p.jsonl\n    key: canary\n    teams: canary\n", []string{"sources[0].teams: must be true or false"}},
		"an address":       {"    file: p.jsonl\n    key: canary\n    url: https://canary.example\n", []string{"sources[0].url: a source of kind jsonlines has no address"}},
		"another's":        {"    file: p.jsonl\n    key: canary\n    account_id: 9\n", []string{"sources[0].account_id: is for altcraft only"}},
		"no collection":    {"    file: p.jsonl\n    key: canary\n    collections: {contacts: true}\n", []string{"sources[0].collections.contacts: jsonlines has no such collection"}},
		"teams left out":   {"    file: p.jsonl\n    key: canary\n    teams: false\n    collections: {teams: true}\n", []string{"sources[0].collections.teams: this source has no such collection"}},
		"a key of no kind": {"    file: p.jsonl\n    key: canary\n    canary: 1\n", []string{"unknown key"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			got, err := run(t, "check", "--config", configured(t, dir, "sources:\n", tc.settings))
			var exit *exec.ExitError
			if !errors.As(err, &exit) {
				t.Errorf("it ended with %v", err)
			}
			for _, want := range tc.want {
				if !strings.Contains(got, want) {
					t.Errorf("it does not say %q:\n%s", want, got)
				}
			}
			discreet(t, strings.ReplaceAll(got, "sources[0].canary", ""))
		})
	}
}

// A wrong secret is reported by the source's name, and does not show.
func TestWrongSecret(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	people(t, dir, "ann@jsonlines.example")
	path := configured(t, dir, "sources:\n", "    file: people.jsonl\n    key: canary-wrong\n")
	report, err := run(t, "check", "--config", path)
	if err == nil || !strings.Contains(report, "the file has another key") || !strings.Contains(report, "the check failed for staff") {
		t.Errorf("check: %v\n%s", err, report)
	}
	s := serve(t, path)
	answer := s.ask(t, `{ users { totalCount } sources { name state collections { kind error { message code } } } }`)
	if !strings.Contains(answer, `"code":"UNAUTHORIZED"`) {
		t.Errorf("the answer is %s", answer)
	}
	s.stop()
	discreet(t, report, answer, s.out.String())
}

// The pages of settings and sources have it.
func TestDocumentation(t *testing.T) {
	t.Parallel()
	for page, rows := range map[string][]string{
		config.Table(): {
			"| `sources[].file` | path |  | For jsonlines, required there. The file. Relative to the configuration file. |",
			"| `sources[].key` | secret |  | For jsonlines, required there. What the first line of the file must be. |",
			"| `sources[].key_file` | path |",
			"| `sources[].teams` | true or false | true | For jsonlines. Reads the teams, too. |",
			"| `sources[].kind` | worksection, kommo, altcraft, rocketchat, jsonlines |",
		},
		config.KindsTable():       {"| JSON lines |", "| derived from the people |"},
		config.CredentialsTable(): {"| JSON lines | `key`: the file's first line | the file | nothing is read |"},
	} {
		for _, row := range rows {
			if !strings.Contains(page, row) {
				t.Errorf("%q is not in\n%s", row, page)
			}
		}
	}
}
