package presence

import (
	"context"
	"crypto/rand"
	"log/slog"
	"maps"
	"slices"
	"time"

	"roster/connectors"
)

const (
	// maxBackoff bounds the pauses between calls of a source that fails.
	maxBackoff = 5 * time.Minute
	// leaseMargin is how much longer than a call may take the right to make it lasts.
	leaseMargin = time.Second
	// followEvery is how often a call that another replica makes is looked after.
	followEvery = 50 * time.Millisecond
)

// run makes the call, if nobody else does.
func (s *source) run(ctx context.Context, c *call, timeout time.Duration) {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	if s.tier == nil {
		s.ask(ctx, c, 0)
	} else {
		s.share(ctx, c, timeout)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.under = nil
	close(c.done)
}

// share makes the call if no replica has made it or is making it, and takes what the one gets that is.
func (s *source) share(ctx context.Context, c *call, timeout time.Duration) {
	claim := Claim{Item: s.item, IDs: c.ids, Token: rand.Text(), Life: s.life, Lease: timeout + leaseMargin}
	for again := true; ; {
		granted, standing, err := s.tier.Claim(ctx, claim)
		now := time.Now()
		switch {
		case err != nil && again && s.tier.Membership().Connected: // the right may have been given, and only the answer lost
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
		followed := standing.Asking && (c.early || standing.tells(c.ids))
		if followed && !s.follow(ctx) {
			return
		}
		about := s.about(c)
		known, err := s.tier.Lookup(ctx, []Question{{s.item, about}}) // for what has come since we last looked
		if err != nil {
			return
		}
		s.applyState(ctx, &known[0], time.Now())
		switch now := time.Now(); {
		case len(s.old(about, now)) == 0:
			return
		case c.early && !claim.Early && s.lacks(about, now): // also after a look at what others have been told
			claim.Early = true
		case !followed:
			return
		}
	}
}

// about gives whom those who wait for a call want to know of.
func (s *source) about(c *call) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Collect(maps.Keys(c.about))
}

// grant takes up the right to call.
func (s *source) grant(c *call, standing *CallState, now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.missedAt = later(s.missedAt, standing.MissedAt); s.turning(now) {
		c.ids = nil
	}
	s.failures, c.at = standing.Failures, now
	s.own = now.Add(s.life)
	s.next = s.own
}

// follow waits until the call is over that another replica makes.
func (s *source) follow(ctx context.Context) bool {
	tick := time.NewTicker(followEvery)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return false
		}
		known, err := s.tier.Lookup(ctx, []Question{{Item: s.item}})
		if err != nil {
			return false
		}
		if !known[0].Asking {
			return true
		}
	}
}

// applyState takes up what the tier knows.
func (s *source) applyState(ctx context.Context, k *Known, now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sweep(now)
	answered := false // since it failed us
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
		s.cheer(ctx)
	}
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// mayAskAlone says whether this replica may call while the tier is away. All of them together call no more often than one would: each
// once in as many lives as there are replicas, the first in rank one life after the tier was lost, the second after two.
func (s *source) mayAskAlone(now time.Time) bool {
	crowd := s.tier.Membership()
	if crowd.Connected {
		return false // it failed just now, and whether it is away is not known yet
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	turn := s.own
	if !crowd.Since.IsZero() && s.alone.Before(crowd.Since) {
		turn = later(turn, crowd.Since.Add(time.Duration(crowd.Rank+1)*s.life))
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

// pace is by how much the pauses between calls are longer, because replicas that cannot talk to each other call the same source.
func (s *source) pace() time.Duration {
	if s.tier == nil {
		return 1
	}
	if crowd := s.tier.Membership(); !crowd.Connected {
		return time.Duration(max(1, crowd.Size))
	}
	return 1
}

// ask calls the source, and tells the others what came of it where they know of the call.
func (s *source) ask(ctx context.Context, c *call, stamp int64) {
	got, err := s.presence(ctx, c.ids)
	now := time.Now()
	if err == nil {
		s.mu.Lock()
		s.learn(c, got, now)
		s.failures = 0
		s.cheer(ctx)
		s.mu.Unlock()
	} else {
		s.failed(ctx, err, now)
	}
	if stamp == 0 {
		return
	}
	// What was got is of use to the others also where our own caller's time is up.
	ctx = context.WithoutCancel(ctx)
	if err == nil {
		// Where that fails, the others ask when they may.
		_ = s.tier.Save(ctx, Saved{Item: s.item, Stamp: stamp, IDs: c.ids, Of: got, KeepFor: s.keepFor})
		return
	}
	s.mu.Lock()
	failures, until := s.failures, s.next
	s.mu.Unlock()
	_ = s.tier.Fail(ctx, s.item, stamp, failures, until) // as above
}

// presence calls the connector. One that panics has failed, and nothing else has.
func (s *source) presence(ctx context.Context, ids []string) (got map[string]connectors.Presence, failure *connectors.Error) {
	defer func() {
		if recover() != nil { // its value may hold anything that the source said
			failure = &connectors.Error{Source: s.item.Source, Op: "presence", Kind: connectors.KindBadResponse, Detail: "the connector failed on it"}
		}
	}()
	got, err := s.reader.Presence(ctx, ids)
	return got, connectors.AsError(s.item.Source, err)
}

// failed leaves a source alone that fails: the longer the more often it has, and as long as it asks.
func (s *source) failed(ctx context.Context, e *connectors.Error, now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	pause := s.life
	for n := 0; n < s.failures && pause < maxBackoff; n++ {
		pause = min(2*pause, maxBackoff)
	}
	switch e.Kind {
	case connectors.KindUnauthorized, connectors.KindForbidden, connectors.KindNotFound, connectors.KindUnsupported:
		pause = maxBackoff // asking again soon will not help
	default:
	}
	s.own = now.Add(max(s.pace()*pause, e.RetryAfter))
	s.next, s.failedAt = s.own, now
	s.failures++
	if s.mourned {
		return
	}
	s.mourned = true
	s.log.LogAttrs(ctx, slog.LevelWarn, "source does not tell presence", slog.String("kind", e.Kind.String()), slog.String("error", e.Error()))
}

// cheer says that a source answers again of which it was said that it does not.
func (s *source) cheer(ctx context.Context) {
	if s.mourned {
		s.mourned = false
		s.log.LogAttrs(ctx, slog.LevelInfo, "source tells presence again")
	}
}
