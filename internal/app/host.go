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
	opt      Options
	current  atomic.Pointer[instance]
	last     atomic.Pointer[telemetry.Reload]
	unfollow func()         // ends the following of the current instance by the log of changes; used only by Run
	retired  sync.WaitGroup // counts the instances that were replaced and have not closed yet

	ready     atomic.Bool // the first fetches are over
	onceReady func()
}

// NewHost returns a host of the configuration. The host fetches nothing before Run, and then calls ready once, when every collection has been fetched
// or tried for the first time. The error has one line for each fault.
func NewHost(cfg *config.Config, opt Options, ready func()) (*Host, error) {
	if err := opt.Stores.check(cfg); err != nil {
		return nil, err
	}
	if opt.Changes == nil {
		opt.Changes = openChanges(cfg, opt.Stores.Changes)
	}
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
	if opt.Webhooks != nil {
		opt.Webhooks.RecordTo(recorder{h})
	}
	return h, nil
}

// ServeHTTP passes a request to the current instance. That instance answers the request to the end, even if it is replaced meanwhile.
func (h *Host) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	i := h.current.Load()
	for !i.traffic.acquire() {
		i = h.current.Load() // the instance was replaced just now
	}
	defer i.traffic.release()
	i.handler.ServeHTTP(w, r)
}

// Statuses returns the freshness state of every collection of the current instance, in the order of the configuration.
func (h *Host) Statuses() []snapshot.Status { return h.current.Load().publisher.Statuses() }

// Run fetches the sources until ctx ends, and reloads the configuration when reload asks for it. Reload may be nil. All requests must be over before
// ctx ends. Call Run once.
func (h *Host) Run(ctx context.Context, reload *Changes) {
	h.start(ctx, h.current.Load())
	h.followChanges(ctx, h.current.Load())
	if reload != nil {
		h.follow(ctx, reload)
	}
	<-ctx.Done()
	h.unfollow()
	h.retired.Wait()
	h.current.Load().close()
}

// followChanges makes the log of changes follow an instance instead of the one before.
func (h *Host) followChanges(ctx context.Context, i *instance) {
	if h.unfollow != nil {
		h.unfollow()
	}
	ctx, cancel := context.WithCancel(ctx)
	var following sync.WaitGroup
	following.Go(func() { h.opt.Changes.Follow(ctx, i.publisher, h.opt.Logger) })
	h.unfollow = func() {
		cancel()
		following.Wait()
	}
}

func (h *Host) start(ctx context.Context, i *instance) {
	i.start(ctx, func() {
		if !h.opt.Stopping() {
			h.onceReady()
		}
	})
}

// firstFetchWithin limits how long the current instance stays while the next one fetches its new collections.
const firstFetchWithin = 10 * time.Second

// replace replaces the current instance with an instance of this configuration, atomically. It first waits, for a limited time, until new collections
// have been fetched, so that a new credential makes no gap; a collection that cannot be fetched in that time is missing until it can. The old instance
// finishes the requests that it has begun. A refused configuration changes nothing: all steps that can fail are in build, which has no side effect.
func (h *Host) replace(ctx context.Context, cfg *config.Config) error {
	old := h.current.Load()
	next, err := build(cfg, &h.opt, old, h.Readiness)
	if err != nil {
		return err
	}
	next.commit()
	h.start(ctx, next)
	fetching, cancel := context.WithTimeout(ctx, firstFetchWithin)
	next.publisher.AwaitFirstOf(fetching, next.keeper.Anew())
	cancel()
	h.current.Store(next)
	close(old.retired) // before the log has what only the next instance shows
	h.followChanges(ctx, next)
	h.retired.Go(func() {
		old.traffic.close(ctx)
		old.close()
	})
	return nil
}
