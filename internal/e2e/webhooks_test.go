package e2e_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"roster/internal/redis/redistest"
	"roster/internal/sandbox"
)

// webhookSecret signs the messages of the tests, whose receivers have this path and query.
const (
	webhookSecret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
	webhookPath   = "/in/webhook-canary?code=webhook-canary"
)

// delivery is a message that a receiver has accepted.
type delivery struct {
	id   string
	Type string
	Data struct {
		Reason, Cursor string
		Changes        []json.RawMessage
	}
}

// receiverOfChanges is a receiver of webhooks, which verifies each signature.
type receiverOfChanges struct {
	*httptest.Server
	mu       sync.Mutex
	status   int
	accepted []delivery
	refused  []string // the IDs of what it has not accepted
	faults   []string
}

func receiveChanges(t *testing.T) *receiverOfChanges {
	t.Helper()
	signer, err := standardwebhooks.NewWebhook(webhookSecret)
	if err != nil {
		t.Fatal(err)
	}
	r := &receiverOfChanges{status: http.StatusNoContent}
	r.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		body, _ := io.ReadAll(req.Body)
		d := delivery{id: req.Header.Get("webhook-id")}
		r.mu.Lock()
		defer r.mu.Unlock()
		if err := signer.Verify(body, req.Header); err != nil || json.Unmarshal(body, &d) != nil || req.URL.RequestURI() != webhookPath {
			r.faults = append(r.faults, req.URL.RequestURI()+" "+string(body))
		}
		w.WriteHeader(r.status)
		if r.status != http.StatusNoContent {
			r.refused = append(r.refused, d.id)
			_, _ = io.WriteString(w, canary)
			return
		}
		r.accepted = append(r.accepted, d)
	}))
	t.Cleanup(func() {
		r.Close()
		if len(r.faults) > 0 {
			t.Errorf("messages that are not right: %v", r.faults)
		}
	})
	return r
}

func (r *receiverOfChanges) answer(status int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.status = status
}

// messages returns the accepted messages, and the IDs of the refused ones.
func (r *receiverOfChanges) messages() ([]delivery, []string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.accepted[:len(r.accepted):len(r.accepted)], r.refused[:len(r.refused):len(r.refused)]
}

// resets returns the reasons of the accepted resets.
func (r *receiverOfChanges) resets() (reasons []string) {
	all, _ := r.messages()
	for _, d := range all {
		if d.Type == "directory.reset" {
			reasons = append(reasons, d.Data.Reason)
		}
	}
	return reasons
}

// change returns the accepted change of a person of that name, with the message; nil if there is none yet.
func (r *receiverOfChanges) change(name string) (json.RawMessage, *delivery) {
	all, _ := r.messages()
	for i := range all {
		for _, c := range all[i].Data.Changes {
			if strings.Contains(string(c), `"label":"`+name+" ") {
				return c, &all[i]
			}
		}
	}
	return nil, nil
}

// await waits for the change of a person of that name.
func (r *receiverOfChanges) await(t *testing.T, name string) json.RawMessage {
	t.Helper()
	eventually(t, "the change to "+name+" is delivered", func() bool { c, _ := r.change(name); return c != nil })
	c, _ := r.change(name)
	return c
}

func (r *receiverOfChanges) settings() map[string]any {
	return map[string]any{"name": "crm", "url": r.URL + webhookPath, "secret": webhookSecret, "kinds": []string{"USER"},
		"insecure_http": true, "allow_networks": []string{"127.0.0.0/8", "::1"}}
}

// A receiver gets what GET /changes tells, also after it was down, and after the configuration and the process were replaced. No secret is logged.
func TestWebhooks(t *testing.T) {
	t.Parallel()
	in, s := receiveChanges(t), system(t, sandbox.Worksection, smallCompany)
	settings := settingsOf(reading(sourceSettings(s.Sources()[0]), "1s", "1s"))
	hook := in.settings()
	admin := adminOf(t)
	settings["webhooks"], settings["cache_dir"], settings["admin"] = []any{hook}, t.TempDir(), map[string]any{"listen": admin}
	entries := filepath.Join(t.TempDir(), "access.log")
	settings["access"] = map[string]any{"log": entries}
	p := serveReloadable(t, settings)
	eventually(t, "it has begun", func() bool { return cmp.Equal(in.resets(), []string{"STARTED"}) })
	stream, _ := p.changes(t, "", "")
	stream.next() // that it is ready
	s.Rename("Firstly")
	var told, delivered map[string]any
	for told == nil || !strings.HasPrefix(told["label"].(string), "Firstly ") {
		_, data, ok := stream.next()
		if !ok || json.Unmarshal([]byte(data), &told) != nil {
			t.Fatalf("%s", data)
		}
	}
	if err := json.Unmarshal(in.await(t, "Firstly"), &delivered); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(told, delivered); diff != "" {
		t.Errorf("(-GET /changes +delivered):\n%s", diff)
	}

	// While the receiver is down, changes wait; each message keeps its ID.
	in.answer(http.StatusBadGateway)
	s.Rename("Secondly")
	eventually(t, "it is tried again", func() bool { _, refused := in.messages(); return len(refused) > 1 && refused[0] == refused[1] })
	_, page := fetch(t, "http://"+admin+"/webhooks")
	_, metrics := fetch(t, "http://"+admin+"/metrics")
	if !strings.Contains(page, `"state":"retrying"`) || !strings.Contains(page, `"problem":"HTTP 502"`) || !strings.Contains(metrics, `roster_webhook_delivering{webhook="crm"} 1`) {
		t.Errorf("%s\n%s", page, metrics)
	}
	list, err := exec.CommandContext(t.Context(), binary, "webhooks", "list", "--config", p.path).CombinedOutput()
	if err != nil || !strings.Contains(string(list), "retrying  HTTP 502: ") {
		t.Errorf("%v: %s", err, list)
	}
	in.answer(http.StatusNoContent)
	in.await(t, "Secondly")
	_, refused := in.messages()
	if _, d := in.change("Secondly"); d.id != refused[0] {
		t.Errorf("delivered as %s, refused as %s", d.id, refused[0])
	}

	// A changed configuration keeps the position.
	hook["batch"] = 2
	p.reload(t, settings)
	s.Rename("Thirdly")
	in.await(t, "Thirdly")
	if got := in.resets(); len(got) != 1 {
		t.Errorf("resets after a reload: %v", got)
	}

	// The log does not outlive the process, and the receiver is told so.
	if err := p.stop(); err != nil {
		t.Error(err)
	}
	again := serve(t, settings)
	eventually(t, "it is told that changes may be missing", func() bool { return cmp.Equal(in.resets(), []string{"STARTED", "CURSOR_EXPIRED"}) })
	s.Rename("Fourthly")
	in.await(t, "Fourthly")
	out, err := exec.CommandContext(t.Context(), binary, "webhooks", "test", "crm", "--config", p.path).CombinedOutput()
	all, _ := in.messages()
	if last := all[len(all)-1]; err != nil || last.Type != "webhook.test" {
		t.Errorf("%v: %s; the last message is of type %s", err, out, last.Type)
	}
	recorded, err := os.ReadFile(entries)
	if err != nil {
		t.Error(err)
	}
	for _, part := range []string{`"subject":"crm"`, `"method":"webhook"`, `"reason":"STARTED"`, `"attempt":2,"status":502,"outcome":"failed"`} {
		if !strings.Contains(string(recorded), part) {
			t.Errorf("the access log has no %s:\n%s", part, recorded)
		}
	}
	for what, text := range map[string]string{"the access log": string(recorded), "the log": p.log.String() + again.log.String(), "the page": page, "the metrics": metrics, "the list": string(list) + string(out)} {
		if strings.Contains(text, "webhook-canary") || strings.Contains(text, canary) || strings.Contains(text, webhookSecret) {
			t.Errorf("%s has a secret:\n%s", what, text)
		}
	}
}

// Of two replicas one delivers, and when it is killed, the other goes on.
func TestWebhooksWithReplicas(t *testing.T) {
	t.Parallel()
	redis, in, s := redistest.Start(t), receiveChanges(t), system(t, sandbox.Worksection, smallCompany)
	settings := settingsOf(reading(sourceSettings(s.Sources()[0]), "1s", "1s"))
	settings["redis"] = map[string]any{"url": "redis://" + redis.Addr + "/0", "dial_timeout": "10s"}
	settings["webhooks"] = []any{in.settings()}
	type replica struct {
		*program
		admin string
	}
	var replicas []replica
	for range 2 {
		admin := adminOf(t)
		settings["admin"] = map[string]any{"listen": admin}
		p, err := launch("serve", "--config", configFile(t, settings))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			_ = p.cmd.Process.Kill()
			<-p.exited
		})
		if err := p.awaitAddress("Roster listens on "); err != nil {
			t.Fatal(err)
		}
		p.awaitConnected(t)
		p.awaitFirstReading(t)
		replicas = append(replicas, replica{p, admin})
	}
	delivering := func() (at int) {
		at = -1
		for i, r := range replicas {
			if _, metrics := fetch(t, "http://"+r.admin+"/metrics"); strings.Contains(metrics, `roster_webhook_delivering{webhook="crm"} 1`) {
				if at >= 0 {
					t.Error("both replicas deliver")
				}
				at = i
			}
		}
		return at
	}
	eventually(t, "one replica delivers", func() bool { return delivering() >= 0 && len(in.resets()) == 1 })
	s.Rename("Firstly")
	in.await(t, "Firstly")
	one := delivering()
	_ = replicas[one].cmd.Process.Kill()
	<-replicas[one].exited
	s.Rename("Secondly") // while nobody delivers
	eventually(t, "the other one delivers", func() bool { return delivering() == 1-one })
	in.await(t, "Secondly") // it goes on where the first one was, in the same log
	s.Rename("Thirdly")
	in.await(t, "Thirdly")
	if got := in.resets(); len(got) != 1 {
		t.Errorf("resets: %v", got)
	}
	for _, r := range replicas {
		discreet(t, "the log", r.log.String())
	}
}
