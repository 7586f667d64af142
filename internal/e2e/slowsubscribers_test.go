package e2e_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/coder/websocket"

	"roster/internal/sandbox"
)

// valve is a client's connection, of which a test can have the client read nothing any more. Then the buffers of the network fill up.
type valve struct {
	net.Conn
	open *atomic.Pointer[chan struct{}] // closed while the client reads
}

func (v *valve) Read(b []byte) (int, error) {
	<-*v.open.Load()
	return v.Conn.Read(b)
}

// changesClient is a client that follows the changes of people over a connection of its own.
type changesClient struct {
	name string
	open atomic.Pointer[chan struct{}]
	// read reads what the server sends next. A sign of life is nothing.
	read func() ([]byte, error)
	last uint64 // the position of the last change
}

func (f *changesClient) stop() { f.open.Store(new(make(chan struct{}))) }

func (f *changesClient) resume() {
	select {
	case <-*f.open.Load():
	default:
		close(*f.open.Load())
	}
}

var (
	cursorOfChange = regexp.MustCompile(`"cursor":"[a-z0-9]+\.([0-9]+)"`)
	codeOfProblem  = regexp.MustCompile(`"code":"([A-Z_]+)"`)
)

// next reads the next change. The error is the end of the stream, as the client sees it; problem is what it was told before.
func (f *changesClient) next(t *testing.T) (problem string, err error) {
	t.Helper()
	for {
		data, err := f.read()
		if err != nil {
			return "", err
		}
		if m := codeOfProblem.FindSubmatch(data); m != nil {
			return string(m[1]), nil
		}
		if m := cursorOfChange.FindSubmatch(data); m != nil && bytes.Contains(data, []byte(`"kind"`)) {
			at, err := strconv.ParseUint(string(m[1]), 10, 64)
			if err != nil || at <= f.last {
				t.Errorf("%s: change %s follows %d: %v", f.name, m[1], f.last, err)
			}
			f.last = at
			return "", nil
		}
	}
}

// await reads that many changes.
func (f *changesClient) await(t *testing.T, n int) {
	t.Helper()
	for i := range n {
		if problem, err := f.next(t); problem != "" || err != nil {
			t.Fatalf("%s: %q, %v in the place of change %d of %d", f.name, problem, err, i+1, n)
		}
	}
}

const followedPeople = "subscription ($after: String) { changes(after: $after, kinds: [USER]) { cursor kind id label fields } }"

// followers are clients that follow the changes after a cursor, one over each protocol.
func (p *program) followers(t *testing.T, cursor string) (all []*changesClient) {
	t.Helper()
	body, err := json.Marshal(map[string]any{"query": followedPeople, "variables": map[string]any{"after": cursor}})
	if err != nil {
		t.Fatal(err)
	}
	all = append(all, p.overSocket(t, body))
	for name, http2 := range map[string]bool{"HTTP/1.1": false, "HTTP/2": true} {
		all = append(all, p.overEvents(t, "GraphQL over SSE, "+name, http2, http.MethodPost, "/graphql", body),
			p.overEvents(t, "GET /changes, "+name, http2, http.MethodGet, "/changes?kinds=USER&after="+cursor, nil))
	}
	return all
}

// client is an HTTP client for a changesClient. The system's buffers are as it makes them: a smaller one would make the window shrink that the server knows, and
// then the system waits minutes before it sends again.
func (f *changesClient) client(http2 bool) *http.Client {
	f.open.Store(new(make(chan struct{})))
	f.resume()
	transport := &http.Transport{DisableCompression: true, ReadBufferSize: 4 << 10, HTTP2: &http.HTTP2Config{MaxReceiveBufferPerStream: 64 << 10, MaxReceiveBufferPerConnection: 64 << 10},
		DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			conn, err := (&net.Dialer{KeepAlive: -1}).DialContext(ctx, network, address) // a client that reads nothing does not see answers to probes
			return &valve{conn, &f.open}, err
		}}
	transport.Protocols = new(http.Protocols)
	transport.Protocols.SetHTTP1(!http2)
	transport.Protocols.SetUnencryptedHTTP2(http2)
	return &http.Client{Transport: transport}
}

func (p *program) overSocket(t *testing.T, payload []byte) *changesClient {
	t.Helper()
	f := &changesClient{name: "WebSocket"}
	conn, _, err := websocket.Dial(t.Context(), strings.Replace(p.url, "http", "ws", 1)+"/graphql", &websocket.DialOptions{HTTPClient: f.client(false), Subprotocols: []string{"graphql-transport-ws"}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		f.resume()
		_ = conn.CloseNow()
	})
	for _, m := range []string{`{"type":"connection_init"}`, `{"type":"subscribe","id":"1","payload":` + string(payload) + `}`} {
		if err := conn.Write(t.Context(), websocket.MessageText, []byte(m)); err != nil {
			t.Fatal(err)
		}
	}
	f.read = func() ([]byte, error) {
		_, message, err := conn.Read(context.Background())
		return message, err
	}
	return f
}

func (p *program) overEvents(t *testing.T, name string, http2 bool, method, path string, body []byte) *changesClient {
	t.Helper()
	f := &changesClient{name: name}
	ctx, cancel := context.WithCancel(context.Background())
	t.Cleanup(func() {
		f.resume()
		cancel()
	})
	req, err := http.NewRequestWithContext(ctx, method, p.url+path, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Accept", "text/event-stream")
	client := f.client(http2)
	var lines *bufio.Reader
	f.read = func() ([]byte, error) {
		if lines == nil { // the header can come with the first event
			resp, err := client.Do(req)
			if err != nil {
				return nil, err
			}
			if wanted := map[bool]int{false: 1, true: 2}[http2]; resp.ProtoMajor != wanted || resp.StatusCode != http.StatusOK {
				return nil, fmt.Errorf("HTTP %d over %s", resp.StatusCode, resp.Proto)
			}
			lines = bufio.NewReader(resp.Body)
		}
		line, err := lines.ReadBytes('\n')
		if data, ok := bytes.CutPrefix(line, []byte("data: ")); ok && err == nil {
			return data, nil
		}
		return nil, err
	}
	return f
}

// watched is a program with a company, whose changes clients follow: some of them read all the time, and the others stop.
type watched struct {
	*program
	*sandbox.Sandbox
	admin         string
	reading, slow []*changesClient
	steps         int
}

// atOnce is how many people change at a time, and steps how often before the buffers of a client that does not read are surely full.
const atOnce, steps = 400, 8

func watch(t *testing.T, limits map[string]any) *watched {
	t.Helper()
	s := system(t, sandbox.Worksection, 600)
	settings := settingsOf(reading(sourceSettings(s.Sources()[0]), "1s", "1s"))
	limits["requests"] = 0
	f := &watched{Sandbox: s, admin: adminOf(t)}
	settings["limits"], settings["admin"] = limits, map[string]any{"listen": f.admin, "pprof": true}
	settings["changes"] = map[string]any{"length": atOnce + atOnce/2} // those who read get all changes of a step before the next one
	f.program = serve(t, settings)
	f.awaitFirstReading(t)
	var cursor struct{ ChangeCursor string }
	f.ask(t, "{ changeCursor }", nil).into(t, &cursor)
	f.reading, f.slow = f.followers(t, cursor.ChangeCursor), f.followers(t, cursor.ChangeCursor)
	f.change(t, 1, append(f.reading, f.slow...)...) // so they are all connected
	for _, one := range f.slow {
		one.stop()
	}
	return f
}

// change changes some people, and waits until these clients know.
func (f *watched) change(t *testing.T, people int, told ...*changesClient) {
	t.Helper()
	f.steps++
	if n := len(f.GiveTitle(0, people, fmt.Sprint("Step ", f.steps))); n != people {
		t.Fatalf("the company has %d people", n)
	}
	for _, one := range told {
		one.await(t, people)
	}
}

// metric returns the value of a metric without labels, or with these.
func (f *watched) metric(t *testing.T, name string) string {
	t.Helper()
	_, text := fetch(t, "http://"+f.admin+"/metrics")
	for line := range strings.Lines(text) {
		if value, ok := strings.CutPrefix(line, name+" "); ok {
			return strings.TrimSpace(value)
		}
	}
	return ""
}

// A client that reads nothing for a while delays nobody. When it reads again, it gets what was sent, in order, and is told that it has missed changes.
func TestASlowSubscriberIsTold(t *testing.T) {
	t.Parallel()
	f := watch(t, map[string]any{"min_rate": 0, "answer_time": "1h"})
	for range steps {
		f.change(t, atOnce, f.reading...)
	}
	if n := f.metric(t, "roster_changes_subscribers"); n != fmt.Sprint(len(f.reading)+len(f.slow)) {
		t.Errorf("there are %s subscribers", n)
	}
	for _, one := range f.slow {
		one.resume()
		got := 0
		for problem := ""; problem == ""; got++ {
			var err error
			if problem, err = one.next(t); err != nil || problem != "" && problem != "CURSOR_EXPIRED" {
				t.Fatalf("%s: %q, %v after %d changes", one.name, problem, err, got)
			}
		}
		if got < 2 || got > steps*atOnce {
			t.Errorf("%s: told after %d changes of %d", one.name, got, steps*atOnce)
		}
	}
}

// A client that reads nothing any more is dropped. Until then it delays nobody, and the server keeps nothing for it.
func TestASubscriberThatStopsIsDropped(t *testing.T) {
	t.Parallel()
	f := watch(t, map[string]any{"min_rate_grace": "1s"})
	before := f.heap(t)
	for range steps {
		f.change(t, atOnce, f.reading...)
	}
	if grown := f.heap(t) - before; grown > 16<<20 {
		t.Errorf("the heap has grown by %d bytes", grown)
	}
	eventually(t, "those who do not read are dropped", func() bool {
		return f.metric(t, "roster_changes_subscribers") == fmt.Sprint(len(f.reading))
	})
	for _, one := range f.slow {
		one.resume()
		var problem string
		var err error
		for err == nil {
			if problem, err = one.next(t); problem != "" {
				t.Errorf("%s: %s", one.name, problem)
			}
		}
		if errors.Is(err, io.EOF) && one.name != "WebSocket" {
			t.Errorf("%s: the stream ends as if it was complete", one.name)
		}
	}
	f.change(t, 1, f.reading...)
}

var heapInUse = regexp.MustCompile(`(?m)^# HeapAlloc = ([0-9]+)$`)

// heap returns the bytes of the heap after a collection.
func (f *watched) heap(t *testing.T) int64 {
	t.Helper()
	_, text := fetch(t, "http://"+f.admin+"/debug/pprof/heap?gc=1&debug=1")
	m := heapInUse.FindStringSubmatch(text)
	if m == nil {
		t.Fatal("the profile has no HeapAlloc")
	}
	n, err := strconv.ParseInt(m[1], 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return n
}
