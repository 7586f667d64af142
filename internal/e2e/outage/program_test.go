package outage_test

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"roster/connectors"
	"roster/internal/app"
	"roster/internal/config"
	"roster/internal/logtest"
	"roster/internal/sandbox"
)

// program is the whole program over a world, but for its socket and its command line.
type program struct {
	t *testing.T
	*app.Host
	ready chan struct{} // closed when all has been read or tried
	log   *logtest.Buffer
	stop  func()
}

func start(t *testing.T, w world) *program {
	t.Helper()
	cfg, err := config.Default("127.0.0.1:0", sandbox.WithCustomFields(w.sources()))
	if err != nil {
		t.Fatal(err)
	}
	cfg.Identity.Authority = string(sandbox.Kommo) // as in the demo
	p := &program{t: t, log: &logtest.Buffer{}, ready: make(chan struct{})}
	p.Host, err = app.NewHost(cfg, app.Options{
		Runtime: connectors.Runtime{Dial: w.dial}, Stopping: func() bool { return false }, Logger: slog.New(slog.NewTextHandler(p.log, nil)),
	}, func() { close(p.ready) })
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() { p.Run(ctx, nil) })
	p.stop = func() {
		cancel()
		running.Wait()
	}
	return p
}

// question is a query from examples.
type question struct {
	name, query string
	variables   json.RawMessage
}

// questions are the queries of examples.
func questions(t *testing.T) []question {
	t.Helper()
	files, err := filepath.Glob("../../../examples/*.graphql")
	if err != nil || len(files) < 10 {
		t.Fatalf("%d examples: %v", len(files), err)
	}
	var all []question
	for _, file := range files {
		base := strings.TrimSuffix(file, ".graphql")
		query, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(query), "\nmutation ") || strings.Contains(string(query), "\nsubscription ") {
			continue // what a write says while its source is away is another matter, and a subscription has many answers
		}
		q := question{name: filepath.Base(base), query: string(query)}
		if q.variables, err = os.ReadFile(base + ".variables.json"); err != nil {
			q.variables = nil
		}
		all = append(all, q)
	}
	return all
}

// problem is one error of an answer.
type problem struct {
	Message    string
	Path       []any
	Extensions struct {
		Code, Source, Reason string
		RetryAfter           int
	}
}

// answer is what a client gets.
type answer struct {
	text   string
	took   time.Duration
	Data   map[string]any
	Errors []problem // those about sources too
}

// ask asks, as a front end does.
func (p *program) ask(q question) answer {
	p.t.Helper()
	body, err := json.Marshal(map[string]any{"query": q.query, "variables": q.variables})
	if err != nil {
		p.t.Fatal(err)
	}
	r := httptest.NewRequestWithContext(p.t.Context(), http.MethodPost, "http://localhost/graphql", strings.NewReader(string(body)))
	r.Header.Set("Content-Type", "application/json")
	rec := httptest.NewRecorder()
	began := time.Now()
	p.ServeHTTP(rec, r)
	a := answer{text: rec.Body.String(), took: time.Since(began)}
	var apart struct {
		Extensions struct{ Sources []problem }
	}
	if err := errors.Join(json.Unmarshal(rec.Body.Bytes(), &a), json.Unmarshal(rec.Body.Bytes(), &apart)); err != nil {
		p.t.Fatalf("%s: %v: %.500s", q.name, err, a.text)
	}
	a.Errors = append(a.Errors, apart.Extensions.Sources...)
	return a
}
