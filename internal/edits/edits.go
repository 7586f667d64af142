package edits

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"roster/internal/backoff"
	"roster/internal/directory"
	"roster/internal/generation"
)

const (
	// readEvery is the longest time between two readings of the store, because notifications can be lost. The shortest is half of it.
	readEvery = 30 * time.Second
	// retryFirst is the pause after a failed reading. It doubles with each failure, up to readEvery.
	retryFirst = time.Second
	// firstWithin limits the wait for the first reading, for example while Redis starts too.
	firstWithin = 10 * time.Second
	// maxBytes limits the stored edits: about 10,000 of them.
	maxBytes = 4 << 20
)

// Options configure Edits.
type Options struct {
	// Store keeps the edits; nil if there is none, so that no edit can be made.
	Store  Store
	Logger *slog.Logger
}

// Edits are the edits as this process knows them. They outlive a configuration. Safe for concurrent use.
type Edits struct {
	store Store
	log   *slog.Logger
	now   atomic.Pointer[known]

	exchanging sync.Mutex // serializes the exchanges with the store, for the fields below
	version    string     // of the stored value that has exactly the known edits; "" if that is not known
	failing    bool

	mu        sync.Mutex
	followers map[chan struct{}]struct{}
	first     chan struct{} // closed after the first reading, or when it cannot be waited for any longer
	firstDone func()
}

// known is a set with its number in this process.
type known struct {
	set    *Set
	number uint64
}

var _ generation.Edits = (*Edits)(nil)

// New returns the edits, of which it knows none before Read or Run.
func New(opt Options) *Edits {
	e := &Edits{store: opt.Store, log: cmp.Or(opt.Logger, slog.New(slog.DiscardHandler)), followers: make(map[chan struct{}]struct{}), first: make(chan struct{})}
	e.now.Store(&known{set: empty})
	e.firstDone = sync.OnceFunc(func() { close(e.first) })
	return e
}

// Set returns the known edits.
func (e *Edits) Set() *Set { return e.now.Load().set }

// Rules implements generation.Edits.
func (e *Edits) Rules(configured directory.Rules) (directory.Rules, uint64) {
	now := e.now.Load()
	return now.set.addTo(configured), now.number
}

// Follow implements generation.Edits.
func (e *Edits) Follow() (changed <-chan struct{}, stop func()) {
	c := make(chan struct{}, 1)
	e.mu.Lock()
	defer e.mu.Unlock()
	e.followers[c] = struct{}{}
	c <- struct{}{} // an edit may have come since the follower has last asked for the rules
	return c, func() {
		e.mu.Lock()
		defer e.mu.Unlock()
		delete(e.followers, c)
	}
}

// apply makes a set the known one, and notifies the followers if it differs.
func (e *Edits) apply(s *Set) {
	was := e.now.Load()
	if was.set.same(s) {
		return
	}
	e.now.Store(&known{s, was.number + 1})
	e.mu.Lock()
	defer e.mu.Unlock()
	for c := range e.followers {
		select {
		case c <- struct{}{}:
		default: // a value is waiting already
		}
	}
}

// AwaitFirst waits until the store has been read for the first time, so that this replica shows the same people as others. It waits for at most firstWithin
// from the beginning of Run, because people without the edits are better than none, and not for a store that is damaged. It returns false if ctx ends first.
func (e *Edits) AwaitFirst(ctx context.Context) bool {
	if e.store == nil {
		return true
	}
	select {
	case <-e.first:
		return true
	case <-ctx.Done():
		return false
	}
}

// Run reads the store after each notification and periodically, until ctx ends.
func (e *Edits) Run(ctx context.Context) {
	if e.store == nil {
		return
	}
	defer time.AfterFunc(firstWithin, e.firstDone).Stop()
	failures := 0
	for ctx.Err() == nil {
		pause := backoff.Jitter(readEvery)
		if err := e.Read(ctx); err != nil {
			failures++
			pause = backoff.After(failures-1, retryFirst, readEvery)
		} else {
			failures = 0
		}
		timer := time.NewTimer(pause)
		select {
		case <-timer.C:
		case <-e.store.Changed():
		case <-ctx.Done():
		}
		timer.Stop()
	}
}

// Read takes over what is stored, and stores what the store lacks. If the store cannot be read, the known edits stay.
func (e *Edits) Read(ctx context.Context) error {
	e.exchanging.Lock()
	defer e.exchanging.Unlock()
	err := e.read(ctx)
	if err == nil || errors.Is(err, ErrDamaged) {
		e.firstDone()
	}
	if ctx.Err() == nil {
		e.report(ctx, err)
	}
	return err
}

// attempts is how often a change is tried if other replicas change the edits at the same time.
const attempts = 8

func (e *Edits) read(ctx context.Context) error {
	for range attempts {
		version, complete, err := e.load(ctx)
		if err != nil || complete {
			return err
		}
		// The store has lost edits, for example because it was restored from a backup.
		if err = e.save(ctx, version, e.Set()); !errors.Is(err, ErrMoved) {
			if err == nil {
				e.log.LogAttrs(ctx, slog.LevelWarn, "the store had lost identity edits, which this replica has stored again", slog.Int("edits", len(e.Set().all)))
			}
			return err
		}
	}
	return ErrMoved
}

// load takes over what is stored, and returns its version. Complete is true if the store has all known edits.
func (e *Edits) load(ctx context.Context) (version string, complete bool, err error) {
	value, version, err := e.store.Load(ctx, e.version)
	if err != nil {
		return "", false, err
	}
	if version == e.version && (version != "" || len(e.Set().all) == 0) {
		return version, true, nil
	}
	e.version = "" // until the store has exactly what is known
	there, err := decode(value)
	if err != nil {
		return "", false, err
	}
	all := union(e.Set(), there)
	e.apply(all)
	if complete = all.same(there); complete {
		e.version = version
	}
	return version, complete, nil
}

// save stores a set instead of the value with this version, and makes it the known one.
func (e *Edits) save(ctx context.Context, version string, s *Set) error {
	value, err := s.encode()
	if err != nil {
		return errors.Join(ErrNotSent, err)
	}
	saved, err := e.store.Save(ctx, version, value)
	if err != nil {
		return err
	}
	e.version = saved
	e.apply(s)
	return nil
}

// report logs when the store becomes unusable, and when it is usable again.
func (e *Edits) report(ctx context.Context, err error) {
	switch failing := err != nil; {
	case failing && !e.failing:
		e.log.LogAttrs(ctx, slog.LevelWarn, "identity edits cannot be read: those that are known stay in force, and none can be made", slog.String("reason", err.Error()))
	case !failing && e.failing:
		e.log.LogAttrs(ctx, slog.LevelInfo, "identity edits can be read again")
	}
	e.failing = err != nil
}

// update changes the edits. Change gets the stored edits, and returns those that are to be stored instead; nil if nothing is to be stored. It is called
// again if another replica has changed the edits meanwhile. The error is that of Store; nothing was stored if it wraps ErrNotSent.
func (e *Edits) update(ctx context.Context, change func(*Set) (*Set, error)) error {
	e.exchanging.Lock()
	defer e.exchanging.Unlock()
	for range attempts {
		version, _, err := e.load(ctx)
		if err != nil {
			e.report(ctx, err)
			return errors.Join(ErrNotSent, err)
		}
		next, err := change(e.Set())
		if err != nil || next == nil {
			return err
		}
		if err = e.save(ctx, version, next); !errors.Is(err, ErrMoved) {
			return err
		}
	}
	return errors.Join(ErrNotSent, ErrMoved)
}
