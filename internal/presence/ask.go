package presence

import (
	"context"
	"crypto/rand"
	"log/slog"
	"maps"
	"slices"
	"time"

	"roster/connectors"
	"roster/internal/backoff"
)

const (
	// maxBackoff bounds the pauses between calls of a source that fails.
	maxBackoff = 5 * time.Minute
	// leaseMargin is how much longer the lease lasts than the call may take.
	leaseMargin = time.Second
	// followEvery is how often a replica checks a call that another replica makes.
	followEvery = 50 * time.Millisecond
)

// run makes the call, unless another replica makes it.
func (s *source) run(ctx context.Context, c *call, timeout time.Duration) {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	if s.shared == nil {
		s.ask(ctx, c, 0)
	} else {
		s.share(ctx, c, timeout)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.under = nil
	close(c.done)
}

// share makes the call if no replica has made it or is making it. Otherwise share applies the result of the other replica's call.
func (s *source) share(ctx context.Context, c *call, timeout time.Duration) {
	claim := LeaseRequest{StoreKey: s.item, IDs: c.ids, Token: rand.Text(), Life: s.life, Lease: timeout + leaseMargin}
	for again := true; ; {
		granted, standing, err := s.shared.Acquire(ctx, claim)
		now := time.Now()
		switch {
		case err != nil && again && s.shared.Membership().Connected: // the store may have granted the lease, and only the answer was lost
			again = false
			continue
		case err != nil:
			if s.mayAskAlone(now) {
				s.ask(ctx, c, 0)
			}
			return
		case granted:
			s.grant(c, &standing, now)
			s.ask(ctx, c, standing.Stamp)
			return
		}
		s.applyState(ctx, &Known{CallState: standing}, now)
		followed := standing.Asking && (c.early || standing.covers(c.ids))
		if followed && !s.follow(ctx) {
			return
		}
		about := s.about(c)
		known, err := s.shared.Lookup(ctx, []Question{{s.item, about}}) // for answers that came after the last lookup
		if err != nil {
			return
		}
		s.applyState(ctx, &known[0], time.Now())
		switch now := time.Now(); {
		case len(s.old(about, now)) == 0:
			return
		case c.early && !claim.Early && s.lacksAny(about, now): // checked after the lookup, which may have brought answers
			claim.Early = true
		case !followed:
			return
		}
	}
}

// about returns the accounts that the waiting callers ask for.
func (s *source) about(c *call) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Collect(maps.Keys(c.about))
}

// grant applies a granted lease.
func (s *source) grant(c *call, standing *CallState, now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.missedAt = later(s.missedAt, standing.MissedAt); s.paging(now) {
		c.ids = nil
	}
	s.failures, c.at = standing.Failures, now
	s.own = now.Add(s.life)
	s.next = s.own
}

// follow waits until the call that another replica makes has ended.
func (s *source) follow(ctx context.Context) bool {
	tick := time.NewTicker(followEvery)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return false
		}
		known, err := s.shared.Lookup(ctx, []Question{{StoreKey: s.item}})
		if err != nil {
			return false
		}
		if !known[0].Asking {
			return true
		}
	}
}

// applyState applies what the shared store knows.
func (s *source) applyState(ctx context.Context, k *Known, now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sweep(now)
	answered := false // since our last failure
	for id, a := range k.Answers {
		answered = answered || a.At.After(s.failedAt)
		if was, ok := s.last(id); !ok || a.At.After(was.At) {
			s.known[id] = a
		}
	}
	s.missedAt = later(s.missedAt, k.MissedAt)
	s.next, s.theirs = later(s.own, k.Next), k.CallState
	if answered || k.Failures > s.failures {
		s.failures = k.Failures
	}
	if s.failures == 0 {
		s.logRecovery(ctx)
	}
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// mayAskAlone reports whether this replica may call while the shared store is unavailable. All replicas together call no more often than
// one replica would: each replica calls once in as many lives as there are replicas. The first in rank calls one life after the loss of
// the store, the second after two.
func (s *source) mayAskAlone(now time.Time) bool {
	membership := s.shared.Membership()
	if membership.Connected {
		return false // the store failed just now; whether it is unavailable is not known yet
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	turn := s.own
	if !membership.Since.IsZero() && s.alone.Before(membership.Since) {
		turn = later(turn, membership.Since.Add(time.Duration(membership.Rank+1)*s.life))
	}
	if now.Before(turn) {
		s.next = turn
		return false
	}
	s.alone = now
	s.own = now.Add(s.pace() * s.life)
	s.next = s.own
	return true
}

// pace returns the factor by which the intervals between calls are longer, because replicas without a shared store call the same source.
func (s *source) pace() time.Duration {
	if s.shared == nil {
		return 1
	}
	if membership := s.shared.Membership(); !membership.Connected {
		return time.Duration(max(1, membership.Size))
	}
	return 1
}

// ask calls the source, and saves the result in the shared store if the store knows of the call.
func (s *source) ask(ctx context.Context, c *call, stamp int64) {
	got, err := s.presence(ctx, c.ids)
	now := time.Now()
	if err == nil {
		s.mu.Lock()
		s.learn(c, got, now)
		s.failures = 0
		s.logRecovery(ctx)
		s.mu.Unlock()
	} else {
		s.failed(ctx, err, now)
	}
	if stamp == 0 {
		return
	}
	// The result is useful to other replicas even if the time of our own caller is over.
	ctx = context.WithoutCancel(ctx)
	if err == nil {
		// If Save fails, the other replicas call the source when they may.
		_ = s.shared.Save(ctx, Saved{StoreKey: s.item, Stamp: stamp, IDs: c.ids, Of: got, KeepFor: s.keepFor})
		return
	}
	s.mu.Lock()
	failures, until := s.failures, s.next
	s.mu.Unlock()
	_ = s.shared.Fail(ctx, s.item, stamp, failures, until) // as above
}

// presence calls the connector. A panic of the connector is a failure of this call only.
func (s *source) presence(ctx context.Context, ids []string) (got map[string]connectors.Presence, failure *connectors.Error) {
	defer func() {
		if recover() != nil { // the panic value may contain data of the source
			failure = &connectors.Error{Source: s.item.Source, Op: "presence", Kind: connectors.KindBadResponse, Detail: "the connector failed on it"}
		}
	}()
	got, err := s.reader.Presence(ctx, ids)
	return got, connectors.AsError(s.item.Source, err)
}

// failed pauses a source that fails. The pause grows with the number of failures, and is at least what the source asks for.
func (s *source) failed(ctx context.Context, e *connectors.Error, now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	pause := backoff.After(s.failures, s.life, maxBackoff)
	switch e.Kind {
	case connectors.KindUnauthorized, connectors.KindForbidden, connectors.KindNotFound, connectors.KindUnsupported:
		pause = maxBackoff // an early retry does not help
	default:
	}
	s.own = now.Add(max(s.pace()*pause, e.RetryAfter))
	s.next, s.failedAt = s.own, now
	s.failures++
	if s.failureLogged {
		return
	}
	s.failureLogged = true
	s.log.LogAttrs(ctx, slog.LevelWarn, "presence cannot be read from a source", slog.String("kind", e.Kind.String()), slog.String("error", e.Error()))
}

// logRecovery logs that a source answers again, if its failure was logged.
func (s *source) logRecovery(ctx context.Context) {
	if s.failureLogged {
		s.failureLogged = false
		s.log.LogAttrs(ctx, slog.LevelInfo, "presence can be read again")
	}
}
