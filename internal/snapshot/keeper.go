package snapshot

import (
	"cmp"
	"log/slog"
	"sync/atomic"
	"time"

	"roster/connectors"
)

// Options say what a keeper keeps, and its time limits.
type Options struct {
	// Sources are in the configured order. The keeper keeps each collection that a source has.
	Sources []*connectors.Source
	// Settings per collection; a missing or zero value is taken from DefaultSettings.
	Settings map[Key]Settings
	// IdleAfter is how long after its last Load a collection is still fetched; zero means an hour.
	IdleAfter time.Duration
	// FirstWait is how long a caller waits for missing or very old data; zero means 2 s.
	FirstWait time.Duration
	// MaxWait bounds every wait of a caller, FirstWait included; zero means 5 s.
	MaxWait time.Duration
	// SharedStore is the shared store: for other replicas, or for the time after a restart; nil means memory only.
	SharedStore SharedStore
	// TierKind is the kind of the shared store; see Stats.
	TierKind TierKind
	// Observer observes the work; nil for none.
	Observer Observer
	// Logger logs when a collection's condition changes, not each fetch; nil means no log.
	Logger *slog.Logger
	// Before is the predecessor, which this keeper takes over from when it runs; nil for none. See handover.go. The new keeper uses the
	// SharedStore, TierKind, Observer and Logger of the predecessor.
	Before *Keeper
}

// Keeper keeps the collections of all sources. Its methods are safe for concurrent use.
type Keeper struct {
	*keeperState
	own     waits // in force once it runs
	ordered []*collection
	byKey   map[Key]*collection
	looked  chan struct{} // closed after the first stat of the shared store
	changed chan struct{}

	before    *Keeper                // nil after the takeover
	anew      []Key                  // the collections that begin without data
	started   chan struct{}          // closed when all its loops run
	over      chan struct{}          // closed when another keeper has taken over
	next      atomic.Pointer[Keeper] // the keeper that takes over, or has; nil for none
	stopWatch func()                 // ends the watch, and waits for its end
}

// New returns a keeper, which fetches nothing before Run.
func New(opt Options) *Keeper {
	k := &Keeper{
		own: waits{
			idleAfter: cmp.Or(opt.IdleAfter, time.Hour),
			first:     min(cmp.Or(opt.FirstWait, 2*time.Second), cmp.Or(opt.MaxWait, 5*time.Second)),
			last:      cmp.Or(opt.MaxWait, 5*time.Second),
		},
		byKey:   make(map[Key]*collection),
		looked:  make(chan struct{}),
		changed: make(chan struct{}, 1),
		before:  opt.Before,
		started: make(chan struct{}),
		over:    make(chan struct{}),
	}
	if k.before != nil {
		k.keeperState = k.before.keeperState
	} else {
		k.keeperState = newKeeperState(&opt, k.own)
	}
	for _, s := range opt.Sources {
		var before *collection
		for _, kind := range s.Collections() {
			key := Key{Source: s.Name, Collection: kind}
			c := k.collection(s, key, opt.Settings[key].or(DefaultSettings(kind)))
			if before != nil && !k.shares(c) {
				c.before, c.place = before.first, before.place+1
			}
			before = c
			k.ordered = append(k.ordered, c)
			k.byKey[key] = c
		}
	}
	return k
}

// Current returns the current state of every collection, in the order of the configuration. It does not wait, and does not count as a
// question.
func (k *Keeper) Current() []Result {
	now := time.Now()
	results := make([]Result, len(k.ordered))
	for i, c := range k.ordered {
		results[i] = c.result(c.rules(), c.view.Load(), now, Requirement{})
	}
	return results
}

// Statuses returns the status of every collection, in the order of the configuration, like Current.
func (k *Keeper) Statuses() []Status {
	now := time.Now()
	statuses := make([]Status, len(k.ordered))
	for i, c := range k.ordered {
		statuses[i] = c.result(c.rules(), c.view.Load(), now, Requirement{}).Status
	}
	return statuses
}

// Changed receives a value after a snapshot has got another version, a state has changed (also because time has passed), or the kind of a
// failure has changed. Several changes may come as one value. The channel is for one listener. A listener that calls Current after each
// value misses nothing.
func (k *Keeper) Changed() <-chan struct{} { return k.changed }
