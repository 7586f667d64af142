//go:build unix

package httpapi

import (
	"net"
	"syscall"
	"testing"
)

// The kernel's buffers of a connection are bounded. Linux reports twice the size that was set.
func TestBuffersAreBounded(t *testing.T) {
	t.Parallel()
	inner, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l := limitListener(inner, DefaultLimits(), nil)
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
