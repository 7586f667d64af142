//go:build linux

package e2e_test

import (
	"context"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"roster/internal/sandbox"
)

// systemd is told when the program is ready, reads its configuration again, and stops.
func TestSystemdIsTold(t *testing.T) {
	t.Parallel()
	address := &net.UnixAddr{Net: "unixgram", Name: filepath.Join(t.TempDir(), "notify")}
	socket, err := net.ListenUnixgram("unixgram", address)
	if err != nil {
		t.Fatal(err)
	}
	defer socket.Close() //nolint:errcheck // nothing depends on it
	next := func() string {
		t.Helper()
		b := make([]byte, 1<<10)
		if err := socket.SetReadDeadline(time.Now().Add(patience)); err != nil {
			t.Fatal(err)
		}
		n, err := socket.Read(b)
		if err != nil {
			t.Fatal(err)
		}
		return string(b[:n])
	}
	settings := settingsOf(sourceSettings(system(t, sandbox.Kommo, smallCompany).Sources()[0]))
	cmd := exec.CommandContext(context.Background(), binary, "serve", "--config", configFile(t, settings))
	cmd.Env = append(os.Environ(), "NOTIFY_SOCKET="+address.Name)
	p, err := launchCommand(cmd)
	if err != nil {
		t.Fatal(err)
	}
	if got := next(); got != "READY=1" {
		t.Errorf("after the first fetches: %q", got)
	}
	if _, err := p.awaitLine("Every collection has been read, or tried."); err != nil {
		t.Error(err)
	}
	if err := p.cmd.Process.Signal(syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	if got := next(); !regexp.MustCompile(`^MONOTONIC_USEC=\d+\nRELOADING=1$`).MatchString(got) {
		t.Errorf("when it reads the configuration again: %q", got)
	}
	if got := next(); got != "READY=1" {
		t.Errorf("when it has read the configuration: %q", got)
	}
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if got := next(); got != "STOPPING=1" {
		t.Errorf("when it stops: %q", got)
	}
	if err := p.awaitEnd(); err != nil {
		t.Error(err)
	}
}

// systemd accepts the unit, and finds little that the service could do beyond its work.
func TestUnit(t *testing.T) {
	t.Parallel()
	analyze := needs(t, "systemd-analyze")
	text, err := os.ReadFile(filepath.Join(repository, "deploy", "roster.service"))
	if err != nil {
		t.Fatal(err)
	}
	unit := filepath.Join(t.TempDir(), "roster.service")
	if err := os.WriteFile(unit, []byte(strings.ReplaceAll(string(text), "/usr/local/bin/roster", binary)), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{"verify", "--man=no", unit}, {"security", "--offline=true", "--threshold=20", unit}} { // of 100
		if out, err := exec.CommandContext(t.Context(), analyze, args...).CombinedOutput(); err != nil || args[0] == "verify" && len(out) > 0 {
			t.Errorf("systemd-analyze %s: %v\n%s", args[0], err, out)
		}
	}
}
