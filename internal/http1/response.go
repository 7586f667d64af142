package http1

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// shortBody is how much of a body of unknown length is kept, in case that it is all of it. net/http keeps as much.
const shortBody = 2 << 10

// response is the answer to one request. The header is written to the buffer as soon as its status is known; how the body is delimited follows with the first
// bytes of the body that are sent, or at the end.
type response struct {
	of  *conn
	ctx *requestContext
	*buffers

	status   int   // 0 before WriteHeader
	declared int64 // the Content-Length of the handler; -1 for none
	written  int64 // the bytes of the body that the handler has written
	sent     bool  // the head has been sent
	chunked  bool
	last     bool  // the connection ends with the answer
	err      error // of the connection
}

// buffers are the memory of an answer.
type buffers struct {
	out  []byte // what is sent next
	body []byte // of unknown length

	header http.Header
	keys   []string // of the header, in their order
}

var answers = sync.Pool{New: func() any { return &buffers{header: make(http.Header, 8)} }}

// maxPooled is the capacity up to which a buffer is used again.
const maxPooled = 16 << 10

func (w *response) begin(c *conn, ctx *requestContext) {
	b, _ := answers.Get().(*buffers)
	*w = response{of: c, ctx: ctx, buffers: b, declared: -1}
}

func (w *response) release() {
	if b := w.buffers; cap(b.out) <= maxPooled && cap(b.body) <= maxPooled {
		b.out, b.body = b.out[:0], b.body[:0]
		clear(b.header)
		answers.Put(b)
	}
	w.buffers = nil
}

// Header implements http.ResponseWriter.
func (w *response) Header() http.Header { return w.header }

// WriteHeader implements http.ResponseWriter. Interim answers are not sent, because they are only hints.
func (w *response) WriteHeader(status int) {
	switch {
	case status < 100 || status > 999:
		panic(fmt.Sprintf("invalid WriteHeader code %v", status))
	case w.status != 0:
		w.of.of.logf("http: superfluous response.WriteHeader call")
		return
	case status < 200 && status != http.StatusSwitchingProtocols:
		return
	}
	w.status = status
	if text := w.first("Content-Length"); text != "" {
		if n, err := strconv.ParseInt(text, 10, 64); err == nil && n >= 0 {
			w.declared = n
		} else {
			w.of.of.logf("http: invalid Content-Length of %q", text)
		}
	}
	w.last = w.first("Connection") == "close" || w.of.of.stopping.Load()
	w.writeHead()
}

func (w *response) first(name string) string {
	if v := w.header[name]; len(v) > 0 {
		return v[0]
	}
	return ""
}

// writeHead writes the head to the buffer, but for what delimits the body.
func (w *response) writeHead() {
	b := append(w.out, "HTTP/1.1 "...)
	b = strconv.AppendInt(b, int64(w.status), 10)
	b = append(b, ' ')
	if text := http.StatusText(w.status); text != "" {
		b = append(b, text...)
	} else {
		b = append(append(b, "status code "...), strconv.Itoa(w.status)...)
	}
	b = append(b, "\r\n"...)
	w.keys = w.keys[:0]
	for name := range w.header {
		w.keys = append(w.keys, name)
	}
	slices.Sort(w.keys)
	for _, name := range w.keys {
		if !w.sends(name) {
			continue
		}
		for _, value := range w.header[name] {
			b = append(append(append(append(b, name...), ": "...), clean(value)...), "\r\n"...)
		}
	}
	if w.last {
		b = append(b, "Connection: close\r\n"...)
	}
	if len(w.header["Date"]) == 0 {
		b = append(append(append(b, "Date: "...), w.of.of.dates.at(time.Now())...), "\r\n"...)
	}
	w.out = b
}

// sends reports whether a field of the handler is sent as it is. The server itself decides how the body is delimited.
func (w *response) sends(name string) bool {
	switch name {
	case "Content-Length", "Transfer-Encoding":
		return false
	case "Connection":
		return !w.last
	case "Content-Type":
		return w.status != http.StatusNotModified
	}
	return validName(name)
}

func validName(name string) bool {
	for i := range len(name) {
		if !nameByte[name[i]] && name[i] != '_' {
			return false
		}
	}
	return name != ""
}

var lineEnds = strings.NewReplacer("\n", " ", "\r", " ")

// clean returns a value as it may be sent: in one line.
func clean(value string) string {
	if strings.IndexByte(value, '\n') >= 0 || strings.IndexByte(value, '\r') >= 0 {
		value = lineEnds.Replace(value)
	}
	return trim(value)
}

// hasBody reports whether an answer of the status has a body.
func (w *response) hasBody() bool {
	return w.status >= 200 && w.status != http.StatusNoContent && w.status != http.StatusNotModified
}

// Write implements http.ResponseWriter.
func (w *response) Write(b []byte) (int, error) {
	if w.status == 0 {
		w.WriteHeader(http.StatusOK)
	}
	switch {
	case len(b) == 0:
		return 0, nil
	case !w.hasBody():
		return 0, http.ErrBodyNotAllowed
	}
	w.written += int64(len(b))
	switch {
	case w.declared >= 0 && w.written > w.declared:
		return 0, http.ErrContentLength
	case w.err != nil:
		return 0, w.err
	case w.declared >= 0:
		w.endHead(w.declared)
		return w.send(b)
	}
	if len(w.body)+len(b) <= shortBody {
		w.body = append(w.body, b...)
		return len(b), nil
	}
	if err := w.sendChunk(w.body, false); err != nil {
		return 0, err
	}
	w.body = w.body[:0]
	if err := w.sendChunk(b, false); err != nil {
		return 0, err
	}
	return len(b), nil
}

// endHead writes the end of the head, with the length of the body; negative for chunks.
func (w *response) endHead(length int64) {
	if w.sent {
		return
	}
	w.sent = true
	switch {
	case !w.hasBody():
	case length >= 0:
		w.out = append(strconv.AppendInt(append(w.out, "Content-Length: "...), length, 10), "\r\n"...)
	default:
		w.chunked = true
		w.out = append(w.out, "Transfer-Encoding: chunked\r\n"...)
	}
	w.out = append(w.out, "\r\n"...)
}

// send sends the buffer and b. It returns how many bytes of b were sent.
func (w *response) send(b []byte) (int, error) {
	before := len(w.out)
	n, err := w.of.net.WriteBoth(w.out, b)
	w.out = w.out[:0]
	if err != nil {
		w.err = err
		w.ctx.fail()
	}
	return max(0, n-before), err
}

// sendChunk sends a chunk. If more will follow at once, its end is sent with that.
func (w *response) sendChunk(b []byte, now bool) error {
	w.endHead(-1)
	if len(b) > 0 {
		w.out = append(strconv.AppendInt(w.out, int64(len(b)), 16), "\r\n"...)
		if now {
			w.out = append(w.out, b...)
		} else if _, err := w.send(b); err != nil {
			return err
		}
		w.out = append(w.out, "\r\n"...)
	}
	if now && len(w.out) > 0 {
		_, err := w.send(nil)
		return err
	}
	return nil
}

// FlushError sends what has been written. http.ResponseController calls it.
func (w *response) FlushError() error {
	if w.status == 0 {
		w.WriteHeader(http.StatusOK)
	}
	if w.err != nil {
		return w.err
	}
	if w.declared >= 0 || !w.hasBody() {
		w.endHead(w.declared)
		if len(w.out) == 0 {
			return nil
		}
		_, err := w.send(nil)
		return err
	}
	err := w.sendChunk(w.body, true)
	w.body = w.body[:0]
	return err
}

// Flush implements http.Flusher.
func (w *response) Flush() { w.FlushError() } //nolint:errcheck // the next write fails too

// SetReadDeadline does nothing: the request has been read. http.ResponseController calls it.
func (*response) SetReadDeadline(time.Time) error { return nil }

// SetWriteDeadline sets the deadline of the writes. http.ResponseController calls it.
func (w *response) SetWriteDeadline(t time.Time) error { return w.of.net.SetWriteDeadline(t) }

// finish sends the rest of the answer. It returns false if the connection is to be closed.
func (w *response) finish() bool {
	if w.status == 0 {
		w.WriteHeader(http.StatusOK)
	}
	if w.err != nil {
		return false
	}
	var err error
	switch {
	case w.chunked:
		if err = w.sendChunk(w.body, false); err == nil {
			w.out = append(w.out, "0\r\n\r\n"...)
			_, err = w.send(nil)
		}
	case w.declared >= 0 || !w.hasBody():
		w.endHead(w.declared)
		if len(w.out) > 0 {
			_, err = w.send(nil)
		}
	default:
		w.endHead(int64(len(w.body)))
		w.out = append(w.out, w.body...)
		_, err = w.send(nil)
	}
	return err == nil && !w.last && (w.declared < 0 || !w.hasBody() || w.written == w.declared)
}
