package writes

import (
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	"runtime/debug"
	"time"

	"roster/connectors"
	"roster/internal/backoff"
	"roster/internal/snapshot"
)

const (
	// reserve is subtracted from a caller's deadline, which leaves time to send the answer.
	reserve = 500 * time.Millisecond
	// recent is the largest age of a snapshot that is used to find an existing record.
	recent = 10 * time.Second
	// maxRetryAfter limits the wait after a source answers "too many requests": such a source has done nothing.
	maxRetryAfter = 30 * time.Second
	// attempts is the largest number of attempts for a call that was refused for that reason.
	attempts = 3
)

// perform performs a write, or reports what it would do.
func (w *Writer) perform(ctx context.Context, c *change) (Result, error) {
	if c.DryRun {
		r := w.dryRun(ctx, c)
		w.audit(ctx, c, r, nil)
		return r, nil
	}
	return w.detached(ctx, c, func(ctx context.Context) (Result, error) {
		r, err := w.performOnce(ctx, c)
		if err == nil {
			c.known.Store(&r)
		}
		return w.awaitShown(ctx, c, r), err
	})
}

// detached performs a write that goes on if its caller gives up. The caller then gets an unknown outcome.
func (w *Writer) detached(ctx context.Context, c *change, do func(context.Context) (Result, error)) (Result, error) {
	caller := nameOf(c.Method, c.Caller)
	if !hasTimeLeft(ctx) { // writes that the operation has begun earlier go on, and come first
		r := rejected(UserError{input("source"), Refused, "the operation's time is over, or its caller has gone; nothing was sent: try again later"})
		w.audit(ctx, c, r, nil)
		return r, nil
	}
	if full, ok := w.limiter.acquire(caller); !ok {
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
		defer w.limiter.release(caller)
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), w.opt.Within)
		defer cancel()
		defer context.AfterFunc(w.ending, cancel)()
		r, err := w.runRecovering(ctx, c, do)
		switch {
		case err != nil && ctx.Err() != nil && !errors.Is(err, errNotOurs): // the thing's lock was taken the whole time; a slow store has a timeout of its own
			r, err = unknownOutcome("Another call for the same thing has been under way for too long."), nil
		case err != nil:
			err = errors.Join(ErrUnavailable, err)
		}
		w.audit(ctx, c, r, err)
		ended <- end{r, err}
	})
	callerTimeout := time.NewTimer(w.opt.Within)
	if deadline, ok := ctx.Deadline(); ok {
		callerTimeout.Reset(max(0, time.Until(deadline)-reserve))
	}
	defer callerTimeout.Stop()
	select {
	case e := <-ended:
		return e.Result, e.error
	case <-callerTimeout.C:
	case <-ctx.Done():
	}
	if r := c.known.Load(); r != nil {
		return *r, nil
	}
	return unknownOutcome("It is still under way."), nil
}

// hasTimeLeft reports whether there is time left to wait for a write.
func hasTimeLeft(ctx context.Context) bool {
	deadline, ok := ctx.Deadline()
	return ctx.Err() == nil && (!ok || time.Until(deadline) > reserve)
}

// runRecovering performs a write and recovers from a panic, for example in a connector. The panic ends the write at an unknown step and affects
// nothing else: the next write reconciles it.
func (w *Writer) runRecovering(ctx context.Context, c *change, do func(context.Context) (Result, error)) (r Result, err error) {
	defer func() {
		if p := recover(); p != nil { // the value may contain anything that the source sent: only the stack is logged
			w.ledger.log.ErrorContext(ctx, "a write panicked", slog.String("field", c.field), slog.String("source", c.source.Name),
				slog.String("stack", string(debug.Stack())))
			r, err = unknownOutcome("A fault of the server's has broken it off."), nil
		}
	}()
	return do(ctx)
}

// dryRun reports what would be sent, by the current directory.
func (w *Writer) dryRun(ctx context.Context, c *change) Result {
	if c.Key != nil {
		if name, input, err := c.keyAndInput(); err == nil {
			if r, ok, err := w.replay(ctx, name, input); err == nil && ok && mismatched(r) {
				return r
			}
		}
	}
	res := w.opt.Keeper.Load(ctx, []snapshot.Key{c.key})[0]
	records, ok := w.records(c.key, res)
	if !ok {
		return neverFetched()
	}
	if id, is := c.find(records); is != absent {
		return c.existing(id, is)
	}
	return Result{Outcome: Checked, WouldSend: c.wouldSend()}
}

// performOnce performs a write once for its idempotency key, if it has one.
func (w *Writer) performOnce(ctx context.Context, c *change) (Result, error) {
	attempt := rand.Text()
	if c.Key == nil {
		r, _, err := w.exclusive(ctx, c, attempt, nil)
		return r, err
	}
	name, input, err := c.keyAndInput()
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
		record.Answer = answerOf(r)
		held, err = w.ledger.write(ctx, keyPrefix+name, held, record)
		return err
	})
	if !keep && (err == nil && r.Outcome != Unknown || err != nil && fresh) { // with an error, this call has sent nothing, but an earlier one may have
		w.ledger.remove(ctx, keyPrefix+name, held) // nothing was changed, so the key is free again
	}
	return r, err
}

func answerOf(r Result) *answer {
	a := &answer{Outcome: r.Outcome, Errors: r.Errors}
	if r.Ref != nil {
		a.Source, a.ID = r.Ref.Source, r.Ref.ID
	}
	return a
}

// replay returns the stored answer of a key; it returns false if there is none yet.
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

// exclusive performs a write while no other write changes the same thing. It calls keep with an answer that later calls with the same key must repeat,
// before it removes the intent. Kept reports that keep was called, or would have been if it were not nil.
func (w *Writer) exclusive(ctx context.Context, c *change, attempt string, keep func(Result) error) (r Result, kept bool, err error) {
	thing := c.name()
	locked, err := w.ledger.lock(ctx, intentPrefix+thing)
	if err != nil {
		return Result{}, false, err
	}
	defer locked.release(ctx)
	var before intent
	held, noted, err := w.ledger.read(ctx, intentPrefix+thing, &before)
	if err != nil {
		return Result{}, false, err
	}
	if err := w.ledger.exchange(ctx); err != nil { // records that other replicas created
		return Result{}, false, err
	}
	e := &execution{w: w, c: c, locked: locked, thing: intentPrefix + thing, held: held, attempt: attempt}
	reached(ctx, "locked")
	if noted || held.Value != nil || w.ledger.madeWithOtherCredential(c.source, c.key.Collection, c.find) {
		r, kept, err = e.reconcileEarlier(ctx, before.By == attempt)
	} else {
		r, kept, err = e.begin(ctx)
	}
	if err != nil {
		return Result{}, false, err
	}
	if r.Outcome == Unknown {
		return r, false, nil // the intent stays
	}
	reached(ctx, "settled")
	if kept && keep != nil {
		if err := keep(r); err != nil {
			w.ledger.log.WarnContext(ctx, "the answer to a write could not be stored; the next call with its key reconciles it")
			return r, kept, nil //nolint:nilerr // what was done is done, and the caller is told
		}
	}
	reached(ctx, "answered")
	if e.unpublished { // the intent stays: a replica with an older list that does not know the record would create a duplicate
		return r, kept, nil
	}
	w.ledger.remove(ctx, e.thing, e.held)
	reached(ctx, "closed")
	return r, kept, nil
}

// execution is a write that holds the lock of its thing.
type execution struct {
	w           *Writer
	c           *change
	locked      *lock
	thing       string
	held        Held // the intent
	attempt     string
	unpublished bool // the other replicas do not know the new record
}

// begin looks for the thing, and creates it if it is absent.
func (e *execution) begin(ctx context.Context) (r Result, kept bool, err error) {
	if id, is, known := e.known(ctx); is != absent {
		return e.c.existing(id, is), true, nil
	} else if !known {
		return neverFetched(), false, nil
	}
	return e.send(ctx)
}

// known looks for the thing in a snapshot that is not older than recent, if such a snapshot can be fetched soon, and otherwise in the current one: a
// record in an older snapshot may have been deleted, and must not be reported as existing.
func (e *execution) known(ctx context.Context) (id string, is match, known bool) {
	res := e.w.opt.Keeper.LoadSince(ctx, []snapshot.Key{e.c.key}, snapshot.Requirement{NotBefore: time.Now().Add(-recent)})[0]
	records, known := e.w.records(e.c.key, res)
	if known {
		id, is = e.c.find(records)
	}
	return id, is, known
}

// send stores an intent, creates the thing, and determines the outcome.
func (e *execution) send(ctx context.Context) (r Result, kept bool, err error) {
	if e.held, err = e.w.ledger.write(ctx, e.thing, e.held, intent{By: e.attempt}); err != nil {
		return Result{}, false, err
	}
	reached(ctx, "noted")
	for n := 1; ; n++ {
		before := e.w.snapshot(e.c.key)
		record, id, err := e.c.make(e.locked.guard(ctx))
		if errors.Is(err, errNotOurs) {
			e.removeIntent(ctx)
			return Result{}, false, err // another replica may have begun
		}
		reached(ctx, "sent")
		if err == nil {
			return e.made(ctx, before, record, id), true, nil
		}
		failure := connectors.AsError(e.c.source.Name, err)
		if failure.Kind == connectors.KindRateLimited && failure.Undone() && n < attempts && failure.RetryAfter <= maxRetryAfter && backoff.Wait(ctx, failure.RetryAfter) {
			continue
		}
		r, kept = e.failed(ctx, failure)
		return r, kept, nil
	}
}

// removeIntent removes the intent of a call that was not sent, if the lock is still held. Otherwise the intent stays: the lock's new holder may rely
// on it, and reconciles it.
func (e *execution) removeIntent(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), storeWithin)
	defer cancel()
	if e.locked.renew(ctx) == nil {
		e.w.ledger.remove(ctx, e.thing, e.held)
	}
}

// made publishes the record that the source reports as created. A source may return a record that existed before: then the snapshot from before the
// call has it. A later snapshot may have the record from this call.
func (e *execution) made(ctx context.Context, before *snapshot.Snapshot, record snapshot.Records, id string) Result {
	if before != nil && has(before.Records, id) {
		return e.c.existing(e.c.matchOf(record, id))
	}
	e.show(ctx, record, id)
	return Result{Outcome: Done, Ref: e.c.ref(id)}
}

// show publishes a record to all replicas, because their own data may be older than the data that has the record here.
func (e *execution) show(ctx context.Context, record snapshot.Records, id string) {
	e.unpublished = !e.w.ledger.show(ctx, &shown{
		Source: e.c.source.Name, Kind: e.c.source.Kind, Fingerprint: e.c.source.Fingerprint, Collection: e.c.key.Collection, ID: id,
		Record: record, Until: time.Now().Add(e.w.ledger.showFor),
	})
	reached(ctx, "shown")
}

// matchOf compares the source's record with the input.
func (c *change) matchOf(record snapshot.Records, id string) (string, match) {
	if _, is := c.find(record); is == other {
		return id, other
	}
	return id, same
}

// failed determines the outcome of a call that failed.
func (e *execution) failed(ctx context.Context, failure *connectors.Error) (r Result, kept bool) {
	if !failure.Undone() {
		return e.reconcile(ctx, failure)
	}
	if failure.Input == "" && permanent(failure) { // the thing may exist since the last check: sources do not document what they answer then
		if res, ok := e.w.readSince(ctx, e.c.key, time.Now()); ok {
			if records, ok := e.w.records(e.c.key, res); ok {
				if id, is := e.c.find(records); is != absent {
					return e.c.existing(id, is), true
				}
			}
		}
	}
	return rejected(refusal(failure)), permanent(failure)
}

// reconcileEarlier reconciles an intent whose outcome is unknown. Mine reports that the intent is from an earlier call with the same key. If the thing
// was not created, reconcileEarlier creates it now.
func (e *execution) reconcileEarlier(ctx context.Context, mine bool) (r Result, kept bool, err error) {
	id, is, known := e.readBack(ctx)
	switch {
	case is == same && mine:
		return Result{Outcome: Done, Ref: e.c.ref(id)}, true, nil
	case is != absent:
		return e.c.existing(id, is), true, nil
	case !known:
		return unknownOutcome("An earlier call got no answer, and the source's data cannot be read now."), false, nil
	}
	r, kept, err = e.send(ctx)
	if err != nil && mine { // "nothing was sent" might be false for the earlier call of the key
		e.w.ledger.log.WarnContext(ctx, "the intent of a write could not be stored", slog.String("field", e.c.field))
		return unknownOutcome("An earlier call got no answer, and what this one does cannot be stored now."), false, nil
	}
	return r, kept, err
}

// reconcile fetches the source's data to find out whether a call without an answer was executed.
func (e *execution) reconcile(ctx context.Context, failure *connectors.Error) (r Result, kept bool) {
	id, is, known := e.readBack(ctx)
	switch {
	case is == same:
		return Result{Outcome: Done, Ref: e.c.ref(id)}, true
	case is == other:
		return e.c.existing(id, is), true
	case !known:
		return unknownOutcome("The source gave no answer that tells, and its data cannot be read now."), false
	}
	return rejected(refusal(failure)), false
}

// readBack fetches the source at once and, if the thing is absent, once more after SettleAfter: only then it is certain that the thing was not
// created. Known is false if the fetch failed.
func (e *execution) readBack(ctx context.Context) (id string, is match, known bool) {
	began := time.Now()
	for _, since := range []time.Time{began, began.Add(e.w.opt.SettleAfter)} {
		if !backoff.Wait(ctx, time.Until(since)) {
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
