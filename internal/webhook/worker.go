package webhook

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"log/slog"
	"sync/atomic"
	"time"

	"roster/internal/backoff"
	"roster/internal/changes"
)

const (
	// firstPause and mostPause bound the pause after a failed attempt, which doubles with each one. mostAsked bounds a pause that the receiver asks for.
	firstPause = 5 * time.Second
	mostPause  = 10 * time.Minute
	mostAsked  = time.Hour
	// lookEvery is how often a worker that waits looks whether it may still deliver.
	lookEvery = 5 * time.Second
	// markEvery is how often the position is stored while there are only changes that the receiver does not get. Without that, the log would lose it.
	markEvery = time.Minute
	// keepEvery is how often the state is stored at least, because a store may forget what is not.
	keepEvery = 24 * time.Hour
	// heldEvery is how often it is checked during an attempt that no other process can have the lease.
	heldEvery = time.Second
	// logPause is the pause before the log is tried again that cannot be read at present.
	logPause = time.Second
	// leaveAfter is how long a worker keeps its lease while the log of this process cannot be read. That of another process may be.
	leaveAfter = 15 * time.Second
	// storePause and mostStorePause bound the pause after the state could not be stored.
	storePause     = time.Second
	mostStorePause = 30 * time.Second
)

// worker delivers one webhook.
type worker struct {
	opt     *Options
	hook    Hook
	see     atomic.Pointer[func(*changes.Event) ([]string, bool)] // the latest Hook.See
	sender  *sender
	stats   *stats
	log     *slog.Logger
	working context.Context // of the attempts
	stop    func()          // ends everything at once
	forget  atomic.Bool     // remove the state at the end
	done    chan struct{}   // closed when it has ended

	storeFails bool // the last call of the store has failed, and that is logged
	logFails   bool // the log of changes cannot be read, and that is logged
}

// tenure is the time in which a worker has the lease.
type tenure struct {
	*worker
	lease  Lease
	state  State
	reader Reader         // nil until it is needed
	until  Reader         // after the pending message, while it is looked for; nil otherwise
	left   *changes.Event // what was read and was too long for the message before; nil if nothing was
	seen   string         // the last change that was read and that the receiver does not get
	marked time.Time
	saved  time.Time // when the state was last stored
	away   time.Time // since when the log cannot be read; zero if it can
}

// serve delivers until ctx ends or another process may have the lease.
func (w *worker) serve(ctx context.Context, lease Lease, data []byte) {
	t := &tenure{worker: w, lease: lease, state: parse(data), marked: time.Now(), saved: time.Now()}
	defer t.closeUntil()
	defer t.closeReader()
	t.adopt()
	if t.state.Ended == "" {
		w.stats.delivering.Store(true)
		defer w.stats.rest()
		for t.may(ctx) && t.state.Ended == "" {
			if !t.away.IsZero() && time.Since(t.away) >= leaveAfter {
				t.noteLog(ctx, false)
				return
			}
			if m, ok := t.next(ctx); ok && !t.deliver(ctx, m) && t.state.Ended == "" {
				return
			}
		}
	}
	t.closeReader()
	t.keepEnded(ctx)
}

// adopt compares the stored state with the settings of now.
func (t *tenure) adopt() {
	s, now := &t.state, time.Now().UTC()
	if s.For == "" {
		s.For = t.hook.fingerprint()
	}
	if s.For != t.hook.fingerprint() { // next makes a reset
		s.Pending = nil
	}
	if s.Ended != t.hook.fingerprint() {
		s.Ended = ""
	}
	if p := s.Pending; p != nil && (s.Settings != t.hook.settings() || p.Since.After(now)) { // other settings may succeed; a future time is of another clock
		p.Since, p.Attempts, p.Next, p.Problem, p.Unrecorded = now, 0, time.Time{}, "", 0
		p.UnrecordedSince = time.Time{}
	}
	s.Settings = t.hook.settings()
}

// keepEnded keeps the lease of a webhook whose receiver wants no more messages, so that the state is not forgotten.
func (t *tenure) keepEnded(ctx context.Context) {
	t.stats.rest()
	t.stats.ended.Store(true)
	defer t.stats.ended.Store(false) // another process may have the lease then, and know better
	for t.may(ctx) {
		backoff.Wait(ctx, lookEvery)
		t.keep(ctx)
	}
}

// keep stores the state if that was not done for long.
func (t *tenure) keep(ctx context.Context) {
	if time.Since(t.saved) >= keepEvery {
		t.save(ctx)
	}
}

func (t *tenure) may(ctx context.Context) bool { return ctx.Err() == nil && t.lease.Held() }

func (t *tenure) closeReader() {
	if t.reader != nil {
		t.reader.Close()
	}
	t.reader, t.left, t.seen = nil, nil, ""
}

func (t *tenure) closeUntil() {
	if t.until != nil {
		t.until.Close()
	}
	t.until = nil
}

// save stores the state, and tries again until that succeeds. It returns false if it does not before ctx ends or the lease is lost.
func (t *tenure) save(ctx context.Context) bool {
	data := encode(&t.state)
	for failures := 0; ; failures++ {
		err := t.lease.Save(ctx, data)
		if err == nil {
			t.saved = time.Now()
			return true
		}
		if failures == 0 && ctx.Err() == nil {
			t.log.LogAttrs(ctx, slog.LevelWarn, "where a webhook is cannot be stored: nothing is delivered until it can", slog.Any("reason", err))
		}
		if !backoff.Wait(ctx, backoff.Jitter(backoff.After(failures, storePause, mostStorePause))) || !t.lease.Held() {
			return false
		}
	}
}

// next returns the next message, once there is one. It returns false if the caller should look whether it may still deliver.
func (t *tenure) next(ctx context.Context) (message, bool) {
	switch p := t.state.Pending; {
	case p != nil && p.Reason != "":
		return t.restoreReset(ctx)
	case p != nil:
		return t.restore(ctx)
	case t.state.Cursor == "":
		return t.restart(ctx, ReasonStarted)
	case t.state.For != t.hook.fingerprint():
		return t.restart(ctx, ReasonSettings)
	case t.state.Lost:
		return t.reset(ctx, ReasonLost, t.state.Cursor)
	}
	if err := t.open(t.state.Cursor); err != nil {
		return t.missing(ctx, err)
	}
	b := batch{most: t.hook.Batch}
	err := t.read(ctx, &b)
	switch {
	case len(b.events) > 0:
	case errors.Is(err, context.DeadlineExceeded), ctx.Err() != nil:
		t.mark(ctx)
		return message{}, false
	default:
		return t.missing(ctx, err)
	}
	p := &Pending{ID: newID(), Until: b.last().Cursor, Changes: len(b.events), Since: time.Now().UTC()}
	m := b.message(p.ID)
	p.Body = hash(m.body)
	t.state.Pending = p
	return m, t.save(ctx)
}

func newID() string { return "msg_" + rand.Text() }

// open opens a reader after a cursor unless there is one. The error is that of the log.
func (t *tenure) open(after string) (err error) {
	if t.reader == nil {
		var reader Reader
		if reader, err = t.opt.Log.Reader(after); err == nil {
			t.reader, t.away = reader, time.Time{}
		}
	}
	return err
}

// missing returns the reset for an error of the log. If the log only cannot be read at present, it waits, and there is no message.
func (t *tenure) missing(ctx context.Context, err error) (message, bool) {
	t.closeReader()
	if errors.Is(err, changes.ErrExpired) {
		t.closeUntil()
		return t.restart(ctx, ReasonExpired)
	}
	t.waitForLog(ctx)
	return message{}, false
}

// waitForLog waits until the log is worth another try.
func (t *tenure) waitForLog(ctx context.Context) {
	if t.away.IsZero() {
		t.away = time.Now()
	}
	backoff.Wait(ctx, logPause)
}

// wanted reports whether the receiver gets a change.
func (t *tenure) wanted(e *changes.Event) bool {
	_, ok := (*t.see.Load())(e)
	if t.seen = ""; !ok {
		t.seen = e.Cursor
	}
	return ok
}

// read fills a batch. It waits for the first change, for a limited time, and for no other.
func (t *tenure) read(ctx context.Context, b *batch) error {
	waiting, cancel := context.WithTimeout(ctx, lookEvery)
	defer cancel()
	for {
		e := t.left
		if e == nil {
			var err error
			if e, err = t.reader.Next(waiting, t.wanted); err != nil {
				return err
			}
		}
		t.left = nil
		fields, _ := (*t.see.Load())(e)
		if !b.add(e, encodeChange(e, fields)) {
			t.left = e
			return nil
		}
		cancel() // from here on, only what is there already
	}
}

// mark stores now and then up to where there was nothing for the receiver.
func (t *tenure) mark(ctx context.Context) {
	if t.seen == "" || time.Since(t.marked) < markEvery {
		t.keep(ctx)
		return
	}
	t.state.Cursor, t.seen, t.marked = t.seen, "", time.Now()
	t.save(ctx)
}

// restore reads again from the log the changes of the message that is pending, with the selection of now. If they no longer fit into a message, because the
// settings are others now, it ends earlier. The log of this process may not have all of them yet: then the caller tries again, and the reader that finds out
// whether the log has lost the last one stays, because readings of the whole log can take longer than a try.
func (t *tenure) restore(ctx context.Context) (message, bool) {
	p := t.state.Pending
	t.closeReader()
	if err := t.open(t.state.Cursor); err != nil {
		return t.missing(ctx, err)
	}
	if t.until == nil {
		until, err := t.opt.Log.Reader(p.Until)
		if err != nil {
			return t.missing(ctx, err)
		}
		t.until = until
	}
	b := batch{most: t.hook.Batch}
	waiting, cancel := context.WithTimeout(ctx, lookEvery)
	defer cancel()
	for at := ""; at != p.Until; {
		e, err := t.reader.Next(waiting, func(e *changes.Event) bool { return e.Cursor == p.Until || t.wanted(e) })
		switch {
		case err == nil:
		case !errors.Is(err, context.DeadlineExceeded):
			return t.missing(ctx, err)
		default:
			return t.missing(ctx, lost(t.until))
		}
		at = e.Cursor
		if fields, ok := (*t.see.Load())(e); ok && !b.add(e, encodeChange(e, fields)) {
			p.Until = b.last().Cursor
			break
		}
	}
	t.closeUntil()
	t.closeReader()         // it may have read more
	if len(b.events) == 0 { // the receiver gets none of them any more
		t.state.Cursor, t.state.Pending = p.Until, nil
		return message{}, false
	}
	m := b.message(p.ID)
	if body := hash(m.body); body != p.Body { // another message: a receiver that has had the one before would ignore this one by its ID
		p.ID, p.Changes, p.Body = newID(), len(b.events), body
		m.id = p.ID
	}
	return m, t.save(ctx)
}

// lost returns changes.ErrExpired if the log has lost the change where a reader begins, and another error if this process has only not read it yet.
func lost(r Reader) error {
	ended, cancel := context.WithCancel(context.Background())
	cancel()
	_, err := r.Next(ended, func(*changes.Event) bool { return false })
	return err
}

// restart makes a reset after which the changes to come follow.
func (t *tenure) restart(ctx context.Context, reason string) (message, bool) {
	reader, err := t.opt.Log.Reader("")
	if err != nil {
		t.waitForLog(ctx)
		return message{}, false
	}
	reader.Close()
	t.away = time.Time{}
	return t.reset(ctx, reason, t.opt.Log.Cursor())
}

// reset makes a message that tells the receiver to read everything anew, in the place of any that is pending.
func (t *tenure) reset(ctx context.Context, reason, cursor string) (message, bool) {
	t.closeReader()
	p := &Pending{ID: newID(), Reason: reason, Until: cursor, Since: time.Now().UTC()}
	if old := t.state.Pending; old != nil && old.Reason != "" { // the receiver that fails is the same one
		p.Since, p.Attempts, p.Next, p.Problem = old.Since, old.Attempts, old.Next, old.Problem
		p.Unrecorded, p.UnrecordedSince = old.Unrecorded, old.UnrecordedSince
	}
	t.state.Pending, t.state.For = p, t.hook.fingerprint()
	if !t.save(ctx) {
		return message{}, false
	}
	return t.resetMessage(), true
}

// restoreReset returns the reset that is pending, or another one if the log no longer has what follows it.
func (t *tenure) restoreReset(ctx context.Context) (message, bool) {
	reader, err := t.opt.Log.Reader(t.state.Pending.Until)
	if errors.Is(err, changes.ErrExpired) {
		return t.restart(ctx, ReasonExpired)
	}
	if err == nil {
		reader.Close()
	}
	return t.resetMessage(), true
}

func (t *tenure) resetMessage() message {
	p := t.state.Pending
	return message{p.ID, encodeMessage(TypeReset, p.Since, resetData{Reason: p.Reason, Cursor: p.Until})}
}

// batch is the changes of one message.
type batch struct {
	most, size int
	events     []*changes.Event
	encoded    []json.RawMessage
}

// add adds a change, or returns false if it has no room.
func (b *batch) add(e *changes.Event, encoded json.RawMessage) bool {
	if len(b.events) > 0 && (len(b.events) >= b.most || b.size+len(encoded) > mostBytes) {
		return false
	}
	b.events, b.encoded, b.size = append(b.events, e), append(b.encoded, encoded), b.size+len(encoded)
	return true
}

func (b *batch) last() *changes.Event { return b.events[len(b.events)-1] }

func (b *batch) message(id string) message {
	return message{id, encodeMessage(TypeChanged, b.last().At, changedData{Cursor: b.last().Cursor, Changes: b.encoded})}
}
