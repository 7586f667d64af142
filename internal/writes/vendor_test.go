package writes_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"roster/connectors"
	"roster/connectors/faults"
	"roster/connectors/registry"
	"roster/internal/directory"
	"roster/internal/generation"
	"roster/internal/sandbox"
	"roster/internal/snapshot"
	"roster/internal/writes"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// vendorCanary is in every answer of the vendor. It must not appear anywhere else.
const vendorCanary = "canary-5b1f"

// vendorError is an error that Worksection, or a proxy in front of it, may answer to a call.
type vendorError struct {
	name   string
	effect faults.Effect
}

// inBody is an error within HTTP 200, which is how the vendor reports nearly all of its own errors: a number with several meanings, a message, and
// details.
func inBody(code int, message, details string) vendorError {
	body := map[string]any{"status": "error", "message": message + " " + vendorCanary}
	name := "no number, " + message
	if code != 0 {
		body["status_code"] = code
		name = fmt.Sprintf("%d %s", code, message)
	}
	if details != "" {
		body["message_details"] = details
		name += ": " + strings.ReplaceAll(details, vendorCanary, "…")
	}
	text, _ := json.Marshal(body) //nolint:errchkjson // texts and numbers
	return vendorError{name, faults.Reply(http.StatusOK, faults.JSON(string(text)))}
}

func withStatus(status int, what, body string, header ...string) vendorError {
	return vendorError{fmt.Sprintf("HTTP %d, %s", status, what), faults.Reply(status, faults.Body{Text: body}, append(header, "X-Canary", vendorCanary)...)}
}

// vendorErrors are all errors that the vendor documents, that its own clients or others know, and that come from a proxy in front of it.
func vendorErrors() []vendorError {
	all := []vendorError{
		inBody(2, "Action hash is missed or invalid", ""), inBody(4, "Project is invalid", ""), inBody(4, "File not found", ""), inBody(5, "Task is invalid", ""),
		inBody(6, "Timer is already started", ""), inBody(7, "Timer not found", ""), inBody(7, "Timer is not started", ""), inBody(8, "Task is closed", ""),
		inBody(10, "At least one of fields required", vendorCanary), inBody(10, "WebHook not found", ""), inBody(10, "Field is required", vendorCanary),
		inBody(11, "Invalid email", vendorCanary+"@x.example,"+vendorCanary+"@y.example"), inBody(11, "Invalid response of the webhook's URL", ""),
		inBody(12, "already closed", ""), inBody(12, "already active", ""), inBody(13, "Task has children", ""), inBody(14, "Parent task is done", ""),
		inBody(16, "Tag is invalid", ""), inBody(16, "quota exceeded", ""), inBody(20, "access denied", ""), inBody(30, "object not found", ""),
		inBody(0, "Too many requests", ""), inBody(0, "Too many users (10000 max)", ""), inBody(77, "a number that nobody knows", ""), inBody(0, "nothing more", ""),
		withStatus(http.StatusUnauthorized, "the token has expired", `{"status":"error","message":"Access token is expired `+vendorCanary+`"}`),
		withStatus(http.StatusUnauthorized, "anything else", `{"status":"error","message":"`+vendorCanary+`"}`),
		withStatus(http.StatusForbidden, "a page", "<p>"+vendorCanary), withStatus(http.StatusNotFound, "a page", "<p>"+vendorCanary),
		withStatus(http.StatusRequestURITooLong, "a page", "<p>"+vendorCanary),
		withStatus(http.StatusTooManyRequests, "for a second", `{"message":"`+vendorCanary+`"}`, "Retry-After", "1"),
		withStatus(http.StatusTooManyRequests, "for an hour", `{"message":"`+vendorCanary+`"}`, "Retry-After", "3600"),
		withStatus(http.StatusFound, "to a login page", "", "Location", "https://"+vendorCanary+".example/login"),
		withStatus(http.StatusInternalServerError, "a page", "<p>"+vendorCanary), withStatus(http.StatusBadGateway, "a page", "<p>"+vendorCanary),
		withStatus(http.StatusServiceUnavailable, "a page", "<p>"+vendorCanary), withStatus(http.StatusOK, "a page", "<p>"+vendorCanary),
		withStatus(http.StatusOK, "nothing", ""), withStatus(http.StatusOK, "half of an answer", `{"status":"ok","data":{"id":"1","title":"`+vendorCanary),
		withStatus(http.StatusOK, "an error of another interface", `{"error":"invalid_client","errorDescription":"`+vendorCanary+`"}`),
		{"the connection cut", faults.Reset()},
	}
	for _, field := range []string{
		"email", "first_name", "last_name", "title", "group", "department", "role", "client", "name", "phone", "phone2", "phone3", "phone4", "address", "address2",
		"id_task", "email_user",
	} {
		all = append(all, inBody(10, "Field is required", field))
	}
	return all
}

// vendorWorld is a server with Worksection's fake. The fake answers with the effect to calls that change something, or, if the mutation is
// readingTheTask, to the call that reads a task.
func vendorWorld(t *testing.T, effect faults.Effect, mutation string, log *bytes.Buffer) (w *world, secrets []string, stop func(), err error) {
	s, err := sandbox.StartOne(t.Context(), sandbox.Worksection, sandbox.Options{People: sandbox.MinPeople})
	if err != nil {
		return nil, nil, nil, err
	}
	s.AddTask("7")
	cfg := s.Sources()[0]
	src, err := registry.Open(connectors.Config{Name: "ws", Kind: sandbox.Worksection, URL: cfg.URL, Settings: cfg.Settings, RateLimit: &connectors.RateLimit{}, Retries: new(0)})
	if err != nil {
		return nil, nil, nil, errors.Join(err, s.Close())
	}
	settings := make(map[snapshot.Key]snapshot.Settings)
	for _, c := range src.Collections() {
		settings[snapshot.Key{Source: "ws", Collection: c}] = quick
	}
	w = &world{t: t, log: new(strings.Builder)}
	w.keeper = snapshot.New(snapshot.Options{Sources: []*connectors.Source{src}, Settings: settings, Logger: slog.New(slog.NewTextHandler(log, nil))})
	w.ledger = writes.NewLedger(writes.LedgerOptions{})
	w.roster = generation.New(generation.Options{Keeper: w.keeper, Sources: []generation.Source{{Source: src}}, Overlay: w.ledger})
	w.writer = writes.New(writes.Options{Keeper: w.keeper, Publisher: w.roster, Ledger: w.ledger, SettleAfter: 200 * time.Millisecond,
		Audit: slog.New(slog.NewTextHandler(w.log, nil)), AuditValues: true})
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	var running sync.WaitGroup
	running.Go(func() { _ = w.keeper.Run(ctx) })
	running.Go(func() { _ = w.roster.Run(ctx) })
	stop = func() {
		w.writer.Close()
		cancel()
		running.Wait()
		_ = s.Close()
	}
	w.roster.AwaitFirst(ctx)
	if mutation == "unsubscribeFromTask" {
		if res, err := w.mutate(ctx, "subscribeToTask"); err != nil || res.Outcome != writes.Done {
			t.Errorf("nobody can be subscribed: %+v, %v", res, err)
		}
	}
	s.Fault(sandbox.Worksection).Set(faults.Fault{Effect: effect, On: func(r *http.Request) bool {
		if mutation == readingTheTask {
			return r.URL.Query().Get("action") == "get_task"
		}
		return r.Method == http.MethodPost
	}})
	return w, []string{vendorCanary, cfg.URL, fmt.Sprint(sandbox.Credentials(sandbox.Worksection)["api_key"]), "hash="}, stop, nil
}

const readingTheTask = "subscribeToTask (reading the task)"

// vendorMutations are the mutations, and subscribeToTask once more for the task's fetch before it.
func vendorMutations() []string {
	return append(kindNames(), "subscribeToTask", readingTheTask, "unsubscribeFromTask")
}

func (w *world) mutate(ctx context.Context, mutation string) (writes.Result, error) {
	if of, ok := kinds[mutation]; ok {
		return of.do(ctx, w, writes.Request{Source: "ws"})
	}
	ref := connectors.Ref{Source: "ws", ID: firstAccount(w.keeper)}
	res, _, err := w.writer.SubscribeToTask(ctx, writes.Request{Source: "ws"}, writes.Subscribe{
		TaskID: "7", Off: mutation == "unsubscribeFromTask",
		User: func(d *directory.Directory) (*directory.User, error) { return d.UserByAccount(ref), nil },
	})
	return res, err
}

// answered returns the result of a mutation to which the source answers in that way, as the golden file has it. It checks that no text of the source,
// its address or the credential is in the payload, the log or the audit with values.
func answered(t *testing.T, mutation string, said vendorError) string {
	var log bytes.Buffer
	w, secrets, stop, err := vendorWorld(t, said.effect, mutation, &log)
	if err != nil {
		t.Error(err)
		return ""
	}
	res, err := w.mutate(t.Context(), mutation)
	stop()
	if err != nil || (res.Outcome == writes.Rejected) != (len(res.Errors) == 1) {
		t.Errorf("%s, %s: %+v, %v", mutation, said.name, res, err)
	}
	payload, _ := json.Marshal(res) //nolint:errchkjson // texts only
	for where, text := range map[string]string{"payload": string(payload), "log": log.String(), "audit": w.log.String()} {
		for _, secret := range secrets {
			if strings.Contains(text, secret) {
				t.Errorf("%s, %s: the %s has %q: %s", mutation, said.name, where, secret, text)
			}
		}
	}
	row := string(res.Outcome)
	for _, e := range res.Errors {
		row += fmt.Sprintf(" %s [%s] %s", e.Code, strings.Join(e.Field, "."), e.Message)
	}
	return row
}

// Each of Worksection's answers to a change has an outcome, a code, a path in the input and a sentence of Roster's own. The golden file lists them for
// each mutation.
func TestVendorErrors(t *testing.T) {
	t.Parallel()
	rows := make(map[string]map[string][]string) // mutations by the source's answer and by the result
	var mu sync.Mutex
	var all sync.WaitGroup
	turns := make(chan struct{}, 48) // most of them wait
	for _, said := range vendorErrors() {
		rows[said.name] = make(map[string][]string)
		for _, mutation := range vendorMutations() {
			all.Go(func() {
				turns <- struct{}{}
				row := answered(t, mutation, said)
				<-turns
				mu.Lock()
				defer mu.Unlock()
				rows[said.name][row] = append(rows[said.name][row], mutation)
			})
		}
	}
	all.Wait()
	var got strings.Builder
	for _, said := range vendorErrors() {
		got.WriteString(said.name + "\n")
		for _, row := range slices.Sorted(maps.Keys(rows[said.name])) {
			mutations := rows[said.name][row]
			slices.Sort(mutations)
			who := strings.Join(mutations, ", ")
			if len(mutations) == len(vendorMutations()) {
				who = "all"
			}
			got.WriteString("\t" + row + "\n\t\t" + who + "\n")
		}
	}
	path := filepath.Join("testdata", "worksection_errors.golden")
	if *update {
		if err := os.WriteFile(path, []byte(got.String()), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(got.String(), "\n")); diff != "" {
		t.Errorf("what comes of what the source says (-want +got):\n%s", diff)
	}
}
