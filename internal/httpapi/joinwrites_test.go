//go:build darwin || linux || openbsd

package httpapi

import (
	"bytes"
	"io"
	"net"
	"net/http"
	"strconv"
	"sync/atomic"
	"testing"
	"time"
)

// joined serves one listener with a handler behind a connection that counts writes.
func joined(t *testing.T, handler http.HandlerFunc) (address string, writes *atomic.Int64) {
	t.Helper()
	inner, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	writes = new(atomic.Int64)
	rate := &minRate{rate: 1 << 10, grace: time.Hour, dropped: func(Drop) {}}
	server := &http.Server{Handler: handler, ConnContext: withConn, ConnState: noteState, ReadHeaderTimeout: time.Hour}
	l := limitListener(inner, DefaultLimits(), rate, nil, closed)
	over := make(chan struct{})
	go func() {
		defer close(over)
		server.Serve(countingListener{l, writes}) //nolint:errcheck // it was closed
	}()
	t.Cleanup(func() {
		server.Close() //nolint:errcheck // the test is over
		<-over
	})
	return inner.Addr().String(), writes
}

// countingListener counts the writes of the system.
type countingListener struct {
	*limitedListener
	writes *atomic.Int64
}

func (l countingListener) Accept() (net.Conn, error) {
	c, err := l.limitedListener.Accept()
	if counted := countedOf(c); counted != nil {
		attempt := counted.direct.attempt
		counted.direct.attempt = func(fd uintptr) bool {
			l.writes.Add(1)
			return attempt(fd)
		}
	}
	return c, err
}

// An answer is one write of the system, whatever its length, and answers of all lengths arrive whole, one after the other on one connection.
func TestAnswersAreWrittenAtOnce(t *testing.T) {
	t.Parallel()
	text := bytes.Repeat([]byte("0123456789abcde\n"), 8<<10)
	address, writes := joined(t, func(w http.ResponseWriter, r *http.Request) {
		n, _ := strconv.Atoi(r.URL.Query().Get("n"))
		w.Header().Set("Content-Length", strconv.Itoa(n))
		joinWrites(r, n)
		w.Write(text[:n]) //nolint:errcheck // the client checks
	})
	client := &http.Client{Transport: &http.Transport{MaxConnsPerHost: 1}}
	defer client.CloseIdleConnections()
	for _, n := range []int{0, 1, 2000, 3900, 3950, 4000, 4095, 4096, 4097, 4200, 7900, 8000, 8192, 8300, 18 << 10, 64 << 10} {
		for _, method := range []string{http.MethodGet, http.MethodHead} {
			before := writes.Load()
			req, err := http.NewRequestWithContext(t.Context(), method, "http://"+address+"/?n="+strconv.Itoa(n), nil)
			if err != nil {
				t.Fatal(err)
			}
			resp, err := client.Do(req)
			if err != nil {
				t.Fatal(n, err)
			}
			got, err := io.ReadAll(resp.Body)
			resp.Body.Close()
			want := text[:n]
			if method == http.MethodHead {
				want = nil
			}
			if err != nil || !bytes.Equal(got, want) {
				t.Errorf("%s of %d bytes: %d bytes, %v", method, n, len(got), err)
			}
			if n := writes.Load() - before; n != 1 && len(want) >= writeBuffer {
				t.Errorf("%s of %d bytes: %d writes", method, len(want), n)
			}
		}
	}
}

// What was kept for a further write is written at the end of the answer if there is none.
func TestAHeadWithoutMoreIsWritten(t *testing.T) {
	t.Parallel()
	inner, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l := limitListener(inner, DefaultLimits(), &minRate{rate: 1 << 10, grace: time.Hour, dropped: func(Drop) {}}, nil, closed)
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
	r, err := http.NewRequestWithContext(withConn(t.Context(), server), http.MethodGet, "/", nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, end := range []func(){func() { noteState(server, http.StateIdle) }, func() { server.Close() }} { //nolint:errcheck // it is open
		joinWrites(r, writeBuffer)
		head := bytes.Repeat([]byte("h"), writeBuffer)
		if n, err := server.Write(head); n != len(head) || err != nil || countedOf(server).head == nil {
			t.Fatalf("%d, %v; nothing was kept, or not all", n, err)
		}
		end()
		if got, err := io.ReadAll(io.LimitReader(client, writeBuffer)); err != nil || !bytes.Equal(got, head) {
			t.Errorf("%d bytes, %v", len(got), err)
		}
	}
}
