package writes

import (
	"context"
	"log/slog"
	"maps"
	"sync"
	"time"

	"roster/connectors"
	"roster/internal/directory"
)

// Sharing is a store that other replicas use too, each of which acknowledges the state of the overlay that its directory has.
type Sharing interface {
	Store
	// Acknowledge tells the others what this replica has published.
	Acknowledge(ctx context.Context, seq uint64) error
	// Acknowledged gives for each of the other replicas that are there what it has acknowledged; zero for nothing.
	Acknowledged(ctx context.Context) (map[string]uint64, error)
	// Heard receives a value when another replica may have acknowledged something.
	Heard() <-chan struct{}
	// Remind tells the others once more that something was put.
	Remind(ctx context.Context)
	// PublishDenied reports that no notifications arrive, because the user may not use the channel.
	PublishDenied() bool
}

const (
	// showWithin is how long the other replicas are waited for that do not show yet what was made.
	showWithin = 2 * time.Second
	// askAgain is how soon one looks, and reminds the others, where nothing is heard. It doubles each time.
	askAgain = 200 * time.Millisecond
	// acknowledgeAgain is how soon an acknowledgement is tried again that failed.
	acknowledgeAgain = time.Second
)

// present waits until the directories of this replica and of all others show what there is to show, or will not soon. This replica's is waited for
// however long building it takes: the answer has the record from there.
func (w *Writer) present(ctx context.Context, c *change, r Result) Result {
	if r.Ref == nil || c.shows == nil {
		return r
	}
	soon, cancel := context.WithTimeout(ctx, showWithin)
	defer cancel()
	if !c.shows(w.opt.Publisher.View(soon, nil, false).Directory, *r.Ref) {
		_ = w.ledger.exchange(soon) // the answer may be that of another replica, of which nothing has been heard yet
	}
	own := soon
	if w.knows(c, r.Ref.ID) {
		own = ctx
	}
	if w.opt.Publisher.AwaitDirectory(own, func(d *directory.Directory) bool { return c.shows(d, *r.Ref) }) {
		w.ledger.overlay.awaitFollowers(own)
	}
	if seq := w.ledger.overlay.since(c.source, c.key.Collection, r.Ref.ID); seq != 0 && w.ledger.sharing != nil {
		w.ledger.audience.await(soon, seq)
	}
	return r
}

// since gives the first state of the store that is known to have a record; zero for none.
func (o *overlay) since(source *connectors.Source, c connectors.Collection, id string) uint64 {
	o.mu.Lock()
	defer o.mu.Unlock()
	if e := o.entries[(&shown{Source: source.Name, Fingerprint: source.Fingerprint, Collection: c, ID: id}).key()]; e != nil {
		return e.at
	}
	return 0
}

// acknowledge tells the others what this replica's directory has, whenever that is more, until ctx ends.
func (l *Ledger) acknowledge(ctx context.Context) {
	var told uint64
	for ctx.Err() == nil {
		var again <-chan time.Time
		if seq := l.overlay.acknowledged(); seq != 0 && seq != told {
			if l.sharing.Acknowledge(ctx, seq) == nil {
				told = seq
			} else {
				again = time.After(acknowledgeAgain)
			}
		}
		select {
		case <-l.overlay.published:
		case <-again:
		case <-ctx.Done():
		}
	}
}

// acknowledgements is the writes that wait until the other replicas show what they have made. One look serves them all.
type acknowledgements struct {
	log   *slog.Logger
	begun chan struct{} // receives a value when another one waits

	mu      sync.Mutex
	waiting map[*waitingWrite]struct{}
	last    map[string]uint64 // what the others had acknowledged when one looked last
	// late are the replicas that were waited for in vain, with what they had acknowledged then. They are waited for again when that is more.
	late map[string]uint64
}

// waitingWrite is one write that waits.
type waitingWrite struct {
	seq  uint64
	seen chan struct{} // closed when all replicas show it
}

func newAcknowledgements(log *slog.Logger) *acknowledgements {
	return &acknowledgements{log: log, begun: make(chan struct{}, 1), waiting: make(map[*waitingWrite]struct{}), late: make(map[string]uint64)}
}

// await waits until all replicas that are there have acknowledged a state of the overlay, no longer than ctx lasts.
func (a *acknowledgements) await(ctx context.Context, seq uint64) {
	s := &waitingWrite{seq, make(chan struct{})}
	a.mu.Lock()
	a.waiting[s] = struct{}{}
	a.mu.Unlock()
	signal(a.begun)
	select {
	case <-s.seen:
		return
	case <-ctx.Done():
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	delete(a.waiting, s)
	for id, has := range a.last {
		if _, known := a.late[id]; has < seq && !known {
			a.late[id] = has
			a.log.WarnContext(ctx, "another replica does not show in time what was made, and is not waited for until it does", slog.String("replica", id))
		}
	}
}

func (a *acknowledgements) waits() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return len(a.waiting) > 0
}

// update takes note of what the others have acknowledged, and lets those go who have waited for that.
func (a *acknowledgements) update(others map[string]uint64) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.last = others
	maps.DeleteFunc(a.late, func(id string, had uint64) bool { has, there := others[id]; return !there || has != had })
	for s := range a.waiting {
		all := true
		for id, has := range others {
			_, late := a.late[id]
			all = all && (late || has >= s.seq)
		}
		if all {
			close(s.seen)
			delete(a.waiting, s)
		}
	}
}

// watch looks what the others show while somebody waits for that, until ctx ends.
func (a *acknowledgements) watch(ctx context.Context, others Sharing) {
	for {
		select {
		case <-a.begun:
		case <-ctx.Done():
			return
		}
		for pause := askAgain; a.waits(); {
			if acknowledged, err := others.Acknowledged(ctx); err == nil {
				a.update(acknowledged)
			}
			if !a.waits() {
				break
			}
			again := time.NewTimer(pause)
			select {
			case <-others.Heard():
			case <-a.begun:
				pause = askAgain
			case <-again.C:
				if a.waits() {
					others.Remind(ctx)
				}
				pause *= 2
			case <-ctx.Done():
				return
			}
			again.Stop()
		}
	}
}
