package snapshot

import (
	"math/rand/v2"
	"sync"
	"sync/atomic"

	"roster/connectors"
)

// collection is one collection of a source, as its loop and its callers share it. Only the loop replaces the view.
type collection struct {
	constants
	keeper *keeperState
	source *connectors.Source

	view     atomic.Pointer[view]
	mail     mail
	wake     chan struct{}                      // wakes the loop
	asked    atomic.Int64                       // when a caller last asked, in nanoseconds since 1970
	hits     *tally                             // of operations
	waits    atomic.Int64                       // how many waits of callers have begun
	queue    atomic.Int64                       // how many callers wait now
	urgency  atomic.Pointer[connectors.Urgency] // of the fetch in progress
	progress atomic.Pointer[Progress]           // of the fetch in progress; nil if there is none

	before <-chan struct{} // closed when the source's previous collection has been tried; nil for the first
	place  int             // index among the source's collections
	tried  sync.Once       // closes first
	first  chan struct{}   // closed when this collection has been tried
	looked chan struct{}   // closed after the first stat of the shared store by its first keeper

	predecessor *collection   // the collection whose state this one inherits before it runs; nil for none
	stop        func()        // ends the loop
	ended       chan struct{} // closed when the loop has ended
}

// view is what callers see of the collection at one time.
type view struct {
	collectionState
	ended chan struct{} // closed when the fetch in progress ends, or else the next one
}

func newCollection(k *Keeper, s *connectors.Source, key Key, settings Settings) *collection {
	kind := kinds[key.Collection].of(connectors.KindNamed(s.Kind), extraOf(s, key.Collection) != "")
	c := &collection{constants: constants{key: key, kind: kind, settings: settings, reportsChanges: kind.reportsChanges(s), shared: k.store != nil, tier: k.tierKind,
		item: StoreKeyOf(s, key.Collection, settings.MaxPause), fields: s.FieldsOf(key.Collection)},
		keeper: k.keeperState, source: s, hits: new(tally), wake: make(chan struct{}, 1), first: make(chan struct{}), looked: k.looked,
		ended: make(chan struct{})}
	c.show(newState(rand.Uint64(), rand.Uint64())) //nolint:gosec // spreads load; nothing secret depends on it
	return c
}

// newState returns the state of a collection before its first fetch.
func newState(seed1, seed2 uint64) collectionState {
	return collectionState{logged: condition{state: Missing}, paced: 1, random: *rand.NewPCG(seed1, seed2)}
}

// show publishes a state.
func (c *collection) show(s collectionState) { c.view.Store(&view{s, make(chan struct{})}) }

// prompt wakes the loop.
func (c *collection) prompt() {
	select {
	case c.wake <- struct{}{}:
	default: // the loop has a signal already
	}
}

// ask passes what a caller requires to the loop.
func (c *collection) ask(e asked) {
	c.mail.add(e)
	c.prompt()
}

// mail is what the loop has not seen yet: what callers require, and what a stat has found.
type mail struct {
	mu    sync.Mutex
	asked asked
	stat  *Info
}

func (m *mail) add(e asked) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.asked = asked{m.asked.wanted || e.wanted, later(m.asked.since, e.since), m.asked.force || e.force, m.asked.accept || e.accept,
		later(m.asked.outdated, e.outdated), later(m.asked.outdatedFull, e.outdatedFull)}
}

func (m *mail) put(stat *Info) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.stat = stat
}

func (m *mail) take() (events []event) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.asked != (asked{}) {
		events = append(events, m.asked)
	}
	if m.stat != nil {
		events = append(events, statted{m.stat})
	}
	m.asked, m.stat = asked{}, nil
	return events
}
