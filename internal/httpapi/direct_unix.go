//go:build unix

package httpapi

import (
	"net"
	"syscall"
)

// directWriter writes to a connection as much as the kernel takes at once, without waiting, so that the usual write needs no deadline. Only one goroutine at a time
// may use it. A nil directWriter writes nothing.
type directWriter struct {
	conn    syscall.RawConn
	attempt func(fd uintptr) bool // made once, for all writes
	b       []byte
	n       int
}

// newDirectWriter returns the writer of a connection; nil if the connection has no file descriptor.
func newDirectWriter(c net.Conn) *directWriter {
	with, ok := c.(syscall.Conn)
	if !ok {
		return nil
	}
	raw, err := with.SyscallConn()
	if err != nil {
		return nil
	}
	d := &directWriter{conn: raw}
	d.attempt = func(fd uintptr) bool {
		d.n, _ = syscall.Write(int(fd), d.b) // the write that follows meets the error too
		return true
	}
	return d
}

// write returns how many bytes it has written.
func (d *directWriter) write(b []byte) int {
	if d == nil {
		return 0
	}
	d.b, d.n = b, 0
	d.conn.Write(d.attempt) //nolint:errcheck // as above: a deadline that is over, or a closed connection
	d.b = nil
	return max(0, d.n)
}
