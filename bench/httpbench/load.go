package main

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"roster/bench/internal/process"
)

// concurrency is the number of connections, each of which has one request at a time.
const concurrency = 64

// order is what to send for a while.
type order struct {
	Address  string
	Requests []*request
	From     int // the number of the first request
	For      time.Duration
}

// request is an HTTP request as it is sent. The digits at Serial, unless it is 0, are the number of the round of all requests, so that no request is sent twice
// although there are few of them.
type request struct {
	Text   []byte
	Serial int
}

// serialDigits is the number of digits of a serial number.
const serialDigits = 7

// report says what was sent and received.
type report struct {
	Next     int // the number of the next request
	Answers  int
	Bytes    int // of the bodies
	Statuses map[int]int
	Errors   int    // answers with errors of GraphQL, as far as they are at the beginning
	Failure  string // empty if all requests were answered
}

// generateLoad sends requests as fast as they are answered. It is a process of its own, and does little more than writing and reading, because it shares the
// processors with the server. The connections stay open as long as the address stays the same.
func generateLoad(in io.Reader, out io.Writer) error {
	clients := make(map[string][]*client)
	return process.AnswerLines(in, out, func(o order) (report, error) {
		for range concurrency - len(clients[o.Address]) {
			conn, err := net.Dial("tcp", o.Address) //nolint:noctx // on loopback
			if err != nil {
				return report{Failure: err.Error()}, nil
			}
			clients[o.Address] = append(clients[o.Address], &client{conn: conn, in: make([]byte, 64<<10)})
		}
		return send(clients[o.Address], &o), nil
	})
}

func send(clients []*client, o *order) report {
	var next atomic.Int64
	next.Store(int64(o.From))
	until := time.Now().Add(o.For)
	reports := make([]report, len(clients))
	var sending sync.WaitGroup
	for i, c := range clients {
		sending.Go(func() {
			r := &reports[i]
			r.Statuses = make(map[int]int)
			for first := true; first || time.Now().Before(until); first = false {
				n := int(next.Add(1) - 1)
				if err := c.exchange(o.Requests[n%len(o.Requests)], n/len(o.Requests), r); err != nil {
					r.Failure = err.Error()
					return
				}
			}
		})
	}
	sending.Wait()
	sum := report{Next: int(next.Load()), Statuses: make(map[int]int)}
	for _, r := range reports {
		sum.Answers += r.Answers
		sum.Bytes += r.Bytes
		sum.Errors += r.Errors
		for status, n := range r.Statuses {
			sum.Statuses[status] += n
		}
		if r.Failure != "" {
			sum.Failure = r.Failure
		}
	}
	return sum
}

// client is one connection.
type client struct {
	conn net.Conn
	out  []byte
	in   []byte
}

// exchange sends a request, and reads its answer.
func (c *client) exchange(r *request, serial int, to *report) error {
	text := r.Text
	if r.Serial > 0 {
		c.out = append(c.out[:0], text...)
		for i := r.Serial + serialDigits - 1; i >= r.Serial; i-- {
			c.out[i] = byte('0' + serial%10)
			serial /= 10
		}
		text = c.out
	}
	if _, err := c.conn.Write(text); err != nil {
		return err
	}
	a, err := c.read()
	if err != nil {
		return err
	}
	to.Answers++
	to.Bytes += a.bytes
	to.Statuses[a.status]++
	if a.faulty {
		to.Errors++
	}
	return nil
}

// received is what is known of an answer.
type received struct {
	status, bytes int
	faulty        bool // the body begins with errors
}

var (
	endOfHeader   = []byte("\r\n\r\n")
	contentLength = []byte("\r\nContent-Length: ")
	chunked       = []byte("\r\nTransfer-Encoding: chunked\r\n")
	lastChunk     = []byte("\r\n0\r\n\r\n")
	withErrors    = []byte(`{"errors"`)
)

// read reads one answer in the form in which net/http writes it.
func (c *client) read() (a received, err error) {
	n, header := 0, -1
	for header < 0 {
		if n == len(c.in) {
			return a, fmt.Errorf("the header of the answer is longer than %d bytes", n)
		}
		got, err := c.conn.Read(c.in[n:])
		if err != nil {
			return a, err
		}
		header = bytes.Index(c.in[max(0, n-len(endOfHeader)):n+got], endOfHeader)
		if header >= 0 {
			header += max(0, n-len(endOfHeader)) + len(endOfHeader)
		}
		n += got
	}
	head := c.in[:header-2]
	if a.status, err = strconv.Atoi(string(head[len("HTTP/1.1 "):len("HTTP/1.1 200")])); err != nil {
		return a, err
	}
	if i := bytes.Index(head, contentLength); i >= 0 {
		digits, _, _ := bytes.Cut(head[i+len(contentLength):], []byte("\r"))
		if a.bytes, err = strconv.Atoi(string(digits)); err != nil {
			return a, err
		}
		a.faulty = bytes.HasPrefix(c.in[header:n], withErrors)
		for left := a.bytes - (n - header); left > 0; {
			got, err := c.conn.Read(c.in[:min(len(c.in), left)])
			if err != nil {
				return a, err
			}
			left -= got
		}
		return a, nil
	}
	if !bytes.Contains(head, chunked) {
		return a, nil
	}
	a.faulty = bytes.Contains(c.in[header:min(n, header+64)], withErrors)
	for !bytes.HasSuffix(c.in[:n], lastChunk) {
		a.bytes += n - header // about
		keep := copy(c.in, c.in[max(header, n-len(lastChunk)):n])
		got, err := c.conn.Read(c.in[keep:])
		if err != nil {
			return a, err
		}
		header, n = keep, keep+got
	}
	a.bytes += n - header
	return a, nil
}
