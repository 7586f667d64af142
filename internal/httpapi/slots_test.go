package httpapi_test

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/coder/websocket"
	"github.com/vektah/gqlparser/v2/ast"

	"roster/internal/httpapi"
)

// begun opens a WebSocket and sends connection_init.
func (s *served) begun(t *testing.T) *talk {
	t.Helper()
	c := s.connect(t, nil, gqlws)
	c.send(wsInit)
	c.expect(wsAck)
	return c
}

func (c *talk) bye() {
	c.conn.Close(websocket.StatusNormalClosure, "") //nolint:errcheck // the test has seen what it wanted
}

// Every operation over a WebSocket counts as an operation from before its document is read.
func TestSocketOperationsHaveSlots(t *testing.T) {
	t.Parallel()
	refusedBy := func(limit, message string) string {
		return `{"type":"error","id":"1","payload":[{"message":"` + message + `","extensions":{"code":"LIMIT_EXCEEDED","limit":"` + limit + `","maximum":1,"retryAfter":1}}]}`
	}
	busy := refusedBy("operations", "1 operations are under way, which is the limit of this server")
	for name, message := range map[string]string{
		"a query": wsHello, "a mutation": strings.Replace(wsHello, "{ hello }", "mutation { change }", 1), "a subscription": wsCount,
		"a document that does not fit": strings.Replace(wsHello, "hello", "helo", 1),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				goOn := make(chan struct{})
				graph := counting(1)
				graph.exec = func(context.Context) *graphql.Response {
					<-goOn
					return &graphql.Response{Data: json.RawMessage(`{"hello":"world"}`)}
				}
				limits := httpapi.DefaultLimits()
				limits.Operations = 1
				s := serveOn(t, httpapi.Options{API: graph, Limits: limits})
				defer s.end(t)
				first, second := s.begun(t), s.begun(t)
				first.send(wsHello)
				synctest.Wait()
				second.send(message)
				second.expect(busy)
				close(goOn)
				first.expect(wsWorld, wsDone)
				first.bye()
				second.bye()
			})
		})
	}
	t.Run("subscriptions of one caller", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			limits := httpapi.DefaultLimits()
			limits.Streams = 12 // of which this caller has a quarter: two WebSockets, and one subscription
			s := serveOn(t, httpapi.Options{API: counting(1), Limits: limits})
			defer s.end(t)
			first, second := s.begun(t), s.begun(t)
			first.send(wsCount)
			synctest.Wait()
			second.send(wsCount)
			second.expect(`{"type":"error","id":"1","payload":[{"message":"3 WebSockets and subscriptions of this caller may be open, which is the share of one caller",` +
				`"extensions":{"code":"LIMIT_EXCEEDED","limit":"caller_share","maximum":3,"of":"streams","retryAfter":1}}]}`)
			second.send(wsHello) // one subscription does not prevent this
			second.expect(wsWorld, wsDone)
			first.expect(`{"type":"next","id":"1","payload":{"data":{"count":1}}}`, wsDone)
			second.send(wsCount) // there is a free slot again
			second.expect(`{"type":"next","id":"1","payload":{"data":{"count":1}}}`, wsDone)
			first.bye()
			second.bye()
		})
	})
}

// A subscription holds its cost only while one of its answers is made: any number of them can wait. An answer waits for room, for as long as an operation may
// take.
func TestSubscriptionsCostWhileTheyAnswer(t *testing.T) {
	t.Parallel()
	const answer = `{"type":"next","id":"1","payload":{"data":{"count":1}}}`
	synctest.Test(t, func(t *testing.T) {
		changes, goOn := make(chan struct{}), make(chan struct{})
		graph := api{
			exec: func(context.Context) *graphql.Response {
				<-goOn
				return &graphql.Response{Data: json.RawMessage(`{"hello":"world"}`)}
			},
			waits: func(ctx context.Context) {
				if graphql.GetOperationContext(ctx).Operation.Operation == ast.Subscription {
					select {
					case <-changes:
					case <-ctx.Done():
					}
				}
			},
			stream: func(context.Context) graphql.ResponseHandler {
				return func(ctx context.Context) *graphql.Response {
					if ctx.Err() != nil {
						return nil
					}
					<-goOn
					return &graphql.Response{Data: json.RawMessage(`{"count":1}`)}
				}
			},
		}
		limits := httpapi.DefaultLimits()
		limits.RunningCost, limits.OperationTime = 1, 10*time.Second
		s := serveOn(t, httpapi.Options{API: graph, Limits: limits})
		defer s.end(t)
		other := s.begun(t)
		streams := make([]*talk, 3)
		for i := range streams { // together they would cost more than all operations may
			streams[i] = s.begun(t)
			streams[i].send(wsCount)
			synctest.Wait()
		}
		other.send(wsHello)
		synctest.Wait()
		changes <- struct{}{}
		time.Sleep(2 * time.Second)
		synctest.Wait()
		goOn <- struct{}{} // which the query takes, because the answer does not begin yet
		other.expect(wsWorld, wsDone)
		time.Sleep(time.Second)
		synctest.Wait()
		other.send(wsHello)
		other.expect(`{"type":"error","id":"1","payload":[{"message":"the operations under way cost as much together as they may, which is 1",` +
			`"extensions":{"code":"LIMIT_EXCEEDED","limit":"running_cost","maximum":1,"retryAfter":1}}]}`)
		changes <- struct{}{} // for which there is no room until the first answer has been made
		time.Sleep(12 * time.Second)
		goOn <- struct{}{}
		other.bye()
		answered, refused := 0, 0
		for _, c := range streams[:2] {
			_, message, err := c.conn.Read(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			switch got := string(message); {
			case got == answer:
				answered++
			case strings.Contains(got, `"limit":"running_cost"`):
				refused++
			default:
				t.Error(got)
			}
		}
		for _, c := range streams {
			c.bye()
		}
		if answered != 1 || refused != 1 {
			t.Errorf("%d streams were answered, and %d refused", answered, refused)
		}
	})
}

// Subscriptions over Server-Sent Events count as streams until their client disconnects.
func TestEventStreamsHaveSlots(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		limits := httpapi.DefaultLimits()
		limits.Streams = 8
		s := serveOn(t, httpapi.Options{API: counting(1000), Limits: limits})
		defer s.end(t)
		subscribe := func(ctx context.Context) *http.Response {
			t.Helper()
			r, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://localhost/graphql", strings.NewReader(`{"query":"subscription { count }"}`))
			if err != nil {
				t.Fatal(err)
			}
			r.Header.Set("Content-Type", "application/json")
			r.Header.Set("Accept", events)
			resp, err := s.client.Do(r)
			if err != nil {
				t.Fatal(err)
			}
			return resp
		}
		ctx, leave := context.WithCancel(t.Context())
		first := subscribe(ctx)
		if line, err := bufio.NewReader(first.Body).ReadString('\n'); err != nil || line != "event: next\n" {
			t.Fatalf("%v %q", err, line)
		}
		other, leaveOther := context.WithCancel(t.Context())
		defer leaveOther()
		defer subscribe(other).Body.Close()
		second := subscribe(t.Context())
		body, err := io.ReadAll(second.Body)
		if errs := refusalsOf(t, body); err != nil || second.StatusCode != 429 || len(errs) != 1 || errs[0].Extensions.Limit != "caller_share" {
			t.Errorf("%v: HTTP %d %s, want 429 by caller_share", err, second.StatusCode, body)
		}
		second.Body.Close()
		leave()
		first.Body.Close()
		time.Sleep(2 * time.Second) // until the server has noticed
		ctx, leave = context.WithCancel(t.Context())
		third := subscribe(ctx)
		if third.StatusCode != 200 {
			t.Errorf("when the first has gone: HTTP %d", third.StatusCode)
		}
		leave()
		leaveOther()
		third.Body.Close()
		time.Sleep(2 * time.Second)
	})
}

// beginnings counts the calls of an observer.
type beginnings struct{ begun, ended *int }

func (b beginnings) Begin(ctx context.Context, _ httpapi.Operation) (context.Context, func(httpapi.Outcome)) {
	*b.begun++
	return ctx, func(httpapi.Outcome) { *b.ended++ }
}

// An observer gets the end of each operation whose beginning it got, even if operations cost too much together.
func TestObserverGetsBothEnds(t *testing.T) {
	t.Parallel()
	limits := httpapi.DefaultLimits()
	limits.RunningCost = 1
	var begun, ended int
	under, goOn := make(chan struct{}), make(chan struct{})
	h := httpapi.New(httpapi.Options{Limits: limits, Observer: beginnings{&begun, &ended}, API: api{exec: func(context.Context) *graphql.Response {
		close(under)
		<-goOn
		return &graphql.Response{Data: json.RawMessage(`{}`)}
	}}})
	over := make(chan struct{})
	go func() {
		do(h, post(hello))
		close(over)
	}()
	<-under
	if rec := do(h, post(hello)); rec.Code != 503 {
		t.Errorf("HTTP %d, want 503", rec.Code)
	}
	close(goOn)
	<-over
	if begun != ended {
		t.Errorf("%d operations have begun, and %d ended", begun, ended)
	}
}

// A mutation whose client disconnects releases its slots and its cost.
func TestSlotsOfDisconnectedClient(t *testing.T) {
	t.Parallel()
	limits := httpapi.DefaultLimits()
	limits.Operations, limits.RunningCost = 1, 1
	under := make(chan struct{})
	h := httpapi.New(httpapi.Options{Limits: limits, API: api{exec: func(ctx context.Context) *graphql.Response {
		if graphql.GetOperationContext(ctx).Operation.Operation == "mutation" {
			close(under)
			<-ctx.Done()
			return nil
		}
		return &graphql.Response{Data: json.RawMessage(`{}`)}
	}}})
	for _, accept := range []string{"application/json", events} {
		under = make(chan struct{})
		ctx, leave := context.WithCancel(t.Context())
		over := make(chan struct{})
		go func() {
			defer close(over)
			do(h, post(`{"query":"mutation { change }"}`, "Accept", accept).WithContext(ctx))
		}()
		<-under
		if rec := do(h, post(hello)); rec.Code != 503 {
			t.Errorf("%s: HTTP %d while it is under way, want 503", accept, rec.Code)
		}
		leave()
		<-over
		if rec := do(h, post(hello)); rec.Code != 200 {
			t.Errorf("%s: HTTP %d when it has gone: %s", accept, rec.Code, rec.Body)
		}
	}
}
