package telemetry

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"roster/connectors"
)

// longWait is the wait of a call for its turn from which an operator may wonder about the delay.
const longWait = 5 * time.Second

// Waits logs which calls wait long for their turn, each once: further waits for a source with a small limit are expected, and metrics show them.
type Waits struct {
	log *slog.Logger

	mu     sync.Mutex
	logged map[connectors.Call]bool // with an Attempt of 0
}

// NewWaits returns a Waits that logs to a log.
func NewWaits(log *slog.Logger) *Waits {
	return &Waits{log: log, logged: make(map[connectors.Call]bool)}
}

// Follow returns an observer that logs waits and passes everything to the next observer.
func (w *Waits) Follow(next connectors.Observer) connectors.Observer { return following{w, next} }

type following struct {
	waits *Waits
	next  connectors.Observer
}

// Begin observes a call; see connectors.Observer.
func (f following) Begin(ctx context.Context, call connectors.Call) (context.Context, connectors.Observed) {
	ctx, o := f.next.Begin(ctx, call)
	o.Waits = func(d time.Duration) { f.waits.report(ctx, call, d) }
	return ctx, o
}

func (w *Waits) report(ctx context.Context, call connectors.Call, d time.Duration) {
	if d < longWait {
		return
	}
	call.Attempt = 0
	w.mu.Lock()
	known := w.logged[call] || len(w.logged) >= maxOps*maxOps // names of calls are a closed set, unless a connector breaks that rule
	if !known {
		w.logged[call] = true
	}
	w.mu.Unlock()
	if !known {
		w.log.InfoContext(ctx, "a call waits, to stay within the source's rate limit; logged once", "source", call.Source, "op", call.Op, "wait", d.Round(time.Second))
	}
}
