package e2e_test

import (
	"strings"
	"syscall"
	"testing"

	"roster/connectors/faults"
	"roster/internal/sandbox"
)

// While the server is not ready, it says whether it starts or stops, and for what it waits, also beside a listener for the operator.
func TestReadinessSaysWhatItWaitsFor(t *testing.T) {
	t.Parallel()
	slow, quick := system(t, sandbox.Kommo, 25), system(t, sandbox.Altcraft, 25)
	slow.Fault(sandbox.Kommo).Set(faults.Fault{Effect: faults.Slow(1, patience)})
	source := sourceSettings(slow.Sources()[0])
	source["timeout"] = "1m"
	settings := settingsOf(sourceSettings(quick.Sources()[0]), source)
	settings["admin"], settings["drain_delay"] = map[string]any{"listen": adminOf(t)}, "5m"
	p, err := launch("serve", "--config", configFile(t, settings))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = p.cmd.Process.Kill() // its drain would take minutes
		<-p.exited
	})
	if err := p.awaitAddress("Roster listens on "); err != nil {
		t.Fatal(err)
	}
	told := func(want string) func() bool {
		return func() bool {
			status, body := fetch(t, p.url+"/readyz")
			return status == 503 && strings.Contains(body, want)
		}
	}
	name := slow.Sources()[0].Name
	eventually(t, "it waits for one source only", told("not ready: starting: waits for the first fetch of "+name+" (accounts, teams, roles, contacts)\n"))
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	eventually(t, "it stops", told("not ready: stopping: "))
}
