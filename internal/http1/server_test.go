package http1

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// pipe is a connection in memory.
type pipe struct {
	net.Conn
	unread []byte
	writes *atomic.Int32
}

func (p *pipe) Read(b []byte) (int, error) {
	if len(p.unread) > 0 {
		n := copy(b, p.unread)
		p.unread = p.unread[n:]
		return n, nil
	}
	return p.Conn.Read(b)
}

func (p *pipe) Unread(b []byte) { p.unread = b }

func (p *pipe) WriteBoth(first, second []byte) (int, error) {
	p.writes.Add(1)
	n, err := p.Write(first)
	if err != nil || len(second) == 0 { // a pipe waits for a reader of nothing
		return n, err
	}
	m, err := p.Write(second)
	return n + m, err
}

// world is a server with clients in memory.
type world struct {
	t      *testing.T
	server *Server
	rest   *http.Server
	over   chan struct{}
	writes atomic.Int32
}

// serving starts a server within a synctest bubble. The handler also serves what is not plain.
func serving(t *testing.T, handler http.HandlerFunc) *world {
	w := &world{t: t, server: New(address), rest: &http.Server{Handler: handler, ErrorLog: silent, ReadHeaderTimeout: time.Minute}, over: make(chan struct{})}
	w.server.Handler, w.server.Path, w.server.ErrorLog = handler, "/graphql", silent
	w.server.HeaderTime, w.server.IdleTime, w.server.AnswerTime = 10*time.Second, 20*time.Second, 30*time.Second
	go func() {
		defer close(w.over)
		w.rest.Serve(w.server.Rest()) //nolint:errcheck // it was closed
	}()
	return w
}

// dial connects a client.
func (w *world) dial() *client {
	mine, theirs := net.Pipe()
	w.server.begin(&pipe{Conn: theirs, writes: &w.writes})
	return &client{w.t, mine, bufio.NewReader(mine)}
}

// end ends both servers, and fails the test if a connection is left.
func (w *world) end() {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Hour)
	defer cancel()
	if err := errors.Join(w.server.Shutdown(ctx), w.rest.Shutdown(ctx)); err != nil {
		w.t.Error(err)
	}
	<-w.over
}

type client struct {
	t    *testing.T
	conn net.Conn
	in   *bufio.Reader
}

func (c *client) send(text string) {
	c.t.Helper()
	if _, err := io.WriteString(c.conn, text); err != nil {
		c.t.Error(err)
	}
}

// gets fails the test unless the next answer has this body. It returns the answer.
func (c *client) gets(want string) *http.Response {
	c.t.Helper()
	resp, err := http.ReadResponse(c.in, nil)
	if err != nil {
		c.t.Fatal(err)
	}
	if body, err := io.ReadAll(resp.Body); string(body) != want || err != nil {
		c.t.Errorf("the answer is %q, %v; want %q", body, err, want)
	}
	return resp
}

// isClosed fails the test unless the server closes the connection without another answer. It returns how long that takes.
func (c *client) isClosed() time.Duration {
	c.t.Helper()
	from := time.Now()
	if rest, err := io.ReadAll(c.in); len(rest) > 0 || err != nil {
		c.t.Errorf("%q, %v; want that the connection is closed", rest, err)
	}
	return time.Since(from)
}

const get = "GET /graphql?q HTTP/1.1\r\nHost: a\r\n\r\n"

func post(body string) string {
	return "POST /graphql HTTP/1.1\r\nHost: a\r\nContent-Length: " + strconv.Itoa(len(body)) + "\r\n\r\n" + body
}

// kindOf says who serves a request.
func kindOf(w http.ResponseWriter) string {
	if _, is := w.(*response); is {
		return "plain"
	}
	return "net/http"
}

// The context of a request ends when the client is gone, but not when it sends its next request.
func TestContextOfARequest(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ended := make(chan error, 1)
		w := serving(t, func(w http.ResponseWriter, r *http.Request) {
			ctx, cancel := context.WithTimeout(r.Context(), 10*time.Second)
			defer cancel()
			<-ctx.Done()
			ended <- ctx.Err()
			fmt.Fprint(w, kindOf(w))
		})
		c := w.dial()
		c.send(get)
		go c.send(get)
		c.gets("plain")
		if err := <-ended; !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("the client sent another request: %v", err)
		}
		synctest.Wait()
		c.conn.Close() //nolint:errcheck // nothing is to be done
		if err := <-ended; !errors.Is(err, context.Canceled) {
			t.Errorf("the client is gone: %v", err)
		}
		w.end()
	})
}

// Who does not wait for the context sees its end too, and nothing can wait for it for ever.
func TestContextAfterTheRequest(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var kept context.Context
		w := serving(t, func(w http.ResponseWriter, r *http.Request) {
			if kept = r.Context(); kept.Err() != nil {
				t.Error(kept.Err())
			}
			fmt.Fprint(w, kindOf(w))
		})
		c := w.dial()
		c.send(get)
		c.gets("plain")
		synctest.Wait()
		if err := kept.Err(); !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
		<-kept.Done()
		w.end()
	})
}

// A client that waits, before a request or while it is to read, loses its connection in time.
func TestTimes(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := serving(t, func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, kindOf(w)) })
		c := w.dial()
		if took := c.isClosed(); took != w.server.HeaderTime {
			t.Errorf("the first request may take %s", took)
		}
		c = w.dial()
		c.send(get)
		c.gets("plain")
		if took := c.isClosed(); took != w.server.IdleTime {
			t.Errorf("the second request may take %s", took)
		}
		c = w.dial()
		c.send(get)
		time.Sleep(w.server.AnswerTime + time.Second)
		c.isClosed()
		w.end()
	})
}

// What is not plain is served by net/http, from then on.
func TestRest(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := serving(t, func(w http.ResponseWriter, r *http.Request) {
			body, _ := io.ReadAll(r.Body)
			fmt.Fprintf(w, "%s: %s", kindOf(w), body)
		})
		c := w.dial()
		c.send(post("a"))
		c.gets("plain: a")
		c.send("POST /graphql HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nb\r\n0\r\n\r\n")
		c.gets("net/http: b")
		c.send(post("c"))
		c.gets("net/http: c")
		for _, cut := range []int{1, 30, len(post("de")) - 1} { // a request that comes in two parts
			c = w.dial()
			c.send(post("de")[:cut])
			synctest.Wait()
			c.send(post("de")[cut:])
			c.gets("net/http: de")
		}
		w.end()
	})
}

// States are told as net/http tells them. That of a connection that is given away begins again.
func TestStates(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := serving(t, func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, kindOf(w)) })
		states := make(chan http.ConnState, 10)
		note := func(_ net.Conn, s http.ConnState) { states <- s }
		w.server.State, w.rest.ConnState = note, note
		c := w.dial()
		for _, tt := range []struct {
			request, by string
			want        []http.ConnState
		}{
			{"", "", []http.ConnState{http.StateNew}},
			{get, "plain", []http.ConnState{http.StateActive, http.StateIdle}},
			{post("a"), "plain", []http.ConnState{http.StateActive, http.StateIdle}},
			{strings.Replace(get, "graphql", "other", 1), "net/http", []http.ConnState{http.StateActive, http.StateNew, http.StateActive, http.StateIdle}},
		} {
			if c.send(tt.request); tt.request != "" {
				c.gets(tt.by)
			}
			synctest.Wait()
			for _, want := range tt.want {
				if got := <-states; got != want {
					t.Errorf("%q: %s, want %s", tt.request, got, want)
				}
			}
		}
		w.end()
	})
}

// broken is a connection that cannot be read.
type broken struct{ *pipe }

func (broken) Read([]byte) (int, error) { return 0, errors.New("a wrong header of the PROXY protocol") }

// net/http answers a connection that cannot be read.
func TestFirstReadFails(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := serving(t, nil)
		mine, theirs := net.Pipe()
		w.server.begin(broken{&pipe{Conn: theirs, writes: &w.writes}})
		c := &client{t, mine, bufio.NewReader(mine)}
		if resp := c.gets("400 Bad Request"); resp.StatusCode != http.StatusBadRequest {
			t.Error(resp.Status)
		}
		c.isClosed()
		w.end()
	})
}

// Shutdown closes connections that wait, answers the requests that run, and those that come on new connections.
func TestShutdown(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := serving(t, func(w http.ResponseWriter, r *http.Request) {
			if r.Method == http.MethodPost {
				time.Sleep(20 * time.Second)
			}
			fmt.Fprint(w, kindOf(w))
		})
		waits, runs, late, silent, other := w.dial(), w.dial(), w.dial(), w.dial(), w.dial()
		waits.send(get)
		waits.gets("plain")
		runs.send(post("a"))
		synctest.Wait()
		ended := make(chan time.Duration)
		go func() {
			from := time.Now()
			w.end()
			ended <- time.Since(from)
		}()
		if took := waits.isClosed(); took > time.Second {
			t.Errorf("the connection that waits is closed after %s", took)
		}
		late.send(get)
		if !late.gets("plain").Close {
			t.Error("the connection of a late request goes on")
		}
		late.isClosed()
		other.send("GET /readyz HTTP/1.1\r\nHost: a\r\n\r\n")
		other.gets("net/http")
		if took := silent.isClosed(); took < newFor-time.Second || took > newFor+time.Second {
			t.Errorf("the silent connection is closed after %s", took)
		}
		if !runs.gets("plain").Close {
			t.Error("the connection of the running request goes on")
		}
		runs.isClosed()
		if took := <-ended; took < 20*time.Second || took > 22*time.Second {
			t.Errorf("Shutdown took %s", took)
		}
	})
}

// If requests do not end in time, Shutdown returns, and Close closes their connections.
func TestClose(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := serving(t, func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
		c := w.dial()
		c.send(get)
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		if err := w.server.Shutdown(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Error(err)
		}
		w.server.Close()
		w.end()
	})
}

// busy is an error of Accept that passes.
type busy struct{ error }

func (busy) Timeout() bool   { return false }
func (busy) Temporary() bool { return true }

// Serve goes on after errors that pass, and waits longer each time.
func TestAcceptErrors(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := serving(t, nil)
		last, n, from := errors.New("the last"), 0, time.Now()
		err := w.server.Serve(func() (Conn, error) {
			if n++; n <= 10 {
				return nil, busy{errors.New("too many open files")}
			}
			return nil, last
		})
		if took := time.Since(from); !errors.Is(err, last) || took != 3275*time.Millisecond {
			t.Errorf("%v after %s", err, took)
		}
		w.end()
	})
}

// An answer whose length is known is one write, and so is a short one.
func TestWrites(t *testing.T) {
	t.Parallel()
	for length, declared := range map[int]bool{0: false, shortBody: false, 0x100000: true} {
		synctest.Test(t, func(t *testing.T) {
			text := strings.Repeat("a", length)
			w := serving(t, func(w http.ResponseWriter, _ *http.Request) {
				if declared {
					w.Header().Set("Content-Length", strconv.Itoa(length))
				}
				fmt.Fprint(w, text)
			})
			c := w.dial()
			c.send(get)
			if resp := c.gets(text); resp.ContentLength != int64(length) || w.writes.Load() != 1 {
				t.Errorf("%d of %d bytes in %d writes", resp.ContentLength, length, w.writes.Load())
			}
			w.end()
		})
	}
}
