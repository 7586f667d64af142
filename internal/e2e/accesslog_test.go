package e2e_test

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"roster/internal/sandbox"
)

// While the access log is on a full disk, people are read and that is told, or nobody is read, as the operator chooses. Both end by themselves.
func TestAccessLogOnAFullDisk(t *testing.T) {
	t.Parallel()
	for choice, want := range map[string]struct {
		answered int
		ready    int
		failures string
	}{
		"continue": {http.StatusOK, http.StatusOK, "4"},
		"refuse":   {http.StatusServiceUnavailable, http.StatusServiceUnavailable, "1"}, // what is refused before it begins needs no entry
	} {
		t.Run(choice, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "access.log")
			if err := os.Symlink("/dev/full", path); err != nil {
				t.Fatal(err)
			}
			settings := settingsOf(sourceSettings(system(t, sandbox.Altcraft, 30).Sources()[0]))
			settings["access"] = map[string]any{"log": path, "log_failure": choice}
			p := serve(t, settings)
			p.awaitFirstReading(t)
			ask := func(query string) answer {
				t.Helper()
				return p.send(t, http.MethodPost, "", "application/json", []byte(`{"query":"`+query+`"}`))
			}
			for range 3 {
				a := ask(`{ users { totalCount } }`)
				if a.Status != want.answered || (a.Status != http.StatusOK) != (len(a.Errors) == 1 && a.Errors[0].Extensions.Code == "ACCESS_LOG_UNAVAILABLE" && a.Data == nil) {
					t.Errorf("people: HTTP %d %s %v", a.Status, a.Data, a.Errors)
				}
			}
			if a := ask(`{ __typename }`); a.Status != http.StatusOK {
				t.Errorf("no data: HTTP %d", a.Status)
			}
			if got := p.status(t, "/readyz"); got != want.ready {
				t.Errorf("/readyz: HTTP %d", got)
			}
			_, metrics := fetch(t, p.url+"/metrics")
			for _, series := range []string{"roster_access_log_failing 1\n", "roster_access_log_failures_total "} {
				if !strings.Contains(metrics, series) {
					t.Errorf("the metrics do not hold %q", series)
				}
			}
			if n := strings.Count(p.log.String(), "the access log cannot be written"); n != 1 {
				t.Errorf("the log tells it %d times", n)
			}
			if err := os.Remove(path); err != nil {
				t.Fatal(err)
			}
			eventually(t, "the log is written again", func() bool {
				_, metrics := fetch(t, p.url+"/metrics")
				return strings.Contains(metrics, "roster_access_log_failing 0\n")
			})
			if got := p.status(t, "/readyz"); got != http.StatusOK {
				t.Errorf("afterwards, /readyz: HTTP %d", got)
			}
			if a := ask(`query Afterwards { users { totalCount } }`); a.Status != http.StatusOK {
				t.Errorf("afterwards: HTTP %d", a.Status)
			}
			text, err := os.ReadFile(path)
			if err != nil || !strings.Contains(string(text), `"missing":`) || !strings.Contains(string(text), `"name":"Afterwards"`) {
				t.Errorf("the file holds:\n%s\n%v", text, err)
			}
		})
	}
}
