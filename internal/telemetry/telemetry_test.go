package telemetry_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	otlp "go.opentelemetry.io/proto/otlp/trace/v1"
	"pgregory.net/rapid"

	"roster/connectors"
	"roster/connectors/faults"
	"roster/internal/config"
	"roster/internal/httpapi"
	"roster/internal/logtest"
	"roster/internal/sandbox"
	"roster/internal/telemetry"
)

func quoted(s string) string {
	b, err := json.Marshal(s)
	if err != nil {
		panic(err) // it is a string
	}
	return string(b)
}

func nothing(*sandbox.Sandbox, *config.Config) {}

// value returns the value of one series; false if the series is absent.
func value(t *testing.T, metrics, series string) (v float64, ok bool) {
	t.Helper()
	for line := range strings.Lines(metrics) {
		if rest, found := strings.CutPrefix(line, series+" "); found {
			if _, err := fmt.Sscan(rest, &v); err != nil {
				t.Fatal(err)
			}
			return v, true
		}
	}
	return 0, false
}

func (p *program) wants(series string, want float64) {
	p.t.Helper()
	if got, ok := value(p.t, p.metrics(), series); !ok || got != want {
		p.t.Errorf("%s is %v (there: %v), want %v", series, got, ok, want)
	}
}

// Operations are counted by type and outcome.
func TestOperationsAreCounted(t *testing.T) {
	t.Parallel()
	p := start(t, nil, func(company *sandbox.Sandbox, _ *config.Config) {
		company.Fault(sandbox.Altcraft).Set(faults.Fault{Effect: faults.Reply(http.StatusInternalServerError, faults.Plain("no"))})
	})
	p.ask(`{ teams(first: 1) { totalCount } }`)
	p.ask(`{ users(first: 1) { totalCount } }`)                   // Altcraft's users are missing
	p.ask(`{ users(first: 1, after: "nowhere") { totalCount } }`) // an error of the caller
	p.ask(`{ nothing }`)                                          // the operation does not begin
	p.ask(`{`)                                                    // the operation does not begin
	p.ask(`{ a: users { totalCount } ` + strings.Repeat(`b: users { totalCount } `, 150) + `}`)
	p.send(http.MethodPost, "/graphql", `no JSON`) // the operation does not begin
	p.send(http.MethodOptions, "/graphql", ``)     // no operation
	p.send(http.MethodGet, "/healthz", ``)         // no operation
	for outcome, n := range map[string]float64{`"ok",reason=""`: 1, `"partial",reason=""`: 1, `"refused",reason="bad_user_input"`: 1, `"failed",reason=""`: 0} {
		p.wants(`roster_operations_total{outcome=`+outcome+`,type="query"}`, n)
	}
	for reason, n := range map[string]float64{"graphql_validation_failed": 1, "graphql_parse_failed": 1, "bad_request": 1, "root_fields": 1, "requests": 0, "other": 0} {
		p.wants(`roster_operations_total{outcome="refused",reason="`+reason+`",type="unknown"}`, n)
	}
	p.wants(`roster_operation_duration_seconds_count{type="query"}`, 3)
	p.wants(`roster_answer_size_bytes_count{type="query"}`, 3)
	p.wants(`roster_operations_in_flight`, 0)
}

// The pages of a file are counted as operations, and a refused file as a request without one.
func TestFilesAreCounted(t *testing.T) {
	t.Parallel()
	p := start(t, nil, nothing)
	p.send(http.MethodGet, "/export/people.csv", ``)
	p.send(http.MethodGet, "/export/teams.csv?columns=id", ``)
	p.send(http.MethodGet, "/export/people.csv?columns=nobody", ``)
	p.send(http.MethodOptions, "/export/people.csv", ``)
	p.wants(`roster_operations_total{outcome="ok",reason="",type="query"}`, 2)
	p.wants(`roster_operation_duration_seconds_count{type="query"}`, 2)
	p.wants(`roster_operations_total{outcome="refused",reason="bad_user_input",type="unknown"}`, 1)
	p.wants(`roster_operation_duration_seconds_count{type="unknown"}`, 1)
	p.wants(`roster_operations_in_flight`, 0)
}

// A refused stream of changes is counted as a request without an operation.
func TestRefusedChangesAreCounted(t *testing.T) {
	t.Parallel()
	p := start(t, nil, nothing)
	p.send(http.MethodGet, "/changes?kinds=NOBODY", ``)
	p.send(http.MethodOptions, "/changes", ``)
	p.wants(`roster_operations_total{outcome="refused",reason="bad_request",type="unknown"}`, 1)
	p.wants(`roster_operation_duration_seconds_count{type="unknown"}`, 1)
}

// Disconnected clients are counted by reason.
func TestDroppedClientsAreCounted(t *testing.T) {
	t.Parallel()
	p := start(t, nil, func(*sandbox.Sandbox, *config.Config) {})
	p.seen.Dropped(httpapi.SlowSender)
	p.wants(`roster_clients_dropped_total{reason="slow_reader"}`, 0)
	p.wants(`roster_clients_dropped_total{reason="slow_sender"}`, 1)
}

// The state of the program is read when the metrics are requested.
func TestStateIsTold(t *testing.T) {
	t.Parallel()
	p := start(t, nil, func(company *sandbox.Sandbox, _ *config.Config) {
		company.Fault(sandbox.Kommo).Set(faults.Fault{Effect: faults.Reply(http.StatusUnauthorized, faults.Plain("no"))})
	})
	p.ask(`{ users(first: 3) { nodes { presence } } }`)
	p.wants(`roster_ready`, 1) // although a source is down
	if w := p.send(http.MethodGet, "/readyz", ""); w.Code != http.StatusOK {
		t.Errorf("not ready, because one source is down: HTTP %d", w.Code)
	}
	p.wants(`roster_snapshot_state{collection="accounts",source="kommo",state="missing"}`, 1)
	p.wants(`roster_snapshot_state{collection="accounts",source="worksection",state="fresh"}`, 1)
	p.wants(`roster_snapshot_failing{collection="accounts",source="kommo"}`, 1)
	p.wants(`roster_snapshot_fetch_failures_total{collection="accounts",meaning="unauthorized",source="kommo"}`, 1)
	p.wants(`roster_snapshot_hits_total{collection="accounts",source="worksection",tier="memory"}`, 1)
	p.wants(`roster_snapshot_misses_total{collection="accounts",source="kommo",tier="memory"}`, 1)
	p.wants(`roster_snapshot_hits_total{collection="accounts",source="worksection",tier="source"}`, 1)
	p.wants(`roster_presence_lookups_total{outcome="call",source="rocketchat"}`, 1)
	p.wants(`roster_source_calls_total{meaning="ok",op="get_users",source="worksection"}`, 1)
	p.wants(`roster_source_call_duration_seconds_count{op="get_users",source="worksection"}`, 1)
	p.wants(`roster_redis_connected`, 0)
	p.wants(`roster_source_breaker_state{source="worksection",state="closed"}`, 1)
	p.wants(`roster_source_credential_state{source="worksection",state="good"}`, 1)
	p.wants(`roster_config_reload_successful`, 1)
	p.wants(`roster_limit_held{limit="running_cost"}`, 0)
	p.wants(`roster_limit_callers{limit="operations"}`, 0)
	p.wants(`roster_limit_maximum{limit="pending_answer_bytes"}`, 256<<20)
	p.wants(`roster_limit_refusals_total{by="caller",limit="large_bodies"}`, 0)
	for _, series := range []string{
		`roster_snapshot_records{collection="accounts",source="worksection",tier="memory"}`,
		`roster_snapshot_bytes{collection="accounts",source="worksection",tier="memory"}`,
		`roster_snapshot_age_seconds{collection="accounts",source="worksection",tier="memory"}`,
		`roster_snapshot_fresh_for_seconds{collection="accounts",source="worksection"}`,
		`roster_source_answer_bytes_total{op="get_users",source="worksection"}`, `roster_directory_builds_total`, `roster_directory_age_seconds`,
		`go_goroutines`, `process_resident_memory_bytes`,
	} {
		if v, ok := value(t, p.metrics(), series); !ok || v <= 0 {
			t.Errorf("%s is %v (there: %v), want more than 0", series, v, ok)
		}
	}
}

// Values that cannot be read are counted by field and type, with Roster's own names.
func TestAnomaliesAreToldByTheirPlaces(t *testing.T) {
	t.Parallel()
	p := start(t, nil, func(company *sandbox.Sandbox, _ *config.Config) {
		company.Fault(sandbox.Worksection).Set(faults.Fault{On: faults.Path("get_users"), Effect: faults.Reply(http.StatusOK, faults.JSON(
			`{"status":"ok","data":[{"id":"1","name":["x"],"services":{"chats":{"canary":{"canary":1}}}},{"id":"2","name":["y"]},{"name":"z"}]}`))})
	})
	p.ask(`{ users(first: 3) { totalCount } }`)
	p.wants(`roster_source_anomalies{collection="accounts",field="name",source="worksection",type="array"}`, 2)
	p.wants(`roster_source_anomalies{collection="accounts",field="services.chats",source="worksection",type="object"}`, 1)
	p.wants(`roster_source_anomalies{collection="accounts",field="id",source="worksection",type="null"}`, 1)
	p.wants(`roster_snapshot_state{collection="accounts",source="worksection",state="incomplete"}`, 1)
	if strings.Contains(p.metrics(), "canary") {
		t.Error("a key that the source made up has become a label")
	}
}

// Writes are counted by outcome. The series of a source exist before its first write, and writes without a known source have no source label.
func TestWritesAreCounted(t *testing.T) {
	t.Parallel()
	p := start(t, nil, nothing)
	p.wants(`roster_writes_total{field="inviteUser",outcome="unknown",source="worksection"}`, 0)
	p.wants(`roster_writes_total{field="createTeam",outcome="unavailable",source="kommo"}`, 0)
	p.wants(`roster_writes_shown{source="worksection"}`, 0)
	p.company.Lag(time.Hour)
	const team = `mutation { createTeam(input: { source: "worksection", name: "Night shift", idempotencyKey: "k" }) { outcome } }`
	p.ask(team)
	p.ask(team)
	p.ask(`mutation { createTeam(input: { source: "worksection", name: "Night shift" }) { outcome } }`)
	p.ask(`mutation { createTeam(input: { source: "worksection", name: "Day shift", dryRun: true }) { outcome } }`)
	p.ask(`mutation { createTeam(input: { source: "kommo", name: "Night shift" }) { outcome } }`)
	p.ask(`mutation { createTeam(input: { source: "made up", name: "Night shift" }) { outcome } }`)
	p.ask(`mutation { refreshSource(input: { source: "worksection" }) { outcome } }`)
	for outcome, n := range map[string]float64{"done": 2, "already_done": 1, "checked": 1, "rejected": 0, "unknown": 0, "unavailable": 0} {
		p.wants(`roster_writes_total{field="createTeam",outcome="`+outcome+`",source="worksection"}`, n)
	}
	p.wants(`roster_writes_total{field="createTeam",outcome="rejected",source="kommo"}`, 1)
	p.wants(`roster_writes_total{field="createTeam",outcome="rejected",source=""}`, 1)
	p.wants(`roster_writes_total{field="refreshSource",outcome="already_done",source="worksection"}`, 1)
	p.wants(`roster_write_duration_seconds_count{source="worksection"}`, 1)
	p.wants(`roster_writes_shown{source="worksection"}`, 1)
	p.wants(`roster_writes_keys`, 1)
	p.wants(`roster_writes_unsettled`, 0)
	if strings.Contains(p.metrics(), "made up") {
		t.Error("the metrics have what a caller has made up")
	}
}

// The number of series does not grow, however many operations, names, paths and calls there are.
func TestSeriesAreBounded(t *testing.T) {
	t.Parallel()
	p := start(t, nil, nothing)
	p.ask(`{ users(first: 1) { nodes { presence } } }`)
	count := func() int {
		n := 0
		for line := range strings.Lines(p.metrics()) {
			if strings.HasPrefix(line, "roster_") {
				n++
			}
		}
		return n
	}
	p.ask(`mutation { refreshSource(input: { source: "none" }) { outcome } }`)
	before := count()
	rapid.Check(t, func(t *rapid.T) {
		p.ask(`mutation { refreshSource(input: { source: ` + quoted(rapid.String().Draw(t, "source")) + ` }) { outcome } }`)
		name := rapid.StringMatching(`[A-Za-z_][A-Za-z0-9_]{0,40}`).Draw(t, "name")
		path := rapid.StringMatching(`/[a-z/%]{0,20}`).Draw(t, "path")
		field := rapid.SampledFrom([]string{"__typename", "users(first: 1) { totalCount }", name}).Draw(t, "field")
		if !strings.Contains(path, "%") {
			p.send(rapid.SampledFrom([]string{"GET", "POST", "PUT", name}).Draw(t, "method"), path, "")
		}
		p.ask("query "+name+" { "+field+" }", "X-Request-Id", name)
	})
	if after := count(); after != before {
		t.Errorf("there are %d series, and were %d", after, before)
	}
	// A connector that invents names for its calls does not add series either.
	observer := p.seen.Calls(false)
	for i := range 1000 {
		_, o := observer.Begin(t.Context(), connectors.Call{Source: "kommo", Op: fmt.Sprint("call", i), Attempt: 1})
		o.Done(connectors.CallEnd{Sent: true})
	}
	if after := count(); after > before+33*20 {
		t.Errorf("there are %d series, and were %d", after, before)
	}
}

// attr returns an attribute of a span.
func attr(s *otlp.Span, key string) string {
	for _, a := range s.GetAttributes() {
		if a.GetKey() == key {
			return a.GetValue().GetStringValue()
		}
	}
	return ""
}

// An operation's trace continues its caller's. The fetch that it waited for is a trace of its own, is linked, and contains the calls.
func TestTraces(t *testing.T) {
	t.Parallel()
	c := newCollector(t)
	p := start(t, c, nothing)
	const caller = "4bf92f3577b34da6a3ce929d0e0e4736"
	absent := true
	p.company.Fault(sandbox.RocketChat).Set(faults.Fault{On: func(r *http.Request) bool {
		absent = absent && r.Header.Get("Traceparent") == ""
		return false
	}})
	w := p.ask(`query Anybody { users(first: 3) { nodes { presence } } }`, "Traceparent", "00-"+caller+"-00f067aa0ba902b7-01", "X-Request-Id", "from-the-proxy")
	if w.Code != http.StatusOK || w.Header().Get("X-Request-Id") != "from-the-proxy" {
		t.Errorf("HTTP %d, request %q", w.Code, w.Header().Get("X-Request-Id"))
	}
	p.stop()
	byID := make(map[string]*otlp.Span)
	byName := make(map[string][]*otlp.Span)
	for _, s := range c.spans {
		byID[string(s.GetSpanId())] = s
		byName[s.GetName()] = append(byName[s.GetName()], s)
	}
	operation := byName["query"]
	if len(operation) != 1 || fmt.Sprintf("%x", operation[0].GetTraceId()) != caller || attr(operation[0], "graphql.operation.name") != "Anybody" ||
		attr(operation[0], "roster.outcome") != "ok" || attr(operation[0], "roster.request_id") != "from-the-proxy" {
		t.Fatalf("the operation's spans: %v", operation)
	}
	presence := byName["users.presence"]
	if len(presence) != 1 || string(presence[0].GetParentSpanId()) != string(operation[0].GetSpanId()) {
		t.Errorf("the call that the operation needed: %v", presence)
	}
	fetches := byName["read accounts"]
	if len(fetches) != 4 {
		t.Fatalf("%d fetches of accounts", len(fetches))
	}
	for _, r := range fetches {
		if len(r.GetParentSpanId()) != 0 || fmt.Sprintf("%x", r.GetTraceId()) == caller {
			t.Errorf("a fetch belongs to another trace: %v", r)
		}
	}
	calls := byName["get_users"]
	if len(calls) != 1 || byID[string(calls[0].GetParentSpanId())].GetName() != "read accounts" || attr(calls[0], "roster.meaning") != "ok" ||
		attr(calls[0], "roster.source") != "worksection" || attr(calls[0], "roster.kind") != "worksection" {
		t.Errorf("the calls of a fetch: %v", calls)
	}
	if !absent {
		t.Error("a source got the trace of the caller")
	}
}

// An operation that waits for a fetch is linked to it, and a source with propagation receives the trace of its fetch.
func TestWaitingIsLinkedToTheReading(t *testing.T) {
	t.Parallel()
	c := newCollector(t)
	headers, goOn := make(chan string, 100), make(chan struct{})
	p := launch(t, c, func(company *sandbox.Sandbox, cfg *config.Config) {
		cfg.FirstWait, cfg.MaxWait = time.Minute, time.Minute
		for i := range cfg.Sources {
			cfg.Sources[i].PropagateTrace = cfg.Sources[i].Name == "kommo"
		}
		company.Fault(sandbox.Kommo).Set(faults.Fault{On: func(r *http.Request) bool {
			headers <- r.Header.Get("Traceparent")
			<-goOn
			return false
		}})
	})
	answered := make(chan struct{})
	go func() {
		defer close(answered)
		p.ask(`{ users(first: 1) { totalCount } }`)
	}()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for waits := 0.; waits == 0; waits, _ = value(t, p.metrics(), `roster_snapshot_waits_total{collection="accounts",source="kommo",tier="memory"}`) {
		select {
		case <-tick.C: // until the operation waits
		case <-answered:
			close(goOn)
			t.Fatal("the operation has not waited")
		}
	}
	close(goOn)
	<-answered
	p.await()
	p.stop()
	close(headers)
	fetches := make(map[string]bool) // their traces
	names := make(map[string]string)
	for _, s := range c.spans {
		names[string(s.GetSpanId())] = s.GetName()
		if strings.HasPrefix(s.GetName(), "read ") {
			fetches[fmt.Sprintf("%x", s.GetTraceId())] = true
		}
	}
	for header := range headers {
		if parts := strings.Split(header, "-"); len(parts) != 4 || !fetches[parts[1]] {
			t.Errorf("the source gets %q, which is no fetch's", header)
		}
	}
	waits := 0
	for _, s := range c.spans {
		if s.GetName() != "wait for accounts" || attr(s, "roster.source") != "kommo" {
			continue
		}
		waits++
		if len(s.GetLinks()) != 1 || names[string(s.GetLinks()[0].GetSpanId())] != "read accounts" || names[string(s.GetParentSpanId())] != "load" {
			t.Errorf("the wait is linked to %v, and part of %q", s.GetLinks(), names[string(s.GetParentSpanId())])
		}
	}
	if waits != 1 {
		t.Errorf("%d waits have a span, want 1", waits)
	}
}

// Secrets of the configuration, text of a source's errors, and personal data appear nowhere.
func TestNothingSecretIsTold(t *testing.T) {
	t.Parallel()
	const canary = "canary-7f3e1b"
	c := newCollector(t)
	p := start(t, c, func(company *sandbox.Sandbox, cfg *config.Config) {
		for i := range cfg.Sources {
			cfg.Sources[i].PropagateTrace = true
		}
		company.Fault(sandbox.Kommo).Set(faults.Fault{Effect: faults.Reply(http.StatusInternalServerError, faults.HTML("<h1>"+canary+"</h1>"))})
		company.Fault(sandbox.Altcraft).Set(faults.Fault{Effect: faults.Reply(http.StatusOK, faults.JSON(`{"error":"`+canary+`"}`))})
		company.Fault(sandbox.RocketChat).Set(faults.Fault{Effect: faults.Reply(http.StatusTooManyRequests, faults.JSON(`{"error":"`+canary+`"}`), "Retry-After", "3600", "X-"+canary, canary)})
	})
	person := p.ask(`{ users(first: 1) { nodes { name email presence } } }`).Body.String()
	p.ask(`query Q($s: String) { users(first: 1, filter: { search: $s }) { totalCount } }`, "Authorization", "Bearer "+canary, "X-Request-Id", canary+" <script>",
		"Cookie", canary, "Traceparent", canary)
	p.send(http.MethodPost, "/graphql?token="+canary, `{"query":"{ users(first: 1, filter: { search: \"`+canary+`\" }) { totalCount } }","variables":{"a":"`+canary+`"}}`)
	p.send(http.MethodGet, "/"+canary, "")
	metrics := p.metrics()
	p.stop()
	secrets := []string{canary, p.company.Addr()}
	for _, s := range p.company.Sources() {
		for key, value := range sandbox.Credentials(s.Kind) {
			if secret, ok := value.(string); ok && key != "user_id" {
				secrets = append(secrets, secret)
			}
		}
	}
	if email := regexp.MustCompile(`[\w.+-]+@[\w.-]+`).FindString(person); email == "" {
		t.Errorf("nobody is found: %s", person)
	} else {
		secrets = append(secrets, email)
	}
	for what, text := range map[string]string{"the metrics": metrics, "the traces": c.raw.String(), "the log": p.log.String()} {
		if len(text) < 1000 {
			t.Errorf("%s are too short to tell anything: %q", what, text)
		}
		for _, secret := range secrets {
			if strings.Contains(text, secret) {
				t.Errorf("%s hold %q", what, secret)
			}
		}
	}
}

// Failed writes reveal no secret either: not in the answer, not in the log in both formats with the input in it, and not in metrics and traces.
func TestNothingSecretIsToldOfWrites(t *testing.T) {
	t.Parallel()
	const canary = "canary-41c9d2"
	says := func(status int, body string, header ...string) faults.Effect {
		return faults.Reply(status, faults.Body{Text: body}, append(header, "X-Canary", canary)...)
	}
	ways := []struct {
		says    faults.Effect
		outcome string
	}{
		{says(http.StatusOK, `{"status":"error","status_code":10,"message":"`+canary+`","message_details":"`+canary+`"}`), "REJECTED"},
		{says(http.StatusOK, `{"status":"error","status_code":11,"message":"`+canary+`","message_details":"`+canary+`@x.example"}`), "REJECTED"},
		{says(http.StatusOK, `{"status":"ok","data":[{"title":"`+canary), "REJECTED"},
		{says(http.StatusUnauthorized, `{"status":"error","message":"`+canary+`"}`), "REJECTED"},
		{says(http.StatusForbidden, canary), "REJECTED"},
		{says(http.StatusFound, "", "Location", "https://"+canary+".example/?hash="+canary), "REJECTED"},
		{says(http.StatusTooManyRequests, canary, "Retry-After", "3600"), "REJECTED"},
		{faults.Reset(), "DONE"},
	}
	for _, format := range []string{telemetry.FormatJSON, telemetry.FormatText} {
		t.Run(format, func(t *testing.T) {
			t.Parallel()
			var visible strings.Builder
			for i, way := range ways {
				c := newCollector(t)
				p := start(t, c, func(_ *sandbox.Sandbox, cfg *config.Config) {
					cfg.Log.Format, cfg.Writes.AuditValues, cfg.Writes.SettleAfter = format, true, 50*time.Millisecond
					for n := range cfg.Sources {
						for kind, settings := range cfg.Sources[n].Collections {
							settings.MinInterval = time.Millisecond
							cfg.Sources[n].Collections[kind] = settings
						}
					}
				})
				p.company.Fault(sandbox.Worksection).Set(faults.Fault{Effect: way.says, On: func(r *http.Request) bool { return r.Method == http.MethodPost }})
				got := p.ask(`mutation { createTeam(input: { source: "worksection", name: "Night shift", idempotencyKey: "`+canary+`" }) { outcome userErrors { field code message } } }`,
					"Authorization", "Bearer "+canary).Body.String()
				if !strings.Contains(got, `"outcome":"`+way.outcome+`"`) {
					t.Errorf("way %d: %s, want %s", i, got, way.outcome)
				}
				visible.WriteString(got + p.metrics())
				p.stop()
				if !strings.Contains(p.log.String(), "Night shift") || !strings.Contains(c.raw.String(), "add_user_group") {
					t.Errorf("way %d: the write is not in the log, or its call in no trace", i)
				}
				visible.WriteString(p.log.String() + c.raw.String())
				for what, secret := range map[string]string{
					"what a source or a caller says": canary, "the key": fmt.Sprint(sandbox.Credentials(sandbox.Worksection)["api_key"]), "an address": p.company.Addr(), "a signature": "hash=",
				} {
					if strings.Contains(visible.String(), secret) {
						t.Fatalf("way %d: %s, %q, is visible:\n%s", i, what, secret, visible.String())
					}
				}
			}
		})
	}
}

// Each log line of a request has its request ID, and so has the answer.
func TestLinesSayTheirRequest(t *testing.T) {
	t.Parallel()
	p := start(t, nil, nothing)
	p.ask(`{ __typename }`, "X-Request-Id", "mine-1")
	var line struct {
		Msg, Route, Type, Outcome, Level string
		Status                           int
		RequestID                        string `json:"request_id"`
	}
	found := false
	for text := range strings.Lines(p.log.String()) {
		if err := json.Unmarshal([]byte(text), &line); err != nil {
			t.Fatalf("a line is no JSON: %s", text)
		}
		found = found || line.Msg == "request" && line.RequestID == "mine-1" && line.Route == "/graphql" && line.Type == "query" && line.Outcome == "ok" &&
			line.Status == http.StatusOK && line.Level == "DEBUG"
	}
	if !found {
		t.Errorf("no line tells of the request:\n%s", p.log)
	}
	for name, id := range map[string]string{"none": "", "too long": strings.Repeat("a", 65), "a line break": "a\nlevel=ERROR", "a space": "a b", "beyond ASCII": "ä"} {
		got := p.ask(`{ __typename }`, "X-Request-Id", id).Header().Get("X-Request-Id")
		if len(got) < 20 || got == id || regexp.MustCompile(`[^A-Z0-9]`).MatchString(got) {
			t.Errorf("%s: the request is called %q", name, got)
		}
	}
}

func TestFormatOfTheLog(t *testing.T) {
	t.Parallel()
	for format, begins := range map[string]string{"": "{", telemetry.FormatJSON: "{", telemetry.FormatText: "time="} {
		var out logtest.Buffer
		telemetry.NewLogger(&out, format, 0).Info("hello")
		if !strings.HasPrefix(out.String(), begins) {
			t.Errorf("format %q: %s", format, out.String())
		}
	}
}
