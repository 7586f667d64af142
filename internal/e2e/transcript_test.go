package e2e_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"roster/internal/logtest"
)

// Each mistake on the command line or in a configuration has a message that says what is wrong and what to do. The golden file has the commands, which
// run in a copy of testdata/transcript, and what they print; -update writes it anew.
func TestTranscript(t *testing.T) {
	t.Parallel()
	const golden = "testdata/transcript.txt"
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS("testdata/transcript")); err != nil {
		t.Fatal(err)
	}
	addresses := map[string]string{"BUSY": listening(t), "CLOSED": nothingListens}
	var got strings.Builder
	commands := 0
	for line := range strings.Lines(string(want)) {
		command, ok := strings.CutPrefix(strings.TrimSuffix(line, "\n"), "$ roster")
		if !ok {
			continue
		}
		commands++
		expanded := os.Expand(command, func(name string) string { return addresses[name] })
		said := mistake(t, dir, strings.Fields(strings.ReplaceAll(expanded, "''", "\"\"")))
		for name, address := range addresses {
			said = strings.ReplaceAll(said, address, "$"+name)
		}
		fmt.Fprintf(&got, "$ roster%s\n%s\n", command, said)
	}
	if *update {
		if err := os.WriteFile(golden, []byte(got.String()), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if commands < 40 {
		t.Errorf("there are %d mistakes, want 40", commands)
	}
	if diff := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(got.String(), "\n")); diff != "" {
		t.Errorf("the transcript (-want +got):\n%s", diff)
	}
}

// nothingListens is an address on which nothing listens: no program may be given so low a port.
const nothingListens = "127.0.0.1:1"

// mistake runs the program in the directory, and returns its errors and its status.
func mistake(t *testing.T, dir string, args []string) string {
	t.Helper()
	for i := range args {
		if args[i] == `""` {
			args[i] = ""
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, binary, args...)
	cmd.Dir = dir
	var out, log logtest.Buffer
	cmd.Stdout, cmd.Stderr = &out, &log
	err := cmd.Run()
	exit, ok := errors.AsType[*exec.ExitError](err)
	if !ok {
		t.Errorf("%v is no mistake: %v", args, err)
		return ""
	}
	if beginning, _, _ := strings.Cut(out.String(), ":"); out.String() != "" && beginning != "Roster listens on http" {
		t.Errorf("%v: something is on standard output, as if all were well: %s", args, out.String())
	}
	return fmt.Sprintf("%s[status %d]\n", log.String(), exit.ExitCode())
}

// listening returns an address on which something listens.
func listening(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // it takes no time
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() }) //nolint:errcheck // nothing depends on it
	return l.Addr().String()
}
