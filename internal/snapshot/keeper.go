package snapshot

import (
	"log/slog"
	"math/rand/v2"
	"time"

	"roster/connectors"
)

// Options say what to keep, and how patiently.
type Options struct {
	// Sources in the configured order. Each collection that a source has is kept.
	Sources []*connectors.Source
	// Settings per collection; what is missing or zero is taken from DefaultSettings.
	Settings map[Key]Settings
	// IdleAfter is how long after the last Load of a collection it goes on being read; zero means an hour.
	IdleAfter time.Duration
	// FirstWait is how long a caller waits for data that is not there at all, or very old; zero means 2 s.
	FirstWait time.Duration
	// MaxWait bounds every wait of a caller, FirstWait included; zero means 5 s.
	MaxWait time.Duration
	// Tier is where snapshots are shared with other replicas, or kept for the time after a restart; nil means memory only.
	Tier Tier
	// TierKind says what the tier is; see Use.
	TierKind TierKind
	// Observer follows the work; nil for nobody.
	Observer Observer
	// Logger is told when a collection's condition changes, not of each reading; nil means nobody.
	Logger *slog.Logger
	// Before is the keeper that this one is to take over from when it runs, nil for none: see handover.go. Tier, TierKind, Observer and Logger are then that one's.
	Before *Keeper
}

// Keeper keeps the collections of all sources. Its methods are safe for concurrent use.
type Keeper struct {
	*keeperState
	own     waits // what holds from when it runs
	ordered []*collection
	byKey   map[Key]*collection
	looked  chan struct{} // closed when the tier has been looked at for the first time
	changed chan struct{}

	before    *Keeper       // nil once it has been taken over from
	anew      []Key         // of the collections that begin with nothing
	started   chan struct{} // closed when all its readers are at work
	over      chan struct{} // closed when another has taken over
	stopWatch func()        // ends the watch, and waits for its end
}

// New gives a keeper, which reads nothing before Run.
func New(opt Options) *Keeper {
	k := &Keeper{
		own: waits{
			idleAfter: orDefault(opt.IdleAfter, time.Hour),
			first:     min(orDefault(opt.FirstWait, 2*time.Second), orDefault(opt.MaxWait, 5*time.Second)),
			last:      orDefault(opt.MaxWait, 5*time.Second),
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

func orDefault(d, fallback time.Duration) time.Duration {
	if d <= 0 {
		return fallback
	}
	return d
}

// Current gives every collection as it is, in the order of the configuration. It waits for nothing and does not count as asking.
func (k *Keeper) Current() []Result {
	now := time.Now()
	results := make([]Result, len(k.ordered))
	for i, c := range k.ordered {
		results[i] = c.result(c.view.Load(), now)
	}
	return results
}

// Statuses gives how every collection stands, in the order of the configuration, like Current.
func (k *Keeper) Statuses() []Status {
	now := time.Now()
	statuses := make([]Status, len(k.ordered))
	for i, c := range k.ordered {
		statuses[i] = c.result(c.view.Load(), now).Status
	}
	return statuses
}

// Changed receives a value after a snapshot has got another version, a state has changed (by the clock too), or the kind of a failure
// has; several changes may come as one. It is for one listener, which looks at Current after each value and misses nothing.
func (k *Keeper) Changed() <-chan struct{} { return k.changed }

// Refresh has a collection read now, whether or not somebody asks for it, and waits for nothing. It gives when that reading has begun or begins. It
// is false, and nothing happens, where the last reading is younger than MinInterval, the source has asked to be left alone, Run is over, or there is
// no such collection.
func (k *Keeper) Refresh(key Key) (startsAt time.Time, ok bool) {
	c, now := k.byKey[key], time.Now()
	if c == nil {
		return startsAt, false
	}
	v := c.view.Load()
	switch {
	case v.over:
		return startsAt, false
	case v.reading:
		return v.started, true
	case now.Before(v.floor):
		return startsAt, false
	}
	c.forced.Store(now.UnixNano())
	c.prompt()
	return now, true
}

// Force is Refresh for a collection that is left alone after a failure: it is read as soon as MinInterval allows. Whatever keeps the source's calls
// back has to be ended before: see connectors.Source.Resume.
func (k *Keeper) Force(key Key) (startsAt time.Time, ok bool) {
	c, now := k.byKey[key], time.Now()
	if c == nil {
		return startsAt, false
	}
	v := c.view.Load()
	switch {
	case v.over:
		return startsAt, false
	case v.reading:
		return v.started, true
	}
	c.freed.Store(true)
	c.forced.Store(now.UnixNano())
	c.prompt()
	return later(now, c.floor(v)), true
}

// jitter gives a time between half of d and d, so that what failed together is not tried again together.
func jitter(d time.Duration) time.Duration {
	return d/2 + rand.N(d/2+1) //nolint:gosec // spreads load; nothing secret depends on it
}
