package e2e_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"roster/connectors/faults"
	"roster/internal/sandbox"
)

// awaitStatus waits for the end of a program that is expected to fail, and returns its status.
func (p *program) awaitStatus(t *testing.T) int {
	t.Helper()
	eventually(t, "the program ends", p.over)
	return p.cmd.ProcessState.ExitCode()
}

// The operator reloads exactly the server that was started with the file.
func TestReloadByFile(t *testing.T) {
	t.Parallel()
	pid := filepath.Join(t.TempDir(), "roster.pid")
	p, err := launch("serve", "--config", configFile(t, settingsOf(map[string]any{
		"name": "worksection", "kind": "worksection", "url": "http://127.0.0.1:1", "api_key": "unused",
	})), "--pid-file", pid)
	if err != nil {
		t.Fatal(err)
	}
	if err := p.awaitAddress("Roster listens on "); err != nil {
		t.Fatal(err)
	}
	if code, stdout, stderr := run(t, "reload", "--pid-file", pid); code != 0 || !strings.Contains(stdout, "reads its configuration again") || stderr != "" {
		t.Errorf("reload: exit code %d, output %q, errors %q", code, stdout, stderr)
	}
	eventually(t, "the configuration is applied", func() bool { return strings.Contains(p.log.String(), "configuration applied") })
	if code, _, stderr := run(t, "serve", "--config", configFile(t, settingsOf(map[string]any{
		"name": "worksection", "kind": "worksection", "url": "http://127.0.0.1:1", "api_key": "unused",
	})), "--pid-file", pid); code != 1 || !strings.Contains(stderr, "another running server uses") {
		t.Errorf("a second server: exit code %d, errors %q", code, stderr)
	}
	if err := p.stop(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(pid); !os.IsNotExist(err) {
		t.Errorf("the file stays: %v", err)
	}
	if code, _, stderr := run(t, "reload", "--pid-file", pid); code != 1 || !strings.Contains(stderr, "no running server has written this file") {
		t.Errorf("reload of no server: exit code %d, errors %q", code, stderr)
	}
}

// A signal that was meant for a server does not end the demo.
func TestDemoIgnoresHangup(t *testing.T) {
	t.Parallel()
	p := startDemo(t)
	if err := p.cmd.Process.Signal(syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the demo says that it ignores the signal", func() bool { return strings.Contains(p.log.String(), "ignores SIGHUP") })
	if got := p.status(t, "/readyz"); got != http.StatusOK {
		t.Errorf("/readyz: HTTP %d", got)
	}
}

// startDemo starts a small demo with these flags, which ends with the test.
func startDemo(t *testing.T, flags ...string) *program {
	t.Helper()
	p, err := launch(append([]string{"demo", "--people", "25", "--listen", "127.0.0.1:0"}, flags...)...)
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
	return p
}

// A front end in development has another origin, and tries what callers with different keys see.
func TestDemoWithKeys(t *testing.T) {
	t.Parallel()
	const origin = "http://localhost:5173"
	p := startDemo(t, "--keys", "--cors", origin)
	if beginning := "Roster listens on " + p.url + "\n"; !strings.HasPrefix(p.out.String(), beginning) {
		t.Errorf("it does not begin with %q:\n%s", beginning, p.out.String())
	}
	asked := func(key, query string) (status int, body, allowed string) {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, p.url+"/graphql", strings.NewReader(`{"query":"`+query+`"}`))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Content-Type", "application/json")
		req.Header.Set("Origin", origin)
		if key != "" {
			req.Header.Set("Authorization", "Bearer "+key)
		}
		resp, err := client.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		text, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Fatal(err)
		}
		return resp.StatusCode, string(text), resp.Header.Get("Access-Control-Allow-Origin")
	}
	if status, body, _ := asked("", "{ users { totalCount } }"); status != http.StatusUnauthorized {
		t.Errorf("without a key: HTTP %d, %s", status, body)
	}
	const private = "{ users(first: 1) { nodes { phones { number } } } }"
	for name, sees := range map[string]bool{"reader": false, "hr": true, "admin": true} {
		key := regexp.MustCompile(`(?m)^  ` + name + ` +(\S+) `).FindStringSubmatch(p.out.String())
		if key == nil {
			t.Fatalf("there is no key %s in\n%s", name, p.out.String())
		}
		status, body, allowed := asked(key[1], private)
		if status != http.StatusOK || allowed != origin || strings.Contains(body, "FORBIDDEN") == sees {
			t.Errorf("%s: HTTP %d, origin %q, %s", name, status, allowed, body)
		}
	}
}

// Whoever interrupts a check is told so, and no source is blamed.
func TestCheckIsInterrupted(t *testing.T) {
	t.Parallel()
	s := system(t, sandbox.Altcraft, 60)
	s.Fault(sandbox.Altcraft).Set(faults.Fault{Effect: faults.Hang()})
	p, err := launch("check", "--config", configFile(t, settingsOf(sourceSettings(s.Sources()[0]))))
	if err != nil {
		t.Fatal(err)
	}
	eventually(t, "the source is called", func() bool { return s.Fault(sandbox.Altcraft).Hits() > 0 })
	if err := p.cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	code := p.awaitStatus(t)
	if code != 130 || withoutProgress(p.log.String()) != "roster: interrupted: … marks what was not read to its end\n" ||
		!strings.Contains(p.out.String(), "… no answer yet, because the check was interrupted") {
		t.Errorf("exit code %d, output %q, errors %q", code, p.out.String(), p.log.String())
	}
}

func TestCheckInJSON(t *testing.T) {
	t.Parallel()
	code, stdout, stderr := run(t, "check", "--json", "--config", configFile(t, settingsOf(sourceSettings(system(t, sandbox.Altcraft, 60).Sources()[0]))))
	var got struct {
		OK      bool
		Sources []struct {
			Name, Reachable, Credential string
			Collections                 []struct {
				Name, State string
				Records     int
			}
		}
	}
	if err := json.Unmarshal([]byte(stdout), &got); err != nil || code != 0 || !got.OK || len(got.Sources) != 1 {
		t.Fatalf("exit code %d, %v, output %q, errors %q", code, err, stdout, stderr)
	}
	s := got.Sources[0]
	if s.Name != "altcraft" || s.Reachable != "yes" || s.Credential != "accepted" || len(s.Collections) != 1 || s.Collections[0].State != "complete" || s.Collections[0].Records == 0 {
		t.Errorf("the source is %+v", s)
	}
}

// On a terminal, each source has one line, which renews itself.
func TestProgressOnATerminal(t *testing.T) {
	t.Parallel()
	script := needs(t, "script")
	path := configFile(t, settingsOf(sourceSettings(system(t, sandbox.Altcraft, 60).Sources()[0])))
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, script, "-qec", "stty cols 100 rows 30; "+binary+" check --config "+path, os.DevNull)
	out, err := cmd.CombinedOutput()
	if last := regexp.MustCompile(`altcraft  \d+ \(done\)`); err != nil || !last.Match(out) {
		t.Errorf("%v; the terminal shows\n%q", err, out)
	}
}

func TestHealthcheck(t *testing.T) {
	t.Parallel()
	p := theDemo(t)
	if code, stdout, stderr := run(t, "healthcheck", "--url", p.url+"/readyz"); code != 0 || stdout != "ready\n" || stderr != "" {
		t.Errorf("exit code %d, output %q, errors %q", code, stdout, stderr)
	}
	if code, stdout, stderr := run(t, "healthcheck", "--url", p.url+"/nowhere"); code != 1 || stdout != "" || !strings.Contains(stderr, "HTTP 404") {
		t.Errorf("elsewhere: exit code %d, output %q, errors %q", code, stdout, stderr)
	}
}

// What could not be read is counted and named when the server is ready.
func TestReadySaysWhatFailed(t *testing.T) {
	t.Parallel()
	p := serve(t, settingsOf(
		sourceSettings(system(t, sandbox.Altcraft, 60).Sources()[0]),
		map[string]any{"name": "crm", "kind": "kommo", "url": "http://127.0.0.1:1", "access_token": "unused", "retries": 0},
	))
	rest, err := p.awaitLine("Every collection has been read, or tried.")
	if want := "4 of 5 failed, and are tried again: crm accounts, crm teams, crm roles, crm contacts. The log says why."; err != nil || rest != want {
		t.Errorf("it says %q, %v; want %q", rest, err, want)
	}
}
