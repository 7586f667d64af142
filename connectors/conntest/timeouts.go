package conntest

import (
	"context"
	"crypto/tls"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"roster/connectors"
	"roster/connectors/faults"
)

// timeouts checks that a source cannot delay a caller beyond the caller's deadline or the configured time-out.
func (s Subject) timeouts(t *testing.T, op operation) {
	for name, effect := range map[string]faults.Effect{
		"no answer": faults.Hang(), "half an answer": faults.Stall(), "an answer that never ends": faults.Trickle(time.Millisecond),
	} {
		t.Run(name+" within the configured time-out", func(t *testing.T) {
			t.Parallel()
			if e := s.timesOut(t, op, effect); e != nil && e.Kind != connectors.KindTimeout {
				t.Errorf("got %v; want it timed out", e)
			}
		})
	}
	for name, effect := range map[string]faults.Effect{"no answer": faults.Hang(), "half an answer": faults.Stall()} {
		t.Run(name+" until the caller's deadline", func(t *testing.T) {
			t.Parallel()
			st := s.start(t)
			source := st.open(t, nil)
			ctx := &deadline{Context: t.Context(), passed: make(chan struct{})}
			st.faults.Set(faults.Fault{Effect: effect, On: func(*http.Request) bool { ctx.pass(); return true }})
			got, err := op.read(ctx, source, nil)
			if e := st.checkFailed(t, op, got, err); e != nil && e.Kind != connectors.KindTimeout {
				t.Errorf("got %v; want it timed out", e)
			}
		})
		t.Run(name+" until the caller cancels", func(t *testing.T) {
			t.Parallel()
			st := s.start(t)
			source := st.open(t, nil)
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			st.faults.Set(faults.Fault{Effect: effect, On: func(*http.Request) bool { cancel(); return true }})
			got, err := op.read(ctx, source, nil)
			if e := st.checkFailed(t, op, got, err); e != nil && !errors.Is(err, context.Canceled) {
				t.Errorf("got %v; want errors.Is to find context.Canceled", e)
			}
		})
	}
	t.Run("the caller has cancelled before", func(t *testing.T) {
		t.Parallel()
		st := s.start(t)
		source := st.open(t, nil)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		got, err := op.read(ctx, source, nil)
		if e := st.checkFailed(t, op, got, err); e != nil && !errors.Is(err, context.Canceled) {
			t.Errorf("got %v; want errors.Is to find context.Canceled", e)
		}
		if n := st.faults.Requests(); n > 0 {
			t.Errorf("%d requests were made, want none", n)
		}
	})
	if !op.lists {
		return
	}
	t.Run("the caller cancels after the first page", func(t *testing.T) {
		t.Parallel()
		st := s.start(t)
		source := st.open(t, nil)
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		reported := 0
		got, err := op.read(ctx, source, func(result) { reported++; cancel() })
		if reported == 0 {
			return // there is only one page
		}
		if e := st.checkFailed(t, op, got, err); e != nil && !errors.Is(err, context.Canceled) {
			t.Errorf("got %v; want errors.Is to find context.Canceled", e)
		}
		if len(got.ids) == 0 {
			t.Error("the records that had been read were not returned")
		}
		if reported > 1 {
			t.Errorf("%d pages were read after the caller had cancelled", reported-1)
		}
	})
}

// timesOut performs the operation with a time-out that is short, but long enough for the first request to be made. It finds that time-out by doubling,
// because it depends on the machine.
func (s Subject) timesOut(t *testing.T, op operation, effect faults.Effect) *connectors.Error {
	t.Helper()
	for timeout := shortTimeout; ; timeout *= 2 {
		st := s.start(t)
		source := st.open(t, func(c *connectors.Config) { c.Timeout = timeout })
		st.faults.Set(faults.Fault{Effect: effect})
		got, err := perform(t, op, source, nil)
		if st.faults.Hits() > 0 {
			return st.checkFailed(t, op, got, err)
		}
		if timeout > longTimeout {
			t.Error("no request was made")
			return nil
		}
	}
}

// deadline is a context whose deadline passes when the check decides.
type deadline struct {
	context.Context
	once   sync.Once
	passed chan struct{}
}

func (d *deadline) pass() { d.once.Do(func() { close(d.passed) }) }

// Done implements context.Context.
func (d *deadline) Done() <-chan struct{} { return d.passed }

// Err implements context.Context.
func (d *deadline) Err() error {
	select {
	case <-d.passed:
		return context.DeadlineExceeded
	default:
		return nil
	}
}

// unreachable checks the cases in which there is no connection.
func (s Subject) unreachable(t *testing.T, op operation) {
	t.Run("nobody listens", func(t *testing.T) {
		t.Parallel()
		st := s.start(t)
		source := st.open(t, nil)
		st.server.Close()
		got, err := op.read(t.Context(), source, nil)
		if e := st.checkFailed(t, op, got, err); e != nil && e.Kind != connectors.KindUnavailable {
			t.Errorf("got %v; want it unavailable", e)
		}
	})
	t.Run("a certificate that is not trusted", func(t *testing.T) {
		t.Parallel()
		st := s.start(t)
		secure := httptest.NewUnstartedServer(st.server.Config.Handler)
		secure.Config.ErrorLog = quiet()
		secure.TLS = &tls.Config{MinVersion: tls.VersionTLS13}
		secure.StartTLS()
		t.Cleanup(secure.Close)
		source := st.open(t, func(c *connectors.Config) { c.URL = secure.URL + Prefix })
		got, err := op.read(t.Context(), source, nil)
		if e := st.checkFailed(t, op, got, err); e != nil && e.Kind != connectors.KindUnavailable {
			t.Errorf("got %v; want it unavailable", e)
		}
		if err != nil && strings.Contains(err.Error(), strings.TrimPrefix(secure.URL, "https://")) {
			t.Errorf("the error shows a part of a URL: %v", err)
		}
		if n := st.faults.Requests(); n > 0 {
			t.Errorf("%d requests were made, want none", n)
		}
	})
	t.Run("a server that speaks no TLS", func(t *testing.T) {
		t.Parallel()
		st := s.start(t)
		source := st.open(t, func(c *connectors.Config) {
			c.URL = strings.Replace(c.URL, "http://", "https://", 1)
			c.Timeout = 10 * time.Second
		})
		got, err := op.read(t.Context(), source, nil)
		if e := st.checkFailed(t, op, got, err); e != nil && e.Kind != connectors.KindUnavailable {
			t.Errorf("got %v; want it unavailable", e)
		}
	})
}
