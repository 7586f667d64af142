package snapshot

import (
	"context"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"roster/connectors"
)

// A keeper takes over from another when the configuration has changed. A collection whose source is the same object and whose settings are
// the same goes on as it is, reading or not: both keepers then show the same. Of any other the old reader is stopped first, and where the
// fingerprint is the same the new one goes on from what it had: the data, when it was read, and until when a failing source is left alone.
// Data read under another fingerprint is never taken over.

// keeperState is what keepers that take over from each other have in common. What a collection asks of its keeper is all here, since it may
// have several.
type keeperState struct {
	log      *slog.Logger
	tier     Tier
	tierKind TierKind
	observer Observer
	patient  atomic.Pointer[waits]

	mu          sync.Mutex
	subscribers atomic.Pointer[[]chan struct{}] // of the keepers that run
}

// waits say how patient callers are.
type waits struct {
	idleAfter   time.Duration
	first, last time.Duration
}

func newKeeperState(opt *Options, w waits) *keeperState {
	e := &keeperState{log: opt.Logger, tier: opt.Tier, tierKind: opt.TierKind, observer: opt.Observer}
	if e.log == nil {
		e.log = slog.New(slog.DiscardHandler)
	}
	if e.observer == nil {
		e.observer = unobserved{}
	}
	e.patient.Store(&w)
	e.subscribers.Store(new([]chan struct{}))
	return e
}

func (e *keeperState) waits() *waits { return e.patient.Load() }

// notify tells every keeper.
func (e *keeperState) notify() {
	for _, changed := range *e.subscribers.Load() {
		select {
		case changed <- struct{}{}:
		default: // the listener has not looked yet, and will see this change too
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

// Run reads the collections until ctx ends, and returns when the last reading is over. The keeper then serves what it has for as long as
// that lasts, and lets nobody wait. Once another keeper has taken over, it shows that one's collections as far as they are the same, and
// the others as they were. Run it once; a keeper with another before it, while that one runs.
func (k *Keeper) Run(ctx context.Context) error {
	leave := k.subscribe(k.changed)
	defer leave()
	if k.before != nil {
		k.before.handOver(k)
		k.patient.Store(&k.own)
		k.start(ctx)
		k.notify() // nobody has been told yet of what has been taken over
	} else {
		k.start(ctx)
	}
	select {
	case <-ctx.Done():
		k.stopWatch()
		stop(k.ordered)
	case <-k.over:
		<-ctx.Done() // who still looks at it is told of changes until then
	}
	return nil
}

// start sets all readers to work that are not.
func (k *Keeper) start(ctx context.Context) {
	now := time.Now().UnixNano()
	detached := context.WithoutCancel(ctx) // a reader may outlive this keeper
	for _, c := range k.ordered {
		if c.stop != nil {
			continue // it has come along with its reader
		}
		if c.heirOf != nil {
			c.inherit(c.heirOf)
			c.heirOf = nil
		} else {
			c.asked.Store(now) // starting counts as asking
		}
		reading, end := context.WithCancel(detached)
		c.stop = end
		go func() {
			defer close(c.ended)
			c.run(reading)
		}()
	}
	k.stopWatch = func() {}
	if k.tier != nil {
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

// handOver stops what the next keeper does not go on with, and returns when it has ended: whatever it still asked of a source is over then.
func (k *Keeper) handOver(next *Keeper) {
	<-k.started
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

// collection gives the one of the keeper before where it goes on as it is, and else a new one, which takes over what it may.
func (k *Keeper) collection(s *connectors.Source, key Key, settings Settings) *collection {
	var was *collection
	if k.before != nil {
		was = k.before.byKey[key]
	}
	if was != nil && was.source == s && was.settings == settings {
		return was
	}
	c := newCollection(k, s, key, settings)
	if was != nil && was.item.same(c.item) {
		c.heirOf, c.counts = was, was.counts
		c.show(was.view.Load()) // until its reader has ended
	} else {
		k.anew = append(k.anew, key)
	}
	return c
}

// shares says whether the collection belongs to the keeper before, too.
func (k *Keeper) shares(c *collection) bool { return k.before != nil && k.before.byKey[c.key] == c }

// Anew lists the collections that have begun with nothing: those that the keeper before this one, if there was one, could not leave to it.
func (k *Keeper) Anew() []Key { return k.anew }

// show puts another collection's view in the place of this one's.
func (c *collection) show(v *view) {
	c.change(func(own *view) {
		ended := own.ended
		*own = *v
		own.ended, own.reading, own.over = ended, false, false
	})
}

// inherit takes over the state of a collection whose reader has ended.
func (c *collection) inherit(from *collection) {
	v := from.view.Load()
	c.show(v)
	c.asked.Store(from.asked.Load())
	c.reads.Store(from.reads.Load())
	c.waits.Store(from.waits.Load())
	c.forced.Store(from.forced.Load())
	c.freed.Store(from.freed.Load())
	c.accept.Store(from.accept.Load())
	c.there.Store(from.there.Load())
	c.fetchState = from.fetchState
	if v.snap != nil && v.err == nil && v.snap.Complete && v.snap.ReadAt.Equal(v.started) { // no reading was broken off
		c.reschedule()
	}
	if v.started.IsZero() {
		return
	}
	c.tried.Do(func() { close(c.first) })
	c.change(func(v *view) { // a reading that was broken off began all the same
		if floor := v.started.Add(c.minInterval()); v.floor.Before(floor) {
			v.floor = floor
		}
		if v.next.Before(v.floor) {
			v.next = v.floor
		}
	})
}
