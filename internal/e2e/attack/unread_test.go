//go:build linux

package attack_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"
)

// long is an operation whose answer has 20 MB, and dear one that costs nearly as much as one may, each in less than 2 kB.
var (
	long = "{" + times(14, " a#: users(first: 500) { nodes { ...F } }") + "} fragment F on User {" + times(13, " a#"+strings.Repeat("_", 190)+": id") + "}"
	dear = "{" + times(44, " a#: users(first: 500) { nodes { ...F } }") +
		"} fragment F on User { id name firstName lastName title department email emails { address } accounts { id externalId name } }"
)

// shareLines are what one caller takes of what is there for all.
func shareLines() []line {
	return []line{
		{"what each of eight callers takes from all", bounds{15 * time.Second, 1000, 1}, []specimen{
			{"dear operations on a WebSocket that reads nothing", unread(overOneSocket(dearest()...)), 0, ""},
			{"dear operations on connections that read nothing", unread(overConnections(dearest()...)), 0, ""},
			{"dear operations whose events nobody reads", unread(overConnections(dearest()...), "Accept: text/event-stream"), 0, ""},
			{"32 uploads of 70 kB that stall", unread(stalled("")), 0, ""},
			{"32 messages of 70 kB that stall", unread(stalledMessages), 0, ""},
			{"32 compressed uploads of 70 kB that stall", unread(stalled("Content-Encoding: gzip\r\n")), 0, ""},
		}},
		{"what 40 callers take from all", bounds{30 * time.Second, 1000, 1}, []specimen{
			{"dear operations that nobody reads", unread(fromMany(5, overConnections(dear))), 0, ""},
			{"uploads that stall", unread(fromMany(5, stalled(""))), 0, ""},
		}},
		{"answers that nobody reads", bounds{15 * time.Second, 1000, 1}, []specimen{
			{"on 60 connections", unread(overConnections(repeated60(long)...)), 0, ""},
			{"on 50 operations of one WebSocket", unread(overOneSocket(repeated60(long)[:50]...)), 0, ""},
			{"on one HTTP/2 connection with a window of 0", overHTTP2(60), 0, ""},
			{"as events on 60 connections", unread(overConnections(repeated60(long)...), "Accept: text/event-stream"), 0, ""},
		}},
	}
}

func repeated60(operation string) []string {
	list := make([]string, 60)
	for i := range list {
		list[i] = operation
	}
	return list
}

// dearest are operations that cost 2,000,000 together: large ones, and small ones that fill what these leave.
func dearest() (list []string) {
	for range 5 {
		list = append(list, dear)
	}
	for _, first := range []int{500, 250, 120, 60, 30, 15, 8, 4, 2, 1, 1, 1} {
		list = append(list, strings.Replace(strings.Replace(dear, times(44, " a#: users(first: 500) { nodes { ...F } }"), " users(first: N) { nodes { ...F } }", 1), "N", fmt.Sprint(first), 1))
	}
	return list
}

// holder is what an attacker holds until it is closed.
type holder func(t *testing.T, p *target, by foe, header ...string) (closed func())

// unread has the others ask while each foe holds what is there for all.
func unread(hold holder, header ...string) func(*testing.T, *ground, string) (answer, used) {
	return func(t *testing.T, g *ground, _ string) (answer, used) {
		t.Helper()
		return g.measured(t, func() answer {
			defer g.held(t, g.foes, hold, header...)()
			asked := g.asked.Load()
			until(func() bool { return g.lost.Load() || g.over() || g.asked.Load() >= asked+5*others })
			return answer{}
		})
	}
}

// held has foes hold what they can at once. What it gives closes that.
func (p *target) held(t *testing.T, by []foe, hold holder, header ...string) (closed func()) {
	t.Helper()
	var at sync.WaitGroup
	closers := make(chan func(), len(by))
	for _, f := range by {
		at.Go(func() { closers <- hold(t, p, f, header...) })
	}
	at.Wait()
	close(closers)
	return func() {
		for c := range closers {
			c()
		}
	}
}

// overOneSocket sends operations over one WebSocket, of which nothing is read but the beginning.
func overOneSocket(operations ...string) holder {
	return func(t *testing.T, p *target, by foe, _ ...string) func() {
		t.Helper()
		conn := p.socket(t, by)
		if conn == nil {
			return func() {}
		}
		for i, operation := range operations {
			p.message(t, conn, fmt.Sprintf(`{"type":"subscribe","id":"%d","payload":%s}`, i, document(operation)))
		}
		return func() { conn.CloseNow() } //nolint:errcheck // it has said enough
	}
}

// socket opens a WebSocket and begins the protocol. It is nil if the program refuses it.
func (p *target) socket(t *testing.T, by foe) *websocket.Conn {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	conn, resp, err := websocket.Dial(ctx, "ws://"+p.address+"/graphql", &websocket.DialOptions{
		Subprotocols: []string{"graphql-transport-ws"}, HTTPClient: &http.Client{Transport: by.Transport},
	})
	if err != nil {
		if resp == nil {
			t.Error(err)
		}
		return nil
	}
	p.message(t, conn, `{"type":"connection_init"}`)
	if _, _, err := conn.Read(ctx); err != nil {
		conn.CloseNow() //nolint:errcheck // it is closed already
		if websocket.CloseStatus(err) < 0 {
			t.Error(err)
		}
		return nil
	}
	return conn
}

// message sends one, unless the program has had enough.
func (*target) message(t *testing.T, conn *websocket.Conn, text string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	_ = conn.Write(ctx, websocket.MessageText, []byte(text))
}

// overConnections sends each operation on a connection of its own, of which it reads the first line of the answer alone.
func overConnections(operations ...string) holder {
	return func(t *testing.T, p *target, by foe, header ...string) func() {
		t.Helper()
		var all []net.Conn
		var lines sync.WaitGroup
		for _, operation := range operations {
			c := dial(t, p, by)
			all = append(all, c)
			body := document(operation)
			fmt.Fprintf(c, "POST /graphql HTTP/1.1\r\nHost: %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n%s\r\n%s",
				p.address, len(body), strings.Join(append(header, ""), "\r\n"), body)
			lines.Go(func() { io.ReadFull(c, make([]byte, 12)) }) //nolint:errcheck // it may be refused
		}
		lines.Wait()
		return func() {
			for _, c := range all {
				_ = c.Close()
			}
		}
	}
}

// dial opens a connection that takes little at a time.
func dial(t *testing.T, p *target, by foe) net.Conn {
	t.Helper()
	c, err := (&net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(by.address)}}).DialContext(t.Context(), "tcp", p.address)
	if err != nil {
		t.Fatal(err)
	}
	c.(*net.TCPConn).SetReadBuffer(4096)    //nolint:errcheck,forcetypeassert // it is one
	c.SetDeadline(time.Now().Add(patience)) //nolint:errcheck // a connection has one
	return c
}

// stalled begins 32 uploads of 70 kB and ends none.
func stalled(header string) holder {
	return func(t *testing.T, p *target, by foe, _ ...string) func() {
		t.Helper()
		var all []net.Conn
		for range 32 {
			c := dial(t, p, by)
			all = append(all, c)
			fmt.Fprintf(c, "POST /graphql HTTP/1.1\r\nHost: %s\r\nContent-Type: application/json\r\n%sContent-Length: %d\r\n\r\n", p.address, header, 70_000)
			io.Copy(c, endless(69_000)) //nolint:errcheck // it may be refused
		}
		return func() {
			for _, c := range all {
				_ = c.Close()
			}
		}
	}
}

// stalledMessages begins 32 messages of 70 kB on as many WebSockets, and ends none.
func stalledMessages(t *testing.T, p *target, by foe, _ ...string) func() {
	t.Helper()
	var all []*websocket.Conn
	for range 32 {
		conn := p.socket(t, by)
		if conn == nil {
			continue
		}
		all = append(all, conn)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		w, err := conn.Writer(ctx, websocket.MessageText)
		if err == nil {
			io.Copy(w, endless(69_000)) //nolint:errcheck // it may be refused
		}
		cancel()
	}
	return func() {
		for _, conn := range all {
			conn.CloseNow() //nolint:errcheck // it has said enough
		}
	}
}

// The frames of HTTP/2 that an attack needs, and the setting of a stream's window: RFC 9113, sections 6 and 6.5.2.
const (
	frameData, frameHeaders, frameSettings = 0, 1, 4
	endStream, endHeaders                  = 1, 4
	initialWindowSize                      = 4
)

func frame(w io.Writer, kind, flags, stream byte, payload []byte) {
	n := len(payload)
	w.Write([]byte{byte(n >> 16), byte(n >> 8), byte(n), kind, flags, 0, 0, 0, stream}) //nolint:errcheck // the program may have had enough
	w.Write(payload)                                                                    //nolint:errcheck // as above
}

// field is a header field as it can be written without a table: RFC 7541, section 6.2.2.
func field(name, value string) string {
	return "\x00" + string(rune(len(name))) + name + string(rune(len(value))) + value
}

// overHTTP2 sends operations on one connection of HTTP/2 whose window is 0, to a program of its own.
func overHTTP2(n int) func(*testing.T, *ground, string) (answer, used) {
	return func(t *testing.T, g *ground, _ string) (answer, used) {
		t.Helper()
		settings, roots := g.vendors.settings(), secured(t)
		settings["tls"] = roots.files
		p := serve(t, settings)
		return p.measured(t, func() answer {
			conn, err := tls.Dial("tcp", p.address, &tls.Config{RootCAs: roots.pool, NextProtos: []string{"h2"}, MinVersion: tls.VersionTLS12}) //nolint:noctx // it is on loopback
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()                         //nolint:errcheck // it has said enough
			conn.SetDeadline(time.Now().Add(patience)) //nolint:errcheck // a connection has one
			w := bufio.NewWriter(conn)
			io.WriteString(w, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n") //nolint:errcheck // see Flush
			frame(w, frameSettings, 0, 0, []byte{0, initialWindowSize, 0, 0, 0, 0})
			fields := field(":method", "POST") + field(":scheme", "https") + field(":path", "/graphql") + field(":authority", p.address) + field("content-type", "application/json")
			for i := range n {
				stream := byte(2*i + 1)
				frame(w, frameHeaders, endHeaders, stream, []byte(fields))
				frame(w, frameData, endStream, stream, []byte(document(long)))
			}
			if err := w.Flush(); err != nil {
				t.Error(err)
			}
			for heads := 0; heads < n; {
				var head [9]byte
				if _, err := io.ReadFull(conn, head[:]); err != nil {
					break // it is dropped
				}
				length := int64(head[0])<<16 | int64(head[1])<<8 | int64(head[2])
				io.CopyN(io.Discard, conn, length) //nolint:errcheck // as above
				if head[3] == frameHeaders || head[3] == 3 {
					heads++
				}
			}
			client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots.pool, MinVersion: tls.VersionTLS12}}, Timeout: patience}
			defer client.CloseIdleConnections()
			if a := sendTo(t.Context(), client, http.MethodPost, "https://"+p.address+"/graphql", strings.NewReader(document(plainly)), "Content-Type", "application/json", "Authorization", "Bearer "+keyOf(0)); a.status != 200 || strings.Contains(a.body, `"errors"`) {
				t.Errorf("another caller gets HTTP %d %.300s", a.status, a.body)
			}
			return answer{}
		})
	}
}
