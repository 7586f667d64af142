package app

import (
	"context"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"roster/internal/config"
	"roster/internal/snapshot"
	"roster/internal/telemetry"
)

// Host serves one instance at a time. Its methods are safe for concurrent use.
type Host struct {
	opt     Options
	current atomic.Pointer[instance]
	last    atomic.Pointer[telemetry.Reload]
	retired sync.WaitGroup // the instances that others have taken the place of

	ready     atomic.Bool // the first reading is over
	onceReady func()
}

// NewHost gives a host of the configuration, which reads nothing before Run, and calls ready then, once, when every collection has been read or tried
// for the first time. The error has a line for each fault.
func NewHost(cfg *config.Config, opt Options, ready func()) (*Host, error) {
	h := &Host{opt: opt}
	h.onceReady = sync.OnceFunc(func() {
		h.ready.Store(true)
		ready()
	})
	i, err := build(cfg, &h.opt, nil, h.Readiness)
	if err != nil {
		return nil, err
	}
	warn(cfg, opt.Logger)
	i.commit()
	h.current.Store(i)
	h.last.Store(&telemetry.Reload{OK: true, Since: time.Now()})
	return h, nil
}

// ServeHTTP has the current instance answer. A request is answered to its end by the one that took it.
func (h *Host) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	i := h.current.Load()
	for !i.traffic.enter() {
		i = h.current.Load() // another has taken its place just now
	}
	defer i.traffic.leave()
	i.handler.ServeHTTP(w, r)
}

// Statuses gives how every collection of the current instance stands, in the order of the configuration.
func (h *Host) Statuses() []snapshot.Status { return h.current.Load().people.Statuses() }

// Run reads the sources until ctx ends, and has the configuration read again when changes say so, which may be nil. All requests must be over
// before ctx ends. Run it once.
func (h *Host) Run(ctx context.Context, changes *Changes) {
	h.start(ctx, h.current.Load())
	if changes != nil {
		h.follow(ctx, changes)
	}
	<-ctx.Done()
	h.retired.Wait()
	h.current.Load().close()
}

func (h *Host) start(ctx context.Context, i *instance) {
	i.start(ctx, func() {
		if !h.opt.Stopping() {
			h.onceReady()
		}
	})
}

// settleWithin is how long the instance in force goes on at most while the next one reads what is new to it.
const settleWithin = 10 * time.Second

// replace has an instance of this configuration take the place of the current one, in one moment. It waits first, for a while, until what is new has
// been read, so that replacing a credential makes no gap; what cannot be read in that time is missing until it is. The old instance answers
// what it has begun. A configuration that is refused changes nothing: all that can fail is in build, which has no effect.
func (h *Host) replace(ctx context.Context, cfg *config.Config) error {
	old := h.current.Load()
	next, err := build(cfg, &h.opt, old, h.Readiness)
	if err != nil {
		return err
	}
	next.commit()
	h.start(ctx, next)
	settle, cancel := context.WithTimeout(ctx, settleWithin)
	next.people.AwaitFirstOf(settle, next.keeper.Anew())
	cancel()
	h.current.Store(next)
	close(old.retired)
	h.retired.Go(func() {
		old.traffic.close(ctx)
		old.close()
	})
	return nil
}
