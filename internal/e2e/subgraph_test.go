package e2e_test

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"roster/internal/sandbox"
)

// A router composes what the server states with a key and without introspection, under the names that are configured.
func TestSubgraphOfACompany(t *testing.T) {
	t.Parallel()
	router, routerHash := newKey(t)
	reader, readerHash := newKey(t)
	settings := settingsOf(sourceSettings(system(t, sandbox.Worksection, 30).Sources()[0]))
	settings["federation"] = map[string]any{"prefix": "Roster"}
	settings["access"] = map[string]any{"keys": []any{
		map[string]any{"name": "router", "hash": routerHash, "scopes": []string{"directory:read", "directory:sensitive"}, "router": true},
		map[string]any{"name": "reader", "hash": readerHash, "scopes": []string{"directory:read"}},
	}}
	p := serve(t, settings)
	p.awaitFirstReading(t)
	ask := func(key, body string) answer {
		t.Helper()
		return p.send(t, http.MethodPost, "", "application/json", []byte(body), "Authorization", "Bearer "+key)
	}
	const service = `{"query":"{ _service { sdl } }"}`
	var data struct {
		Service struct{ SDL string } `json:"_service"`
		Nodes   struct {
			Nodes []struct {
				Typename string `json:"__typename"`
				Phones   []struct{ Raw string }
			}
		} `json:"rosterUsers"`
	}
	ask(router, service).into(t, &data)
	code, printed, _ := run(t, "schema", "--federation", "--prefix", "Roster", "--security-directives")
	if diff := cmp.Diff(printed, data.Service.SDL); code != 0 || diff != "" {
		t.Errorf("what a router gets (-printed +served):\n%s", diff)
	}
	if a := ask(reader, service); len(a.Errors) != 1 || a.Errors[0].Extensions.Code != "FORBIDDEN" {
		t.Errorf("another caller gets %s", a.Body)
	}
	ask(router, `{"query":"{ rosterUsers(filter: {bot: false}) { nodes { __typename phones { raw } } } }"}`).into(t, &data)
	if len(data.Nodes.Nodes) == 0 || data.Nodes.Nodes[0].Typename != "RosterUser" {
		t.Errorf("people are %+v", data.Nodes.Nodes)
	}

	get := func(key string) (int, string) {
		t.Helper()
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, p.url+"/schema.graphql", nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Authorization", "Bearer "+key)
		resp, err := client.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		body, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Fatal(err)
		}
		return resp.StatusCode, string(body)
	}
	_, client, _ := run(t, "schema", "--client", "--prefix", "Roster")
	if status, text := get(router); status != http.StatusOK || text != client || !strings.Contains(text, "type RosterUser ") {
		t.Errorf("/schema.graphql is %d %.200s", status, text)
	}
	if status, _ := get(reader); status != http.StatusForbidden {
		t.Errorf("/schema.graphql gives another caller %d", status)
	}
}
