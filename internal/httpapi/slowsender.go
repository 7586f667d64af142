package httpapi

import (
	"errors"
	"io"
	"net/http"
	"time"
)

// heldBody is the body of a request, which has to come fast enough.
type heldBody struct {
	io.ReadCloser
	of      *minRate
	control *http.ResponseController
	by      time.Time // when all of it has to be there; zero for no such time
	left    allowance
	slow    bool
}

// Read reads a part. The error is errSlowSender where it does not come in time by the rate, and the server's own where all of the body does not.
func (b *heldBody) Read(p []byte) (int, error) {
	if b.slow {
		return 0, errSlowSender
	}
	from := time.Now()
	b.left.resume(from)
	until := earlier(b.by, from.Add(b.left.left))
	b.control.SetReadDeadline(until) //nolint:errcheck // reading says what is wrong with it
	n, err := b.ReadCloser.Read(p)
	b.left.spend(time.Since(from), n)
	b.left.idle = time.Now()
	switch {
	case errors.Is(err, io.EOF): // from here on net/http waits for the next request, without a deadline: one that passes would cancel that
		return n, err
	case isDeadline(err) && until != b.by:
		b.slow = true
		b.of.dropped(SlowSender)
		err = errSlowSender
	}
	b.control.SetReadDeadline(b.by) //nolint:errcheck // as above; until it is read again, the server's own time holds
	return n, err
}

// heldMessage is a message of a WebSocket, which has to come fast enough.
type heldMessage struct {
	io.Reader
	left  allowance
	timer *time.Timer
	slow  bool
}

// message holds a message to the rate: tooSlow is called, once and while it is read, if it is slower.
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
	return &heldMessage{Reader: r, left: left, timer: timer}
}

// Read reads a part. The error is errSlowSender where it does not come in time.
func (m *heldMessage) Read(p []byte) (int, error) {
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
