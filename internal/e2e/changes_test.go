package e2e_test

import (
	"bufio"
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"roster/internal/sandbox"
)

// changeStream is an open GET /changes.
type changeStream struct {
	lines *bufio.Scanner
	last  string // the last ID
}

func (p *program) changes(t *testing.T, key, after string) (*changeStream, int) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, p.url+"/changes?kinds=USER", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+key)
	if after != "" {
		req.Header.Set("Last-Event-ID", after)
	}
	resp, err := (&http.Client{Transport: &http.Transport{}}).Do(req)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cancel()
		resp.Body.Close()
	})
	return &changeStream{lines: bufio.NewScanner(resp.Body)}, resp.StatusCode
}

// next returns the next event, and false at the end of the stream.
func (s *changeStream) next() (event, data string, ok bool) {
	for s.lines.Scan() {
		name, value, _ := strings.Cut(s.lines.Text(), ": ")
		switch name {
		case "id":
			s.last = value
		case "event":
			event = value
		case "data":
			data = value
		case "":
			if event != "" {
				return event, data, true
			}
		}
	}
	return "", "", false
}

// expect reads a change of a person's name. That the source has arrived can be told before it, or not: the log does not wait for who comes first.
func (s *changeStream) expect(t *testing.T, name string) {
	t.Helper()
	for {
		event, data, ok := s.next()
		var change struct {
			Action, Label string
			Reset         bool
		}
		if !ok || event != "change" || json.Unmarshal([]byte(data), &change) != nil {
			t.Fatalf("%s %s, want the change to %s", event, data, name)
		}
		if change.Reset {
			continue
		}
		if change.Action != "UPDATED" || !strings.HasPrefix(change.Label, name+" ") {
			t.Fatalf("%s %s, want the change to %s", event, data, name)
		}
		return
	}
}

// Somebody who follows the changes goes on after the configuration has changed, and somebody whose key is withdrawn does not.
func TestChangesOutliveAConfiguration(t *testing.T) {
	t.Parallel()
	goodKey, goodHash := newKey(t)
	badKey, badHash := newKey(t)
	s := system(t, sandbox.Worksection, smallCompany)
	settings := settingsOf(reading(sourceSettings(s.Sources()[0]), "1s", "1s"))
	key := func(name, hash string) map[string]any {
		return map[string]any{"name": name, "hash": hash, "scopes": []string{"directory:read"}}
	}
	with := func(keys ...any) map[string]any {
		settings["access"] = map[string]any{"keys": keys}
		return settings
	}
	r := serveReloadable(t, with(key("good", goodHash), key("bad", badHash)))
	var streams []*changeStream
	for _, k := range []string{goodKey, badKey} {
		stream, status := r.changes(t, k, "")
		if event, data, _ := stream.next(); status != http.StatusOK || event != "ready" {
			t.Fatalf("HTTP %d, %s %s", status, event, data)
		}
		streams = append(streams, stream)
	}
	s.Rename("Firstly")
	for _, stream := range streams {
		stream.expect(t, "Firstly")
	}
	r.reload(t, with(key("good", goodHash)))
	for i, stream := range streams {
		if event, data, ok := stream.next(); ok {
			t.Errorf("stream %d goes on after its keys were replaced: %s %s", i, event, data)
		}
	}
	if _, status := r.changes(t, badKey, streams[1].last); status != http.StatusUnauthorized {
		t.Errorf("with the withdrawn key: HTTP %d", status)
	}
	s.Rename("Secondly")
	stream, _ := r.changes(t, goodKey, streams[0].last)
	if event, _, _ := stream.next(); event != "ready" {
		t.Fatal(event)
	}
	stream.expect(t, "Secondly")

	// The server does not wait for those who follow it; a cursor does not outlive it.
	if err := r.stop(); err != nil {
		t.Error(err)
	}
	if event, data, ok := stream.next(); ok {
		t.Errorf("the stream goes on after the server: %s %s", event, data)
	}
	again := serve(t, settings)
	if _, status := again.changes(t, goodKey, stream.last); status != http.StatusGone {
		t.Errorf("with the cursor of another process: HTTP %d", status)
	}
}
