package writes

import (
	"context"

	"roster/internal/generation"
)

// follower is a publisher that applies the overlay to its directories.
type follower struct {
	overlay     *overlay
	changed     chan struct{}
	published   uint64 // the state of the store that its current directory has
	changesSeen uint64 // the overlay's number of changes at that time
}

var _ generation.Follower = (*follower)(nil)

// Follow registers a follower of the overlay. Its channel has a value from the beginning.
func (l *Ledger) Follow() generation.Follower {
	f := &follower{overlay: &l.overlay, changed: make(chan struct{}, 1)}
	f.changed <- struct{}{}
	o := f.overlay
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.followers == nil {
		o.followers = make(map[*follower]struct{})
	}
	o.followers[f] = struct{}{}
	return f
}

// Changed receives a value after the overlay has changed.
func (f *follower) Changed() <-chan struct{} { return f.changed }

// Building is called before a generation's additions are asked for; published is called when that generation has been published.
func (f *follower) Building() (published func()) {
	o := f.overlay
	o.mu.Lock()
	defer o.mu.Unlock()
	at, told := o.merged, o.changes
	return func() {
		o.mu.Lock()
		defer o.mu.Unlock()
		f.published, f.changesSeen = at, told
		o.advance()
	}
}

// Stop unregisters the follower.
func (f *follower) Stop() {
	o := f.overlay
	o.mu.Lock()
	defer o.mu.Unlock()
	delete(o.followers, f)
	o.advance() // the remaining followers may have published more
}

// advance notifies the waiting writes that the followers may have published more.
func (o *overlay) advance() {
	signal(o.published)
	for c := range o.waiting {
		close(c)
	}
	clear(o.waiting)
}

// awaitFollowers waits until all publishers of this process have published the current overlay, or until ctx ends. There are several publishers while
// a configuration is replaced, and the next query may reach either.
func (o *overlay) awaitFollowers(ctx context.Context) {
	o.mu.Lock()
	wanted := o.changes
	for {
		behind := false
		for f := range o.followers {
			behind = behind || f.changesSeen < wanted
		}
		if !behind {
			o.mu.Unlock()
			return
		}
		advanced := make(chan struct{})
		if o.waiting == nil {
			o.waiting = make(map[chan struct{}]struct{})
		}
		o.waiting[advanced] = struct{}{}
		o.mu.Unlock()
		select {
		case <-advanced:
		case <-ctx.Done():
			o.mu.Lock()
			delete(o.waiting, advanced)
			o.mu.Unlock()
			return
		}
		o.mu.Lock()
	}
}

// acknowledged returns the state of the store that every publisher of this process has published; zero if there is no publisher.
func (o *overlay) acknowledged() uint64 {
	o.mu.Lock()
	defer o.mu.Unlock()
	if len(o.followers) == 0 {
		return 0
	}
	least := o.merged
	for f := range o.followers {
		least = min(least, f.published)
	}
	return least
}

func (o *overlay) notify() {
	o.changes++
	for f := range o.followers {
		signal(f.changed)
	}
}

// signal sends a value to a channel with a buffer of one, without blocking.
func signal(c chan<- struct{}) {
	select {
	case c <- struct{}{}:
	default: // a value is waiting already
	}
}
