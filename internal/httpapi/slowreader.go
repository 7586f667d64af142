package httpapi

import (
	"net"
	"time"
)

// writeStep is how long a write waits at most before it looks at what went through. The kernel wakes a writer only when a third of the send buffer is
// free; who writes without being woken sees each byte that the client has acknowledged.
const writeStep = time.Second

// Write writes to the connection, as long as the client takes it fast enough. One that does not loses the connection, and what the kernel still holds for
// it is given up. The deadline that was set holds beside that.
func (c *countedConn) Write(b []byte) (n int, err error) {
	c.writing.Lock()
	defer c.writing.Unlock()
	if c.of.rate == nil {
		return c.Conn.Write(b)
	}
	now := time.Now()
	c.left.resume(now)
	c.waitsFrom(now)
	defer func() {
		c.left.idle = now
		c.waited(now)
	}()
	for {
		from := now
		c.endStepAt(from.Add(min(writeStep, c.left.left)))
		var part int
		part, err = c.Conn.Write(b[n:])
		n += part
		now = time.Now()
		c.left.spend(now.Sub(from), part)
		switch {
		case !isDeadline(err):
			return n, err
		case c.isOverdue(now):
			c.discard()
			return n, err
		case c.left.left <= 0:
			c.of.rate.dropped(SlowReader)
			c.discard()
			c.Close() //nolint:errcheck // it is given up
			return n, errSlowReader
		}
	}
}

// SetDeadline bounds reading and writing.
func (c *countedConn) SetDeadline(t time.Time) error {
	if err := c.SetReadDeadline(t); err != nil {
		return err
	}
	return c.SetWriteDeadline(t)
}

// SetReadDeadline bounds reading.
func (c *countedConn) SetReadDeadline(t time.Time) error {
	c.deadlines.Lock()
	defer c.deadlines.Unlock()
	c.readBy = t
	return c.Conn.SetReadDeadline(t)
}

func (c *countedConn) readDeadline() time.Time {
	c.deadlines.Lock()
	defer c.deadlines.Unlock()
	return c.readBy
}

// SetWriteDeadline bounds writing, also what is being written.
func (c *countedConn) SetWriteDeadline(t time.Time) error {
	c.deadlines.Lock()
	defer c.deadlines.Unlock()
	c.writeBy = t
	return c.Conn.SetWriteDeadline(earlier(t, c.stepEnd))
}

// endStepAt bounds what is about to be written.
func (c *countedConn) endStepAt(t time.Time) {
	c.deadlines.Lock()
	defer c.deadlines.Unlock()
	c.stepEnd = t
	c.Conn.SetWriteDeadline(earlier(t, c.writeBy)) //nolint:errcheck // writing says what is wrong with it
}

func (c *countedConn) isOverdue(now time.Time) bool {
	c.deadlines.Lock()
	defer c.deadlines.Unlock()
	return !c.writeBy.IsZero() && !now.Before(c.writeBy)
}

// waitsFrom and waited say that the connection waits for its client, and that it no longer does.
func (c *countedConn) waitsFrom(now time.Time) {
	c.deadlines.Lock()
	defer c.deadlines.Unlock()
	c.waitsSince = now
}

func (c *countedConn) waited(now time.Time) {
	c.deadlines.Lock()
	defer c.deadlines.Unlock()
	c.waitedFor += now.Sub(c.waitsSince)
	c.waitsSince, c.stepEnd = time.Time{}, time.Time{}
}

// hasWaited is how long the connection has waited for its client in all.
func (c *countedConn) hasWaited(now time.Time) time.Duration {
	c.deadlines.Lock()
	defer c.deadlines.Unlock()
	if c.waitsSince.IsZero() {
		return c.waitedFor
	}
	return c.waitedFor + now.Sub(c.waitsSince)
}

// discard has the kernel throw away what it still holds when the connection is closed: it would else offer it to a client that does not read, for minutes.
func (c *countedConn) discard() {
	if tcp, ok := c.Conn.(interface{ SetLinger(seconds int) error }); ok {
		tcp.SetLinger(0) //nolint:errcheck // it is closed already
	}
}

// The kernel's buffers of a connection. Left to itself, Linux lets the first grow to 4 MiB and the second to 6 MiB; it takes twice of what is set here,
// for what it needs beside the data. What is lost by that is in ADR 48.
const (
	sendBuffer    = 128 << 10
	receiveBuffer = 128 << 10
)

// boundBuffers bounds what the kernel holds for a connection.
func boundBuffers(c net.Conn) {
	if tcp, ok := c.(interface {
		SetReadBuffer(bytes int) error
		SetWriteBuffer(bytes int) error
	}); ok {
		tcp.SetReadBuffer(receiveBuffer) //nolint:errcheck // it has been closed then
		tcp.SetWriteBuffer(sendBuffer)   //nolint:errcheck // as above
	}
}
