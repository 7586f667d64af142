package e2e_test

import (
	"fmt"
	"io"
	"maps"
	"net/http"
	"strings"
	"testing"

	"roster/internal/redis/redistest"
	"roster/internal/sandbox"
)

const (
	hookSecret = "hook-canary-0123456789abcdef0123456789"
	hookToken  = "hook-canary-token"
)

// hooked gives a source's settings with webhooks. It is fetched once in a month, unless something else asks for it.
func hooked(s *sandbox.Sandbox, more map[string]any) map[string]any {
	settings := reading(sourceSettings(s.Sources()[0]), "30d", "1s")
	hooks := map[string]any{"secret": hookSecret}
	maps.Copy(hooks, more)
	settings["hooks"] = hooks
	return settings
}

// hook sends a webhook, and gives the status and the body of the answer.
func (p *program) hook(t *testing.T, method, path, body string) (status int, text string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, p.url+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Host = "hooks.example.com" // vendors come from elsewhere
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	resp, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(answer)
}

// finds reports whether the search for a contact or a user finds somebody.
func (p *program) finds(t *testing.T, list, name string) bool {
	t.Helper()
	var data map[string]struct{ TotalCount int }
	p.ask(t, fmt.Sprintf(`{ %s(filter: { search: %q }) { totalCount } }`, list, name), nil).into(t, &data)
	return data[list].TotalCount > 0
}

// What a source reports is fetched again long before it is due, and nothing else is. The secrets are in no log and no metric.
func TestHooks(t *testing.T) {
	t.Parallel()
	kommo, chat := system(t, sandbox.Kommo, smallCompany), system(t, sandbox.RocketChat, smallCompany)
	settings := settingsOf(hooked(kommo, nil), hooked(chat, map[string]any{"token": hookToken}))
	admin := adminOf(t)
	settings["admin"] = map[string]any{"listen": admin}
	settings["log"] = map[string]any{"level": "debug"}
	settings["access"] = map[string]any{"log": "stderr"}
	p := serve(t, settings)
	p.awaitFirstReading(t)
	kommo.ResetCalls()
	chat.ResetCalls()

	id := kommo.AddContact("Zenobia Quill")
	path := "/hooks/kommo/" + hookSecret
	for _, tc := range []struct {
		method, path, body string
		status             int
	}{
		{http.MethodPost, path, "leads[add][0][id]=1&account[id]=2", 200},
		{http.MethodPost, path, "contacts[update][0][id]=1&contacts[update][0][type]=company", 200},
		{http.MethodPost, path + "0", "contacts[add][0][id]=1", 404},
		{http.MethodPost, "/hooks/nobody/" + hookSecret, "contacts[add][0][id]=1", 404},
		{http.MethodPost, "/hooks/rocketchat/" + hookSecret, `{"token":"another"}`, 404},
		{http.MethodGet, path, "", 405},
	} {
		if status, text := p.hook(t, tc.method, tc.path, tc.body); status != tc.status || strings.Contains(text, "canary") {
			t.Errorf("%s %s %s: HTTP %d %s, want %d", tc.method, tc.path, tc.body, status, text, tc.status)
		}
	}
	if p.finds(t, "contacts", "Zenobia Quill") {
		t.Error("the contact is there although nothing has been fetched")
	}
	if status, text := p.hook(t, http.MethodPost, path, fmt.Sprintf("contacts[add][0][id]=%d&contacts[add][0][type]=contact&account[id]=2", id)); status != 200 || text != `{"status":"OK"}` {
		t.Errorf("HTTP %d %s", status, text)
	}
	eventually(t, "the contact is there", func() bool { return p.finds(t, "contacts", "Zenobia Quill") })
	kommo.RemoveContact(id)
	p.hook(t, http.MethodPost, path, fmt.Sprintf("contacts[delete][0][id]=%d", id))
	eventually(t, "the contact is gone", func() bool { return !p.finds(t, "contacts", "Zenobia Quill") })
	for call := range kommo.Calls()[sandbox.Kommo] {
		if call != "contacts.list" {
			t.Errorf("%s was called again: no webhook was about that", call)
		}
	}

	chat.AddUser("zenobia", "Zenobia Quill")
	p.hook(t, http.MethodPost, "/hooks/rocketchat/"+hookSecret, `{"token":"`+hookToken+`","bot":false}`)
	eventually(t, "the user is there", func() bool { return p.finds(t, "users", "Zenobia Quill") })

	_, metrics := fetch(t, "http://"+admin+"/metrics")
	for _, line := range []string{
		`roster_hooks_total{result="accepted",source="kommo"} 2`, `roster_hooks_total{result="ignored",source="kommo"} 2`,
		`roster_hooks_total{result="rejected",source="kommo"} 1`, `roster_hooks_total{result="rejected",source=""} 1`,
		`roster_hooks_total{result="rejected",source="rocketchat"} 1`, `roster_hooks_total{result="accepted",source="rocketchat"} 1`,
	} {
		if !strings.Contains(metrics, line+"\n") {
			t.Errorf("the metrics lack %s", line)
		}
	}
	if err := p.stop(); err != nil {
		t.Error(err)
	}
	if !strings.Contains(p.log.String(), `"route":"/hooks/"`) {
		t.Error("the log has no line for the requests")
	}
	if strings.Contains(p.log.String()+metrics, "hook-canary") {
		t.Errorf("a secret is in the log or the metrics:\n%s", p.log.String())
	}
}

// A replica receives the webhook, and all show what has changed.
func TestHooksWithReplicas(t *testing.T) {
	t.Parallel()
	redis, kommo := redistest.Start(t), system(t, sandbox.Kommo, smallCompany)
	settings := settingsOf(hooked(kommo, nil))
	settings["redis"] = map[string]any{"url": "redis://" + redis.Addr + "/0", "dial_timeout": "10s"}
	var replicas []*program
	for range 3 {
		p := serve(t, settings)
		p.awaitConnected(t)
		p.awaitFirstReading(t)
		replicas = append(replicas, p)
	}
	for i, receives := range replicas {
		name := fmt.Sprintf("Zenobia Quill %d", i)
		id := kommo.AddContact(name)
		receives.hook(t, http.MethodPost, "/hooks/kommo/"+hookSecret, fmt.Sprintf("contacts[add][0][id]=%d", id))
		for _, p := range replicas {
			eventually(t, "every replica has the contact", func() bool { return p.finds(t, "contacts", name) })
		}
	}
}
