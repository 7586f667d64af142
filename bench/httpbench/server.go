package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"time"

	"roster/bench/internal/process"
)

// server is the server under test.
type server struct {
	*process.Process
	address string
	admin   string // the address of profiles; empty without
}

// startServer starts the server, and waits until it has fetched all sources.
func startServer(ctx context.Context, binary, dir string, sources []map[string]any, fetched, pprof bool) (*server, error) {
	s := &server{}
	if pprof {
		var err error
		if s.admin, err = process.FreeAddress(ctx); err != nil {
			return nil, err
		}
	}
	config, err := configuration(sources, fetched, s.admin)
	if err != nil {
		return nil, err
	}
	if s.Process, s.address, err = process.StartServer(ctx, binary, dir, config); err != nil {
		return nil, err
	}
	return s, nil
}

// exchange sends one request, and returns its answer.
func (s *server) exchange(ctx context.Context, r *request) (*answer, error) {
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", s.address)
	if err != nil {
		return nil, err
	}
	defer conn.Close() //nolint:errcheck // it has been read
	if _, err := conn.Write(r.Text); err != nil {
		return nil, err
	}
	resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil, err
	}
	if resp.StatusCode >= http.StatusBadRequest || bytes.Contains(body, []byte(`"errors":`)) {
		return nil, fmt.Errorf("HTTP %d: %.500s", resp.StatusCode, body)
	}
	return &answer{Status: resp.StatusCode, Type: resp.Header.Get("Content-Type"), ETag: resp.Header.Get("ETag"), Body: body}, nil
}

// profile writes a processor profile of the server for that time.
func (s *server) profile(ctx context.Context, path string, during time.Duration) error {
	seconds := max(1, int(during.Seconds()))
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, fmt.Sprintf("http://%s/debug/pprof/profile?seconds=%d", s.admin, seconds), nil)
	if err != nil {
		return err
	}
	resp, err := (&http.Client{}).Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err == nil && resp.StatusCode != http.StatusOK {
		err = errors.New("no profile: HTTP " + resp.Status)
	}
	if err != nil {
		return err
	}
	return os.WriteFile(path, text, 0o600)
}
