package e2e_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Who wants to try serve, check, writes or Redis has the systems of the demo: it writes the configuration with which they are read.
func TestDemoWritesAConfiguration(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "demo.yaml")
	start := func() *program {
		p, err := launch("demo", "--people", "25", "--listen", "127.0.0.1:0", "--write-config", path)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := p.stop(); err != nil {
				t.Error(err)
			}
		})
		return p
	}
	own := start()
	if err := own.awaitAddress("Roster is ready: "); err != nil {
		t.Fatal(err)
	}
	if _, err := own.awaitLine("Written: " + path + ". As long as this runs, roster check --config " + path + " and roster serve --config " + path + " read"); err != nil {
		t.Error(err)
	}
	if code, stdout, stderr := run(t, "check", "--config", path); code != 0 || strings.Count(stdout, "accepted") != 4 || withoutProgress(stderr) != "" {
		t.Errorf("check: exit code %d, output %q, errors %q", code, stdout, stderr)
	}
	p, err := launch("serve", "--config", path, "--listen", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.stop(); err != nil {
			t.Error(err)
		}
	})
	if err := p.awaitAddress("Roster listens on "); err != nil {
		t.Fatal(err)
	}
	p.awaitFirstReading(t)
	made := p.writes(t, teaming, map[string]any{"name": "Night shift"})
	if made.Outcome != "DONE" || made.Team == nil {
		t.Errorf("a write: %+v", made)
	}
	const people = `{ users(first: 1) { totalCount completeness { complete } } }`
	if theirs, ours := own.ask(t, people, nil), p.ask(t, people, nil); string(theirs.Data) != string(ours.Data) || len(ours.Errors) > 0 {
		t.Errorf("the demo answers %s, serve %s", theirs.Body, ours.Body)
	}

	// What is there already may be somebody's own.
	before, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	code, _, stderr := run(t, "demo", "--people", "25", "--listen", "127.0.0.1:0", "--write-config", path)
	if after, err := os.ReadFile(path); code != 1 || !strings.Contains(stderr, "exists already") || err != nil || string(after) != string(before) {
		t.Errorf("a file that is there: exit code %d, errors %q, the file is now %q", code, stderr, after)
	}
}
