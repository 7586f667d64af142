package faults

import (
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Effect is what a fault does to a call.
type Effect func(*call)

// call is one request to the fake, as an effect gets it.
type call struct {
	w        http.ResponseWriter
	r        *http.Request
	next     http.Handler    // the fake
	released <-chan struct{} // closed when the fault ends
}

// Body is the body of a wrong answer.
type Body struct {
	Type string // the content type; may be empty
	Text string
}

// JSON returns a body with the content type of JSON and any text.
func JSON(text string) Body { return Body{Type: "application/json; charset=utf-8", Text: text} }

// HTML returns a body with the content type of HTML. Proxies and login forms send such pages.
func HTML(text string) Body { return Body{Type: "text/html; charset=utf-8", Text: text} }

// Plain returns a body with the content type of plain text.
func Plain(text string) Body { return Body{Type: "text/plain; charset=utf-8", Text: text} }

// Empty returns an empty body.
func Empty() Body { return Body{} }

// Reply answers with this status and body, and does not call Next. Header lists names and values alternately.
func Reply(status int, body Body, header ...string) Effect {
	return func(c *call) {
		h := c.w.Header()
		for i := 0; i+1 < len(header); i += 2 {
			h.Set(header[i], header[i+1])
		}
		c.drain()
		if body.Type != "" {
			h.Set("Content-Type", body.Type)
		} else {
			h["Content-Type"] = nil // prevents net/http from guessing a type
		}
		c.w.WriteHeader(status)
		_, _ = io.WriteString(c.w, body.Text) // fails for a status without a body, or if the client is gone
	}
}

// Redirect answers with a redirect.
func Redirect(status int, url string) Effect { return Reply(status, Empty(), "Location", url) }

// Hang does not answer until the client disconnects or the fault ends. Then it cuts the connection.
func Hang() Effect {
	return func(c *call) {
		c.drain()
		c.wait()
		panic(http.ErrAbortHandler)
	}
}

// Stall sends the first half of Next's answer, and then hangs.
func Stall() Effect {
	return func(c *call) {
		c.half()
		c.wait()
		panic(http.ErrAbortHandler)
	}
}

// Reset cuts the connection in the middle of Next's answer.
func Reset() Effect {
	return func(c *call) {
		c.half()
		if conn, _, err := http.NewResponseController(c.w).Hijack(); err == nil {
			if tcp, ok := conn.(*net.TCPConn); ok {
				_ = tcp.SetLinger(0) // close with a reset; if this fails, the connection is cut anyway
			}
			_ = conn.Close()
			return
		}
		panic(http.ErrAbortHandler)
	}
}

// Truncate sends the first half of Next's answer as a complete answer: with its status and the length of the half.
func Truncate() Effect {
	return func(c *call) {
		answer := c.answer()
		answer.body = answer.body[:len(answer.body)/2]
		answer.send(c.w, len(answer.body))
	}
}

// Slow sends Next's answer in the given number of pieces, with a pause before each piece. The pauses end with the fault.
func Slow(pieces int, pause time.Duration) Effect {
	return func(c *call) {
		pause := pause // of this call
		answer := c.answer()
		whole := answer.body
		answer.body = nil
		answer.send(c.w, len(whole))
		size := max(1, (len(whole)+pieces-1)/max(1, pieces))
		for len(whole) > 0 {
			t := time.NewTimer(pause)
			select {
			case <-t.C:
			case <-c.r.Context().Done():
			case <-c.released:
				pause = 0
			}
			t.Stop()
			n := min(size, len(whole))
			if _, err := c.w.Write(whole[:n]); err != nil {
				return
			}
			_ = http.NewResponseController(c.w).Flush() // the next write shows whether the client is gone
			whole = whole[n:]
		}
	}
}

// Trickle sends an endless answer of blanks, one after each pause, until the client disconnects or the fault ends. Then it cuts the connection.
func Trickle(pause time.Duration) Effect {
	return func(c *call) {
		c.drain()
		c.w.Header().Set("Content-Type", "application/json")
		next := time.NewTicker(pause)
		defer next.Stop()
		for {
			if _, err := c.w.Write([]byte(" ")); err != nil {
				panic(http.ErrAbortHandler)
			}
			_ = http.NewResponseController(c.w).Flush() // the next write shows whether the client is gone
			select {
			case <-next.C:
			case <-c.r.Context().Done():
				panic(http.ErrAbortHandler)
			case <-c.released:
				panic(http.ErrAbortHandler)
			}
		}
	}
}

// Huge answers 200 with one JSON object of at least size bytes.
func Huge(size int64) Effect {
	return func(c *call) {
		c.drain()
		c.w.Header().Set("Content-Type", "application/json")
		piece := strings.Repeat("x", 64<<10)
		_, err := io.WriteString(c.w, `{"padding":"`)
		for sent := int64(0); sent < size && err == nil; sent += int64(len(piece)) {
			_, err = io.WriteString(c.w, piece)
		}
		if err == nil {
			_, _ = io.WriteString(c.w, `"}`) // fails if the client is gone
		}
	}
}

// drain reads the request to its end. Otherwise the server does not notice when the client disconnects.
func (c *call) drain() { _, _ = io.Copy(io.Discard, c.r.Body) }

// wait waits until the client disconnects or the fault ends.
func (c *call) wait() {
	select {
	case <-c.r.Context().Done():
	case <-c.released:
	}
}

// half sends the headers of Next's answer, with the full length, and the first half of its body. It sends nothing if the body is too short to be cut.
func (c *call) half() {
	answer := c.answer()
	length := len(answer.body)
	if length < 2 {
		return
	}
	answer.body = answer.body[:length/2]
	answer.send(c.w, length)
}

// answer returns the answer of Next to this call.
func (c *call) answer() *recorder {
	rec := &recorder{header: make(http.Header), status: http.StatusOK}
	c.next.ServeHTTP(rec, c.r)
	c.drain()
	return rec
}

// recorder records an answer.
type recorder struct {
	header  http.Header
	status  int
	started bool
	body    []byte
}

func (r *recorder) Header() http.Header { return r.header }

func (r *recorder) WriteHeader(status int) {
	if !r.started {
		r.status, r.started = status, true
	}
}

func (r *recorder) Write(p []byte) (int, error) {
	r.started = true
	r.body = append(r.body, p...)
	return len(p), nil
}

// send sends the answer with a length that may differ from that of its body.
func (r *recorder) send(w http.ResponseWriter, length int) {
	h := w.Header()
	for name, values := range r.header {
		h[name] = values
	}
	if r.status == http.StatusNoContent { // such an answer has no Content-Length
		w.WriteHeader(r.status)
		return
	}
	h.Set("Content-Length", strconv.Itoa(length))
	w.WriteHeader(r.status)
	_, _ = w.Write(r.body)                    // fails if the client is gone
	_ = http.NewResponseController(w).Flush() // fails if the client is gone
}
