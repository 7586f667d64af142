package http1

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"
)

// Conn is a connection of a client.
type Conn interface {
	net.Conn
	// Unread makes the next reads return these bytes. The connection keeps them.
	Unread(b []byte)
	// WriteBoth writes both parts, as one if it can.
	WriteBoth(first, second []byte) (int, error)
}

// inputBuffer is how many bytes a plain request may have. net/http takes as much for a connection, for reading and for writing.
const inputBuffer = 8 << 10

// The states of a connection.
const (
	idle   int32 = iota // it waits for a request, and may be closed
	active              // a request is read or served
	closed              // Shutdown has closed it
)

// conn is a connection that the server reads.
type conn struct {
	net    Conn
	of     *Server
	since  time.Time   // when it was accepted
	served atomic.Bool // it has had a request
	state  atomic.Int32
	ctx    context.Context
	remote string

	in     []byte // what was read and is not used yet
	posted bool   // the last request was a POST
}

var inputs = sync.Pool{New: func() any { return new([inputBuffer]byte) }}

// serve serves requests until the connection is closed, or is given to net/http.
func (c *conn) serve() {
	given := false
	defer func() {
		if !given {
			c.of.remove(c)
			c.net.Close() //nolint:errcheck // nothing is to be done
		}
	}()
	c.of.noteState(c.net, http.StateNew)
	buffer, _ := inputs.Get().(*[inputBuffer]byte)
	defer inputs.Put(buffer)
	c.in = buffer[:0]
	c.remote, c.ctx = c.net.RemoteAddr().String(), c.of.connContext(c.net)
	for {
		if !c.fill(buffer) {
			return
		}
		c.skipLineEnds()
		p, ok := parse(c.in, c.of.Path)
		if !ok || c.of.HeaderBytes > 0 && p.head > c.of.HeaderBytes {
			given = true
			c.giveAway()
			return
		}
		if !c.serveRequest(&p) {
			return
		}
		c.in = buffer[:copy(buffer[:], c.in[p.whole():])]
		c.posted = p.method == http.MethodPost
		c.served.Store(true)
	}
}

// peek is how many bytes net/http awaits before it begins to read a request that is not the first one of the connection.
const peek = 4

// fill waits until the client has begun the next request. It returns false if the connection is to be closed.
func (c *conn) fill(buffer *[inputBuffer]byte) bool {
	enough, wait := 1, c.of.HeaderTime
	if c.served.Load() {
		enough, wait = peek, c.of.IdleTime
	}
	if len(c.in) >= enough {
		return true
	}
	by := time.Time{}
	if wait > 0 {
		by = time.Now().Add(wait)
	}
	c.net.SetReadDeadline(by) //nolint:errcheck // the read will fail
	if enough > 1 {
		c.of.noteState(c.net, http.StateIdle)
		c.state.Store(idle)
		if c.of.stopping.Load() { // perhaps Shutdown has not seen that it is idle
			return false
		}
	}
	for len(c.in) < enough {
		n, err := c.net.Read(buffer[len(c.in):])
		if err != nil { // net/http answers the first read that fails, such as one of a wrong header of the PROXY protocol
			return enough == 1 && !errors.Is(err, io.EOF) && !errors.Is(err, os.ErrDeadlineExceeded)
		}
		c.in = buffer[:len(c.in)+n]
	}
	if !c.state.CompareAndSwap(idle, active) {
		return false
	}
	c.of.noteState(c.net, http.StateActive)
	return true
}

// skipLineEnds skips line ends that some old clients send after a POST, as net/http does.
func (c *conn) skipLineEnds() {
	for n := peek; c.posted && n > 0 && len(c.in) > 0 && (c.in[0] == '\r' || c.in[0] == '\n'); n-- {
		c.in = c.in[1:]
	}
}

// giveAway gives the connection to net/http, with what was read and not used.
func (c *conn) giveAway() {
	c.net.SetReadDeadline(time.Time{})  //nolint:errcheck // net/http will notice
	c.net.SetWriteDeadline(time.Time{}) //nolint:errcheck // as above
	c.net.Unread(append([]byte(nil), c.in...))
	c.of.giveAway(c)
}

// exchange is what a request and its answer need, in one piece of memory.
type exchange struct {
	ctx  requestContext
	w    response
	url  url.URL
	body body
}

// none is a request without anything.
var none http.Request

// serveRequest serves a plain request. It returns false if the connection is to be closed.
func (c *conn) serveRequest(p *parsed) (again bool) {
	x := &exchange{ctx: requestContext{Context: c.ctx, conn: c}, url: p.url}
	r := none.WithContext(&x.ctx)
	r.Method, r.URL, r.RequestURI, r.Host, r.Header = p.method, &x.url, p.target, p.host, p.header
	r.Proto, r.ProtoMajor, r.ProtoMinor = "HTTP/1.1", 1, 1
	r.RemoteAddr, r.ContentLength, r.Body = c.remote, int64(p.body), http.NoBody
	if p.body > 0 {
		x.body.rest = c.in[p.head:p.whole()]
		r.Body = &x.body
	}
	if c.of.AnswerTime > 0 {
		c.net.SetWriteDeadline(time.Now().Add(c.of.AnswerTime)) //nolint:errcheck // the write will fail
	}
	x.w.begin(c, &x.ctx)
	defer func() {
		x.ctx.end()
		x.body.Close() //nolint:errcheck // it cannot fail
		if e := recover(); e != nil {
			again = false
			if err, is := e.(error); !is || !errors.Is(err, http.ErrAbortHandler) {
				c.of.logf("http: panic serving %v: %v\n%s", c.remote, e, debug.Stack())
			}
		}
		x.w.release()
	}()
	c.of.Handler.ServeHTTP(&x.w, r)
	return x.w.finish()
}
