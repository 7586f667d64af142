package resolvers_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"github.com/coder/websocket"
	"pgregory.net/rapid"
)

// aged matches the age in answers of streams, which have no header for it. It changes every second.
var aged = regexp.MustCompile(`,"extensions":\{("Age":\d+,?)?("Cache-Control":"[^"]*")?\}`)

// overEvents sends with server-sent events.
func overEvents(t *testing.T, h http.Handler) send {
	t.Helper()
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	return func(t rapid.TB, scopes, document string, variables map[string]any) string {
		t.Helper()
		body, err := json.Marshal(map[string]any{"query": document, "variables": variables})
		if err != nil {
			t.Fatal(err)
		}
		req, err := http.NewRequestWithContext(context.Background(), http.MethodPost, server.URL+"/graphql", strings.NewReader(string(body)))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Content-Type", "application/json")
		req.Header.Set("Accept", "text/event-stream")
		req.Header.Set("Authorization", "."+scopes)
		resp, err := server.Client().Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		events, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Fatal(err)
		}
		if resp.StatusCode != http.StatusOK { // refused before there was a stream
			return string(events)
		}
		_, rest, _ := strings.Cut(string(events), "event: next\ndata: ")
		data, _, ok := strings.Cut(rest, "\n\nevent: complete")
		if !ok {
			t.Fatalf("the events are %q", events)
		}
		return aged.ReplaceAllString(data, "")
	}
}

// overSocket sends over WebSockets: one connection for each set of scopes.
func overSocket(t *testing.T, h http.Handler) send {
	t.Helper()
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	conns := make(map[string]*websocket.Conn)
	t.Cleanup(func() {
		for _, conn := range conns {
			_ = conn.CloseNow()
		}
	})
	return func(t rapid.TB, scopes, document string, variables map[string]any) string {
		t.Helper()
		conn := conns[scopes]
		if conn == nil {
			conn = connect(t, server.URL, "."+scopes)
			conns[scopes] = conn
		}
		sendMessage(t, conn, map[string]any{"type": "subscribe", "id": "1", "payload": map[string]any{"query": document, "variables": variables}})
		kind, payload := receive(t, conn)
		switch kind {
		case "next":
			if kind, _ := receive(t, conn); kind != "complete" {
				t.Fatalf("after the answer there is %s", kind)
			}
			return aged.ReplaceAllString(string(payload), "")
		case "error":
			return `{"errors":` + string(payload) + `}`
		}
		t.Fatalf("there is %s: %s", kind, payload)
		return ""
	}
}

func connect(t rapid.TB, url, authorization string) *websocket.Conn {
	t.Helper()
	conn, _, err := websocket.Dial(context.Background(), strings.Replace(url, "http", "ws", 1)+"/graphql",
		&websocket.DialOptions{Subprotocols: []string{"graphql-transport-ws"}})
	if err != nil {
		t.Fatal(err)
	}
	conn.SetReadLimit(1 << 20)
	sendMessage(t, conn, map[string]any{"type": "connection_init", "payload": map[string]any{"Authorization": authorization}})
	if kind, payload := receive(t, conn); kind != "connection_ack" {
		t.Fatalf("there is %s: %s", kind, payload)
	}
	return conn
}

func sendMessage(t rapid.TB, conn *websocket.Conn, message any) {
	t.Helper()
	text, err := json.Marshal(message)
	if err != nil {
		t.Fatal(err)
	}
	if err := conn.Write(context.Background(), websocket.MessageText, text); err != nil {
		t.Fatal(err)
	}
}

// receive returns the next message that is not a ping.
func receive(t rapid.TB, conn *websocket.Conn) (kind string, payload json.RawMessage) {
	t.Helper()
	for kind == "" || kind == "ping" {
		_, text, err := conn.Read(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		var m struct {
			Type    string
			Payload json.RawMessage
		}
		if err := json.Unmarshal(text, &m); err != nil {
			t.Fatal(err)
		}
		kind, payload = m.Type, m.Payload
	}
	return kind, payload
}
