package webhook

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"roster/internal/backoff"
)

// deliver sends the message that is pending until it is delivered or given up. It returns false if nothing more may be delivered.
func (t *tenure) deliver(ctx context.Context, m message) bool {
	for {
		p := t.state.Pending
		t.stats.pending(p)
		if !t.await(ctx, p.Next) {
			return false
		}
		if p.Reason != "" {
			var ok bool
			if m, ok = t.restoreReset(ctx); !ok {
				return t.may(ctx)
			}
			p = t.state.Pending
		}
		if !t.begin(ctx, m) {
			return false
		}
		r := t.attempt(m)
		if r.Problem != "" && (t.working.Err() != nil || !t.lease.Held()) { // ended by the program, not by the receiver
			return false
		}
		// From here on, the state is stored also while the program stops.
		saving := t.working
		switch {
		case r.Problem == "":
			return t.delivered(saving)
		case r.Ended:
			t.end(saving)
			return false
		case p.Reason == "" && time.Since(p.Since)-p.unrecordedUntil(time.Now()) >= t.hook.RetryFor:
			p.Attempts++
			return t.giveUp(saving, r)
		}
		t.failed(ctx, r)
		if !t.save(saving) {
			return false
		}
	}
}

// begin waits until an attempt can be recorded. The time until then is not the receiver's fault. It returns false if nothing may be delivered any more, or if
// another process should: after leaveAfter, because the access log of that one may be fine.
func (t *tenure) begin(ctx context.Context, m message) bool {
	p, began := t.state.Pending, time.Now()
	for !t.opt.recorder.Begin(t.working, t.attemptAt(m)) {
		if p.UnrecordedSince.IsZero() {
			p.UnrecordedSince = began.UTC()
			t.stats.pending(p)
			if !t.save(ctx) {
				return false
			}
		}
		if time.Since(began) >= leaveAfter {
			t.log.LogAttrs(ctx, slog.LevelWarn, "the access log cannot be written: this process does not deliver the webhook until it can")
			return false
		}
		if !backoff.Wait(ctx, logPause) || !t.may(ctx) {
			return false
		}
	}
	if p.UnrecordedSince.IsZero() {
		return true
	}
	p.Unrecorded, p.UnrecordedSince = p.unrecordedUntil(time.Now()), time.Time{}
	t.stats.pending(p)
	return t.save(t.working)
}

// attemptAt describes the next attempt to send a message.
func (t *tenure) attemptAt(m message) Attempt {
	p := t.state.Pending
	return Attempt{Webhook: t.hook.Name, Message: m.id, Reason: p.Reason, Changes: p.Changes, Number: p.Attempts + 1}
}

// attempt sends a message once. It ends early when another process may have the lease, because that one may send later messages.
func (t *tenure) attempt(m message) Result {
	ctx, cancel := context.WithCancel(t.working)
	var checks sync.WaitGroup
	checks.Go(func() {
		for backoff.Wait(ctx, heldEvery) {
			if !t.lease.Held() {
				cancel()
			}
		}
	})
	defer checks.Wait()
	defer cancel()
	a, began := t.attemptAt(m), time.Now()
	r := t.sender.send(ctx, m)
	a.Status, a.Took = r.Status, time.Since(began)
	t.opt.recorder.Record(ctx, a)
	// As requests and webhooks of sources have, at the same level. It names no person.
	t.log.LogAttrs(ctx, slog.LevelDebug, "webhook sent", slog.String("message", m.id), slog.Int("changes", a.Changes),
		slog.Int("bytes", len(m.body)), slog.Int("attempt", a.Number), slog.String("problem", r.Problem), slog.Duration("took", a.Took))
	return r
}

// await waits until a time, as long as the lease is held. A time that is too far away is of another clock.
func (t *tenure) await(ctx context.Context, until time.Time) bool {
	if latest := time.Now().Add(mostAsked); until.After(latest) {
		until = latest
	}
	for wait := time.Until(until); wait > 0; wait = time.Until(until) {
		if !backoff.Wait(ctx, min(wait, lookEvery)) || !t.may(ctx) {
			return false
		}
	}
	return t.may(ctx)
}

func (t *tenure) delivered(ctx context.Context) bool {
	p := t.state.Pending
	t.stats.deliver(p)
	if p.Attempts > 0 {
		t.log.LogAttrs(ctx, slog.LevelInfo, "a webhook is delivered again", slog.Int("failed_attempts", p.Attempts))
	}
	if p.Reason != "" {
		t.state.Lost = false
	}
	t.state.Cursor, t.state.Pending, t.marked = p.Until, nil, time.Now()
	t.stats.pending(nil)
	return t.save(ctx)
}

// failed plans the next attempt.
func (t *tenure) failed(ctx context.Context, r Result) {
	p := t.state.Pending
	t.stats.failed.Add(1)
	pause := max(backoff.Jitter(backoff.After(p.Attempts, firstPause, mostPause)), min(r.After, mostAsked))
	p.Attempts++
	p.Problem, p.Next = r.Problem, time.Now().Add(pause).UTC()
	if p.Attempts == 1 {
		t.log.LogAttrs(ctx, slog.LevelWarn, "a webhook is not delivered; it is tried again, and what follows waits", slog.String("reason", r.Problem))
	}
}

// giveUp makes the message a dead letter. The next message tells the receiver that it has missed something.
func (t *tenure) giveUp(ctx context.Context, r Result) bool {
	p := t.state.Pending
	t.stats.failed.Add(1)
	t.stats.dead.Add(1)
	t.log.LogAttrs(ctx, slog.LevelWarn, "a message of a webhook is given up: the receiver is told to read everything anew, and what follows is delivered; roster webhooks list shows it",
		slog.String("message", p.ID), slog.Int("changes", p.Changes), slog.Int("attempts", p.Attempts), slog.String("reason", r.Problem))
	t.state.Dead = append(t.state.Dead, DeadLetter{ID: p.ID, After: t.state.Cursor, Until: p.Until, Changes: p.Changes, Attempts: p.Attempts, Problem: r.Problem,
		At: time.Now().UTC()})
	t.state.Dead = t.state.Dead[max(0, len(t.state.Dead)-mostDead):]
	t.state.Cursor, t.state.Pending, t.state.Lost = p.Until, nil, true
	t.stats.pending(nil)
	return t.save(ctx)
}

// end notes that the receiver wants no more messages.
func (t *tenure) end(ctx context.Context) {
	t.stats.failed.Add(1)
	t.log.LogAttrs(ctx, slog.LevelWarn, "the receiver of a webhook wants no more messages (HTTP 410): it gets none until url, kinds, sources or sensitive of the webhook change, or the webhook is removed and added again")
	t.state.Ended = t.hook.fingerprint()
	t.stats.ended.Store(true)
	t.save(ctx)
}
