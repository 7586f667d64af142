package writes

import (
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	"runtime/debug"
	"time"

	"roster/connectors"
	"roster/internal/snapshot"
)

const (
	// reserve is what a caller's time is cut by, so that there is some left to answer in.
	reserve = 500 * time.Millisecond
	// recent is how old a reading may be in which one looks for what is there already.
	recent = 10 * time.Second
	// patience is how long a source is waited for that says "too many" to a call: it has then done nothing.
	patience = 30 * time.Second
	// attempts is how often a call is sent in all that was refused for that.
	attempts = 3
)

// perform does a write, or says what it would do.
func (w *Writer) perform(ctx context.Context, c *change) (Result, error) {
	if c.DryRun {
		r := w.rehearse(ctx, c)
		w.audit(ctx, c, r, nil)
		return r, nil
	}
	return w.detached(ctx, c, func(ctx context.Context) (Result, error) {
		r, err := w.keyed(ctx, c)
		if err == nil {
			c.known.Store(&r)
		}
		return w.present(ctx, c, r), err
	})
}

// detached does a write that goes on when its caller gives up, who is then told that nobody knows yet.
func (w *Writer) detached(ctx context.Context, c *change, do func(context.Context) (Result, error)) (Result, error) {
	caller := nameOf(c.Method, c.Caller)
	if !left(ctx) { // what the operation has begun before goes on, and comes first
		r := rejected(UserError{input("source"), Refused, "the operation's time is over, or its caller has gone; nothing was sent: try again later"})
		w.audit(ctx, c, r, nil)
		return r, nil
	}
	if full, ok := w.bound.enter(caller); !ok {
		r := rejected(UserError{input("source"), Refused, full})
		w.audit(ctx, c, r, nil)
		return r, nil
	}
	type end struct {
		Result
		error
	}
	ended := make(chan end, 1)
	w.running.Go(func() {
		defer w.bound.leave(caller)
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), w.opt.Within)
		defer cancel()
		defer context.AfterFunc(w.ending, cancel)()
		r, err := w.unharmed(ctx, c, do)
		switch {
		case err != nil && ctx.Err() != nil && !errors.Is(err, errNotOurs): // it was another's turn all the time; a store that is slow has an end of its own
			r, err = unsettled("Another call for the same thing has been under way for too long."), nil
		case err != nil:
			err = errors.Join(ErrUnavailable, err)
		}
		w.audit(ctx, c, r, err)
		ended <- end{r, err}
	})
	patience := time.NewTimer(w.opt.Within)
	if deadline, ok := ctx.Deadline(); ok {
		patience.Reset(max(0, time.Until(deadline)-reserve))
	}
	defer patience.Stop()
	select {
	case e := <-ended:
		return e.Result, e.error
	case <-patience.C:
	case <-ctx.Done():
	}
	if r := c.known.Load(); r != nil {
		return *r, nil
	}
	return unsettled("It is still under way."), nil
}

// left says whether there is any time left to wait for a write.
func left(ctx context.Context) bool {
	deadline, ok := ctx.Deadline()
	return ctx.Err() == nil && (!ok || time.Until(deadline) > reserve)
}

// unharmed does a write. One that panics, in a connector perhaps, has been broken off at an unknown place, and nothing else is harmed: who comes
// next settles it.
func (w *Writer) unharmed(ctx context.Context, c *change, do func(context.Context) (Result, error)) (r Result, err error) {
	defer func() {
		if p := recover(); p != nil { // the value may hold anything that the source said: only the place is told
			w.ledger.log.ErrorContext(ctx, "a write panicked", slog.String("field", c.field), slog.String("source", c.source.Name),
				slog.String("stack", string(debug.Stack())))
			r, err = unsettled("A fault of the server's has broken it off."), nil
		}
	}()
	return do(ctx)
}

// rehearse says what would be sent, by the current directory.
func (w *Writer) rehearse(ctx context.Context, c *change) Result {
	if c.Key != nil {
		if name, input, err := c.keyed(); err == nil {
			if r, ok, err := w.replay(ctx, name, input); err == nil && ok && mismatched(r) {
				return r
			}
		}
	}
	res := w.opt.Keeper.Load(ctx, []snapshot.Key{c.key})[0]
	records, ok := w.records(c.key, res)
	if !ok {
		return neverRead()
	}
	if id, is := c.find(records); is != absent {
		return c.there(id, is)
	}
	return Result{Outcome: Checked, WouldSend: c.wouldSend()}
}

// keyed does a write once for its idempotency key, if it has one.
func (w *Writer) keyed(ctx context.Context, c *change) (Result, error) {
	attempt := rand.Text()
	if c.Key == nil {
		r, _, err := w.exclusive(ctx, c, attempt, nil)
		return r, err
	}
	name, input, err := c.keyed()
	if err != nil {
		return Result{}, err
	}
	if r, done, err := w.replay(ctx, name, input); err != nil || done {
		c.replayed = done && !mismatched(r)
		return r, err
	}
	locked, err := w.ledger.lock(ctx, keyPrefix+name)
	if err != nil {
		return Result{}, err
	}
	defer locked.release(ctx)
	if r, done, err := w.replay(ctx, name, input); err != nil || done {
		c.replayed = done && !mismatched(r)
		return r, err
	}
	var record keyRecord
	held, ok, err := w.ledger.read(ctx, keyPrefix+name, &record)
	if err != nil {
		return Result{}, err
	}
	fresh := !ok
	if fresh {
		record = keyRecord{Input: input, By: attempt}
		if held, err = w.ledger.write(ctx, keyPrefix+name, held, record); err != nil {
			return Result{}, err
		}
	}
	r, keep, err := w.exclusive(ctx, c, record.By, func(r Result) error {
		record.Answer = remembered(r)
		held, err = w.ledger.write(ctx, keyPrefix+name, held, record)
		return err
	})
	if !keep && (err == nil && r.Outcome != Unknown || err != nil && fresh) { // with an error, this call has sent nothing; an earlier one may have
		w.ledger.remove(ctx, keyPrefix+name, held) // nothing came of it, so that the key is free
	}
	return r, err
}

func remembered(r Result) *answer {
	a := &answer{Outcome: r.Outcome, Errors: r.Errors}
	if r.Ref != nil {
		a.Source, a.ID = r.Ref.Source, r.Ref.ID
	}
	return a
}

// replay gives the answer that a key has got already; it is false where there is none yet.
func (w *Writer) replay(ctx context.Context, name, input string) (Result, bool, error) {
	var record keyRecord
	_, ok, err := w.ledger.read(ctx, keyPrefix+name, &record)
	switch {
	case err != nil || !ok:
		return Result{}, false, err
	case record.Input != input:
		return rejected(UserError{inputKey, Mismatch, "the key was used with another input, or for another account of the source, within the last 24 hours"}), true, nil
	case record.Answer == nil:
		return Result{}, false, nil
	}
	r := Result{Outcome: record.Answer.Outcome, Errors: record.Answer.Errors}
	if record.Answer.ID != "" {
		r.Ref = &connectors.Ref{Source: record.Answer.Source, ID: record.Answer.ID}
	}
	return r, true, nil
}

var inputKey = input("idempotencyKey")

// exclusive does a write while nobody else touches the same thing. Keep is called with an answer that is to be given again for the same key, before
// the note that it was under way is taken away; kept says that it was, or would have been.
func (w *Writer) exclusive(ctx context.Context, c *change, attempt string, keep func(Result) error) (r Result, kept bool, err error) {
	thing := c.name()
	locked, err := w.ledger.lock(ctx, notePrefix+thing)
	if err != nil {
		return Result{}, false, err
	}
	defer locked.release(ctx)
	var before intent
	held, noted, err := w.ledger.read(ctx, notePrefix+thing, &before)
	if err != nil {
		return Result{}, false, err
	}
	if err := w.ledger.exchange(ctx); err != nil { // what others have made
		return Result{}, false, err
	}
	e := &execution{w: w, c: c, locked: locked, thing: notePrefix + thing, held: held, attempt: attempt}
	reached(ctx, "locked")
	if noted || held.Value != nil || w.ledger.doubtful(c.source, c.key.Collection, c.find) {
		r, kept, err = e.reconcileEarlier(ctx, before.By == attempt)
	} else {
		r, kept, err = e.begin(ctx)
	}
	if err != nil {
		return Result{}, false, err
	}
	if r.Outcome == Unknown {
		return r, false, nil // the note stays
	}
	reached(ctx, "settled")
	if kept && keep != nil {
		if err := keep(r); err != nil {
			w.ledger.log.WarnContext(ctx, "the answer to a write could not be stored; the next call with its key settles it anew")
			return r, kept, nil //nolint:nilerr // what was done is done, and the caller is told
		}
	}
	reached(ctx, "answered")
	if e.untold { // the note stays: who goes by an older list, and has not heard of the record, would make a second one
		return r, kept, nil
	}
	w.ledger.remove(ctx, e.thing, e.held)
	reached(ctx, "closed")
	return r, kept, nil
}

// execution is a write that has the right to touch its thing.
type execution struct {
	w       *Writer
	c       *change
	locked  *lock
	thing   string
	held    Held // the note
	attempt string
	untold  bool // other replicas do not know what was made
}

// begin looks whether the thing is there, and makes it if not.
func (e *execution) begin(ctx context.Context) (r Result, kept bool, err error) {
	if id, is, known := e.known(ctx); is != absent {
		return e.c.there(id, is), true, nil
	} else if !known {
		return neverRead(), false, nil
	}
	return e.send(ctx)
}

// known looks for the thing in a reading that is not older than recent, as far as that can be had soon, and else in what is known: what an older one
// has may be gone, and must not be said to be there.
func (e *execution) known(ctx context.Context) (id string, is match, known bool) {
	res := e.w.opt.Keeper.LoadSince(ctx, []snapshot.Key{e.c.key}, snapshot.Requirement{NotBefore: time.Now().Add(-recent)})[0]
	records, known := e.w.records(e.c.key, res)
	if known {
		id, is = e.c.find(records)
	}
	return id, is, known
}

// send writes down that the thing is about to be made, makes it, and finds out what came of that.
func (e *execution) send(ctx context.Context) (r Result, kept bool, err error) {
	if e.held, err = e.w.ledger.write(ctx, e.thing, e.held, intent{By: e.attempt}); err != nil {
		return Result{}, false, err
	}
	reached(ctx, "noted")
	for n := 1; ; n++ {
		before := e.w.snapshot(e.c.key)
		record, id, err := e.c.make(e.locked.guard(ctx))
		if errors.Is(err, errNotOurs) {
			e.tidy(ctx)
			return Result{}, false, err // somebody else may have begun
		}
		reached(ctx, "sent")
		if err == nil {
			return e.made(ctx, before, record, id), true, nil
		}
		failure := connectors.AsError(e.c.source.Name, err)
		if failure.Kind == connectors.KindRateLimited && failure.Undone() && n < attempts && failure.RetryAfter <= patience && wait(ctx, failure.RetryAfter) {
			continue
		}
		r, kept = e.failed(ctx, failure)
		return r, kept, nil
	}
}

// tidy takes away the note of a call that was not sent, if the lock turns out to be held still. Else it stays: whoever has the lock may be relying on it,
// and settles it.
func (e *execution) tidy(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), storeWithin)
	defer cancel()
	if e.locked.renew(ctx) == nil {
		e.w.ledger.remove(ctx, e.thing, e.held)
	}
}

func wait(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// made shows what the source says it has made. A source may give what was there all along: that is in what was read before the call. What has been
// read since then may have it from this call.
func (e *execution) made(ctx context.Context, before *snapshot.Snapshot, record snapshot.Records, id string) Result {
	if before != nil && has(before.Records, id) {
		return e.c.there(e.c.matchOf(record, id))
	}
	e.show(ctx, record, id)
	return Result{Outcome: Done, Ref: e.c.ref(id)}
}

// show has all replicas show a record, whose own data may be older than what tells of it here.
func (e *execution) show(ctx context.Context, record snapshot.Records, id string) {
	e.untold = !e.w.ledger.show(ctx, &shown{
		Source: e.c.source.Name, Fingerprint: e.c.source.Fingerprint, Collection: e.c.key.Collection, ID: id, Record: record,
		Until: time.Now().Add(e.w.ledger.showFor),
	})
	reached(ctx, "shown")
}

// matchOf compares what the source gave with what was asked for.
func (c *change) matchOf(record snapshot.Records, id string) (string, match) {
	if _, is := c.find(record); is == other {
		return id, other
	}
	return id, same
}

// failed finds out what came of a call that failed.
func (e *execution) failed(ctx context.Context, failure *connectors.Error) (r Result, kept bool) {
	if !failure.Undone() {
		return e.reconcile(ctx, failure)
	}
	if failure.Input == "" && final(failure) { // it may be there since the last look: what sources say then is not documented
		if res, ok := e.w.readSince(ctx, e.c.key, time.Now()); ok {
			if records, ok := e.w.records(e.c.key, res); ok {
				if id, is := e.c.find(records); is != absent {
					return e.c.there(id, is), true
				}
			}
		}
	}
	return rejected(refusal(failure)), final(failure)
}

// reconcileEarlier settles what somebody was about to make and never said the end of: with mine, an earlier call with the same key. What was not made is made
// now.
func (e *execution) reconcileEarlier(ctx context.Context, mine bool) (r Result, kept bool, err error) {
	id, is, known := e.readBack(ctx)
	switch {
	case is == same && mine:
		return Result{Outcome: Done, Ref: e.c.ref(id)}, true, nil
	case is != absent:
		return e.c.there(id, is), true, nil
	case !known:
		return unsettled("An earlier call got no answer, and the source's data cannot be read now."), false, nil
	}
	r, kept, err = e.send(ctx)
	if err != nil && mine { // that nothing was sent would not be true of all that was done for the key
		e.w.ledger.log.WarnContext(ctx, "a write could not be noted", slog.String("field", e.c.field))
		return unsettled("An earlier call got no answer, and what this one does cannot be stored now."), false, nil
	}
	return r, kept, err
}

// reconcile finds out by the source's data whether a call without an answer was carried out.
func (e *execution) reconcile(ctx context.Context, failure *connectors.Error) (r Result, kept bool) {
	id, is, known := e.readBack(ctx)
	switch {
	case is == same:
		return Result{Outcome: Done, Ref: e.c.ref(id)}, true
	case is == other:
		return e.c.there(id, is), true
	case !known:
		return unsettled("The source gave no answer that tells, and its data cannot be read now."), false
	}
	return rejected(refusal(failure)), false
}

// readBack reads the source at once, and where that does not show the thing, once more when SettleAfter is over: only then is it believed that it was
// not made. Known is false where that could not be read.
func (e *execution) readBack(ctx context.Context) (id string, is match, known bool) {
	began := time.Now()
	for _, since := range []time.Time{began, began.Add(e.w.opt.SettleAfter)} {
		if !wait(ctx, time.Until(since)) {
			return "", absent, false
		}
		res, ok := e.w.readSince(ctx, e.c.key, since)
		if !ok {
			return "", absent, false
		}
		records, ok := e.w.records(e.c.key, res)
		if !ok {
			return "", absent, false
		}
		if id, is = e.c.find(records); is != absent {
			e.show(ctx, only(records, id), id)
			return id, is, true
		}
	}
	return "", absent, true
}
