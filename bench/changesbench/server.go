package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strconv"
	"strings"
	"time"

	"roster/bench/internal/process"
	"roster/connectors"
)

// hookSecret is that of the server's webhook for the source that changes.
var hookSecret = rand.Text() + rand.Text()

// minInterval is the shortest time from one fetch of a collection to the next.
const minInterval = time.Second

// server is the server under test.
type server struct {
	*process.Process
	address, admin string
	client         *http.Client
}

// configuration returns a configuration of the server: sources are fetched once and then when they report a change. JSON is also YAML.
func configuration(sources []map[string]any, admin string, subscribers int) ([]byte, error) {
	for _, s := range sources {
		collections := make(map[string]any)
		for _, c := range connectors.KindNamed(connectors.KindName(fmt.Sprint(s["kind"]))).Collections {
			collections[c.Collection.String()] = map[string]any{"fresh_for": "1d", "min_interval": minInterval.String(), "keep_for": "30d"}
		}
		s["collections"] = collections
		if s["name"] == changing {
			s["hooks"] = map[string]any{"secret": hookSecret}
		}
	}
	return json.Marshal(map[string]any{
		"listen": "127.0.0.1:0", "drain_delay": "0s", "log": map[string]any{"format": "text", "level": "warn"}, "sources": sources,
		"admin": map[string]any{"listen": admin, "pprof": true},
		// All subscribers are one caller here. Each WebSocket counts twice, with its subscription.
		"limits": map[string]any{"requests": 100_000_000, "streams": 2*subscribers + 100, "caller_share": 100, "address_connections": subscribers + 100},
	})
}

// startServer starts the server, and waits until it has fetched all sources.
func startServer(ctx context.Context, binary, dir string, sources []map[string]any, subscribers int) (*server, error) {
	s := &server{client: &http.Client{Timeout: time.Minute}}
	var err error
	if s.admin, err = process.FreeAddress(ctx); err != nil {
		return nil, err
	}
	config, err := configuration(sources, s.admin, subscribers)
	if err != nil {
		return nil, err
	}
	if s.Process, s.address, err = process.StartServer(ctx, binary, dir, config); err != nil {
		return nil, err
	}
	return s, nil
}

// query asks the graph.
func (s *server) query(ctx context.Context, document string, variables map[string]any, into any) error {
	body, err := json.Marshal(map[string]any{"query": document, "variables": variables})
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+s.address+"/graphql", bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	text, err := s.do(req)
	if err != nil {
		return err
	}
	answer := struct {
		Data   any
		Errors []struct{ Message string }
	}{Data: into}
	if err := json.Unmarshal(text, &answer); err != nil {
		return err
	}
	if len(answer.Errors) > 0 {
		return errors.New(answer.Errors[0].Message)
	}
	return nil
}

func (s *server) do(req *http.Request) ([]byte, error) {
	resp, err := s.client.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err == nil && resp.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: HTTP %d", req.URL.Path, resp.StatusCode)
	}
	return text, err
}

// metrics are the metrics of the server that the benchmark reads.
type metrics struct {
	subscribers float64
	builds      float64
	published   time.Time // when the current directory was, or some milliseconds before
	allocated   float64   // bytes, since the start
	allocations float64   // as above
	sent        float64   // changes that were passed to a subscriber, as above
}

func (s *server) metrics(ctx context.Context) (m metrics, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+s.admin+"/metrics", nil)
	if err != nil {
		return m, err
	}
	began, age := time.Now(), 0.0
	text, err := s.do(req)
	if err != nil {
		return m, err
	}
	into := map[string]*float64{
		"roster_changes_subscribers": &m.subscribers, "roster_directory_builds_total": &m.builds, "roster_directory_age_seconds": &age,
		"go_memstats_alloc_bytes_total": &m.allocated, "go_memstats_mallocs_total": &m.allocations, "roster_changes_sent_total": &m.sent,
	}
	found := 0
	for lines := bufio.NewScanner(bytes.NewReader(text)); lines.Scan(); {
		name, value, _ := strings.Cut(lines.Text(), " ")
		if to := into[name]; to != nil {
			if *to, err = strconv.ParseFloat(value, 64); err != nil {
				return m, err
			}
			found++
		}
	}
	if found != len(into) {
		return m, fmt.Errorf("the server has %d of %d metrics", found, len(into))
	}
	m.published = began.Add(-time.Duration(age * float64(time.Second)))
	return m, nil
}

// profile writes a profile of the server of that kind, for that time.
func (s *server) profile(ctx context.Context, kind, path string, seconds int) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, fmt.Sprintf("http://%s/debug/pprof/%s?seconds=%d", s.admin, kind, seconds), nil)
	if err != nil {
		return err
	}
	text, err := (&server{client: &http.Client{}}).do(req)
	if err != nil {
		return err
	}
	return os.WriteFile(path, text, 0o600)
}
