package httpapi

import (
	"net/http"
	"sync"
)

// writeBuffer is the size of the buffer through which net/http writes to a connection. It fills the buffer with the header of an answer and the beginning of
// its body, and writes the rest of a longer body by itself.
const writeBuffer = 4 << 10

// joinWrites makes both writes of an answer one, if its body is longer than net/http's buffer: each write costs the system a packet, and the client a wait.
// It must be called before the header is written.
func joinWrites(r *http.Request, body int) {
	if body < writeBuffer || r.ProtoMajor > 1 || r.TLS != nil || r.Method == http.MethodHead {
		return
	}
	conn, ok := r.Context().Value(connKey{}).(*countedConn)
	if !ok || conn.direct == nil {
		return
	}
	conn.writing.Lock()
	defer conn.writing.Unlock()
	conn.joins = true
}

var heads = sync.Pool{New: func() any { return new([writeBuffer]byte) }}

// keepHead keeps what is written for the next write, if there will be one. Its caller holds the lock.
func (c *countedConn) keepHead(b []byte) bool {
	if !c.joins {
		return false
	}
	c.joins = false
	if len(b) != writeBuffer { // not the full buffer, which more follows
		return false
	}
	kept, _ := heads.Get().(*[writeBuffer]byte)
	c.head = append(kept[:0], b...)
	return true
}

// releaseHead ends the use of the head. Its caller holds the lock.
func (c *countedConn) releaseHead() {
	if c.head != nil {
		heads.Put((*[writeBuffer]byte)(c.head))
		c.head = nil
	}
}

// writeHead writes a head for which there was no further write at the end of the answer.
func (c *countedConn) writeHead() {
	if !c.writing.TryLock() { // a write ends the connection
		return
	}
	defer c.writing.Unlock()
	if c.head != nil {
		c.write(c.head, nil) //nolint:errcheck // the connection is at its end then
		c.releaseHead()
	}
}
