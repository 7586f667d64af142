package telemetry_test

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	v1 "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	otlp "go.opentelemetry.io/proto/otlp/trace/v1"
	"go.uber.org/goleak"
	"google.golang.org/protobuf/proto"

	"roster/connectors"
	"roster/internal/app"
	"roster/internal/config"
	"roster/internal/logtest"
	"roster/internal/redis"
	"roster/internal/sandbox"
	"roster/internal/telemetry"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// collector is an OpenTelemetry collector that stores what it receives.
type collector struct {
	*httptest.Server
	mu    sync.Mutex
	spans []*otlp.Span
	raw   bytes.Buffer // everything that was received, for searches
}

func newCollector(t *testing.T) *collector {
	t.Helper()
	c := &collector{}
	c.Server = httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		var got v1.ExportTraceServiceRequest
		if err != nil || proto.Unmarshal(body, &got) != nil || r.URL.Path != "/base/v1/traces" {
			t.Errorf("the collector got something else at %s", r.URL.Path)
		}
		c.mu.Lock()
		defer c.mu.Unlock()
		c.raw.Write(body)
		for _, resource := range got.GetResourceSpans() {
			for _, scope := range resource.GetScopeSpans() {
				c.spans = append(c.spans, scope.GetSpans()...)
			}
		}
	}))
	t.Cleanup(c.Close)
	return c
}

// program is the program without its listeners, with an invented company.
type program struct {
	t       *testing.T
	company *sandbox.Sandbox
	seen    *telemetry.Telemetry
	tracing *telemetry.Tracing
	host    *app.Host
	handler http.Handler
	log     *logtest.Buffer
	ready   chan struct{}
	stop    func()
}

// start starts a program that has fetched everything that it can; prepare may break the company or change the configuration first.
func start(t *testing.T, c *collector, prepare func(*sandbox.Sandbox, *config.Config)) *program {
	t.Helper()
	p := launch(t, c, prepare)
	p.await()
	return p
}

// launch starts a program, and waits for nothing.
func launch(t *testing.T, c *collector, prepare func(*sandbox.Sandbox, *config.Config)) *program {
	t.Helper()
	company, err := sandbox.Start(t.Context(), sandbox.Options{People: 30, Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	cfg, err := config.Default("127.0.0.1:0", company.Sources())
	if err != nil {
		t.Fatal(err)
	}
	prepare(company, cfg)
	p := &program{t: t, company: company, log: &logtest.Buffer{}}
	log := telemetry.NewLogger(p.log, cfg.Log.Format, slog.LevelDebug)
	if c != nil {
		p.tracing, err = telemetry.OpenTracing(t.Context(), telemetry.TracingOptions{Endpoint: c.URL + "/base/", Ratio: 1, Logger: log})
		if err != nil {
			t.Fatal(err)
		}
	}
	p.seen = telemetry.New(p.tracing)
	p.ready = make(chan struct{})
	p.host, err = app.NewHost(cfg, app.Options{
		Runtime: connectors.Runtime{Observer: p.seen.Calls(false)}, Propagating: p.seen.Calls(true), Fetches: p.seen.Fetches(), Operations: p.seen, Written: p.seen,
		Metrics: p.seen.Metrics(), Stopping: func() bool { return false }, Logger: log,
	}, func() { close(p.ready) })
	if err != nil {
		t.Fatal(err)
	}
	away, err := redis.Open(redis.Options{URL: "redis://127.0.0.1:1/0"})
	if err != nil {
		t.Fatal(err)
	}
	p.seen.Watch(p.host, away)
	p.handler = p.seen.Handler(p.host, log)
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	var running sync.WaitGroup
	running.Go(func() { p.host.Run(ctx, nil) })
	p.stop = sync.OnceFunc(func() {
		cancel()
		running.Wait()
		last, done := context.WithTimeout(context.WithoutCancel(t.Context()), 10*time.Second)
		defer done()
		p.tracing.Close(last)
		if err := errorsOf(away.Close(), company.Close()); err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(p.stop)
	return p
}

// await waits until everything that can be fetched has been fetched.
func (p *program) await() {
	p.t.Helper()
	select {
	case <-p.ready:
	case <-time.After(time.Minute): // only ends a test that would otherwise never end
		p.t.Fatal("the first fetch does not end")
	}
}

func errorsOf(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// send sends a request; headers are alternating names and values.
func (p *program) send(method, target, body string, headers ...string) *httptest.ResponseRecorder {
	p.t.Helper()
	r := httptest.NewRequestWithContext(p.t.Context(), method, "http://localhost"+target, strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	for i := 0; i < len(headers); i += 2 {
		r.Header[http.CanonicalHeaderKey(headers[i])] = []string{headers[i+1]}
	}
	w := httptest.NewRecorder()
	p.handler.ServeHTTP(w, r)
	return w
}

// ask sends a query.
func (p *program) ask(query string, headers ...string) *httptest.ResponseRecorder {
	p.t.Helper()
	return p.send(http.MethodPost, "/graphql", `{"query":`+quoted(query)+`}`, headers...)
}

// metrics returns what Prometheus receives.
func (p *program) metrics() string {
	p.t.Helper()
	w := p.send(http.MethodGet, "/metrics", "")
	if w.Code != http.StatusOK {
		p.t.Fatalf("HTTP %d %s", w.Code, w.Body)
	}
	return w.Body.String()
}
