package httpapi_test

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/99designs/gqlgen/graphql"
	"github.com/coder/websocket"
	"github.com/google/go-cmp/cmp"
	"github.com/vektah/gqlparser/v2/ast"

	"roster/internal/access"
	"roster/internal/admission"
	"roster/internal/httpapi"
)

// longAnswer is the length of the data of the field big.
const longAnswer = 60 << 10

const big = `{"query":"{ nickname }"}`

// lengthy is a graph with a field whose value is long.
func lengthy(ctx context.Context) *graphql.Response {
	if f, ok := graphql.GetOperationContext(ctx).Operation.SelectionSet[0].(*ast.Field); ok && f.Name == "nickname" {
		return &graphql.Response{Data: json.RawMessage(`{"nickname":"` + strings.Repeat("x", longAnswer) + `"}`)}
	}
	return &graphql.Response{Data: json.RawMessage(`{"hello":"world"}`)}
}

// sharing accepts everyone, and gives the router a larger share.
type sharing struct{ guard }

func (s sharing) Authenticate(ctx context.Context, name string) (*access.Principal, error) {
	p, err := s.guard.Authenticate(ctx, name)
	if name == "router" {
		p.Limits = &access.Limits{Share: 75}
	}
	return p, err
}

// shared is a server in a synctest bubble with small resources.
type shared struct {
	*pipes
	limiter *admission.Limiter
	server  *http.Server
	client  *http.Client
	over    chan error
}

func serveShared(t *testing.T, graph api, change func(*httpapi.Limits)) *shared {
	t.Helper()
	limits := httpapi.DefaultLimits()
	limits.AnswerBytes, limits.Errors, limits.PendingAnswerBytes = 64<<10, 10, 1<<20
	if change != nil {
		change(&limits)
	}
	s := &shared{pipes: newPipes(), limiter: httpapi.NewLimiter(limits, nil), over: make(chan error, 1)}
	s.client = &http.Client{Transport: &http.Transport{DialContext: s.dial, DisableKeepAlives: true}}
	protocols := new(http.Protocols)
	protocols.SetHTTP1(true)
	protocols.SetUnencryptedHTTP2(true)
	s.server = &http.Server{Protocols: protocols, Handler: httpapi.New(httpapi.Options{API: graph, Limits: limits, Limiter: s.limiter, Access: sharing{}})}
	go func() { s.over <- s.server.Serve(s.pipes) }()
	return s
}

func (s *shared) end(t *testing.T) {
	t.Helper()
	s.server.Close() //nolint:errcheck // it has only pipes
	if err := <-s.over; !errors.Is(err, http.ErrServerClosed) {
		t.Errorf("the server ended with %v", err)
	}
}

func (s *shared) stats(r admission.Resource) admission.PoolStats { return s.limiter.Pool(r).Stats() }

// connect returns a connection from which only the test reads.
func (s *shared) connect(t *testing.T) net.Conn {
	t.Helper()
	c, err := s.dial(t.Context(), "", "")
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// ask sends a request of a caller, and returns the status and the limit in the answer.
func (s *shared) ask(t *testing.T, caller, body string, header ...string) (status int, limit string) {
	t.Helper()
	r := post(body, append(header, "Authorization", caller)...)
	r.URL.Scheme, r.URL.Host, r.RequestURI = "http", "localhost", ""
	resp, err := s.client.Do(r.WithContext(t.Context()))
	if err != nil {
		t.Error(err)
		return 0, ""
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Error(err)
	}
	if resp.StatusCode == http.StatusOK {
		return resp.StatusCode, ""
	}
	errs := refusalsOf(t, text)
	if resp.Header.Get("Retry-After") != "1" || len(errs) != 1 || errs[0].Extensions.RetryAfter != 1 {
		t.Errorf("HTTP %d %v %s, want one error and when to come back", resp.StatusCode, resp.Header, text)
	}
	return resp.StatusCode, errs[0].Extensions.Limit
}

// othersAreServed sends requests for long answers from 20 callers.
func (s *shared) othersAreServed(t *testing.T) {
	t.Helper()
	statuses := make(map[int]int)
	for i := range 20 {
		status, _ := s.ask(t, fmt.Sprint("caller ", i), big)
		statuses[status]++
	}
	if diff := cmp.Diff(map[int]int{http.StatusOK: 20}, statuses); diff != "" {
		t.Errorf("the other callers (-want +got):\n%s", diff)
	}
}

func (s *shared) nothingIsHeld(t *testing.T) {
	t.Helper()
	for _, use := range httpapi.StatsOf(s.limiter) {
		if use.Held != 0 || use.Holders != 0 {
			t.Errorf("when the attacker has gone, %d of %s are held by %d callers", use.Held, use.Limit, use.Holders)
		}
	}
}

// sendHTTP1 sends a request and reads nothing. It returns when the answer is made, so that the order of several answers is known.
func sendHTTP1(t *testing.T, c net.Conn, body string, header ...string) {
	t.Helper()
	r := post(body, append(header, "Authorization", "attacker")...)
	r.Host = "localhost"
	if err := r.Write(c); err != nil {
		t.Error(err)
	}
	synctest.Wait()
}

// sendHTTP2 sends requests on streams of one connection whose windows allow only headers. It discards what it reads.
func sendHTTP2(t *testing.T, c net.Conn, query string, streams int) {
	t.Helper()
	frame := func(kind, flags byte, stream uint32, payload []byte) []byte {
		head := []byte{byte(len(payload) >> 16), byte(len(payload) >> 8), byte(len(payload)), kind, flags}
		return append(binary.BigEndian.AppendUint32(head, stream), payload...)
	}
	var fields []byte // HPACK, without its tables
	for _, f := range [][2]string{{":method", "GET"}, {":scheme", "http"}, {":authority", "localhost"}, {":path", "/graphql?query=" + query}, {"authorization", "attacker"}} {
		fields = append(fields, 0, byte(len(f[0])))
		fields = append(append(fields, f[0]...), byte(len(f[1])))
		fields = append(fields, f[1]...)
	}
	const settings, headers, ack, endOfAll, initialWindow = 4, 1, 1, 1 | 4, 4
	go io.Copy(io.Discard, c) //nolint:errcheck // it ends with the connection
	send := []byte("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
	send = append(send, frame(settings, 0, 0, []byte{0, initialWindow, 0, 0, 0, 0})...)
	send = append(send, frame(settings, ack, 0, nil)...)
	for i := range streams {
		send = append(send, frame(headers, endOfAll, uint32(2*i+1), fields)...)
		if _, err := c.Write(send); err != nil {
			t.Error(err)
		}
		send = nil
		synctest.Wait()
	}
}

// A caller who does not read the answers holds only a part of the memory for answers, over every transport. Others are served. The caller's operations count as
// executed. Everything is released when the caller disconnects.
func TestAnswersOfClientThatDoesNotRead(t *testing.T) {
	t.Parallel()
	const share = 1 << 20 / 4
	for name, attack := range map[string]func(*testing.T, *shared) []io.Closer{
		"HTTP/1.1": func(t *testing.T, s *shared) (all []io.Closer) {
			for range 10 {
				c := s.connect(t)
				sendHTTP1(t, c, big)
				all = append(all, c)
			}
			return all
		},
		"HTTP/2": func(t *testing.T, s *shared) []io.Closer {
			c := s.connect(t)
			sendHTTP2(t, c, "{nickname}", 40)
			return []io.Closer{c}
		},
		"HTTP/2, short answers": func(t *testing.T, s *shared) []io.Closer {
			c := s.connect(t)
			sendHTTP2(t, c, "{hello}", 40)
			return []io.Closer{c}
		},
		"events": func(t *testing.T, s *shared) (all []io.Closer) {
			for range 10 {
				c := s.connect(t)
				sendHTTP1(t, c, big, "Accept", events)
				all = append(all, c)
			}
			return all
		},
		"a WebSocket": func(t *testing.T, s *shared) []io.Closer {
			c := s.socket(t, "attacker")
			c.expect(wsAck)
			for i := range 40 {
				c.send(fmt.Sprintf(`{"type":"subscribe","id":"%d","payload":%s}`, i, big))
				synctest.Wait()
			}
			return []io.Closer{closing(c.conn.CloseNow)}
		},
		"a WebSocket, refused": func(t *testing.T, s *shared) []io.Closer {
			c := s.socket(t, "attacker")
			c.expect(wsAck)
			for i := range 40 {
				c.send(fmt.Sprintf(`{"type":"subscribe","id":"%d","payload":{"query":"{ nothing }"}}`, i))
				synctest.Wait()
			}
			return []io.Closer{closing(c.conn.CloseNow)}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := serveShared(t, api{exec: lengthy}, nil)
				defer s.end(t)
				held := attack(t, s)
				synctest.Wait()
				got := s.stats(admission.AnswerBytes)
				if got.Held > share || got.Held < share-longAnswer-10<<10 || got.Holders != 1 || got.RefusedCaller == 0 || got.RefusedPool != 0 {
					t.Errorf("%+v of the memory for answers, want nearly %d of one caller, and some refused", got, share)
				}
				for _, r := range []admission.Resource{admission.Operations, admission.Cost} {
					if got := s.stats(r); got.Held != 0 {
						t.Errorf("what has been executed still holds %+v", got)
					}
				}
				if status, limit := s.ask(t, "attacker", big); status != http.StatusTooManyRequests || limit != "caller_share" {
					t.Errorf("the attacker gets HTTP %d by %q, want 429 by caller_share", status, limit)
				}
				s.othersAreServed(t)
				for _, c := range held {
					c.Close()
				}
				synctest.Wait()
				s.nothingIsHeld(t)
			})
		})
	}
}

type closing func() error

func (f closing) Close() error { return f() }

// socket opens a WebSocket of a caller.
func (s *shared) socket(t *testing.T, caller string) *talk {
	t.Helper()
	conn, _, err := websocket.Dial(t.Context(), "ws://localhost/graphql", &websocket.DialOptions{HTTPClient: s.client, Subprotocols: []string{gqlws}})
	if err != nil {
		t.Fatal(err)
	}
	conn.SetReadLimit(1 << 20)
	c := &talk{t, conn}
	c.send(`{"type":"connection_init","payload":{"Authorization":"` + caller + `"}}`)
	return c
}

// The answers of all callers together are bounded too. Then the status does not blame the caller.
func TestAnswersOfManyClientsThatDoNotRead(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := serveShared(t, api{exec: lengthy}, func(l *httpapi.Limits) { l.PendingAnswerBytes = 100 << 10 })
		defer s.end(t)
		c := s.connect(t)
		sendHTTP1(t, c, big)
		synctest.Wait()
		if status, limit := s.ask(t, "another", big); status != http.StatusServiceUnavailable || limit != "pending_answer_bytes" {
			t.Errorf("HTTP %d by %q, want 503 by pending_answer_bytes", status, limit)
		}
		if status, _ := s.ask(t, "another", hello); status != http.StatusOK {
			t.Errorf("HTTP %d for what there is memory for", status)
		}
		c.Close() //nolint:errcheck // it is a pipe
		synctest.Wait()
		if status, _ := s.ask(t, "another", big); status != http.StatusOK {
			t.Errorf("HTTP %d when there is memory again", status)
		}
	})
}

// However small the share is, every caller can have one answer of the greatest length, a WebSocket, and a subscription on it.
func TestMinimumShare(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		graph := counting(1)
		graph.exec = lengthy
		s := serveShared(t, graph, func(l *httpapi.Limits) { l.CallerShare, l.AnswerBytes = 1, 80<<10 })
		defer s.end(t)
		c := s.connect(t)
		sendHTTP2(t, c, "{hello}", 1) // which holds some memory, and is not read
		synctest.Wait()
		if status, limit := s.ask(t, "attacker", big); status != http.StatusOK {
			t.Errorf("HTTP %d by %q, want one whole answer", status, limit)
		}
		c.Close() //nolint:errcheck // it is a pipe
	})
	synctest.Test(t, func(t *testing.T) {
		s := serveShared(t, counting(1), func(l *httpapi.Limits) { l.CallerShare, l.Streams = 1, 100 })
		defer s.end(t)
		c := s.socket(t, "ann")
		c.expect(wsAck)
		c.send(wsCount)
		c.expect(`{"type":"next","id":"1","payload":{"data":{"count":1}}}`, wsDone)
		c.conn.CloseNow() //nolint:errcheck // it is a pipe
	})
}

// A subscription that waits for the next event holds no memory for the last one, which has been read.
func TestSubscriptionBetweenEvents(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		next := make(chan struct{})
		s := serveShared(t, api{stream: func(context.Context) graphql.ResponseHandler {
			n := 0
			return func(ctx context.Context) *graphql.Response {
				if n++; n > 1 {
					select {
					case <-next:
					case <-ctx.Done():
					}
					return nil
				}
				return &graphql.Response{Data: json.RawMessage(`{"count":` + strings.Repeat(" ", longAnswer) + `1}`)}
			}
		}}, nil)
		defer s.end(t)
		c := s.socket(t, "ann")
		c.expect(wsAck)
		c.send(wsCount)
		if _, event, err := c.conn.Read(t.Context()); err != nil || len(event) < longAnswer {
			t.Fatalf("%v %.100s", err, event)
		}
		synctest.Wait()
		if got := s.stats(admission.AnswerBytes); got.Held == 0 || got.Held > 20<<10 {
			t.Errorf("%+v is held between two events", got)
		}
		close(next)
		c.expect(wsDone)
		c.conn.CloseNow() //nolint:errcheck // it is a pipe
		synctest.Wait()
		s.nothingIsHeld(t)
	})
}

// A mutation whose answer has no memory has been carried out, and its caller is not told to repeat it.
func TestMutationWithoutMemory(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := serveShared(t, api{exec: func(ctx context.Context) *graphql.Response {
			if graphql.GetOperationContext(ctx).Operation.Operation == ast.Mutation {
				return &graphql.Response{Data: json.RawMessage(`{"change":"` + strings.Repeat("x", longAnswer) + `"}`)}
			}
			return lengthy(ctx)
		}}, func(l *httpapi.Limits) { l.PendingAnswerBytes = 100 << 10 })
		defer s.end(t)
		c := s.connect(t)
		sendHTTP1(t, c, big)
		synctest.Wait()
		r := post(`{"query":"mutation { change }"}`, "Authorization", "another")
		r.URL.Scheme, r.URL.Host, r.RequestURI = "http", "localhost", ""
		resp, err := s.client.Do(r.WithContext(t.Context()))
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		text, err := io.ReadAll(resp.Body)
		if err != nil || resp.StatusCode != http.StatusOK || resp.Header.Get("Retry-After") != "" ||
			!strings.Contains(string(text), `"data":null`) || !strings.Contains(string(text), "the mutation has been carried out") || strings.Contains(string(text), "retryAfter") {
			t.Errorf("%v HTTP %d %v %s", err, resp.StatusCode, resp.Header, text)
		}
		c.Close() //nolint:errcheck // it is a pipe
	})
}

// A caller who stalls uploads, runs expensive operations, or opens WebSockets holds only a part of the resources, and others are served.
func TestCallerShares(t *testing.T) {
	t.Parallel()
	t.Run("large bodies", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			s := serveShared(t, api{exec: lengthy}, nil)
			defer s.end(t)
			var stalled []net.Conn
			for range 32 {
				c := s.connect(t)
				stalled = append(stalled, c)
				go io.Copy(io.Discard, c) //nolint:errcheck // it ends with the connection
				fmt.Fprintf(c, "POST /graphql HTTP/1.1\r\nHost: localhost\r\nAuthorization: attacker\r\nContent-Type: application/json\r\nContent-Length: 100000\r\n\r\n")
				c.Write(make([]byte, 70_000)) //nolint:errcheck // it may be refused before its end
			}
			synctest.Wait()
			if got := s.stats(admission.LargeBodies); got.Held != 8 || got.RefusedCaller != 24 {
				t.Errorf("%+v, want that 8 are held and 24 refused", got)
			}
			for i := range 20 {
				if status, limit := s.ask(t, fmt.Sprint("caller ", i), large(70_000)); status != http.StatusOK {
					t.Errorf("another caller gets HTTP %d by %q", status, limit)
				}
			}
			for _, c := range stalled {
				c.Close() //nolint:errcheck // it is a pipe
			}
			synctest.Wait()
			s.nothingIsHeld(t)
		})
	})
	t.Run("running cost", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			goOn := make(chan struct{})
			s := serveShared(t, api{exec: func(ctx context.Context) *graphql.Response {
				if graphql.GetOperationContext(ctx).OperationName == "Dear" {
					<-goOn
				}
				return lengthy(ctx)
			}}, func(l *httpapi.Limits) { l.RunningCost = 40 }) // of which one caller has 10
			defer s.end(t)
			expensive := func(cost int) string {
				return fmt.Sprintf(`{"operationName":"Dear","query":"query Dear { %s }"}`, strings.Repeat("self { hello } ", cost/2))
			}
			statuses := make(chan int, 4)
			for _, caller := range []string{"attacker", "attacker", "router", "router"} {
				go func() {
					status, _ := s.ask(t, caller, expensive(map[string]int{"attacker": 4, "router": 10}[caller]))
					statuses <- status
				}()
			}
			synctest.Wait()
			if status, limit := s.ask(t, "attacker", expensive(4)); status != http.StatusTooManyRequests || limit != "caller_share" {
				t.Errorf("more than the share: HTTP %d by %q", status, limit)
			}
			s.othersAreServed(t)
			close(goOn)
			for range 4 {
				if status := <-statuses; status != http.StatusOK {
					t.Errorf("HTTP %d for what was within the share", status)
				}
			}
			if status, _ := s.ask(t, "attacker", expensive(30)); status != http.StatusOK {
				t.Errorf("alone, an operation may cost more than the share: HTTP %d", status)
			}
			s.nothingIsHeld(t)
		})
	})
	t.Run("WebSockets", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			s := serveShared(t, api{exec: lengthy}, func(l *httpapi.Limits) { l.Streams = 40 })
			defer s.end(t)
			var open []*talk
			for range 10 {
				c := s.socket(t, "attacker")
				c.expect(wsAck)
				open = append(open, c)
			}
			s.socket(t, "attacker").closed(1013, "10 WebSockets and subscriptions of this caller may be open")
			for i := range 20 {
				c := s.socket(t, fmt.Sprint("caller ", i))
				c.expect(wsAck)
				c.send(wsHello)
				c.expect(wsWorld, wsDone)
				open = append(open, c)
			}
			for _, c := range open {
				c.conn.CloseNow() //nolint:errcheck // it is a pipe
			}
			synctest.Wait()
			s.nothingIsHeld(t)
		})
	})
}

// If a client sends operations on a WebSocket that are refused, and does not read, no more messages are read. Otherwise the refusals would pile up in memory.
func TestRefusalsOfASocketWait(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := serveShared(t, api{exec: lengthy}, func(l *httpapi.Limits) {
			l.StreamOperations, l.PendingAnswerBytes = 5, 1<<30
		})
		defer s.end(t)
		c := s.socket(t, "attacker")
		c.expect(wsAck)
		var read atomic.Int64
		messages := make(chan []byte, 100)
		go func() {
			for m := range messages {
				if c.conn.Write(t.Context(), websocket.MessageText, m) != nil {
					return
				}
				read.Add(1)
			}
		}()
		for i := range cap(messages) {
			messages <- fmt.Appendf(nil, `{"type":"subscribe","id":"%d","payload":{"query":"{ nothing }"}}`, i)
			synctest.Wait() // until it is over, or waits
		}
		close(messages)
		if n := read.Load(); n > 10 {
			t.Errorf("%d operations were read of which the client has read no end", n)
		}
		c.conn.CloseNow() //nolint:errcheck // it is a pipe
		synctest.Wait()
		s.nothingIsHeld(t)
	})
}
