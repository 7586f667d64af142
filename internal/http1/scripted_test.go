package http1

import (
	"bytes"
	"io"
	"net"
	"sync"
	"time"
)

// scripted is a connection whose client sends these chunks, whatever it receives, and then no more.
type scripted struct {
	mu     sync.Mutex
	chunks [][]byte
	unread []byte
	out    bytes.Buffer
	once   sync.Once
	closed chan struct{}
}

func newScripted(chunks [][]byte) *scripted {
	c := &scripted{closed: make(chan struct{})}
	for _, chunk := range chunks {
		if len(chunk) > 0 {
			c.chunks = append(c.chunks, bytes.Clone(chunk))
		}
	}
	return c
}

func (c *scripted) Read(b []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	from := &c.unread
	if len(c.unread) == 0 {
		if len(c.chunks) == 0 {
			return 0, io.EOF
		}
		from = &c.chunks[0]
	}
	n := copy(b, *from)
	if *from = (*from)[n:]; len(*from) == 0 && from != &c.unread {
		c.chunks = c.chunks[1:]
	}
	return n, nil
}

func (c *scripted) Write(b []byte) (int, error) { return c.WriteBoth(nil, b) }

func (c *scripted) WriteBoth(first, second []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.out.Write(first)
	c.out.Write(second)
	return len(first) + len(second), nil
}

func (c *scripted) Unread(b []byte) { c.unread = b }

func (c *scripted) Close() error {
	c.once.Do(func() { close(c.closed) })
	return nil
}

func (*scripted) LocalAddr() net.Addr              { return address }
func (*scripted) RemoteAddr() net.Addr             { return address }
func (*scripted) SetDeadline(time.Time) error      { return nil }
func (*scripted) SetReadDeadline(time.Time) error  { return nil }
func (*scripted) SetWriteDeadline(time.Time) error { return nil }

var address = &net.TCPAddr{IP: net.IPv4(192, 0, 2, 1), Port: 4711}

// one is a listener of one connection.
type one struct {
	conns  chan net.Conn
	closed chan struct{}
	once   sync.Once
}

func listenOnce(c net.Conn) *one {
	l := &one{conns: make(chan net.Conn, 1), closed: make(chan struct{})}
	l.conns <- c
	return l
}

func (l *one) Accept() (net.Conn, error) {
	select {
	case c := <-l.conns:
		return c, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

func (l *one) Close() error {
	l.once.Do(func() { close(l.closed) })
	return nil
}

func (*one) Addr() net.Addr { return address }
