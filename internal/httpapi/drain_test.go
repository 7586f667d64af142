package httpapi

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// errNobody is the error of a client that connects to a closed listener.
var errNobody = errors.New("connection refused")

// exchange is a listener whose connections are pipes, for servers in a synctest bubble.
type exchange struct {
	conns  chan net.Conn
	closed chan struct{}
	once   sync.Once

	dialled atomic.Int64
}

func newExchange() *exchange {
	return &exchange{conns: make(chan net.Conn), closed: make(chan struct{})}
}

func (e *exchange) Accept() (net.Conn, error) {
	select {
	case c := <-e.conns:
		return c, nil
	case <-e.closed:
		return nil, net.ErrClosed
	}
}

func (e *exchange) Close() error {
	e.once.Do(func() { close(e.closed) })
	return nil
}

func (*exchange) Addr() net.Addr { return &net.UnixAddr{Name: "pipe"} }

func (e *exchange) dial(context.Context, string, string) (net.Conn, error) {
	here, there := net.Pipe()
	select {
	case e.conns <- there:
		e.dialled.Add(1)
		return here, nil
	case <-e.closed:
		return nil, errNobody
	}
}

// certificates returns the TLS configurations of a server and its clients.
func certificates(t *testing.T) (server, client *tls.Config) {
	t.Helper()
	a := newAuthority(t)
	pair, err := tls.X509KeyPair(a.issue(1))
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(a.pem)
	return &tls.Config{MinVersion: tls.VersionTLS12, NextProtos: []string{"h2", "http/1.1"}, Certificates: []tls.Certificate{pair}},
		&tls.Config{MinVersion: tls.VersionTLS12, RootCAs: roots}
}

// Clients that send requests one after another, for as long as the listener accepts connections, get an answer to each. After the signal, the answers close
// their connections.
func TestDrainLosesNothing(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		secure, http2       bool
		connections, shared int
	}{
		"HTTP/1.1":             {false, false, 50, 1},
		"HTTP/1.1, with TLS":   {true, false, 5, 1},
		"HTTP/2":               {true, true, 50, 1},
		"HTTP/2, many streams": {true, true, 5, 10},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				const delay = 100 * time.Millisecond
				l := newExchange()
				var forServer, forClient *tls.Config
				if tc.secure {
					forServer, forClient = certificates(t)
				}
				ctx, stop := context.WithCancel(t.Context())
				handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					time.Sleep(20 * time.Millisecond)
					fmt.Fprint(w, r.Proto)
				})
				server := Server{Handler: handler, Limits: DefaultLimits(), TLS: forServer, DrainDelay: delay, Logger: slog.New(slog.DiscardHandler)}
				served := make(chan error, 1)
				go func() { served <- server.Serve(ctx, l) }()
				var clients sync.WaitGroup
				for range tc.connections {
					transport := &http.Transport{DialContext: l.dial, TLSClientConfig: forClient.Clone(), ForceAttemptHTTP2: tc.http2}
					t.Cleanup(transport.CloseIdleConnections)
					if err := post(t, transport, tc.secure); err != nil { // those that share it are to find a connection
						t.Fatal(err)
					}
					for range tc.shared {
						clients.Go(func() { ask(t, transport, tc.secure) })
					}
				}
				time.Sleep(delay)
				began := l.dialled.Load()
				stop()
				clients.Wait()
				if n := l.dialled.Load(); began > int64(tc.connections) || n < 2*began {
					t.Errorf("%d connections before the signal and %d in all, want one for each client, and more once their connections are closed", began, n)
				}
				if err := <-served; err != nil {
					t.Error(err)
				}
			})
		})
	}
}

// A request that has begun when the listener closes is answered, however slowly it arrives.
func TestDrainAwaitsRequests(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := newExchange()
		ctx, stop := context.WithCancel(t.Context())
		handler := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "an answer") })
		server := Server{Handler: handler, Limits: DefaultLimits(), DrainDelay: time.Second, Logger: slog.New(slog.DiscardHandler)}
		served := make(chan error, 1)
		go func() { served <- server.Serve(ctx, l) }()
		conn, err := l.dial(t.Context(), "", "")
		if err != nil {
			t.Fatal(err)
		}
		stop()
		time.Sleep(990 * time.Millisecond)
		for _, part := range []string{"GET / HTTP/1.1\r\n", "Host: localhost\r\n", "\r\n"} {
			if _, err := io.WriteString(conn, part); err != nil {
				t.Fatal(err)
			}
			time.Sleep(700 * time.Millisecond)
		}
		resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil {
			t.Fatal(err)
		}
		if !resp.Close {
			t.Error("the answer does not end its connection")
		}
		conn.Close() //nolint:errcheck // all has been read
		if err := <-served; err != nil {
			t.Error(err)
		}
	})
}

// While the listener closes, no answer begins. Its client would connect again, and a connection that waits in the system's queue when the listener closes is
// lost. So a client that gets such an answer finds the address closed, and connects elsewhere.
func TestNoAnswerWhileTheListenerCloses(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const delay = time.Second
		l := newExchange()
		ctx, stop := context.WithCancel(t.Context())
		handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, r.Proto) })
		server := Server{Handler: handler, Limits: DefaultLimits(), DrainDelay: delay, Logger: slog.New(slog.DiscardHandler)}
		served := make(chan error, 1)
		go func() { served <- server.Serve(ctx, l) }()
		transport := &http.Transport{DialContext: l.dial}
		defer transport.CloseIdleConnections()
		if err := post(t, transport, false); err != nil {
			t.Fatal(err)
		}
		stop()
		time.Sleep(delay + newConnectionGap/2) // the listener is about to close
		if err := post(t, transport, false); err != nil {
			t.Error(err)
		}
		if err := post(t, transport, false); !errors.Is(err, errNobody) {
			t.Errorf("a client that was answered while the listener closes connects to it again: %v", err)
		}
		if err := <-served; err != nil {
			t.Error(err)
		}
	})
}

// ask sends requests one after another until its connections are refused.
func ask(t *testing.T, transport *http.Transport, secure bool) {
	for n := 1; ; n++ {
		if err := post(t, transport, secure); errors.Is(err, errNobody) {
			return
		} else if err != nil {
			t.Errorf("request %d of a client is lost: %v", n, err)
			return
		}
	}
}

// post sends a request that a client must not repeat by itself, unless the server says that it has not processed it.
func post(t *testing.T, transport *http.Transport, secure bool) error {
	address := "http://127.0.0.1"
	if secure {
		address = "https://127.0.0.1"
	}
	r, err := http.NewRequestWithContext(context.WithoutCancel(t.Context()), http.MethodPost, address, strings.NewReader("a question"))
	if err != nil {
		return err
	}
	resp, err := transport.RoundTrip(r)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if text, err := io.ReadAll(resp.Body); err != nil || string(text) != resp.Proto {
		return fmt.Errorf("the answer is %q: %w", text, err)
	}
	return nil
}
