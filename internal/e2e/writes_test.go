package e2e_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"path/filepath"
	"strings"
	"testing"

	"roster/internal/sandbox"
)

const (
	inviting = `mutation($input: InviteUserInput!) { inviteUser(input: $input) { outcome account { id email } wouldSend userErrors { field code message } } }`
	teaming  = `mutation($input: CreateTeamInput!) { createTeam(input: $input) { outcome team { id name } userErrors { field code message } } }`
)

// written is what a client sees of a write.
type written struct {
	Outcome    string
	Account    *struct{ ID, Email string }
	Team       *struct{ ID, Name string }
	UserErrors []struct {
		Field   []string
		Code    string
		Message string
	}
}

// writes sends a mutation of one field.
func (p *program) writes(t *testing.T, document string, input map[string]any) written {
	t.Helper()
	input["source"] = "worksection"
	a := p.ask(t, document, map[string]any{"input": input})
	var data map[string]written
	if err := json.Unmarshal(a.Data, &data); err != nil || len(a.Errors) > 0 || len(data) != 1 {
		t.Fatalf("%s: %v", a.Body, err)
	}
	if strings.Contains(string(a.Body), "canary") {
		t.Errorf("the answer holds the vendor's words: %s", a.Body)
	}
	for _, w := range data {
		return w
	}
	return written{}
}

// Every error that the vendor has for a write becomes one of ours, and neither the answer nor the log has any of its words, or of the caller's.
func TestWritesAreDiscreet(t *testing.T) {
	t.Parallel()
	s := system(t, sandbox.Worksection, smallCompany)
	p := serve(t, settingsOf(reading(sourceSettings(s.Sources()[0]), "1h", "1s")))
	p.awaitFirstReading(t)
	for _, tt := range []struct {
		code             int
		message, details string
		want, field      string
	}{
		{10, "Field is required canary", "email", "INVALID", "email"}, {10, "At least one of fields required canary", "canary", "REFUSED_BY_SOURCE", ""},
		{11, "Invalid email canary", "canary@x.example", "INVALID", "email"}, {2, "Action hash is missed or invalid canary", "", "REFUSED_BY_SOURCE", "source"},
		{20, "access denied canary", "", "REFUSED_BY_SOURCE", "source"}, {16, "canary", "", "REFUSED_BY_SOURCE", ""}, {99, "canary", "canary", "REFUSED_BY_SOURCE", "source"},
	} {
		s.Refuse("add_user", tt.code, tt.message, tt.details)
		got := p.writes(t, inviting, map[string]any{"email": "dana.reed@newcomer.example", "idempotencyKey": fmt.Sprint("canary-", tt.code, tt.message)})
		if got.Outcome != "REJECTED" || len(got.UserErrors) != 1 || got.UserErrors[0].Code != tt.want {
			t.Errorf("%d %s: %+v", tt.code, tt.message, got)
			continue
		}
		if path := strings.Join(got.UserErrors[0].Field, "."); path != strings.TrimSuffix("input."+tt.field, "input.") {
			t.Errorf("%d %s: field %q, want %q", tt.code, tt.message, path, tt.field)
		}
	}
	s.Refuse("add_user", 0, "", "")
	s.Cut("add_user", true)
	made := p.writes(t, inviting, map[string]any{"email": "dana.reed@newcomer.example"})
	if made.Outcome != "DONE" || made.Account == nil || s.Held("dana.reed@newcomer.example") != 1 {
		t.Errorf("with the connection cut: %+v", made)
	}
	eventually(t, "each write has its line", func() bool { return strings.Count(p.log.String(), "write.outcome=") == 8 })
	log := p.log.String()
	for _, word := range []string{"canary", "dana.reed", "hash=", "add_user&"} {
		if strings.Contains(log, word) {
			t.Errorf("the log holds %q:\n%s", word, log)
		}
	}
}

// What a program without Redis remembers in a directory outlives it, and a new configuration. Meanwhile no other has the directory.
func TestKeysOutliveTheProgram(t *testing.T) {
	t.Parallel()
	s := system(t, sandbox.Worksection, smallCompany)
	settings := settingsOf(sourceSettings(s.Sources()[0]))
	settings["writes"] = map[string]any{"dir": filepath.Join(t.TempDir(), "writes")}
	first := serveReloadable(t, settings)
	input := map[string]any{"name": "Night shift", "idempotencyKey": "k"}
	made := first.writes(t, teaming, input)
	intruder, err := launch("serve", "--config", configFile(t, settings))
	if err != nil {
		t.Fatal(err)
	}
	if err := intruder.awaitEnd(); err == nil || !strings.Contains(intruder.log.String(), "writes.dir: another process has the directory") {
		t.Errorf("a second program with the directory: %v\n%s", err, intruder.log.String())
	}
	changed := maps.Clone(settings)
	changed["writes"] = map[string]any{"dir": settings["writes"].(map[string]any)["dir"], "audit_values": true}
	first.reload(t, changed)
	if again := first.writes(t, teaming, input); again.Outcome != "DONE" || again.Team == nil || made.Team == nil || *again.Team != *made.Team {
		t.Errorf("after a new configuration %+v, and first %+v", again, made)
	}
	if err := first.stop(); err != nil {
		t.Fatal(err)
	}
	second := serve(t, settings)
	second.awaitFirstReading(t)
	again := second.writes(t, teaming, input)
	if made.Outcome != "DONE" || again.Outcome != "DONE" || made.Team == nil || again.Team == nil || *made.Team != *again.Team || s.Held("Night shift") != 1 {
		t.Errorf("first %+v, then %+v", made, again)
	}
	if other := second.writes(t, teaming, map[string]any{"name": "Day shift", "idempotencyKey": "k"}); len(other.UserErrors) != 1 || other.UserErrors[0].Code != "IDEMPOTENCY_MISMATCH" {
		t.Errorf("another input: %+v", other)
	}
}
