//go:build darwin || linux || openbsd

package httpapi

import (
	"bytes"
	"errors"
	"io"
	"net"
	"syscall"
	"testing"
	"time"
)

// The kernel's buffers of a connection are bounded. Linux reports twice the size that was set.
func TestBuffersAreBounded(t *testing.T) {
	t.Parallel()
	inner, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l := limitListener(inner, DefaultLimits(), nil, nil, closed)
	defer l.Close() //nolint:errcheck // the test is over
	client, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close() //nolint:errcheck // the test is over
	server, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close() //nolint:errcheck // the test is over
	tcp, ok := countedOf(server).Conn.(*net.TCPConn)
	if !ok {
		t.Fatalf("%T is no TCP connection", server)
	}
	raw, err := tcp.SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]struct{ option, bytes int }{"to send": {syscall.SO_SNDBUF, sendBuffer}, "received": {syscall.SO_RCVBUF, receiveBuffer}} {
		var got int
		var failed error
		if err := raw.Control(func(fd uintptr) { got, failed = syscall.GetsockoptInt(int(fd), syscall.SOL_SOCKET, want.option) }); err != nil || failed != nil {
			t.Fatal(err, failed)
		}
		if got != want.bytes && got != 2*want.bytes {
			t.Errorf("the buffer of what is %s has %d bytes, want %d or twice that", name, got, want.bytes)
		}
	}
}

// A client that reads gets everything without a deadline, and one that does not read is found where the kernel takes no more: what was written directly counts for
// its allowance, and the rest waits.
func TestDirectWritesGoOnAsUsualWrites(t *testing.T) {
	t.Parallel()
	inner, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	dropped := 0
	l := limitListener(inner, DefaultLimits(), &minRate{rate: 1 << 40, grace: time.Hour, dropped: func(Drop) { dropped++ }}, nil, closed)
	defer l.Close() //nolint:errcheck // the test is over
	client, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	server, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	if countedOf(server).direct == nil {
		t.Fatal("the connection has no direct writer")
	}
	sent := make([]byte, 4<<20) // more than the kernel takes at once
	for i := range sent {
		sent[i] = byte(i * 7 >> 8)
	}
	received := make(chan []byte)
	go func() {
		all, _ := io.ReadAll(client)
		client.Close() //nolint:errcheck // it has been read
		received <- all
	}()
	for rest := sent; len(rest) > 0; {
		n, err := server.Write(rest[:min(len(rest), 1<<20)])
		if err != nil {
			t.Fatal(err)
		}
		rest = rest[n:]
	}
	server.Close() //nolint:errcheck // the client sees the end
	if got := <-received; !bytes.Equal(got, sent) {
		t.Errorf("%d bytes were received of %d, or other ones", len(got), len(sent))
	}
	if n, err := server.Write([]byte("x")); n != 0 || !errors.Is(err, net.ErrClosed) {
		t.Errorf("after the end: %d, %v", n, err)
	}
	if dropped > 0 {
		t.Error("the client was dropped")
	}
}
