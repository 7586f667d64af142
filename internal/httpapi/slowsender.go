package httpapi

import (
	"errors"
	"io"
	"net/http"
	"time"
)

// minRateBody is a request's body that must arrive at the minimum rate.
type minRateBody struct {
	io.ReadCloser
	of      *minRate
	control *http.ResponseController
	by      time.Time // the deadline of the whole body; zero for none
	left    allowance
	slow    bool
}

// Read implements io.Reader. The error is errSlowSender if the rate is too low, and the server's own if the time for the whole body is over.
func (b *minRateBody) Read(p []byte) (int, error) {
	if b.slow {
		return 0, errSlowSender
	}
	from := time.Now()
	b.left.resume(from)
	until := earlier(b.by, from.Add(b.left.left))
	b.control.SetReadDeadline(until) //nolint:errcheck // the read will fail
	n, err := b.ReadCloser.Read(p)
	b.left.spend(time.Since(from), n)
	b.left.idle = time.Now()
	switch {
	case errors.Is(err, io.EOF): // net/http now waits for the next request, which an expired deadline would cancel
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
	left  allowance
	timer *time.Timer
	slow  bool
}

// message enforces the rate for a message. If it is too slow, tooSlow is called once, while the message is being read.
func (m *minRate) message(r io.Reader, tooSlow func()) io.Reader {
	if m == nil {
		return r
	}
	left := m.ofSender()
	timer := time.AfterFunc(left.left, func() {
		m.dropped(SlowSender)
		tooSlow()
	})
	timer.Stop()
	return &minRateMessage{Reader: r, left: left, timer: timer}
}

// Read implements io.Reader. The error is errSlowSender if the rate is too low.
func (m *minRateMessage) Read(p []byte) (int, error) {
	if m.slow {
		return 0, errSlowSender
	}
	from := time.Now()
	m.left.resume(from)
	m.timer.Reset(m.left.left)
	n, err := m.Reader.Read(p)
	if m.slow = !m.timer.Stop(); m.slow {
		return n, errSlowSender
	}
	m.left.spend(time.Since(from), n)
	m.left.idle = time.Now()
	return n, err
}
