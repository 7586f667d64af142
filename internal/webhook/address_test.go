package webhook

import (
	"context"
	"encoding/binary"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"sync/atomic"
	"testing"
	"time"

	"pgregory.net/rapid"

	"roster/connectors"
)

func TestPublic(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]bool{
		"93.184.215.14": true, "8.8.8.8": true, "172.15.0.1": true, "2606:2800:21f:cb07:6820:80da:af6b:8b2c": true, "::ffff:8.8.8.8": true, "64:ff9b::808:808": true,
		"127.0.0.1": false, "127.9.9.9": false, "0.0.0.0": false, "0.1.2.3": false, "10.0.0.1": false, "172.16.0.1": false, "192.168.0.1": false, "100.64.0.1": false,
		"169.254.169.254": false, "169.254.170.2": false, "100.100.100.200": false, "168.63.129.16": false, "192.0.0.192": false, "198.18.0.1": false,
		"224.0.0.1": false, "239.255.255.255": false, "255.255.255.255": false, "240.0.0.1": false, "203.0.113.9": false,
		"::": false, "::1": false, "fe80::1": false, "fe80::1%eth0": false, "fc00::1": false, "fd00:ec2::254": false, "ff02::1": false, "fec0::1": false,
		"::ffff:127.0.0.1": false, "::ffff:10.0.0.1": false, "::127.0.0.1": false, "::ffff:0:127.0.0.1": false,
		"64:ff9b::7f00:1": false, "64:ff9b::a9fe:a9fe": false, "64:ff9b:1::1": false, "2002:7f00:1::": false, "2001::1": false, "2001:db8::1": false,
	} {
		if got := public(netip.MustParseAddr(address)); got != want {
			t.Errorf("%s: %t", address, got)
		}
	}
}

// However an IPv4 address is written, it is judged alike.
func TestPublicInEveryForm(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		b := [4]byte(rapid.SliceOfN(rapid.Byte(), 4, 4).Draw(t, "address"))
		a := netip.AddrFrom4(b)
		translation := netip.MustParseAddr("64:ff9b::").As16()
		copy(translation[12:], b[:])
		for _, form := range []netip.Addr{netip.AddrFrom16(a.As16()), netip.AddrFrom16(translation)} {
			if public(form) != public(a) {
				t.Errorf("%s: %t, %s: %t", a, public(a), form, public(form))
			}
		}
	})
}

// nameServer resolves every name to an address that a test sets.
type nameServer struct {
	net.PacketConn
	address atomic.Value
	asked   atomic.Int64
}

func serveNames(t *testing.T) *nameServer {
	t.Helper()
	conn, err := (&net.ListenConfig{}).ListenPacket(t.Context(), "udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &nameServer{PacketConn: conn}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for {
			query := make([]byte, 512)
			n, from, err := conn.ReadFrom(query)
			if err != nil {
				return
			}
			s.asked.Add(1)
			_, _ = conn.WriteTo(s.reply(query[:n]), from)
		}
	}()
	t.Cleanup(func() {
		_ = conn.Close()
		<-ended
	})
	return s
}

// reply answers a query for one name (RFC 1035): with the address, or with nothing if the query is not for an IPv4 address.
func (s *nameServer) reply(query []byte) []byte {
	end := 12
	for query[end] != 0 {
		end += int(query[end]) + 1
	}
	question := query[12 : end+5]
	reply := append([]byte{query[0], query[1], 0x81, 0x80, 0, 1, 0, 0, 0, 0, 0, 0}, question...)
	if a, ok := s.address.Load().(netip.Addr); ok && binary.BigEndian.Uint16(query[end+1:]) == 1 {
		reply[7] = 1
		reply = append(append(reply, 0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 0, 0, 4), a.AsSlice()...)
	}
	return reply
}

func (s *nameServer) resolver() *net.Resolver {
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "udp", s.LocalAddr().String())
	}}
}

// The address that counts is that of the connection: a name that has another address later, which is not allowed, is not connected to.
func TestRebindingIsRefused(t *testing.T) {
	t.Parallel()
	var calls atomic.Int64
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		calls.Add(1)
		w.Header().Set("Connection", "close") // so that each message needs a connection
		w.WriteHeader(http.StatusNoContent)
	}))
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp4", "0.0.0.0:0")
	if err != nil {
		t.Fatal(err)
	}
	_ = server.Listener.Close()
	server.Listener = l
	server.Start()
	t.Cleanup(server.Close)
	names := serveNames(t)
	h := &Hook{URL: connectors.Secret("http://hooks.example.com:" + portOf(l)), Secret: testSecret, Timeout: time.Minute,
		Networks: []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")}}
	transport := newTransport(h)
	d := dialer(h.Networks, h.Timeout)
	d.Resolver = names.resolver()
	transport.DialContext = d.DialContext
	s, err := newSender(h, transport)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.close)
	for _, step := range []struct{ address, problem string }{
		{"127.0.0.1", ""},
		{"127.0.0.2", "the address 127.0.0.2 " + errAddress.Error()},
		{"127.0.0.1", ""},
	} {
		names.address.Store(netip.MustParseAddr(step.address))
		if got := s.send(t.Context(), message{"msg_1", []byte("{}")}); got.Problem != step.problem {
			t.Errorf("%s: %q, want %q", step.address, got.Problem, step.problem)
		}
	}
	if calls.Load() != 2 || names.asked.Load() < 3 {
		t.Errorf("%d calls, %d queries", calls.Load(), names.asked.Load())
	}
}

func portOf(l net.Listener) string {
	_, port, _ := net.SplitHostPort(l.Addr().String())
	return port
}

// Without a setting, no receiver on this machine or in its network is reached, however its address is written.
func TestPrivateAddressesAreRefused(t *testing.T) {
	t.Parallel()
	var calls atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { calls.Add(1) }))
	t.Cleanup(server.Close)
	port := portOf(server.Listener)
	for _, host := range []string{"127.0.0.1", "localhost", "[::1]", "[::ffff:127.0.0.1]", "0.0.0.0", "[::]", "169.254.169.254", "10.0.0.1"} {
		if l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp6", "[::1]:0"); err == nil {
			_ = l.Close()
		} else if host == "[::1]" || host == "[::]" { // there is no IPv6: the connection fails before its address is checked
			continue
		}
		h := &Hook{URL: connectors.Secret("http://" + host + ":" + port + "/literal-canary"), Secret: testSecret, Timeout: time.Minute}
		s, err := newSender(h, nil)
		if err != nil {
			t.Fatal(err)
		}
		if err := check("127.0.0.1:80", nil); !errors.Is(err, errAddress) {
			t.Error(err)
		}
		if got := s.send(t.Context(), message{"msg_1", []byte("{}")}); got.Problem == "" || !containsAll(got.Problem, "the address ", errAddress.Error()) {
			t.Errorf("%s: %q", host, got.Problem)
		}
		s.close()
	}
	if calls.Load() > 0 {
		t.Errorf("%d calls", calls.Load())
	}
}
