package httpapi

import (
	"errors"
	"io"
	"net/http"
	"time"
)

// minRateBody is a request's body that must arrive at the minimum rate, on a connection of its own. The connection measures the time for which a read waits
// for the client. A body that has arrived with its head, as most do, is read without a deadline or a clock.
type minRateBody struct {
	io.ReadCloser
	of       *minRate
	conn     *countedConn
	patience allowance
	slow     bool
}

// Read implements io.Reader. The error is errSlowSender if the rate is too low, and the server's own if the time for the whole body is over.
func (b *minRateBody) Read(p []byte) (int, error) {
	if b.slow {
		return 0, errSlowSender
	}
	b.conn.body.Store(b)
	n, err := b.ReadCloser.Read(p)
	b.conn.endBody()
	b.patience.spend(0, n)
	if b.slow {
		err = errSlowSender
	}
	return n, err
}

// await reads from the connection, as long as the allowance lasts.
func (b *minRateBody) await(p []byte) (int, error) {
	from, by := time.Now(), b.conn.reads.get()
	b.patience.resume(from)
	until := earlier(by, from.Add(b.patience.remaining))
	b.conn.reads.set(until) //nolint:errcheck // the read will fail
	n, err := b.conn.read(p)
	now := time.Now()
	b.patience.spend(now.Sub(from), 0) // Read counts the bytes of the body
	b.patience.idleSince = now
	if isDeadline(err) && until != by {
		b.slow = true
		b.of.dropped(SlowSender)
		return n, err // net/http would wait for the rest of a short body before it answers: the deadline stays, and ends the connection
	}
	b.conn.SetReadDeadline(by) //nolint:errcheck // as above; between reads, the server's own deadline applies
	return n, err
}

// endBody ends the reading of a body. The next deadline that net/http sets does that too: at the end of a body, net/http begins to wait for the next request.
func (c *countedConn) endBody() {
	if c.body.Load() != nil {
		c.body.Store(nil)
	}
}

// minRateStreamBody is the body of a request on an HTTP/2 stream, which must arrive at the minimum rate.
type minRateStreamBody struct {
	io.ReadCloser
	of       *minRate
	control  *http.ResponseController
	by       time.Time // the deadline of the whole body; zero for none
	patience allowance
	slow     bool
}

// Read implements io.Reader. The error is errSlowSender if the rate is too low, and the server's own if the time for the whole body is over.
func (b *minRateStreamBody) Read(p []byte) (int, error) {
	if b.slow {
		return 0, errSlowSender
	}
	from := time.Now()
	b.patience.resume(from)
	until := earlier(b.by, from.Add(b.patience.remaining))
	b.control.SetReadDeadline(until) //nolint:errcheck // the read will fail
	n, err := b.ReadCloser.Read(p)
	b.patience.spend(time.Since(from), n)
	b.patience.idleSince = time.Now()
	switch {
	case errors.Is(err, io.EOF): // an expired deadline would cancel the request
		return n, err
	case isDeadline(err) && until != b.by:
		b.slow = true
		b.of.dropped(SlowSender)
		err = errSlowSender
	}
	b.control.SetReadDeadline(b.by) //nolint:errcheck // as above; between reads, the server's own deadline applies
	return n, err
}

// minRateMessage is a WebSocket message that must arrive at the minimum rate.
type minRateMessage struct {
	io.Reader
	patience allowance
	timer    *time.Timer
	slow     bool
}

// message enforces the rate for a message. If it is too slow, tooSlow is called once, while the message is being read.
func (m *minRate) message(r io.Reader, tooSlow func()) io.Reader {
	if m == nil {
		return r
	}
	left := m.ofSender()
	timer := time.AfterFunc(left.remaining, func() {
		m.dropped(SlowSender)
		tooSlow()
	})
	timer.Stop()
	return &minRateMessage{Reader: r, patience: left, timer: timer}
}

// Read implements io.Reader. The error is errSlowSender if the rate is too low.
func (m *minRateMessage) Read(p []byte) (int, error) {
	if m.slow {
		return 0, errSlowSender
	}
	from := time.Now()
	m.patience.resume(from)
	m.timer.Reset(m.patience.remaining)
	n, err := m.Reader.Read(p)
	if m.slow = !m.timer.Stop(); m.slow {
		return n, errSlowSender
	}
	m.patience.spend(time.Since(from), n)
	m.patience.idleSince = time.Now()
	return n, err
}
