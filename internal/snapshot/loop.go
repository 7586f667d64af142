package snapshot

import (
	"context"
	"errors"
	"log/slog"
	"runtime/debug"
	"time"

	"roster/connectors"
	"roster/connectors/wire"
	"roster/internal/backoff"
	"roster/internal/history"
)

const (
	// storeWithin bounds the time to store a snapshot, and closeWithin the part of it after the program has begun to close.
	storeWithin = time.Minute
	closeWithin = 5 * time.Second
)

// loop does the actions of one collection, and makes events of what happens.
type loop struct {
	*collection
	lease    Lease
	endFetch func(FetchEnd)   // tells the observer
	pages    chan fetchResult // the latest progress of the fetch in progress
	fetched  chan outcome
}

// run keeps the collection until ctx ends.
func (c *collection) run(ctx context.Context) {
	if c.shared {
		select {
		case <-c.looked: // what the shared store has need not be fetched
		case <-ctx.Done():
		}
	}
	if c.before != nil {
		s := c.view.Load().collectionState
		s.turn = time.Now().Add(time.Duration(c.place) * c.keeper.waits().first)
		c.show(s)
	}
	l := &loop{collection: c, pages: make(chan fetchResult, 1), fetched: make(chan outcome, 1)}
	for e := event(ticked{}); ; e = l.await(ctx) {
		l.handle(ctx, e)
		if c.view.Load().phase == over {
			return
		}
	}
}

// await returns the next event.
func (l *loop) await(ctx context.Context) event {
	s := l.view.Load()
	var turn <-chan struct{}
	if !s.turn.IsZero() {
		turn = l.before
	}
	done := ctx.Done()
	if s.stopping {
		done = nil
	}
	var tick <-chan time.Time
	if !s.wake.IsZero() {
		tick = time.After(time.Until(s.wake))
	}
	select {
	case <-tick:
		return ticked{}
	case <-l.wake:
		return ticked{} // the mail says why
	case <-turn:
		return previousTried{}
	case r := <-l.pages:
		return progressed{r}
	case o := <-l.fetched:
		return fetched{o}
	case <-done:
		return stopped{}
	}
}

// handle makes the transitions for an event, and for what the actions answer. What callers and the watch have reported meanwhile goes
// first, and so does the end of ctx: a fetch that it has interrupted has not failed.
func (l *loop) handle(ctx context.Context, e event) {
	for events := []event{e}; len(events) > 0; events = events[1:] {
		if ctx.Err() != nil && !l.view.Load().stopping {
			l.transition(ctx, stopped{})
		}
		for _, e := range l.mail.take() {
			events = append(events, l.transition(ctx, e)...)
		}
		events = append(events, l.transition(ctx, events[0])...)
	}
}

// transition makes one transition, and returns the answers to its actions.
func (l *loop) transition(ctx context.Context, e event) (answers []event) {
	r := l.rules()
	v := l.view.Load()
	s, actions := r.transition(v.collectionState, e, time.Now())
	l.view.Store(&view{s, v.ended})
	for _, a := range actions {
		if answer := l.do(ctx, a); answer != nil {
			answers = append(answers, answer)
		}
	}
	if s.tried {
		l.tried.Do(func() { close(l.first) })
	}
	return answers
}

// do does an action, and returns its answer; nil for none.
func (l *loop) do(ctx context.Context, a action) event {
	store := l.keeper.store
	switch a := a.(type) {
	case requestLease:
		lease, info, err := store.Acquire(ctx, a.LeaseRequest)
		l.lease = lease
		return leaseAnswered{lease != nil, &info, err}
	case take:
		return l.take(ctx, a)
	case fetch:
		l.fetch(ctx, a)
	case endFetch:
		l.progress.Store(nil)
		l.endFetch(FetchEnd(a))
	case saveProgress:
		l.lease.Save(ctx, a.Stored) //nolint:errcheck // only the end of the fetch matters
	case save:
		ctx, cancel := storing(ctx)
		defer cancel()
		return saveWith(a.Stored, a.catchUp, func(s Stored) (int64, error) { return l.lease.Save(ctx, s) })
	case fail:
		ctx, cancel := storing(ctx)
		defer cancel()
		l.lease.Fail(ctx, a.Failure) //nolint:errcheck // if Fail fails, the other replicas find out by themselves
	case release:
		l.lease.Release(context.WithoutCancel(ctx))
	case offer:
		ctx, cancel := context.WithTimeout(ctx, storeWithin)
		defer cancel()
		return saveWith(a.Stored, false, func(s Stored) (int64, error) { return store.Put(ctx, s) })
	case stat:
		if infos, err := store.Stat(ctx, []StoreKey{l.item}); err == nil {
			return statted{&infos[0]}
		}
	case wakeCallers:
		v := l.view.Load()
		l.view.Store(&view{v.collectionState, make(chan struct{})})
		close(v.ended)
	case notify:
		l.keeper.notify()
	case logLine:
		l.keeper.log.LogAttrs(ctx, a.level, a.message, a.attrs...) //nolint:sloglint // a constant of report.go or guard.go
	}
	return nil
}

// fetch begins a fetch from the source.
func (l *loop) fetch(ctx context.Context, a fetch) {
	start := l.view.Load().started
	urgency := connectors.NewUrgency()
	l.urgency.Store(urgency)
	if a.urgent || l.queue.Load() > 0 {
		urgency.Raise()
	}
	l.progress.Store(&Progress{StartedAt: start})
	select {
	case <-l.pages: // of an earlier fetch
	default:
	}
	ctx, l.endFetch = l.keeper.observer.Fetching(ctx, l.key)
	go l.call(connectors.WithUrgency(ctx, urgency), a.since, func(r fetchResult) {
		l.progress.Store(&Progress{StartedAt: r.start(start), Count: r.records.Len() - r.pending, Expected: r.expected})
		if a.progress {
			select {
			case <-l.pages: // the later page's listing contains the earlier one
			default:
			}
			select {
			case l.pages <- r:
			default:
			}
		}
	})
}

// call calls the connector. A panic of the connector is a failure of this fetch only.
func (l *loop) call(ctx context.Context, since *Snapshot, progress func(fetchResult)) {
	o := outcome{err: l.failure(connectors.KindBadResponse, "the connector failed on it")}
	defer func() {
		if p := recover(); p != nil {
			// The panic value may contain data of the source, so that only the stack is logged.
			l.keeper.log.LogAttrs(ctx, slog.LevelError, "connector panicked", slog.String("source", l.key.Source),
				slog.String("collection", l.key.Collection.String()), slog.String("stack", string(debug.Stack())))
		}
		l.fetched <- o
	}()
	r, err := l.list(ctx, l.source, since, progress)
	o = outcome{fetchResult: r}
	if err != nil {
		e := *connectors.AsError(l.key.Source, err)
		e.Source = l.key.Source
		o.err, o.complete = &e, false
	}
}

// take reads a stored snapshot.
func (l *loop) take(ctx context.Context, a take) taken {
	m, have := a.info, a.have
	var times *history.History
	switch {
	case m.Times == "":
	case have != nil && have.Times.Version() == m.Times:
		times = have.Times
	default: // before the records, so that they are not read in vain
		parts, err := l.keeper.store.Load(ctx, l.item, m.timesOnly())
		if err != nil {
			return taken{info: m}
		}
		if read, err := decodeTimes(parts); err == nil && read.Version() == m.Times {
			times = read // otherwise they are gone or damaged, and nothing is known
		}
	}
	if have == nil || have.Version != m.Version {
		t := l.takeRecords(ctx, m)
		if t.snap == nil {
			return t
		}
		have = t.snap
	}
	snap := m.snapshot(l.key, have.Records, have.Size)
	snap.Times = times
	return taken{info: m, snap: snap}
}

// takeRecords reads the records of a stored snapshot.
func (l *loop) takeRecords(ctx context.Context, m *Info) taken {
	ctx, ended := l.keeper.observer.LoadingStored(ctx, l.key, l.keeper.tierKind)
	parts, err := l.keeper.store.Load(ctx, l.item, m.Meta)
	if err == nil && parts == nil && m.Count > 0 {
		err = wire.ErrMalformed
	}
	var records Records
	if err == nil {
		records, err = l.kind.decode(parts, m.Count)
	}
	ended(err == nil)
	if err != nil {
		return taken{info: m, damaged: errors.Is(err, wire.ErrMalformed)}
	}
	return taken{info: m, snap: m.snapshot(l.key, records, l.kind.size(records))}
}

// saveWith saves a snapshot, and returns the answer.
func saveWith(s Stored, catchUp bool, save func(Stored) (int64, error)) saved {
	answer, encode := saved{meta: s.Meta, catchUp: catchUp}, s.Encode
	s.Encode = func() ([][]byte, error) {
		parts, err := encode()
		answer.encoded = PartsSize(parts)
		return parts, err
	}
	answer.meta.Stamp, answer.err = save(s)
	return answer
}

// storing returns a context for storing a fetch. It outlives the program's context by a short time, because other replicas can use the
// data.
func storing(ctx context.Context) (context.Context, context.CancelFunc) {
	bounded, cancel := context.WithTimeout(context.WithoutCancel(ctx), storeWithin)
	stop := context.AfterFunc(ctx, func() {
		backoff.Wait(bounded, closeWithin)
		cancel()
	})
	return bounded, func() {
		stop()
		cancel()
	}
}
