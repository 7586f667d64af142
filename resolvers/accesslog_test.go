package resolvers_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"roster/internal/access"
)

// The access log records who has read what. It contains no values, neither of requests nor of answers.
func TestAccessLog(t *testing.T) {
	t.Parallel()
	w := newTestServer(t, private("canary").company()...).read()
	path := filepath.Join(t.TempDir(), "access.log")
	log, err := access.OpenLog(access.LogOptions{Path: path})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = log.Close() })
	w.api.AccessLog = log
	ask := overHTTP(w.withAuthentication())
	everywhere := []any{"worksection", "kommo", "altcraft", "rocketchat", "untyped"}
	entry := func(change map[string]any) map[string]any {
		e := map[string]any{"level": "INFO", "msg": "access", "method": "key", "subject": onlyRead, "operation": "query", "name": "", "withheld": []any{},
			"items": 0., "lookups": 0., "errors": 0., "outcome": "answered", "sources": everywhere}
		for k, v := range change {
			e[k] = v
		}
		return e
	}
	const long = "a23456789_b23456789_c23456789_d23456789_e23456789_f23456789_g23456789_h23456789_i23456789_j23456789_k23456789"
	const absentTeam, absentRole, absentContact, absentFolder = "VHgvMQ", "UngvMQ", "Q3gvMQ", "RngvMQ" // of a source named x
	var want []map[string]any
	for _, op := range []struct {
		scopes, document string
		entry            map[string]any
	}{
		{onlyRead, `query Ann($secret: String = "Ann Lee") { users(filter: {search: $secret}) { nodes { name email phones { raw } } } again: users(first: 1) { totalCount } }`,
			map[string]any{"name": "Ann", "fields": []any{"users"}, "items": 2., "withheld": []any{"User.phones"}, "errors": 1., "outcome": "partly"}},
		{sensitive, `{ user(by: {email: "ann@example.com"}) { phones { raw } } }`, map[string]any{"subject": sensitive, "fields": []any{"user"}, "lookups": 1.}},
		{onlyRead, `{ nodes(ids: ["a", "b"]) { id } _entities(representations: [{__typename: "User", email: "ann@example.com"}]) { __typename } }`,
			map[string]any{"fields": []any{"nodes", "_entities"}, "lookups": 3.}},
		{onlyRead, `{ team(id: "` + absentTeam + `") { id } role(id: "` + absentRole + `") { id } contact(id: "` + absentContact + `") { id } contactFolder(id: "` + absentFolder + `") { id } }`,
			map[string]any{"fields": []any{"team", "role", "contact", "contactFolder"}, "lookups": 4.}},
		{onlyRead, `{ teams(first: 2) { nodes { name } } roles(first: 3) { nodes { name } } contactFolders(first: 1) { totalCount } contacts(first: 0) { totalCount } }`,
			map[string]any{"fields": []any{"teams", "roles", "contactFolders", "contacts"}, "items": 6.}},
		{onlyRead, `query ` + long + ` { viewer { subject } }`, map[string]any{"name": long[:100] + "…", "fields": []any{"viewer"}, "sources": []any{}}},
		{onlyRead, `{ users(first: 501) { totalCount } }`, map[string]any{"fields": []any{"users"}, "errors": 1., "outcome": "partly"}},
	} {
		ask(t, op.scopes, op.document, nil)
		want = append(want, entry(op.entry))
	}
	ask(t, onlyRead, `{ nobody }`, nil)         // is never executed
	ask(t, "", `{ users { totalCount } }`, nil) // is never executed
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var got []map[string]any
	for line := range strings.Lines(string(text)) {
		var e map[string]any
		if err := json.Unmarshal([]byte(line), &e); err != nil {
			t.Fatal(err)
		}
		if hash, _ := e["hash"].(string); len(hash) != 64 || e["took"] == nil || e["time"] == nil {
			t.Errorf("an entry without its hash or times: %s", line)
		}
		delete(e, "hash")
		delete(e, "took")
		delete(e, "time")
		got = append(got, e)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	for _, value := range []string{"canary", "Ann Lee", "example.com", "501"} {
		if strings.Contains(fmt.Sprint(got), value) { // times and hashes may contain any digits
			t.Errorf("the log contains %q:\n%s", value, text)
		}
	}
}
