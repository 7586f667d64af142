//go:build darwin || linux || openbsd

package httpapi

import (
	"net"
	"syscall"

	"golang.org/x/sys/unix"
)

// directWriter writes to a connection as much as the kernel takes at once, without waiting, so that the usual write needs no deadline. Only one goroutine at a time
// may use it. A nil directWriter writes nothing.
type directWriter struct {
	conn    syscall.RawConn
	attempt func(fd uintptr) bool // made once, for all writes
	parts   [2][]byte
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
		if len(d.parts[1]) == 0 {
			d.n, _ = unix.Write(int(fd), d.parts[0]) // the write that follows meets the error too
		} else {
			d.n, _ = unix.Writev(int(fd), d.parts[:]) // as above
		}
		return true
	}
	return d
}

// write writes both parts, and returns how many bytes it has written.
func (d *directWriter) write(first, second []byte) int {
	if d == nil {
		return 0
	}
	d.parts, d.n = [2][]byte{first, second}, 0
	d.conn.Write(d.attempt) //nolint:errcheck // as above: a deadline that is over, or a closed connection
	d.parts = [2][]byte{}
	return max(0, d.n)
}
