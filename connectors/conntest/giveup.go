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

// givenUp checks that no source can hold a caller for longer than the caller, or the configuration, allows.
func (s Subject) givenUp(t *testing.T, op operation) {
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
			if e := st.judge(t, op, got, err); e != nil && e.Kind != connectors.KindTimeout {
				t.Errorf("got %v; want it timed out", e)
			}
		})
		t.Run(name+" until the caller goes", func(t *testing.T) {
			t.Parallel()
			st := s.start(t)
			source := st.open(t, nil)
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			st.faults.Set(faults.Fault{Effect: effect, On: func(*http.Request) bool { cancel(); return true }})
			got, err := op.read(ctx, source, nil)
			if e := st.judge(t, op, got, err); e != nil && !errors.Is(err, context.Canceled) {
				t.Errorf("got %v; want errors.Is to find context.Canceled", e)
			}
		})
	}
	t.Run("the caller has gone before", func(t *testing.T) {
		t.Parallel()
		st := s.start(t)
		source := st.open(t, nil)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		got, err := op.read(ctx, source, nil)
		if e := st.judge(t, op, got, err); e != nil && !errors.Is(err, context.Canceled) {
			t.Errorf("got %v; want errors.Is to find context.Canceled", e)
		}
		if n := st.faults.Requests(); n > 0 {
			t.Errorf("%d requests were made, want none", n)
		}
	})
	if !op.lists {
		return
	}
	t.Run("the caller goes after the first page", func(t *testing.T) {
		t.Parallel()
		st := s.start(t)
		source := st.open(t, nil)
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		told := 0
		got, err := op.read(ctx, source, func(reading) { told++; cancel() })
		if told == 0 {
			return // there is one page only
		}
		if e := st.judge(t, op, got, err); e != nil && !errors.Is(err, context.Canceled) {
			t.Errorf("got %v; want errors.Is to find context.Canceled", e)
		}
		if len(got.ids) == 0 {
			t.Error("what had been read was not returned")
		}
		if told > 1 {
			t.Errorf("%d pages were read after the caller had gone", told-1)
		}
	})
}

// timesOut performs the operation with a time-out that is short, and yet long enough for the first request to be made: how long that takes is
// for the machine to say.
func (s Subject) timesOut(t *testing.T, op operation, effect faults.Effect) *connectors.Error {
	t.Helper()
	for timeout := impatience; ; timeout *= 2 {
		st := s.start(t)
		source := st.open(t, func(c *connectors.Config) { c.Timeout = timeout })
		st.faults.Set(faults.Fault{Effect: effect})
		got, err := ask(t, op, source, nil)
		if st.faults.Hits() > 0 {
			return st.judge(t, op, got, err)
		}
		if timeout > enough {
			t.Error("no request was made")
			return nil
		}
	}
}

// deadline is a context whose deadline passes when the check says, and not by a clock.
type deadline struct {
	context.Context
	once   sync.Once
	passed chan struct{}
}

func (d *deadline) pass() { d.once.Do(func() { close(d.passed) }) }

// Done is closed when the deadline passes.
func (d *deadline) Done() <-chan struct{} { return d.passed }

// Err is context.DeadlineExceeded from then on.
func (d *deadline) Err() error {
	select {
	case <-d.passed:
		return context.DeadlineExceeded
	default:
		return nil
	}
}

// unreachable checks the ways in which there is nobody to talk to.
func (s Subject) unreachable(t *testing.T, op operation) {
	t.Run("nobody listens", func(t *testing.T) {
		t.Parallel()
		st := s.start(t)
		source := st.open(t, nil)
		st.server.Close()
		got, err := op.read(t.Context(), source, nil)
		if e := st.judge(t, op, got, err); e != nil && e.Kind != connectors.KindUnavailable {
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
		if e := st.judge(t, op, got, err); e != nil && e.Kind != connectors.KindUnavailable {
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
		if e := st.judge(t, op, got, err); e != nil && e.Kind != connectors.KindUnavailable {
			t.Errorf("got %v; want it unavailable", e)
		}
	})
}
