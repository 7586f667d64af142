package e2e_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"path/filepath"
	"syscall"
	"testing"

	"roster/connectors/faults"
	"roster/internal/redis/redistest"
	"roster/internal/sandbox"
)

// outcomeOf sends the mutation, and gives the outcome that the client is told of it; empty where there is no answer.
func (p *program) outcomeOf(t *testing.T, input map[string]any) <-chan written {
	t.Helper()
	input["source"] = "worksection"
	body, err := json.Marshal(map[string]any{"query": teaming, "variables": map[string]any{"input": input}})
	if err != nil {
		t.Fatal(err)
	}
	told := make(chan written, 1)
	go func() {
		defer close(told)
		resp, err := client.Post(p.url+"/graphql", "application/json", bytes.NewReader(body)) //nolint:noctx // ends with the program
		if err != nil {
			return
		}
		defer resp.Body.Close()
		var answer struct{ Data struct{ CreateTeam written } }
		if b, err := io.ReadAll(resp.Body); err == nil && json.Unmarshal(b, &answer) == nil {
			told <- answer.Data.CreateTeam
		}
	}()
	return told
}

// holdAnswers has the source carry out what changes something, and keep its answer back until the fault is cleared.
func holdAnswers(s *sandbox.Sandbox) *faults.Handler {
	h := s.Fault(sandbox.Worksection)
	h.Set(faults.Fault{On: func(r *http.Request) bool { return r.Method == http.MethodPost }, Effect: faults.Slow(1, patience)})
	return h
}

// The program is told to stop while the source has carried out a write and has not said so. Who waits gets the answer if it comes in time, and is never told
// that nothing happened. The next program gives whoever asks again what was made then.
func TestStoppedInTheMiddleOfAWrite(t *testing.T) {
	t.Parallel()
	for name, remember := range map[string]func(*testing.T, map[string]any){
		"directory": func(t *testing.T, settings map[string]any) {
			settings["writes"] = map[string]any{"dir": filepath.Join(t.TempDir(), "writes")}
		},
		"redis": func(t *testing.T, settings map[string]any) {
			settings["redis"] = map[string]any{"url": "redis://" + redistest.Start(t).Addr + "/0", "dial_timeout": "10s"}
		},
	} {
		for how, answers := range map[string]bool{"the source answers in time": true, "the source does not answer": false} {
			t.Run(name+", "+how, func(t *testing.T) {
				t.Parallel()
				s := system(t, sandbox.Worksection, smallCompany)
				source := reading(sourceSettings(s.Sources()[0]), "1h", "1s")
				source["timeout"] = "1m"
				settings := settingsOf(source)
				remember(t, settings)
				p := serve(t, settings)
				p.awaitFirstReading(t)

				held := holdAnswers(s)
				told := p.outcomeOf(t, map[string]any{"name": "Night shift", "idempotencyKey": "k"})
				eventually(t, "the source is at it", func() bool { return held.Hits() == 1 })
				if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
					t.Fatal(err)
				}
				if answers {
					eventually(t, "the program drains", func() bool { return !p.listens(t) })
					held.Clear()
				}
				if err := p.awaitEnd(); err != nil {
					t.Error(err)
				}
				first, is := <-told
				if answers && (first.Outcome != "DONE" || first.Team == nil) || is && !answers && first.Outcome != "UNKNOWN" {
					t.Errorf("the caller is told %+v", first)
				}

				held.Clear()
				next := serve(t, settings)
				next.awaitFirstReading(t)
				again := next.writes(t, teaming, map[string]any{"name": "Night shift", "idempotencyKey": "k"})
				if again.Outcome != "DONE" || again.Team == nil || first.Team != nil && *again.Team != *first.Team {
					t.Errorf("%+v, and then %+v", first, again)
				}
				if n := s.Held("Night shift"); n != 1 {
					t.Errorf("the source has %d", n)
				}
			})
		}
	}
}

// listens says whether the program lets anybody in.
func (p *program) listens(t *testing.T) bool {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, p.url+"/healthz", nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := (&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}).Do(req)
	if err != nil {
		return false
	}
	return resp.Body.Close() == nil
}

// The configuration is replaced while the source has carried out a write and has not said so: who waits gets the answer, and what was made is
// shown by what came after, also while the source's list does not have it.
func TestReloadedInTheMiddleOfAWrite(t *testing.T) {
	t.Parallel()
	s := system(t, sandbox.Worksection, smallCompany)
	s.Lag(patience)
	source := reading(sourceSettings(s.Sources()[0]), "1h", "1s")
	settings := settingsOf(source)
	r := serveReloadable(t, settings)
	held := holdAnswers(s)
	told := r.outcomeOf(t, map[string]any{"name": "Night shift", "idempotencyKey": "k"})
	eventually(t, "the source is at it", func() bool { return held.Hits() == 1 })
	source["timeout"] = "2m"
	r.reload(t, settings)
	held.Clear()
	first := <-told
	if first.Outcome != "DONE" || first.Team == nil {
		t.Fatalf("the caller is told %+v", first)
	}
	var data struct{ Node *struct{ Name string } }
	r.ask(t, `query($id: ID!) { node(id: $id) { ... on Team { name } } }`, map[string]any{"id": first.Team.ID}).into(t, &data)
	if data.Node == nil || data.Node.Name != "Night shift" {
		t.Errorf("%+v, want what was made", data.Node)
	}
	if again := r.writes(t, teaming, map[string]any{"name": "Night shift", "idempotencyKey": "k"}); again.Outcome != "DONE" || again.Team == nil || *again.Team != *first.Team {
		t.Errorf("%+v, and then %+v", first, again)
	}
	if n := s.Held("Night shift"); n != 1 {
		t.Errorf("the source has %d", n)
	}
}
