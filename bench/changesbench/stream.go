package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/coder/websocket"
)

// The transports.
const (
	webSocket = iota
	graphqlSSE
	plainSSE
)

var transports = [...]string{"WebSocket", "GraphQL SSE", "GET /changes"}

const subscription = `subscription ($after: String, $kinds: [ChangeKind!], $sources: [String!]) {
  changes(after: $after, kinds: $kinds, sources: $sources) { cursor at kind action id relatedId label fields reset }
}`

// connect subscribes. The function that it returns reads the next message; nil is a sign of life.
func (x *subscriber) connect(ctx context.Context, address, cursor string) (func() ([]byte, error), error) {
	client := &http.Client{Transport: &http.Transport{DisableCompression: true, DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := (&net.Dialer{}).DialContext(ctx, network, address)
		return &counted{Conn: conn, of: x}, err
	}}}
	f := filters[x.filter()]
	body, err := json.Marshal(map[string]any{"query": subscription, "variables": map[string]any{"after": cursor, "kinds": f.kinds, "sources": f.sources}})
	if err != nil {
		return nil, err
	}
	if x.transport() == webSocket {
		return x.openSocket(ctx, client, address, body)
	}
	method, path := http.MethodPost, "/graphql"
	if x.transport() == plainSSE {
		method, body = http.MethodGet, nil
		path = "/changes?" + url.Values{"after": {cursor}, "kinds": f.kinds, "sources": f.sources}.Encode()
	}
	req, err := http.NewRequestWithContext(ctx, method, "http://"+address+path, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Accept", "text/event-stream")
	var lines *bufio.Reader
	return func() ([]byte, error) {
		if lines == nil { // the header of an answer can come with the first event
			resp, err := client.Do(req) //nolint:bodyclose // it is read until the process ends
			if err != nil {
				return nil, err
			}
			if resp.StatusCode != http.StatusOK {
				return nil, fmt.Errorf("HTTP %d", resp.StatusCode)
			}
			lines = bufio.NewReader(resp.Body)
		}
		return nextEvent(lines)
	}, nil
}

// nextEvent reads a line, and returns the data of an event that is one of a change.
func nextEvent(lines *bufio.Reader) ([]byte, error) {
	line, err := lines.ReadSlice('\n')
	if err != nil {
		return nil, err
	}
	data, ok := bytes.CutPrefix(line, []byte("data: "))
	if !ok || !bytes.Contains(data, []byte(`"kind"`)) {
		if bytes.Contains(line, []byte(`"errors"`)) {
			return nil, fmt.Errorf("%.200s", line)
		}
		return nil, nil
	}
	return data, nil
}

func (x *subscriber) openSocket(ctx context.Context, client *http.Client, address string, payload []byte) (func() ([]byte, error), error) {
	conn, _, err := websocket.Dial(ctx, "ws://"+address+"/graphql", //nolint:bodyclose // it is the connection
		&websocket.DialOptions{HTTPClient: client, Subprotocols: []string{"graphql-transport-ws"}})
	if err != nil {
		return nil, err
	}
	for _, m := range []string{`{"type":"connection_init"}`, `{"type":"subscribe","id":"1","payload":` + string(payload) + `}`} {
		if err := conn.Write(ctx, websocket.MessageText, []byte(m)); err != nil {
			return nil, err
		}
	}
	var message bytes.Buffer
	return func() ([]byte, error) {
		_, r, err := conn.Reader(ctx)
		if err != nil {
			return nil, err
		}
		message.Reset()
		if _, err := message.ReadFrom(r); err != nil {
			return nil, err
		}
		_, data, found := bytes.Cut(message.Bytes(), []byte(`"data":`))
		switch {
		case found:
			return data, nil
		case bytes.Contains(message.Bytes(), []byte("connection_ack")):
			return nil, nil
		}
		return nil, fmt.Errorf("%.200s", message.Bytes())
	}, nil
}

// counted counts what is received on a connection.
type counted struct {
	net.Conn
	of *subscriber
}

// Read implements net.Conn.
func (c *counted) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	c.of.bytes.Add(int64(n))
	return n, err
}

// change is what a subscriber looks at. Nothing is decoded, because the subscribers share the processors with the server.
type change struct {
	position                 uint64
	kind, action, id, fields []byte
}

func parseChange(data []byte) (c change, err error) {
	cursor := valueOf(data, `"cursor":"`)
	_, digits, _ := strings.Cut(string(cursor), ".")
	c.position, err = strconv.ParseUint(digits, 10, 64)
	c.kind, c.action, c.id = valueOf(data, `"kind":"`), valueOf(data, `"action":"`), valueOf(data, `"id":"`)
	if _, after, found := bytes.Cut(data, []byte(`"fields":[`)); found {
		c.fields, _, _ = bytes.Cut(after, []byte("]"))
	}
	if err != nil || c.kind == nil || c.id == nil || c.fields == nil {
		return c, errors.New("this is no change: " + string(data[:min(200, len(data))]))
	}
	return c, nil
}

// valueOf returns the text that follows a beginning, up to the next quote.
func valueOf(data []byte, beginning string) []byte {
	i := bytes.Index(data, []byte(beginning))
	if i < 0 {
		return nil
	}
	data = data[i+len(beginning):]
	return data[:max(0, bytes.IndexByte(data, '"'))]
}
