package webhook

import (
	"cmp"
	"context"
	"log/slog"
	"maps"
	"net/http"
	"slices"
	"sync"
	"time"

	"roster/internal/backoff"
)

const (
	// acquireEvery is about how often a process that does not deliver a webhook tries to be the one that does. When the one that delivers stops, another
	// one takes over within that time; when it is killed, within that and the length of its lease.
	acquireEvery = 5 * time.Second
	// finishWithin is how long a running attempt may still take when the program stops.
	finishWithin = 5 * time.Second
	// releaseWithin limits the time to give back a lease.
	releaseWithin = time.Second
)

// Options are the options of a Deliverer.
type Options struct {
	Log   Log
	Store Store
	// Transport replaces the connections to the receivers, for tests; nil for connections to allowed addresses only.
	Transport http.RoundTripper
	Logger    *slog.Logger

	recorder Recorder
}

// Deliverer delivers to all receivers. Each webhook has a goroutine and connections of its own, so that a slow receiver delays no other.
type Deliverer struct {
	opt Options

	mu      sync.Mutex
	hooks   []Hook
	stats   map[string]*stats
	running context.Context // of Run; nil before
	working context.Context // of the attempts
	workers map[string]*worker
}

// New returns a deliverer that does nothing before Run.
func New(opt Options) *Deliverer {
	opt.Logger = cmp.Or(opt.Logger, slog.New(slog.DiscardHandler))
	opt.recorder = noRecorder{}
	return &Deliverer{opt: opt, stats: make(map[string]*stats), workers: make(map[string]*worker)}
}

// RecordTo has each attempt recorded. It must be called before Run.
func (d *Deliverer) RecordTo(r Recorder) { d.opt.recorder = r }

// Run delivers until ctx ends. A running attempt has some more seconds then. Call it once.
func (d *Deliverer) Run(ctx context.Context) {
	working, cut := context.WithCancel(context.WithoutCancel(ctx))
	defer cut()
	d.mu.Lock()
	d.running, d.working = ctx, working
	d.start()
	d.mu.Unlock()
	<-ctx.Done()
	late := time.AfterFunc(finishWithin, cut)
	defer late.Stop()
	d.mu.Lock()
	ending := slices.Collect(maps.Values(d.workers))
	d.mu.Unlock()
	for _, w := range ending {
		<-w.done
	}
}

// Set replaces the hooks. Those that stay as they are go on. A changed one goes on where it is with its next attempt, or with a reset if its URL or what it
// selects has changed. What is stored of a removed one is removed if this process delivers it.
func (d *Deliverer) Set(hooks []Hook) {
	d.mu.Lock()
	defer d.mu.Unlock()
	next := make(map[string]*Hook, len(hooks))
	for i := range hooks {
		next[hooks[i].Name] = &hooks[i]
	}
	var ending []*worker
	for name, w := range d.workers {
		h := next[name]
		if h != nil && h.equal(&w.hook) {
			w.see.Store(&h.See)
			continue
		}
		w.forget.Store(h == nil)
		w.stop()
		delete(d.workers, name)
		ending = append(ending, w)
	}
	for _, w := range ending {
		<-w.done
	}
	for name := range d.stats {
		if next[name] == nil {
			delete(d.stats, name)
		}
	}
	for name := range next {
		if d.stats[name] == nil {
			d.stats[name] = newStats()
		}
	}
	d.hooks = hooks
	if d.running != nil && d.running.Err() == nil {
		d.start()
	}
}

// start starts the workers that do not run. The caller has the lock.
func (d *Deliverer) start() {
	for i := range d.hooks {
		h := &d.hooks[i]
		if d.workers[h.Name] != nil {
			continue
		}
		s, err := newSender(h, d.opt.Transport)
		if err != nil { // the configuration was checked
			d.opt.Logger.LogAttrs(d.running, slog.LevelError, "a webhook cannot be delivered", slog.String("webhook", h.Name), slog.Any("error", err))
			continue
		}
		ctx, end := context.WithCancel(d.running)
		working, cut := context.WithCancel(d.working)
		w := &worker{opt: &d.opt, hook: *h, sender: s, stats: d.stats[h.Name], working: working, done: make(chan struct{}), stop: func() { end(); cut() }}
		w.log = d.opt.Logger.With(slog.String("webhook", h.Name))
		w.see.Store(&h.See)
		d.workers[h.Name] = w
		go func() {
			defer close(w.done)
			defer w.stop()
			w.run(ctx)
		}()
	}
}

// run delivers whenever this process has the right to, until ctx ends.
func (w *worker) run(ctx context.Context) {
	defer w.sender.close()
	for {
		if !w.opt.recorder.Ready() || w.logFails && !w.canRead(ctx) { // another process may be able to deliver
			if !backoff.Wait(ctx, backoff.Jitter(acquireEvery)) {
				return
			}
			continue
		}
		lease, err := w.opt.Store.Acquire(ctx, w.hook.Name)
		if err != nil || lease == nil {
			w.noteStore(ctx, err)
		} else {
			data, err := w.opt.Store.Load(ctx, w.hook.Name)
			w.noteStore(ctx, err)
			if err == nil {
				w.serve(ctx, lease, data)
			}
			back, cancel := context.WithTimeout(context.WithoutCancel(ctx), releaseWithin)
			if w.forget.Load() {
				lease.Save(back, nil) //nolint:errcheck // what is left is not used
			}
			lease.Release(back)
			cancel()
		}
		if !backoff.Wait(ctx, backoff.Jitter(acquireEvery)) {
			return
		}
	}
}

// canRead reports whether the log can be read.
func (w *worker) canRead(ctx context.Context) bool {
	reader, err := w.opt.Log.Reader("")
	if err == nil {
		reader.Close()
		w.noteLog(ctx, true)
	}
	return err == nil
}

// noteLog logs when it begins that this process does not deliver because it cannot read the log, and when that ends.
func (w *worker) noteLog(ctx context.Context, readable bool) {
	w.logFails = !readable
	if readable {
		w.log.LogAttrs(ctx, slog.LevelInfo, "the log of changes can be read again")
		return
	}
	w.log.LogAttrs(ctx, slog.LevelWarn, "the log of changes cannot be read: this process does not deliver the webhook until it can")
}

// noteStore logs when it begins to be unknown where the webhook is or whether this process may deliver it, and when that ends.
func (w *worker) noteStore(ctx context.Context, err error) {
	switch failing := err != nil; {
	case failing == w.storeFails || ctx.Err() != nil:
		return
	case failing:
		w.log.LogAttrs(ctx, slog.LevelWarn, "where a webhook is cannot be read from the store: this process does not deliver it until it can", slog.Any("reason", err))
	default:
		w.log.LogAttrs(ctx, slog.LevelInfo, "where a webhook is can be read from the store again")
	}
	w.storeFails = err != nil
}
