package e2e_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"roster/connectors"
	"roster/internal/sandbox"
)

// example is a query in a file, with its variables in another.
type example struct {
	name, query string
	variables   []byte // none where there is no file
	expected    string // the path of the expected answer
}

func examplesIn(t *testing.T, dir string) []example {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*.graphql"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no examples in %s: %v", dir, err)
	}
	var all []example
	for _, file := range files {
		base := strings.TrimSuffix(file, ".graphql")
		query, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		variables, err := os.ReadFile(base + ".variables.json")
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			t.Fatal(err)
		}
		if strings.Contains("\n"+string(query), "\nsubscription ") { // it has many answers; see TestExampleOfChanges
			continue
		}
		all = append(all, example{filepath.Base(base), string(query), variables, base + ".expected.json"})
	}
	return all
}

// changes says whether it is a mutation, which GET is not for.
func (e example) changes() bool { return strings.Contains("\n"+e.query, "\nmutation ") }

func (e example) post(t *testing.T, p *program) answer {
	t.Helper()
	return p.ask(t, e.query, json.RawMessage(e.variables))
}

// readable spreads an answer over lines, in its own order.
func readable(t *testing.T, a answer) string {
	t.Helper()
	var b bytes.Buffer
	if err := json.Indent(&b, a.Body, "", "  "); err != nil {
		t.Fatal(err)
	}
	b.WriteByte('\n')
	return b.String()
}

func (e example) want(t *testing.T) string {
	t.Helper()
	want, err := os.ReadFile(e.expected)
	if err != nil {
		t.Fatal(err)
	}
	return string(want)
}

func TestExamples(t *testing.T) {
	t.Parallel()
	p := theDemo(t)
	for _, e := range examplesIn(t, filepath.Join(repository, "examples")) {
		t.Run(e.name, func(t *testing.T) {
			t.Parallel()
			posted := readable(t, e.post(t, p))
			if *update {
				if err := os.WriteFile(e.expected, []byte(posted), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			if diff := cmp.Diff(e.want(t), posted); diff != "" {
				t.Errorf("the answer by POST (-want +got):\n%s", diff)
			}
			if e.changes() {
				return
			}
			if diff := cmp.Diff(e.want(t), readable(t, p.get(t, e.query, e.variables))); diff != "" {
				t.Errorf("the answer by GET (-want +got):\n%s", diff)
			}
		})
	}
}

// The subscription among the examples tells of a change after its cursor, with what a front end shows.
func TestExampleOfChanges(t *testing.T) {
	t.Parallel()
	query, err := os.ReadFile(filepath.Join(repository, "examples", "27-changes.graphql"))
	if err != nil {
		t.Fatal(err)
	}
	s := system(t, sandbox.Worksection, smallCompany)
	p := serve(t, settingsOf(reading(sourceSettings(s.Sources()[0]), "1s", "1s")))
	p.awaitFirstReading(t)
	var cursor struct{ ChangeCursor string }
	p.ask(t, "{ changeCursor }", nil).into(t, &cursor)
	body, err := json.Marshal(map[string]any{"query": string(query), "variables": map[string]any{"after": cursor.ChangeCursor}})
	if err != nil {
		t.Fatal(err)
	}
	f := p.overEvents(t, "the example", false, http.MethodPost, "/graphql", body)
	s.Rename("Firstly")
	for {
		data, err := f.read()
		if err != nil {
			t.Fatal(err)
		}
		var got struct {
			Data struct {
				Changes struct {
					Action, Label string
					Fields        []string
					Reset         bool
					Node          struct{ Name string }
				}
			}
			Errors []any
		}
		if len(data) < 3 || json.Unmarshal(data, &got) != nil || got.Data.Changes.Reset { // a sign of life, or the arrival of the source
			continue
		}
		c := got.Data.Changes
		if len(got.Errors) > 0 || c.Action != "UPDATED" || !strings.HasPrefix(c.Label, "Firstly ") || c.Node.Name != c.Label || !slices.Contains(c.Fields, "name") {
			t.Errorf("%s", data)
		}
		return
	}
}

// The script beside the examples says the same as the tests.
func TestExamplesByScript(t *testing.T) {
	t.Parallel()
	for _, tool := range []string{"sh", "curl"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("%s is not installed", tool)
		}
	}
	script := filepath.Join(repository, "examples", "run.sh")
	out, err := exec.CommandContext(t.Context(), "sh", script, "--check", theDemo(t).url).CombinedOutput()
	if err != nil {
		t.Errorf("run.sh --check: %v\n%s", err, out)
	}
}

// Four systems in processes of their own give what the demo gives.
func TestServeOverSeparateSystems(t *testing.T) {
	t.Parallel()
	settings := map[string]any{"listen": "127.0.0.1:0", "identity": map[string]any{"dir": t.TempDir(), "authority": "kommo"}}
	var sources []json.RawMessage
	for _, kind := range sandbox.Kinds {
		sources = append(sources, separateSystem(t, kind))
	}
	settings["sources"] = sources
	settings["custom_fields"] = sandbox.CustomFieldSettings()
	p := serve(t, settings)
	p.awaitFirstReading(t)
	for _, e := range examplesIn(t, filepath.Join(repository, "examples")) {
		if diff := cmp.Diff(e.want(t), readable(t, e.post(t, p))); diff != "" {
			t.Errorf("%s (-want +got):\n%s", e.name, diff)
		}
	}
}

// separateSystem starts this test binary as one system of the demo's company, and gives its settings.
func separateSystem(t *testing.T, kind connectors.KindName) json.RawMessage {
	t.Helper()
	cmd := exec.CommandContext(context.WithoutCancel(t.Context()), os.Args[0]) // it ends when its input does
	cmd.Env = append(os.Environ(), fakeEnv+"="+string(kind))
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadBytes('\n')
	if err != nil {
		t.Fatalf("the system %s does not say where it is: %v", kind, err)
	}
	t.Cleanup(func() {
		in.Close()
		if err := cmd.Wait(); err != nil {
			t.Errorf("the system %s: %v", kind, err)
		}
	})
	return line
}

// operationName gives the name of a document's operation.
func operationName(query string) string {
	for line := range strings.Lines(query) {
		rest, ok := strings.CutPrefix(line, "query ")
		if !ok {
			rest, ok = strings.CutPrefix(line, "mutation ")
		}
		if ok {
			name, _, _ := strings.Cut(rest, "(")
			return strings.Trim(name, " {\n")
		}
	}
	return ""
}
