package snapshot

import (
	"cmp"
	"context"
	"log/slog"
	"reflect"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"roster/connectors"
)

// A new keeper takes over from another when the configuration changes. If a collection has the same source object and the same settings,
// the two keepers share it, and it goes on even during a fetch. Any other old loop is stopped first. If the fingerprint is the same, the
// new loop goes on with the old state: the data, the time of its fetch, and the pause of a failing source. Data fetched with another
// fingerprint is never taken over.

// keeperState is the state that successive keepers share. It holds all that a collection needs of its keeper, because a collection may
// have several.
type keeperState struct {
	log      *slog.Logger
	store    SharedStore
	tierKind TierKind
	observer Observer
	limits   atomic.Pointer[waits]

	mu          sync.Mutex
	subscribers atomic.Pointer[[]chan struct{}] // of the running keepers
}

// waits are the time limits of callers.
type waits struct {
	idleAfter   time.Duration
	first, last time.Duration
}

func newKeeperState(opt *Options, w waits) *keeperState {
	e := &keeperState{log: cmp.Or(opt.Logger, slog.New(slog.DiscardHandler)), store: opt.SharedStore, tierKind: opt.TierKind, observer: opt.Observer}
	if e.observer == nil {
		e.observer = unobserved{}
	}
	e.limits.Store(&w)
	e.subscribers.Store(new([]chan struct{}))
	return e
}

func (e *keeperState) waits() *waits { return e.limits.Load() }

// notify notifies every running keeper.
func (e *keeperState) notify() {
	for _, changed := range *e.subscribers.Load() {
		select {
		case changed <- struct{}{}:
		default: // the listener has a pending signal, and will see this change too
		}
	}
}

func (e *keeperState) subscribe(changed chan struct{}) (leave func()) {
	e.change(func(subscribers []chan struct{}) []chan struct{} { return append(subscribers, changed) })
	return func() {
		e.change(func(subscribers []chan struct{}) []chan struct{} {
			return slices.DeleteFunc(subscribers, func(b chan struct{}) bool { return b == changed })
		})
	}
}

func (e *keeperState) change(modify func([]chan struct{}) []chan struct{}) {
	e.mu.Lock()
	defer e.mu.Unlock()
	subscribers := modify(slices.Clone(*e.subscribers.Load()))
	e.subscribers.Store(&subscribers)
}

// Run fetches the collections until ctx ends, and returns when the last fetch is over. After that the keeper serves what it has until it
// expires, and no caller waits. After another keeper has taken over, this keeper shows the shared collections, and the others as they
// were. Call Run once. If the keeper has a predecessor, call Run while the predecessor runs.
func (k *Keeper) Run(ctx context.Context) error {
	leave := k.subscribe(k.changed)
	defer leave()
	if k.before != nil {
		k.before.handOver(k)
		k.limits.Store(&k.own)
		k.start(ctx)
		k.notify() // nobody has been notified yet of the state that was taken over
	} else {
		k.start(ctx)
	}
	select {
	case <-ctx.Done():
		k.stopWatch()
		stop(k.ordered)
	case <-k.over:
		<-ctx.Done() // until then, users of this keeper are still notified of changes
	}
	return nil
}

// start starts all loops that do not run yet.
func (k *Keeper) start(ctx context.Context) {
	now := time.Now().UnixNano()
	detached := context.WithoutCancel(ctx) // a loop may outlive this keeper
	for _, c := range k.ordered {
		if c.stop != nil {
			continue // the collection is shared, and its loop runs
		}
		if c.predecessor != nil {
			c.inherit(c.predecessor)
			c.predecessor = nil
		} else {
			c.asked.Store(now) // a start counts as a question
		}
		reading, end := context.WithCancel(detached)
		c.stop = end
		go func() {
			defer close(c.ended)
			c.run(reading)
		}()
	}
	k.stopWatch = func() {}
	if k.store != nil {
		watching, end := context.WithCancel(detached)
		var watch sync.WaitGroup
		watch.Go(func() { k.watch(watching) })
		k.stopWatch = func() {
			end()
			watch.Wait()
		}
	}
	k.before = nil
	close(k.started)
}

// handOver stops the collections that the next keeper does not share, and returns when they have ended. After that, none of their calls to
// a source is in progress.
func (k *Keeper) handOver(next *Keeper) {
	<-k.started
	k.next.Store(next)
	k.stopWatch()
	var left []*collection
	for _, c := range k.ordered {
		if next.byKey[c.key] != c {
			left = append(left, c)
		}
	}
	stop(left)
	close(k.over)
}

func stop(collections []*collection) {
	for _, c := range collections {
		c.stop()
	}
	for _, c := range collections {
		<-c.ended
	}
}

// collection returns the predecessor's collection if it can be shared. Otherwise collection returns a new one, which inherits what it may.
func (k *Keeper) collection(s *connectors.Source, key Key, settings Settings) *collection {
	var was *collection
	if k.before != nil {
		was = k.before.byKey[key]
	}
	if was != nil && was.source == s && reflect.DeepEqual(was.settings, settings) {
		return was
	}
	c := newCollection(k, s, key, settings)
	if was != nil && was.item.same(c.item) {
		c.predecessor, c.hits = was, was.hits
		s := was.view.Load().collectionState
		s.phase, s.fetching = idle, false
		c.show(s) // until the old loop has ended
	} else {
		k.anew = append(k.anew, key)
	}
	return c
}

// shares reports whether the collection belongs to the predecessor, too.
func (k *Keeper) shares(c *collection) bool { return k.before != nil && k.before.byKey[c.key] == c }

// Anew returns the collections that began without data: those that the predecessor, if there was one, could not hand over.
func (k *Keeper) Anew() []Key { return k.anew }

// inherit takes over the state of a collection whose loop has ended.
func (c *collection) inherit(from *collection) {
	c.asked.Store(from.asked.Load())
	c.waits.Store(from.waits.Load())
	for _, e := range from.mail.take() {
		if e, ok := e.(asked); ok {
			c.mail.add(e)
		}
	}
	r := c.rules()
	c.show(r.inherit(from.view.Load().collectionState, time.Now()))
}

// inherit returns the state with which a collection goes on from the last state of its predecessor.
func (r *rules) inherit(s collectionState, now time.Time) collectionState {
	s.phase, s.stopping, s.fetching, s.offered, s.tried = idle, false, false, nil, !s.started.IsZero()
	t := &step{rules: r, collectionState: s, now: now}
	if s.snap != nil && s.err == nil && s.snap.Complete && s.snap.FetchedAt.Equal(s.started) { // no fetch was interrupted
		t.reschedule()
	}
	if s.tried { // an interrupted fetch counts as begun
		t.floor = later(t.floor, s.started.Add(r.minInterval()))
		t.next = later(t.next, t.floor)
	}
	t.checkFields()
	return t.collectionState
}
