package httpapi_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/google/go-cmp/cmp"

	"roster/internal/httpapi"
)

// ways are the ways in which clients connect.
var ways = map[string]struct{ secure, http2 bool }{"HTTP/1.1": {}, "HTTP/1.1, with TLS": {secure: true}, "HTTP/2": {true, true}, "HTTP/2, without TLS": {http2: true}}

// lost counts the clients that were dropped.
type lost struct{ readers, senders atomic.Int64 }

func (l *lost) count(why httpapi.Drop) {
	if why == httpapi.SlowReader {
		l.readers.Add(1)
	} else {
		l.senders.Add(1)
	}
}

// serveRated serves a graph in a synctest bubble to a client that connects in one of the ways. An HTTP/2 client has windows of 16 KiB.
func serveRated(t *testing.T, graph httpapi.API, secure, http2 bool, limits httpapi.Limits) (*served, *lost) {
	t.Helper()
	server := httpapi.Server{Handler: httpapi.New(httpapi.Options{API: graph, Limits: limits}), Limits: limits}
	transport := &http.Transport{ReadBufferSize: 1 << 10, WriteBufferSize: 1 << 10, ForceAttemptHTTP2: http2, DisableCompression: true}
	if secure {
		server.TLS, transport.TLSClientConfig = httpapi.Certificates(t)
	}
	if http2 && !secure {
		transport.Protocols = new(http.Protocols)
		transport.Protocols.SetUnencryptedHTTP2(true)
	}
	if http2 {
		transport.HTTP2 = &http.HTTP2Config{MaxReceiveBufferPerStream: 16 << 10}
	} else {
		transport.TLSNextProto = map[string]func(string, *tls.Conn) http.RoundTripper{}
	}
	var gone lost
	server.Dropped = gone.count
	return serveServer(t, server, transport), &gone
}

// ask sends a request, by GET if there is no body.
func (s *served) ask(ctx context.Context, t *testing.T, secure bool, body io.Reader, header ...string) (*http.Response, error) {
	t.Helper()
	scheme := map[bool]string{false: "http", true: "https"}[secure]
	method, query := http.MethodPost, ""
	if body == nil {
		method, query = http.MethodGet, "?query={hello}"
	}
	r, err := http.NewRequestWithContext(ctx, method, scheme+"://127.0.0.1/graphql"+query, body)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	return s.client.Do(r)
}

// answering is a graph whose answers have that many bytes.
func answering(n int) api {
	data, err := json.Marshal(map[string]string{"hello": strings.Repeat("x", n)})
	if err != nil {
		panic(err)
	}
	return api{exec: func(context.Context) *graphql.Response { return &graphql.Response{Data: data} }}
}

// readAt reads to the end at that many bytes per second, or without a limit at 0. The first bytes are read at once.
func readAt(r io.Reader, rate, first int) (n int, err error) {
	if rate == 0 {
		all, err := io.Copy(io.Discard, r)
		return int(all), err
	}
	buf := make([]byte, 1<<10)
	for {
		part, err := io.ReadFull(r, buf)
		n += part
		switch {
		case errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) && n > 0 && part < len(buf) && endsWell(buf[:part]):
			return n, nil
		case err != nil:
			return n, err
		}
		if n > first {
			time.Sleep(time.Duration(part) * time.Second / time.Duration(rate))
		}
	}
}

// endsWell reports whether a text is the end of a complete answer. io.ReadFull returns the same error for a truncated one.
func endsWell(end []byte) bool {
	return bytes.HasSuffix(bytes.TrimSpace(end), []byte("}")) || bytes.HasSuffix(end, []byte(eventDone))
}

// A client that reads at the minimum rate gets the whole answer. One that is slower, or stops, is dropped, whatever it has read before.
func TestSlowReaders(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		size, rate, first int
		served            bool
	}{
		"a fast one":                   {1 << 20, 0, 0, true},
		"one a little above the rate":  {200 << 10, 5 << 10, 0, true},
		"one far below the rate":       {200 << 10, 1 << 10, 0, false},
		"one a little below":           {400 << 10, 3 << 10, 0, false},
		"one that reads nothing":       {200 << 10, 1, 0, false},
		"one that stops after 800 KiB": {1 << 20, 1, 800 << 10, false},
	} {
		for way, how := range ways {
			for media, end := range map[string]int{"application/json": len(`{"data":{"hello":""}}`), events: len(eventWorld) - len("world") + len(eventDone)} {
				t.Run(name+", "+way+", "+media, func(t *testing.T) {
					t.Parallel()
					synctest.Test(t, func(t *testing.T) {
						limits := httpapi.DefaultLimits()
						limits.AnswerTime = 10 * time.Minute
						s, gone := serveRated(t, answering(tc.size), how.secure, how.http2, limits)
						defer s.end(t)
						resp, err := s.ask(t.Context(), t, how.secure, strings.NewReader(hello), "Accept", media)
						if err != nil {
							t.Fatal(err)
						}
						defer resp.Body.Close()
						n, err := readAt(resp.Body, tc.rate, tc.first)
						if tc.served { // with signs of life between events
							if err != nil || n < tc.size+end || n > tc.size+end+100 || gone.readers.Load() != 0 {
								t.Errorf("%d bytes, %v, want %d", n, err, tc.size+end)
							}
							return
						}
						if err == nil || n >= tc.size || gone.readers.Load() != 1 {
							t.Errorf("%d bytes, %v, and %d are dropped; want that it is", n, err, gone.readers.Load())
						}
					})
				})
			}
		}
	}
}

// A client that reads nothing is dropped after its grace and one step, not only after the whole time for an answer.
func TestSlowReaderIsDroppedSoon(t *testing.T) {
	t.Parallel()
	for way, how := range ways {
		t.Run(way, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				wrote := make(chan time.Duration, 1)
				handler := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
					began := time.Now()
					if _, err := w.Write(make([]byte, 1<<20)); err == nil {
						t.Error("all of it was written to a client that does not read")
					}
					wrote <- time.Since(began)
				})
				server := httpapi.Server{Handler: handler, Limits: httpapi.DefaultLimits()}
				transport := &http.Transport{ForceAttemptHTTP2: how.http2, HTTP2: &http.HTTP2Config{MaxReceiveBufferPerStream: 16 << 10}}
				if how.secure {
					server.TLS, transport.TLSClientConfig = httpapi.Certificates(t)
				}
				s := serveServer(t, server, transport)
				defer s.end(t)
				resp, err := s.ask(t.Context(), t, how.secure, http.NoBody)
				if err != nil {
					t.Fatal(err)
				}
				defer resp.Body.Close()
				if took := (<-wrote).Round(100 * time.Millisecond); took != 13*time.Second {
					t.Errorf("it was dropped after %s, want 5 s and what 32 KiB take", took)
				}
			})
		})
	}
}

// A stream that was dropped is counted once, however often its handler writes then.
func TestDroppedStreamCountsOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ended := make(chan struct{})
		handler := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			defer close(ended)
			if _, err := w.Write(make([]byte, 1<<20)); err == nil {
				t.Error("all of it was written to a client that does not read")
			}
			for range 10_000 {
				_, err := w.Write([]byte("more"))
				if flushed := http.NewResponseController(w).Flush(); err == nil || flushed == nil {
					t.Errorf("the stream is still written to: %v, %v", err, flushed)
					return
				}
			}
		})
		var gone lost
		server := httpapi.Server{Handler: handler, Limits: httpapi.DefaultLimits(), Dropped: gone.count}
		transport := &http.Transport{ForceAttemptHTTP2: true, HTTP2: &http.HTTP2Config{MaxReceiveBufferPerStream: 16 << 10}}
		server.TLS, transport.TLSClientConfig = httpapi.Certificates(t)
		s := serveServer(t, server, transport)
		defer s.end(t)
		resp, err := s.ask(t.Context(), t, true, http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		if <-ended; gone.readers.Load() != 1 {
			t.Errorf("%d are dropped, want one", gone.readers.Load())
		}
	})
}

// A client that reads all of an HTTP/2 connection except one stream loses only that stream.
func TestSlowReaderOfOneStream(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, gone := serveRated(t, answering(100<<10), true, true, httpapi.DefaultLimits())
		defer s.end(t)
		unread, err := s.ask(t.Context(), t, true, strings.NewReader(hello))
		if err != nil {
			t.Fatal(err)
		}
		defer unread.Body.Close()
		for range 20 {
			resp, err := s.ask(t.Context(), t, true, strings.NewReader(hello))
			if err != nil {
				t.Fatal(err)
			}
			if _, err := io.Copy(io.Discard, resp.Body); err != nil {
				t.Errorf("a stream that is read: %v", err)
			}
			resp.Body.Close()
			time.Sleep(time.Second)
		}
		if n := gone.readers.Load(); n != 1 || s.dialled() != 1 {
			t.Errorf("%d are dropped of %d connections, want one stream of one", n, s.dialled())
		}
		if n, err := io.Copy(io.Discard, unread.Body); err == nil {
			t.Errorf("%d bytes of the stream that was not read, and no error", n)
		}
	})
}

// Streams that share a slow network are not dropped because each of them is slow.
func TestStreamsShareASlowNetwork(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		limits := httpapi.DefaultLimits()
		limits.AnswerTime = 10 * time.Minute
		s, gone := serveRated(t, answering(32<<10), true, true, limits)
		defer s.end(t)
		s.slow.Store(8 << 10)
		const streams = 8 // 1 KiB/s for each
		got := make(chan error, streams)
		for range streams {
			go func() {
				resp, err := s.ask(t.Context(), t, true, strings.NewReader(hello))
				if err == nil {
					_, err = io.Copy(io.Discard, resp.Body)
					resp.Body.Close()
				}
				got <- err
			}()
		}
		for range streams {
			if err := <-got; err != nil {
				t.Error(err)
			}
		}
		if n := gone.readers.Load(); n != 0 {
			t.Errorf("%d are dropped", n)
		}
		s.slow.Store(0)
		time.Sleep(time.Minute) // until the network has noticed
	})
}

// A connection on which a client was as slow as allowed can be used for other requests, each with the full allowance.
func TestSlowReaderConnectionIsReusable(t *testing.T) {
	t.Parallel()
	for way, how := range ways {
		for name, rate := range map[string]int{"with a rate": 4 << 10, "without": 0} {
			t.Run(way+", "+name, func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					const size = 200 << 10
					limits := httpapi.DefaultLimits()
					limits.MinRate, limits.AnswerTime = rate, 42*time.Second
					s, gone := serveRated(t, answering(size), how.secure, how.http2, limits)
					defer s.end(t)
					read := func(body io.Reader, rate int) (int, error) {
						t.Helper()
						resp, err := s.ask(t.Context(), t, how.secure, body)
						if err != nil {
							t.Fatal(err)
						}
						defer resp.Body.Close()
						return readAt(resp.Body, rate, 0)
					}
					for _, body := range []io.Reader{strings.NewReader(hello), nil, nil, io.MultiReader(strings.NewReader(hello)), nil} {
						if n, err := read(body, 5<<10); err != nil || n < size {
							t.Errorf("%d bytes, %v", n, err)
						}
						time.Sleep(time.Minute)
					}
					if gone.readers.Load() != 0 || s.dialled() != 1 {
						t.Errorf("%d are dropped of %d connections", gone.readers.Load(), s.dialled())
					}
					if n, err := read(strings.NewReader(hello), 4200); err == nil || gone.readers.Load() != 0 { // the whole time of an answer holds as before
						t.Errorf("%d bytes are read in more than 42 s", n)
					}
				})
			})
		}
	}
}

// A client that makes the server wait briefly many times, and is idle or waits for answers in between, is not a slow reader.
func TestPausesBetweenAnswers(t *testing.T) {
	t.Parallel()
	for way, how := range ways {
		t.Run(way, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				graph := api{stream: func(context.Context) graphql.ResponseHandler {
					data, err := json.Marshal(map[string]string{"count": strings.Repeat("x", 24<<10)})
					if err != nil {
						t.Error(err)
					}
					n := 0
					return func(context.Context) *graphql.Response {
						if n++; n > 50 {
							return nil
						}
						time.Sleep(10 * time.Second)
						return &graphql.Response{Data: data}
					}
				}}
				s, gone := serveRated(t, graph, how.secure, how.http2, httpapi.DefaultLimits())
				defer s.end(t)
				resp, err := s.ask(t.Context(), t, how.secure, strings.NewReader(`{"query":"subscription { count }"}`), "Accept", events)
				if err != nil {
					t.Fatal(err)
				}
				defer resp.Body.Close()
				lines, n := bufio.NewReader(resp.Body), 0
				for err == nil {
					var line string
					if line, err = lines.ReadString('\n'); strings.HasPrefix(line, "event: next") {
						n++
						time.Sleep(11 * time.Second) // most of the event has to wait
					}
				}
				if !errors.Is(err, io.EOF) || n != 50 || gone.readers.Load() != 0 {
					t.Errorf("%d events, %v, and %d are dropped", n, err, gone.readers.Load())
				}
			})
		})
	}
}

// Events that are too small to block a write by themselves block it together.
func TestSlowReaderOfSmallEvents(t *testing.T) {
	t.Parallel()
	for way, how := range ways {
		t.Run(way, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				graph := api{stream: func(context.Context) graphql.ResponseHandler {
					return func(ctx context.Context) *graphql.Response {
						select {
						case <-time.After(time.Millisecond):
							return &graphql.Response{Data: json.RawMessage(`{"count":1}`)}
						case <-ctx.Done():
							return nil
						}
					}
				}}
				s, gone := serveRated(t, graph, how.secure, how.http2, httpapi.DefaultLimits())
				defer s.end(t)
				resp, err := s.ask(t.Context(), t, how.secure, strings.NewReader(`{"query":"subscription { count }"}`), "Accept", events)
				if err != nil {
					t.Fatal(err)
				}
				defer resp.Body.Close()
				time.Sleep(20 * time.Second)
				if n := gone.readers.Load(); n != 1 {
					t.Errorf("%d are dropped in 20 s", n)
				}
			})
		})
	}
}

// Without a minimum rate, a client has the whole time for an answer.
func TestSlowReaderWithoutRate(t *testing.T) {
	t.Parallel()
	for way, how := range ways {
		t.Run(way, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				limits := httpapi.DefaultLimits()
				limits.MinRate = 0
				s, gone := serveRated(t, answering(50<<10), how.secure, how.http2, limits)
				defer s.end(t)
				resp, err := s.ask(t.Context(), t, how.secure, strings.NewReader(hello))
				if err != nil {
					t.Fatal(err)
				}
				time.Sleep(limits.AnswerTime - time.Second)
				if n, err := readAt(resp.Body, 0, 0); err != nil || n < 50<<10 || gone.readers.Load() != 0 {
					t.Errorf("%d bytes, %v", n, err)
				}
				resp.Body.Close()
			})
		})
	}
}

// Messages of a WebSocket must be read at the minimum rate too. A client that is just fast enough does not count as gone.
func TestSlowReaderOfSocket(t *testing.T) {
	t.Parallel()
	const size = 200 << 10
	for name, tc := range map[string]struct {
		rate   int
		served bool
	}{"a little above the rate": {5 << 10, true}, "below the rate": {1 << 10, false}, "nothing": {1, false}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s, gone := serveRated(t, answering(size), false, false, httpapi.DefaultLimits())
				defer s.end(t)
				c := s.begun(t)
				defer c.conn.CloseNow() //nolint:errcheck // the test is over
				c.send(wsHello)
				_, r, err := c.conn.Reader(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				n, err := readAt(r, tc.rate, 0)
				if tc.served {
					if err != nil || n < size || gone.readers.Load() != 0 {
						t.Errorf("%d bytes, %v", n, err)
					}
					c.expect(wsDone)
					c.bye()
					return
				}
				if err == nil || gone.readers.Load() != 1 {
					t.Errorf("%d bytes, %v, and %d are dropped; want that it is", n, err, gone.readers.Load())
				}
			})
		})
	}
}

// The log has at most one line per minute about dropped clients.
func TestDropsInTheLog(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var logged bytes.Buffer
		limits := httpapi.DefaultLimits()
		s := serveServer(t, httpapi.Server{
			Handler: httpapi.New(httpapi.Options{API: answering(200 << 10), Limits: limits}), Limits: limits, Logger: slog.New(slog.NewTextHandler(&logged, nil)),
		}, &http.Transport{})
		for range 3 {
			resp, err := s.ask(t.Context(), t, false, strings.NewReader(hello))
			if err != nil {
				t.Fatal(err)
			}
			if _, err := readAt(resp.Body, 128, 0); err == nil {
				t.Error("it is not dropped")
			}
			resp.Body.Close()
		}
		s.end(t)
		if n := strings.Count(logged.String(), "dropped"); n != 2 || !strings.Contains(logged.String(), "readers=2 ") {
			t.Errorf("%d lines of three who are dropped in two minutes:\n%s", n, logged.String())
		}
	})
}

// Over a network too, the connection of a client that reads nothing is closed, and the kernel's buffered data is discarded.
func TestSlowReaderOverTCP(t *testing.T) {
	t.Parallel()
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	limits := httpapi.DefaultLimits()
	limits.MinRate, limits.MinRateGrace, limits.AnswerTime = 1<<30, 50*time.Millisecond, time.Hour
	dropped, over := make(chan httpapi.Drop, 10), make(chan error, 1)
	ctx, stop := context.WithCancel(t.Context())
	go func() {
		server := httpapi.Server{
			Handler: httpapi.New(httpapi.Options{API: answering(32<<20 - 100), Limits: limits}), Limits: limits, Logger: slog.New(slog.DiscardHandler),
			Dropped: func(why httpapi.Drop) { dropped <- why },
		}
		over <- server.Serve(ctx, l)
	}()
	c, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close() //nolint:errcheck // the test is over
	if _, err := io.WriteString(c, "GET /graphql?query={hello} HTTP/1.1\r\nHost: localhost\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	if why := <-dropped; why != httpapi.SlowReader {
		t.Errorf("dropped as a %s", why)
	}
	if n, err := io.Copy(io.Discard, c); err == nil {
		t.Errorf("%d bytes, and a regular end", n)
	}
	stop()
	if err := <-over; err != nil {
		t.Error(err)
	}
	if diff := cmp.Diff([]string{"slow_reader", "slow_sender"}, []string{httpapi.Drops[0].String(), httpapi.Drops[1].String()}); diff != "" {
		t.Errorf("the reasons (-want +got):\n%s", diff)
	}
}
