package telemetry

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"roster/connectors"
)

// longWait is how long a call waits for its turn before an operator may wonder why nothing comes.
const longWait = 5 * time.Second

// Waits logs which calls wait long for their turn, each once: that a source with a small limit keeps on waiting is no news, and metrics tell it.
type Waits struct {
	log *slog.Logger

	mu   sync.Mutex
	told map[connectors.Call]bool // with an Attempt of 0
}

// NewWaits gives waits that are told to a log.
func NewWaits(log *slog.Logger) *Waits { return &Waits{log: log, told: make(map[connectors.Call]bool)} }

// Follow gives an observer that tells of waits, and another one of everything.
func (w *Waits) Follow(next connectors.Observer) connectors.Observer { return following{w, next} }

type following struct {
	waits *Waits
	next  connectors.Observer
}

// Begin follows a call; see connectors.Observer.
func (f following) Begin(ctx context.Context, call connectors.Call) (context.Context, connectors.Observed) {
	ctx, o := f.next.Begin(ctx, call)
	o.Waits = func(d time.Duration) { f.waits.tell(ctx, call, d) }
	return ctx, o
}

func (w *Waits) tell(ctx context.Context, call connectors.Call, d time.Duration) {
	if d < longWait {
		return
	}
	call.Attempt = 0
	w.mu.Lock()
	known := w.told[call] || len(w.told) >= maxOps*maxOps // names of calls come from a closed set, should a connector keep to it
	if !known {
		w.told[call] = true
	}
	w.mu.Unlock()
	if !known {
		w.log.InfoContext(ctx, "a call waits, to stay within the source's limit; told once", "source", call.Source, "op", call.Op, "wait", d.Round(time.Second))
	}
}
