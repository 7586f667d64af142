package upstream_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"roster/connectors"
	"roster/connectors/upstream"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// source is a source without a protocol: a function that ends each attempt with the next of its errors, and the last one again and again.
type source struct {
	began []time.Duration // of each attempt, since the first
	first time.Time
	ends  []error
}

func (s *source) attempt(context.Context, *upstream.Exchange) error {
	if s.first.IsZero() {
		s.first = time.Now()
	}
	s.began = append(s.began, time.Since(s.first))
	return s.ends[min(len(s.began), len(s.ends))-1]
}

// record observes calls.
type record struct{ calls []string }

func (r *record) Begin(ctx context.Context, call connectors.Call) (context.Context, connectors.Observed) {
	return ctx, connectors.Observed{Header: map[string]string{"trace": "1"}, Done: func(end connectors.CallEnd) {
		line := fmt.Sprintf("%s %s %d sent=%t waited=%v", call.Source, call.Op, call.Attempt, end.Sent, end.Waited)
		if end.Err != nil {
			line += " " + end.Err.Kind.String()
		}
		r.calls = append(r.calls, line)
	}}
}

func fails(kind connectors.ErrorKind) error { return &connectors.Error{Kind: kind} }

func acme(opt upstream.Options) *upstream.Caller {
	opt.Source, opt.Counted = "acme", "acme"
	return upstream.New(opt)
}

var list = upstream.Call{Op: "list"}

func TestCallsStayWithinTheLimit(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, seen := &source{ends: []error{nil}}, &record{}
		c := acme(upstream.Options{Limit: connectors.RateLimit{Calls: 2, Per: time.Minute}, Runtime: connectors.Runtime{Observer: seen}})
		for range 3 {
			if err := c.Do(t.Context(), list, s.attempt); err != nil {
				t.Fatal(err)
			}
		}
		if diff := cmp.Diff([]time.Duration{0, 0, time.Minute}, s.began); diff != "" {
			t.Errorf("attempts (-want +got):\n%s", diff)
		}
		want := []string{"acme list 1 sent=true waited=0s", "acme list 1 sent=true waited=0s", "acme list 1 sent=true waited=1m0s"}
		if diff := cmp.Diff(want, seen.calls); diff != "" {
			t.Errorf("observed (-want +got):\n%s", diff)
		}
	})
}

func TestCallsAreRepeatedIfThatMayHelp(t *testing.T) {
	t.Parallel()
	pause := &connectors.Error{Kind: connectors.KindRateLimited, RetryAfter: 30 * time.Second}
	for name, tt := range map[string]struct {
		call upstream.Call
		ends []error
		want int // attempts
		err  error
	}{
		"success":              {list, []error{nil}, 1, nil},
		"two faults":           {list, []error{fails(connectors.KindUnavailable), fails(connectors.KindTimeout), nil}, 3, nil},
		"three faults":         {list, []error{fails(connectors.KindUnavailable)}, 3, fails(connectors.KindUnavailable)},
		"a cut connection":     {list, []error{errors.New("cut"), nil}, 2, nil},
		"a refusal":            {list, []error{fails(connectors.KindUnauthorized)}, 1, fails(connectors.KindUnauthorized)},
		"asked to wait":        {list, []error{pause, nil}, 2, nil},
		"a write":              {upstream.Call{Op: "create", Write: true}, []error{fails(connectors.KindUnavailable)}, 1, fails(connectors.KindUnavailable)},
		"a call without hurry": {upstream.Call{Op: "presence", Spare: true}, []error{fails(connectors.KindUnavailable)}, 1, fails(connectors.KindUnavailable)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s, seen := &source{ends: tt.ends}, &record{}
				err := acme(upstream.Options{Runtime: connectors.Runtime{Observer: seen}}).Do(t.Context(), tt.call, s.attempt)
				if (err == nil) != (tt.err == nil) || err != nil && !connectors.IsKind(err, connectors.AsError("", tt.err).Kind) {
					t.Errorf("got error %v, want %v", err, tt.err)
				}
				if len(s.began) != tt.want || len(seen.calls) != tt.want {
					t.Errorf("%d attempts, %d observed, want %d", len(s.began), len(seen.calls), tt.want)
				}
				if err != nil && !strings.HasPrefix(err.Error(), "acme: "+tt.call.Op) {
					t.Errorf("the error does not name the source and the call: %v", err)
				}
			})
		})
	}
}

func TestAFinalFailureIsNotRepeated(t *testing.T) {
	t.Parallel()
	attempts := 0
	err := acme(upstream.Options{}).Do(t.Context(), list, func(_ context.Context, x *upstream.Exchange) error {
		attempts++
		x.Final = true
		return fails(connectors.KindBadResponse)
	})
	if attempts != 1 || !connectors.IsKind(err, connectors.KindBadResponse) {
		t.Errorf("%d attempts: %v", attempts, err)
	}
}

func TestASourceMayAskForAPause(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]upstream.Attempt{
		"by an error": func(context.Context, *upstream.Exchange) error {
			return &connectors.Error{Kind: connectors.KindRateLimited, RetryAfter: 10 * time.Minute}
		},
		"beside an answer": func(_ context.Context, x *upstream.Exchange) error {
			x.Answered, x.Told.Pause = true, 10*time.Minute
			return nil
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				c, s := acme(upstream.Options{}), &source{ends: []error{nil}}
				c.Do(t.Context(), list, end) //nolint:errcheck // the pause matters
				if h := c.Health(); h.Pause == nil || h.Pause.RetryAfter != 10*time.Minute {
					t.Errorf("its pause is %+v, want 10 min", h.Pause)
				}
				if err := c.Do(t.Context(), list, s.attempt); !connectors.IsKind(err, connectors.KindRateLimited) || len(s.began) != 0 {
					t.Errorf("in the pause: %v, %d attempts", err, len(s.began))
				}
				c.Resume()
				if err := c.Do(t.Context(), list, s.attempt); err != nil {
					t.Errorf("after the end of the pause: %v", err)
				}
			})
		})
	}
}

func TestTheBreakerStopsCallsAndProbes(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c, s := acme(upstream.Options{Retries: new(int)}), &source{ends: []error{fails(connectors.KindUnavailable)}}
		for range 5 {
			c.Do(t.Context(), list, s.attempt) //nolint:errcheck // it fails
		}
		err := c.Do(t.Context(), list, s.attempt)
		if e := connectors.AsError("", err); len(s.began) != 5 || !e.Unsent || c.Health().Breaker != connectors.BreakerOpen {
			t.Errorf("after five failures: %d attempts, %v, %v", len(s.began), err, c.Health().Breaker)
		}
		if err := c.Do(t.Context(), upstream.Call{Op: "token", Place: "login.acme.example"}, func(context.Context, *upstream.Exchange) error { return nil }); err != nil {
			t.Errorf("another place: %v", err)
		}
		time.Sleep(5 * time.Second)
		s.ends = []error{nil}
		if err := c.Do(t.Context(), list, s.attempt); err != nil || c.Health().Breaker != connectors.BreakerClosed {
			t.Errorf("the probe: %v, %v", err, c.Health().Breaker)
		}
	})
}

func TestAnAttemptHasADeadline(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		err := acme(upstream.Options{Timeout: 7 * time.Second, Retries: new(int)}).Do(t.Context(), list, func(ctx context.Context, _ *upstream.Exchange) error {
			<-ctx.Done()
			return ctx.Err()
		})
		if took := time.Since(began); took != 7*time.Second || !connectors.IsKind(err, connectors.KindTimeout) {
			t.Errorf("after %v: %v", took, err)
		}
	})
}

func TestAWriteNeedsConsent(t *testing.T) {
	t.Parallel()
	s := &source{ends: []error{nil}}
	ctx := connectors.WithConsent(t.Context(), func(context.Context) error { return errors.New("over") })
	err := acme(upstream.Options{}).Do(ctx, upstream.Call{Op: "create", Write: true}, s.attempt)
	if e := connectors.AsError("", err); len(s.began) != 0 || !e.Unsent {
		t.Errorf("%d attempts: %v", len(s.began), err)
	}
}

// A source that speaks lines over TCP is called like any other. Its server cuts the first connection.
func TestASourceOverTCP(t *testing.T) {
	t.Parallel()
	server, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // the test closes it
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan struct{})
	defer func() {
		server.Close() //nolint:errcheck // nobody uses it any more
		<-served
	}()
	go func() {
		defer close(served)
		for n := 0; ; n++ {
			conn, err := server.Accept()
			if err != nil {
				return
			}
			if question, _, err := bufio.NewReader(conn).ReadLine(); err == nil && n > 0 {
				fmt.Fprintf(conn, "%s: ann, bob\n", question)
			}
			conn.Close() //nolint:errcheck // cut or not, it is over
		}
	}()
	seen, got := &record{}, ""
	err = acme(upstream.Options{Runtime: connectors.Runtime{Observer: seen}}).Do(t.Context(), list, func(ctx context.Context, x *upstream.Exchange) error {
		conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", server.Addr().String())
		if err != nil {
			return err
		}
		defer conn.Close() //nolint:errcheck // what has been read counts
		fmt.Fprintf(conn, "people trace=%s\n", x.Header["trace"])
		got, err = bufio.NewReader(conn).ReadString('\n')
		x.Answered, x.Bytes = err == nil, len(got)
		return err
	})
	if err != nil || got != "people trace=1: ann, bob\n" {
		t.Errorf("got %q, %v", got, err)
	}
	if len(seen.calls) != 2 || !strings.HasSuffix(seen.calls[0], "unavailable") {
		t.Errorf("observed %q, want a cut connection and a success", seen.calls)
	}
}
