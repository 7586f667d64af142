package e2e_test

import (
	"context"
	"errors"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"roster/connectors/faults"
	"roster/internal/logtest"
	"roster/internal/sandbox"
)

// run runs the program to its end.
func run(t *testing.T, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, binary, args...)
	var out, log logtest.Buffer
	cmd.Stdout, cmd.Stderr = &out, &log
	err := cmd.Run()
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		code = exit.ExitCode()
	} else if err != nil {
		t.Fatal(err)
	}
	discreet(t, "standard output", out.String())
	discreet(t, "standard error", log.String())
	return code, out.String(), log.String()
}

func TestUsage(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		args []string
		code int
		says string
	}{
		"nothing":               {nil, 2, "roster serve"},
		"unknown command":       {[]string{"server"}, 2, `there is no command "server"`},
		"unknown flag":          {[]string{"demo", "--port", "80"}, 2, "-port"},
		"something behind":      {[]string{"schema", "please"}, 2, `the argument "please" is not expected`},
		"no configuration":      {[]string{"serve", "--config", "/nowhere.yaml"}, 1, "there is no such configuration file"},
		"nobody in the company": {[]string{"demo", "--people", "0"}, 2, "--people: must be"},
		"open to the world":     {[]string{"demo", "--listen", "0.0.0.0:0"}, 2, "loopback"},
		"without what there is not": {[]string{"demo", "--without", "kommo,slack"}, 2,
			`there is no source "slack": it can be worksection, kommo, altcraft, rocketchat`},
		"systems for the world": {[]string{"demo", "--listen", "127.0.0.1:0", "--systems", "0.0.0.0:0"}, 2, "--systems: must be a loopback address"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			code, stdout, stderr := run(t, test.args...)
			if code != test.code || !strings.Contains(stderr, test.says) || stdout != "" {
				t.Errorf("exit code %d, output %q, errors %q; want code %d and errors that say %q", code, stdout, stderr, test.code, test.says)
			}
		})
	}
	for line, says := range map[string]string{"help": "roster check", "--help": "roster check", "serve --help": "roster serve [flags]", "help check": "roster check [flags]"} {
		if code, stdout, stderr := run(t, strings.Fields(line)...); code != 0 || !strings.Contains(stdout, says) || stderr != "" {
			t.Errorf("%s: exit code %d, output %q, errors %q", line, code, stdout, stderr)
		}
	}
}

// A second start on an address that is taken fails at once and says why.
func TestBusyPort(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // it takes no time
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close() //nolint:errcheck // nothing depends on it
	address := l.Addr().String()
	nowhere := configFile(t, settingsOf(map[string]any{
		"name": "worksection", "kind": "worksection", "url": "http://127.0.0.1:1", "api_key": "unused",
	}))
	for _, args := range [][]string{{"demo", "--people", "25", "--listen", address}, {"serve", "--config", nowhere, "--listen", address}} {
		code, stdout, stderr := run(t, args...)
		if code != 1 || stdout != "" || !strings.Contains(stderr, address) || !strings.Contains(stderr, "in use") || strings.Count(stderr, "\n") != 1 {
			t.Errorf("%s: exit code %d, output %q, errors %q; want one line that names the address and says that it is in use",
				args[0], code, stdout, stderr)
		}
	}
}

// A second process with the same cache_dir is refused in one line, and what the first one keeps stays as it is.
func TestCacheDirIsForOneProcess(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	settings := settingsOf(map[string]any{"name": "worksection", "kind": "worksection", "url": "http://127.0.0.1:1", "api_key": "unused"})
	settings["cache_dir"] = dir
	first := serve(t, settings)
	begun := filepath.Join(dir, "roster-1.partial")
	if err := os.WriteFile(begun, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	file := configFile(t, settings)
	code, stdout, stderr := run(t, "serve", "--config", file)
	if code != 1 || stdout != "" || !strings.Contains(stderr, "cache_dir: another process has the directory") || strings.Count(stderr, "\n") != 1 {
		t.Errorf("exit code %d, output %q, errors %q; want one line that names cache_dir", code, stdout, stderr)
	}
	if _, err := os.Stat(begun); err != nil {
		t.Errorf("what the first process has begun to write is gone: %v", err)
	}
	if code, _, stderr := run(t, "check", "--config", file, "--timeout", "1s"); strings.Contains(stderr, "cache_dir") {
		t.Errorf("a check beside it: exit code %d, errors %q", code, stderr)
	}
	if err := first.stop(); err != nil {
		t.Fatal(err)
	}
	serve(t, settings)
}

// All that is wrong with a configuration comes out at once, each fault with its place, and no secret.
func TestBadConfiguration(t *testing.T) {
	t.Parallel()
	path := configFile(t, map[string]any{
		"listen": "0.0.0.0:8080",
		"lisetn": "127.0.0.1:8080",
		"sources": []any{
			map[string]any{"name": "worksection", "kind": "worksection", "url": "https://acme.worksection.com"},
			map[string]any{"name": "kommo", "kind": "komo", "url": "acme", "access_token": canary},
			map[string]any{"name": "chat", "kind": "rocketchat", "url": "https://chat.acme.com", "user_id": "${ROSTER_E2E_NOT_SET}",
				"auth_token": canary, "timeout": "5", "collections": map[string]any{"contacts": map[string]any{"fresh_for": "1m"}}},
		},
	})
	for _, command := range []string{"serve", "check"} {
		code, stdout, stderr := run(t, command, "--config", path)
		if code != 1 || stdout != "" {
			t.Errorf("%s: exit code %d, output %q, want 1 and none", command, code, stdout)
		}
		for _, fault := range []string{
			"listen", "lisetn", "sources[0].api_key", "sources[1].kind", "sources[1].url", "sources[2].user_id", "sources[2].timeout",
			"sources[2].collections.contacts",
		} {
			if !regexp.MustCompile(`(?m)` + regexp.QuoteMeta(fault) + `\b`).MatchString(stderr) {
				t.Errorf("%s: nothing is said of %s in\n%s", command, fault, stderr)
			}
		}
	}
}

// check tells of each source what it holds, and fails where one is not well.
func TestCheck(t *testing.T) {
	t.Parallel()
	systems := company(t, 60)
	var sources []map[string]any
	for _, kind := range sandbox.Kinds {
		sources = append(sources, sourceSettings(systems[kind].Sources()[0]))
	}
	path := configFile(t, settingsOf(sources...))

	code, stdout, stderr := run(t, "check", "--config", path)
	if code != 0 || withoutProgress(stderr) != "" {
		t.Errorf("with healthy sources: exit code %d, errors %q, want 0 and none", code, stderr)
	}
	expectRow(t, stdout, `worksection\s+worksection\s+yes\s+accepted\s+\d+\s+\d+\s+-\s+\d+\s+\d+\s+\S*s`)
	expectRow(t, stdout, `kommo\s+kommo\s+yes\s+accepted\s+\d+\s+\d+\s+\d+\s+\d+\s+-\s+\S*s`)
	expectRow(t, stdout, `altcraft\s+altcraft\s+yes\s+accepted\s+\d+\s+-\s+-\s+-\s+-\s+\S*s`)
	expectRow(t, stdout, `rocketchat\s+rocketchat\s+yes\s+accepted\s+\d+\s+\d+\s+\d+\s+-\s+-\s+\S*s`)

	systems[sandbox.Kommo].Fault(sandbox.Kommo).Set(faults.Fault{Effect: faults.Reply(500, faults.HTML(canary))})
	sources[3]["auth_token"] = "another"
	path = configFile(t, settingsOf(sources...))
	code, stdout, stderr = run(t, "check", "--config", path)
	if code != 1 || !strings.Contains(stderr, "kommo, rocketchat") || strings.Contains(stderr, "worksection") {
		t.Errorf("with two broken sources: exit code %d, errors %q, want 1 and their names", code, stderr)
	}
	expectRow(t, stdout, `worksection\s+worksection\s+yes\s+accepted\s+\d+`)
	expectRow(t, stdout, `kommo\s+kommo\s+yes`)
	expectRow(t, stdout, `rocketchat\s+rocketchat\s+yes\s+refused`)
}

// withoutProgress removes the lines that say how far a fetch is. They come if a fetch takes long, as it may on a busy machine.
func withoutProgress(stderr string) string {
	return regexp.MustCompile(`(?m)^[a-z0-9-]+  [0-9,]+( of [0-9,]+)?( \(.*\))?\n`).ReplaceAllString(stderr, "")
}

func expectRow(t *testing.T, table, row string) {
	t.Helper()
	if !regexp.MustCompile(`(?m)^` + row).MatchString(table) {
		t.Errorf("no row like %s in\n%s", row, table)
	}
}

// A demo can begin with systems down: it is ready, and shows what the others hold.
func TestDemoWithout(t *testing.T) {
	t.Parallel()
	p := startDemo(t, "--without", "kommo, altcraft", "--without", "kommo")
	if got := p.status(t, "/readyz"); got != http.StatusOK {
		t.Errorf("/readyz: HTTP %d", got)
	}
	a := p.ask(t, `{ users(first: 1) { nodes { name } completeness { missing { name } } } }`, nil)
	var down []string
	for _, e := range a.Errors {
		down = append(down, e.Extensions.Source+" "+e.Extensions.Code)
	}
	if diff := cmp.Diff([]string{"kommo SOURCE_UNAVAILABLE", "altcraft SOURCE_UNAVAILABLE"}, down); diff != "" || !strings.Contains(string(a.Data), `"name":`) {
		t.Errorf("%s (-want +got):\n%s", a.Body, diff)
	}
	if _, err := p.awaitLine("Down, as if the vendor had an outage: kommo, altcraft."); err != nil {
		t.Error(err)
	}
}
