package telemetry_test

import (
	"bytes"
	"context"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"roster/connectors"
	"roster/connectors/limit"
	"roster/internal/sandbox"
	"roster/internal/telemetry"
)

// silent observes calls and ignores them.
type silent struct{}

// Begin returns no callbacks.
func (silent) Begin(ctx context.Context, _ connectors.Call) (context.Context, connectors.Observed) {
	return ctx, connectors.Observed{Done: func(connectors.CallEnd) {}}
}

// For a source with a small limit, the log has once which call waits, and for how long.
func TestLongWaitsAreToldOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		observer := telemetry.NewWaits(slog.New(slog.NewTextHandler(&log, nil))).Follow(silent{})
		limits := limit.New(nil)
		call := func(op string, per time.Duration) {
			ctx, o := observer.Begin(t.Context(), connectors.Call{Source: "chat", Kind: sandbox.RocketChat, Op: op, Attempt: 1})
			pass, e := limits.Acquire(connectors.WithWaits(ctx, o.Waits), []connectors.Budget{{Key: op, Limit: connectors.RateLimit{Calls: 1, Per: per}}}, time.Minute)
			if e != nil {
				t.Fatal(e)
			}
			pass.Release(true)
		}
		for range 4 {
			call("users.list", time.Minute)
			call("roles.list", time.Second) // a wait that nobody wonders about
		}
		if n := strings.Count(log.String(), "\n"); n != 1 || !strings.Contains(log.String(), "source=chat op=users.list wait=1m0s") {
			t.Errorf("%d lines, want one:\n%s", n, log.String())
		}
	})
}
