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

// Sharing is a store that other replicas also use. Each replica acknowledges the state of the overlay that its directory has.
type Sharing interface {
	Store
	// Acknowledge tells the other replicas which state this replica has published.
	Acknowledge(ctx context.Context, seq uint64) error
	// Acknowledged returns, for each other replica that is alive, the state that it has acknowledged; zero for none.
	Acknowledged(ctx context.Context) (map[string]uint64, error)
	// Heard receives a value when another replica may have acknowledged a state.
	Heard() <-chan struct{}
	// Remind publishes once more that the overlay has changed.
	Remind(ctx context.Context)
	// PublishDenied reports that notifications do not arrive, because the Redis user may not use the channel.
	PublishDenied() bool
}

const (
	// showWithin limits the wait for other replicas that do not show a new record yet.
	showWithin = 2 * time.Second
	// remindAfter is the pause before the first poll of the acknowledgements and the first reminder, if no notification arrives. It doubles each time.
	remindAfter = 200 * time.Millisecond
	// acknowledgeRetryAfter is the pause before a failed acknowledgement is retried.
	acknowledgeRetryAfter = time.Second
)

// awaitShown waits until the directories of this replica and of all others show the new record, or until it is clear that they will not soon. The wait
// for this replica's directory has no limit of its own, because the answer takes the record from there.
func (w *Writer) awaitShown(ctx context.Context, c *change, r Result) Result {
	if r.Ref == nil || c.shows == nil {
		return r
	}
	soon, cancel := context.WithTimeout(ctx, showWithin)
	defer cancel()
	if !c.shows(w.opt.Publisher.View(soon, nil, false).Directory, *r.Ref) {
		_ = w.ledger.exchange(soon) // the answer may come from another replica that has not notified this one yet
	}
	own := soon
	if w.willShow(c, r.Ref.ID) {
		own = ctx
	}
	if w.opt.Publisher.AwaitDirectory(own, func(d *directory.Directory) bool { return c.shows(d, *r.Ref) }) {
		w.ledger.overlay.awaitFollowers(own)
	}
	if seq := w.ledger.overlay.storedAt(c.source, c.key.Collection, r.Ref.ID); seq != 0 && w.ledger.sharing != nil {
		w.ledger.acks.await(soon, seq)
	}
	return r
}

// storedAt returns the first state of the store that is known to have a record; zero for none.
func (o *overlay) storedAt(source *connectors.Source, c connectors.Collection, id string) uint64 {
	o.mu.Lock()
	defer o.mu.Unlock()
	if e := o.entries[(&shown{Source: source.Name, Fingerprint: source.Fingerprint, Collection: c, ID: id}).key()]; e != nil {
		return e.at
	}
	return 0
}

// acknowledge tells the other replicas the state of this replica's directory whenever the state advances, until ctx ends.
func (l *Ledger) acknowledge(ctx context.Context) {
	var sent uint64
	for ctx.Err() == nil {
		var again <-chan time.Time
		if seq := l.overlay.acknowledged(); seq != 0 && seq != sent {
			if l.sharing.Acknowledge(ctx, seq) == nil {
				sent = seq
			} else {
				again = time.After(acknowledgeRetryAfter)
			}
		}
		select {
		case <-l.overlay.published:
		case <-again:
		case <-ctx.Done():
		}
	}
}

// acknowledgements tracks the writes that wait until the other replicas show their records. One poll serves all of them.
type acknowledgements struct {
	log   *slog.Logger
	begun chan struct{} // receives a value when another write begins to wait

	mu      sync.Mutex
	waiting map[*waitingWrite]struct{}
	last    map[string]uint64 // what the other replicas had acknowledged at the last poll
	// late has the replicas for which a write waited in vain, with what they had acknowledged then. Writes wait for such a replica again when it has
	// acknowledged more.
	late map[string]uint64
}

type waitingWrite struct {
	seq  uint64
	seen chan struct{} // closed when all replicas show the record
}

func newAcknowledgements(log *slog.Logger) *acknowledgements {
	return &acknowledgements{log: log, begun: make(chan struct{}, 1), waiting: make(map[*waitingWrite]struct{}), late: make(map[string]uint64)}
}

// await waits until all replicas that are alive have acknowledged a state of the overlay, or until ctx ends.
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
			a.log.WarnContext(ctx, "a replica did not acknowledge a write in time; later writes do not wait for it until it does", slog.String("replica", id))
		}
	}
}

func (a *acknowledgements) hasWaiting() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return len(a.waiting) > 0
}

// update stores what the other replicas have acknowledged, and ends the waits that this satisfies.
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

// watch polls what the other replicas show while a write waits for it, until ctx ends.
func (a *acknowledgements) watch(ctx context.Context, others Sharing) {
	for {
		select {
		case <-a.begun:
		case <-ctx.Done():
			return
		}
		for pause := remindAfter; a.hasWaiting(); {
			if acknowledged, err := others.Acknowledged(ctx); err == nil {
				a.update(acknowledged)
			}
			if !a.hasWaiting() {
				break
			}
			select {
			case <-others.Heard():
			case <-a.begun:
				pause = remindAfter
			case <-time.After(pause):
				if a.hasWaiting() {
					others.Remind(ctx)
				}
				pause *= 2
			case <-ctx.Done():
				return
			}
		}
	}
}
