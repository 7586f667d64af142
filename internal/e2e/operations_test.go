package e2e_test

import (
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"

	"go.yaml.in/yaml/v4"

	"roster/internal/sandbox"
)

// givenPorts are the ports that adminOf has given.
var givenPorts sync.Map

// adminOf gives a free address of the loopback for the operator's listener. No other test gets the same one. Its port is below those that systems give to
// outgoing connections, so that none of these takes it before the program does.
func adminOf(t *testing.T) string {
	t.Helper()
	for range 100 {
		address := fmt.Sprintf("127.0.0.1:%d", 20_000+rand.IntN(10_000))
		if _, given := givenPorts.LoadOrStore(address, true); given {
			continue
		}
		if l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", address); err == nil {
			l.Close() //nolint:errcheck // nothing depends on it
			return address
		}
	}
	t.Fatal("no port is free")
	return ""
}

// fetch gets what is served at an address.
func fetch(t *testing.T, url string) (status int, body string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := client.Do(req)
	if err != nil {
		return 0, err.Error()
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(b)
}

// statusAt asks for an address under the name of another host.
func statusAt(t *testing.T, url, host string) int {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Host = host
	resp, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	return resp.StatusCode
}

// observed starts a program with all that has metrics, and gives what it tells Prometheus once it has been asked something.
func observed(t *testing.T) (p *program, admin, metrics string) {
	t.Helper()
	settings := settingsOf(sourceSettings(system(t, sandbox.RocketChat, 30).Sources()[0]), sourceSettings(system(t, sandbox.Kommo, 30).Sources()[0]))
	admin = adminOf(t)
	settings["admin"] = map[string]any{"listen": admin, "pprof": true}
	settings["redis"] = map[string]any{"url": "redis://127.0.0.1:1/0"}                                                       // nobody is there
	settings["webhooks"] = []any{map[string]any{"name": "crm", "url": "https://hooks.example.com", "secret": webhookSecret}} // which is not sent anything without Redis
	delete(settings, "log")
	settings["tracing"] = map[string]any{"endpoint": "http://127.0.0.1:1"}
	p = serve(t, settings)
	p.awaitFirstReading(t)
	p.ask(t, `{ users(first: 1) { nodes { presence } } }`, nil)
	status, metrics := fetch(t, "http://"+admin+"/metrics")
	if status != http.StatusOK {
		t.Fatalf("HTTP %d %s", status, metrics)
	}
	return p, admin, metrics
}

// Where the operator has a listener of its own, the users' one tells only whether it is alive and ready; and while answers under way are waited for, it goes on.
func TestAdminListener(t *testing.T) {
	t.Parallel()
	p, admin, _ := observed(t)
	for path, want := range map[string]int{"/healthz": 200, "/readyz": 200, "/metrics": 200, "/debug/pprof/": 200, "/debug/pprof/goroutine": 200, "/graphql": 404} {
		if status, _ := fetch(t, "http://"+admin+path); status != want {
			t.Errorf("the operator gets HTTP %d at %s, want %d", status, path, want)
		}
	}
	if status := statusAt(t, "http://"+admin+"/debug/pprof/", "evil.example"); status != http.StatusMisdirectedRequest {
		t.Errorf("under another's name the operator's listener answers HTTP %d", status)
	}
	for path, want := range map[string]int{"/healthz": 200, "/readyz": 200, "/metrics": 404, "/debug/pprof/": 404} {
		if status := p.status(t, path); status != want {
			t.Errorf("users get HTTP %d at %s, want %d", status, path, want)
		}
	}
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := p.awaitEnd(); err != nil {
		t.Error(err)
	}
	if status, _ := fetch(t, "http://"+admin+"/healthz"); status != 0 {
		t.Errorf("after the end, the operator gets HTTP %d", status)
	}
}

// A server that asks its callers who they are does not tell others its metrics, whom a proxy on the same machine may let through.
func TestMetricsAreNotForCallers(t *testing.T) {
	t.Parallel()
	_, hash := newKey(t)
	settings := settingsOf(sourceSettings(system(t, sandbox.Altcraft, 30).Sources()[0]))
	settings["access"] = map[string]any{"keys": []any{map[string]any{"name": "one", "hash": hash, "scopes": []string{"directory:read"}}}}
	p := serve(t, settings)
	if status, body := fetch(t, p.url+"/metrics"); status != http.StatusNotFound {
		t.Errorf("HTTP %d, %.300s", status, body)
	}
}

func TestMetricsOfTheDemo(t *testing.T) {
	t.Parallel()
	status, metrics := fetch(t, theDemo(t).url+"/metrics")
	if status != http.StatusOK || !strings.Contains(metrics, "roster_ready 1\n") {
		t.Errorf("HTTP %d, %.300s", status, metrics)
	}
	if status, _ := fetch(t, theDemo(t).url+"/debug/pprof/"); status != http.StatusNotFound {
		t.Errorf("profiles: HTTP %d", status)
	}
}

// Where no terminal shows it, a machine reads the log.
func TestLogIsJSONWhereNobodyLooksOn(t *testing.T) {
	t.Parallel()
	p, _, _ := observed(t)
	lines := 0
	for line := range strings.Lines(p.log.String()) {
		var said struct{ Time, Level, Msg string }
		if err := json.Unmarshal([]byte(line), &said); err != nil || said.Msg == "" || said.Level == "" || said.Time == "" {
			t.Errorf("a line of the log is %q", line)
		}
		lines++
	}
	if lines == 0 {
		t.Error("the log is empty")
	}
}

// expressions gives all PromQL that the dashboard and the alerts have.
func expressions(t *testing.T) map[string]string {
	t.Helper()
	all := make(map[string]string)
	data, err := os.ReadFile(filepath.Join(repository, "docs/operations/dashboard.json"))
	if err != nil {
		t.Fatal(err)
	}
	var dashboard struct {
		Panels []struct {
			Title   string
			Targets []struct{ Expr string }
		}
		Templating struct {
			List []struct {
				Name  string
				Query any
			}
		}
	}
	if err := json.Unmarshal(data, &dashboard); err != nil {
		t.Fatal(err)
	}
	for _, p := range dashboard.Panels {
		for _, target := range p.Targets {
			all["panel "+p.Title+": "+target.Expr] = target.Expr
		}
	}
	for _, v := range dashboard.Templating.List {
		if q, ok := v.Query.(map[string]any); ok {
			text, _ := q["query"].(string)
			all["variable "+v.Name] = regexp.MustCompile(`label_values\((\w+), (\w+)\)`).ReplaceAllString(text, `sum by ($2) ($1)`)
		}
	}
	data, err = os.ReadFile(filepath.Join(repository, "docs/operations/alerts.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	var alerts struct {
		Groups []struct {
			Rules []struct {
				Alert, Expr string
				Annotations map[string]string
			}
		}
	}
	if err := yaml.Unmarshal(data, &alerts); err != nil {
		t.Fatal(err)
	}
	runbook, err := os.ReadFile(filepath.Join(repository, "docs/operations/README.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, g := range alerts.Groups {
		for _, r := range g.Rules {
			all["alert "+r.Alert] = r.Expr
			if !strings.Contains(string(runbook), "\n### "+r.Alert+"\n") ||
				r.Annotations["runbook"] != "docs/operations/README.md#"+strings.ToLower(r.Alert) {
				t.Errorf("the runbook says nothing of %s, or it is not named", r.Alert)
			}
		}
	}
	if len(all) < 50 {
		t.Fatalf("there are %d expressions only", len(all))
	}
	return all
}

var (
	metricName  = regexp.MustCompile(`\b(?:roster|go|process)_[a-z0-9_]+\b`)
	selection   = regexp.MustCompile(`\b((?:roster|go|process)_[a-z0-9_]+)\{([^}]*)\}`)
	matcher     = regexp.MustCompile(`(\w+)\s*(=~|!=|!~|=)\s*"([^"]*)"`)
	grouping    = regexp.MustCompile(`\bby \(([^)]*)\)`)
	seriesLine  = regexp.MustCompile(`^([a-z0-9_]+)(?:\{(.*)\})? `)
	seriesLabel = regexp.MustCompile(`(\w+)="([^"]*)"`)
)

// Each metric and label that the dashboard and the alerts name is one that the program has, with that value where they name one.
func TestDashboardAndAlertsNameWhatThereIs(t *testing.T) {
	t.Parallel()
	_, _, metrics := observed(t)
	labels := make(map[string]map[string][]string) // of each metric, with their values
	for line := range strings.Lines(metrics) {
		m := seriesLine.FindStringSubmatch(line)
		if m == nil {
			continue
		}
		if labels[m[1]] == nil {
			labels[m[1]] = map[string][]string{"instance": nil, "job": nil} // Prometheus adds these
		}
		for _, l := range seriesLabel.FindAllStringSubmatch(m[2], -1) {
			labels[m[1]][l[1]] = append(labels[m[1]][l[1]], l[2])
		}
	}
	closed := []string{"state", "tier", "outcome", "type", "meaning"} // all of their values are there from the beginning
	for where, expr := range expressions(t) {
		for _, name := range metricName.FindAllString(expr, -1) {
			if labels[name] == nil {
				t.Errorf("%s: there is no metric %s", where, name)
			}
		}
		for _, s := range selection.FindAllStringSubmatch(expr, -1) {
			for _, m := range matcher.FindAllStringSubmatch(s[2], -1) {
				values, ok := labels[s[1]][m[1]]
				if !ok {
					t.Errorf("%s: %s has no label %s", where, s[1], m[1])
				}
				if s[1] == "roster_source_calls_total" || !slices.Contains(closed, m[1]) {
					continue // this one has the meanings that there have been
				}
				for value := range strings.SplitSeq(m[3], "|") {
					if !slices.Contains(values, value) {
						t.Errorf("%s: label %s of %s is never %q", where, m[1], s[1], value)
					}
				}
			}
		}
		for _, g := range grouping.FindAllStringSubmatch(expr, -1) {
			for label := range strings.SplitSeq(g[1], ",") {
				known := false
				for _, name := range metricName.FindAllString(expr, -1) {
					_, has := labels[name][strings.TrimSpace(label)]
					known = known || has
				}
				if !known {
					t.Errorf("%s: nothing in it has the label %s", where, label)
				}
			}
		}
	}
}

// needs gives the path of a program that a test needs. Without the program the test is skipped, but for CI, where scripts/test-needs has installed it.
func needs(t *testing.T, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		path, err = exec.LookPath("/usr/sbin/" + name) // where Debian has servers
	}
	switch {
	case err == nil:
	case os.Getenv("CI") != "":
		t.Fatalf("%s is not installed: scripts/test-needs installs it", name)
	default:
		t.Skipf("%s is not installed", name)
	}
	return path
}

// promtool runs Prometheus's own checks.
func promtool(t *testing.T, stdin string, args ...string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), needs(t, "promtool"), args...)
	cmd.Stdin = strings.NewReader(stdin)
	if out, err := cmd.CombinedOutput(); err != nil || strings.Contains(string(out), "FAILED") {
		t.Errorf("promtool %s: %v\n%s", strings.Join(args, " "), err, out)
	}
}

func TestPrometheusTakesTheRules(t *testing.T) {
	t.Parallel()
	promtool(t, "", "check", "rules", filepath.Join(repository, "docs/operations/alerts.yaml"))
	dir := t.TempDir() // as in the container of deploy/compose.yaml
	for _, path := range []string{"deploy/compose/prometheus.yml", "docs/operations/alerts.yaml"} {
		text, err := os.ReadFile(filepath.Join(repository, path))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, filepath.Base(path)), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	promtool(t, "", "check", "config", filepath.Join(dir, "prometheus.yml"))
}

// The alerts come when they should, and not before.
func TestAlerts(t *testing.T) {
	t.Parallel()
	promtool(t, "", "test", "rules", filepath.Join("testdata", "alerts.yaml"))
}

func TestPrometheusTakesTheMetrics(t *testing.T) {
	t.Parallel()
	_, _, metrics := observed(t)
	promtool(t, metrics, "check", "metrics")
}

// The garbage collector works as documented: a small heap has headroom beside its 50 percent, and GOGC and GOMEMLIMIT are what the operator sets.
//
//nolint:paralleltest // it changes the environment
func TestGarbageCollection(t *testing.T) {
	for gogc, want := range map[string]func(percent int) bool{
		"": func(p int) bool { return p > 100 }, "120": func(p int) bool { return p == 120 },
	} {
		t.Setenv("GOGC", gogc)
		t.Setenv("GOMEMLIMIT", "3GiB")
		p, err := launch("demo", "--people", "25", "--listen", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		if err := p.awaitAddress("Roster is ready: "); err != nil {
			t.Fatal(err)
		}
		_, metrics := fetch(t, p.url+"/metrics")
		var percent int
		if _, after, ok := strings.Cut(metrics, "\ngo_gc_gogc_percent "); !ok {
			t.Error("the metrics have no percentage")
		} else if _, err := fmt.Sscan(after, &percent); err != nil || !want(percent) {
			t.Errorf("with GOGC=%q the collector works at %d percent", gogc, percent)
		}
		if !strings.Contains(metrics, "\ngo_gc_gomemlimit_bytes 3.221225472e+09\n") {
			t.Error("the program does not keep the limit in GOMEMLIMIT")
		}
		if err := p.stop(); err != nil {
			t.Error(err)
		}
	}
}
