package writes

import (
	"context"

	"roster/internal/generation"
)

// follower is a roster that lays the overlay over its directories.
type follower struct {
	overlay   *overlay
	changed   chan struct{}
	published uint64 // the state of the store that its current directory has
	told      uint64 // how often the overlay had changed by then
}

var _ generation.Follower = (*follower)(nil)

// Follow begins to follow the overlay. There is something to look at from the beginning.
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
		f.published, f.told = at, told
		o.advance()
	}
}

// Stop ends following.
func (f *follower) Stop() {
	o := f.overlay
	o.mu.Lock()
	defer o.mu.Unlock()
	delete(o.followers, f)
	o.advance() // the others may have more
}

// advance tells who waits that the followers may have published more.
func (o *overlay) advance() {
	signal(o.published)
	for c := range o.waiting {
		close(c)
	}
	clear(o.waiting)
}

// awaitFollowers waits until all rosters of this process have published what there is now, no longer than ctx lasts. There are several while a
// configuration is replaced: the next query may be asked of either.
func (o *overlay) awaitFollowers(ctx context.Context) {
	o.mu.Lock()
	wanted := o.changes
	for {
		behind := false
		for f := range o.followers {
			behind = behind || f.told < wanted
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

// acknowledged gives the state of the store that every roster of this process has published; zero where there is none.
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

func (o *overlay) tell() {
	o.changes++
	for f := range o.followers {
		signal(f.changed)
	}
}

// signal puts a value into a channel that has room for one.
func signal(c chan<- struct{}) {
	select {
	case c <- struct{}{}:
	default: // it is known already
	}
}
