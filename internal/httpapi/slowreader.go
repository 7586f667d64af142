package httpapi

import (
	"net"
	"time"
)

// writeStep is how long a write waits at most before it checks its progress. The kernel wakes a writer only when a third of the send buffer is free, but a new
// write sees every byte that the client has acknowledged.
const writeStep = time.Second

// Write writes as long as the client receives at the minimum rate. Otherwise it closes the connection, and the kernel discards the unsent data. A write
// deadline applies too.
func (c *countedConn) Write(b []byte) (int, error) { return c.WriteBoth(nil, b) }

// WriteBoth implements http1.Conn, in the same way as Write.
func (c *countedConn) WriteBoth(head, b []byte) (n int, err error) {
	c.writing.Lock()
	defer c.writing.Unlock()
	if c.of.rate != nil && !c.writes.hasPassed() {
		n = c.direct.write(head, b)
		c.patience.spend(0, n)
	}
	if n < len(head) {
		part, err := c.writeAll(head[n:])
		if n += part; err != nil {
			return n, err
		}
	}
	if n < len(head)+len(b) {
		part, err := c.writeAll(b[n-len(head):])
		return n + part, err
	}
	return n, nil
}

// writeAll writes by writes that wait.
func (c *countedConn) writeAll(b []byte) (n int, err error) {
	if c.of.rate == nil {
		return c.writeUnrated(b)
	}
	now := time.Now()
	c.patience.resume(now)
	c.waitsFrom(now)
	defer func() {
		c.patience.idleSince = now
		c.waited(now)
		c.writes.remove()
	}()
	for {
		from := now
		c.writes.begin(from.Add(min(writeStep, c.patience.remaining)))
		var part int
		part, err = c.Conn.Write(b[n:])
		c.writes.end(err)
		n += part
		now = time.Now()
		c.patience.spend(now.Sub(from), part)
		switch {
		case !isDeadline(err):
			return n, err
		case c.writes.hasPassed():
			c.discard()
			return n, err
		case c.patience.remaining <= 0:
			c.of.rate.dropped(SlowReader)
			c.discard()
			c.Close() //nolint:errcheck // the client is dropped
			return n, errSlowReader
		}
	}
}

// writeUnrated writes without a minimum rate.
func (c *countedConn) writeUnrated(b []byte) (n int, err error) {
	for again := true; again; {
		c.writes.begin(time.Time{})
		var part int
		part, err = c.Conn.Write(b[n:])
		n += part
		again = c.writes.end(err)
	}
	return n, err
}

// SetDeadline implements net.Conn.
func (c *countedConn) SetDeadline(t time.Time) error {
	if err := c.SetReadDeadline(t); err != nil {
		return err
	}
	return c.SetWriteDeadline(t)
}

// SetReadDeadline implements net.Conn.
func (c *countedConn) SetReadDeadline(t time.Time) error {
	c.endBody()
	return c.reads.set(t)
}

// SetWriteDeadline implements net.Conn. It also applies to a running write.
func (c *countedConn) SetWriteDeadline(t time.Time) error { return c.writes.set(t) }

// waitsFrom and waited record that the connection waits for its client, and that it no longer does.
func (c *countedConn) waitsFrom(now time.Time) {
	c.state.Lock()
	defer c.state.Unlock()
	c.waitsSince = now
}

func (c *countedConn) waited(now time.Time) {
	c.state.Lock()
	defer c.state.Unlock()
	c.waitedFor += now.Sub(c.waitsSince)
	c.waitsSince = time.Time{}
}

// hasWaited returns the total time for which the connection has waited for its client.
func (c *countedConn) hasWaited(now time.Time) time.Duration {
	c.state.Lock()
	defer c.state.Unlock()
	if c.waitsSince.IsZero() {
		return c.waitedFor
	}
	return c.waitedFor + now.Sub(c.waitsSince)
}

// discard makes the kernel discard unsent data when the connection is closed. Otherwise it would offer the data to a client that does not read, for minutes.
func (c *countedConn) discard() {
	if tcp, ok := c.Conn.(interface{ SetLinger(seconds int) error }); ok {
		tcp.SetLinger(0) //nolint:errcheck // the connection is closed already
	}
}

// The kernel's buffers of a connection. By default, Linux lets them grow to 4 MiB and 6 MiB. It allocates twice the size that is set here, for its own needs.
// ADR 48 says what that costs.
const (
	sendBuffer    = 128 << 10
	receiveBuffer = 128 << 10
)

// boundBuffers limits the kernel's buffers of a connection.
func boundBuffers(c net.Conn) {
	if tcp, ok := c.(interface {
		SetReadBuffer(bytes int) error
		SetWriteBuffer(bytes int) error
	}); ok {
		tcp.SetReadBuffer(receiveBuffer) //nolint:errcheck // the connection has been closed
		tcp.SetWriteBuffer(sendBuffer)   //nolint:errcheck // as above
	}
}
