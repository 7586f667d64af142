package presence

import (
	"context"
	"errors"
	"log/slog"
	"maps"
	"sync"
	"time"

	"roster/connectors"
	"roster/internal/backoff"
)

const (
	// firstPause and maxPause bound the pauses between connections to a source that tells of changes.
	firstPause = time.Second
	maxPause   = 5 * time.Minute
	// settledAfter is how long a connection must have worked until the next pause is a short one again.
	settledAfter = time.Minute
	// mostLive bounds what a connection has told, in bytes; entryBytes is what an entry has besides its texts.
	mostLive   = 64 << 20
	entryBytes = 100
)

// live is the presence of everyone at a source that tells of changes.
type live struct {
	of    map[string]connectors.Presence // without those who are offline; nil until the source has answered for everyone
	since map[string]connectors.Presence // the changes since the last call for everyone began; nil if none is in progress
	bytes int
	heard time.Time // the last sign that the connection works
	asked time.Time // when the last call for everyone that succeeded began, or when the connection began
	// doubted is true once the connection has been without a successful call for too long, or a call has said that the source does not tell. What it
	// told after the last successful call may be incomplete.
	doubted bool
}

// asOf returns of when the presence is.
func (l *live) asOf() time.Time {
	if l.doubted {
		return l.asked
	}
	return l.heard
}

// ask notes that a call for everyone begins. What has been noted for one that failed is forgotten.
func (l *live) ask() {
	for id := range l.since {
		l.drop(l.since, id)
	}
	l.since = make(map[string]connectors.Presence)
}

// apply applies a change. It returns false if there are too many.
func (l *live) apply(id string, p connectors.Presence) bool {
	if l.since != nil {
		l.put(l.since, id, p)
	}
	if l.of != nil {
		l.put(l.of, id, p)
		if p.State == connectors.PresenceOffline {
			l.drop(l.of, id)
		}
	}
	return l.bytes <= mostLive
}

// replace replaces everyone by the answer of a call, and applies the changes since it began.
func (l *live) replace(everyone map[string]connectors.Presence, began time.Time) bool {
	since := l.since
	*l = live{of: make(map[string]connectors.Presence, len(everyone)), heard: l.heard, asked: began}
	for id, p := range everyone {
		l.apply(id, p)
	}
	for id, p := range since {
		l.apply(id, p)
	}
	return l.bytes <= mostLive
}

func (l *live) put(in map[string]connectors.Presence, id string, p connectors.Presence) {
	l.drop(in, id)
	in[id] = p
	l.bytes += entryBytes + len(id) + len(p.Text)
}

func (l *live) drop(in map[string]connectors.Presence, id string) {
	if was, ok := in[id]; ok {
		l.bytes -= entryBytes + len(id) + len(was.Text)
		delete(in, id)
	}
}

// Start connects to the sources that tell of changes, until Close. They are not asked while they are connected. Call Start at most once. A source that the
// store before has too stays connected.
func (s *Store) Start(ctx context.Context) {
	for _, src := range s.sources {
		if src.watcher != nil {
			src.hold(context.WithoutCancel(ctx))
			s.held = append(s.held, src)
		}
	}
}

// hold connects to the source until it is released as often.
func (s *source) hold(ctx context.Context) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.holders++; s.holders > 1 {
		return
	}
	ctx, end := context.WithCancel(ctx)
	var watching sync.WaitGroup
	watching.Go(func() { s.watch(ctx) })
	s.endWatch, s.awaitWatch = end, watching.Wait
}

func (s *source) release() {
	s.mu.Lock()
	s.holders--
	last, wait := s.holders == 0, s.awaitWatch
	if last {
		s.endWatch() // before another hold
	}
	s.mu.Unlock()
	if last {
		wait()
	}
}

// watch connects to the source again and again until ctx ends.
func (s *source) watch(ctx context.Context) {
	for failures := 0; ; failures++ {
		began := time.Now()
		at := &live{asked: began}
		e := s.connect(ctx, at)
		s.disconnected(ctx, at, e)
		if time.Since(began) > settledAfter {
			failures = 0
		}
		pause := backoff.Jitter(backoff.After(failures, firstPause, maxPause))
		if refused(e.Kind) {
			pause = maxPause // an early attempt does not help
		}
		if !backoff.Wait(ctx, max(pause, e.RetryAfter)) {
			return
		}
	}
}

// refused reports whether only a change at the source or of its settings can help.
func refused(kind connectors.ErrorKind) bool {
	switch kind {
	case connectors.KindUnauthorized, connectors.KindForbidden, connectors.KindNotFound, connectors.KindUnsupported:
		return true
	default:
		return false
	}
}

// connect connects to the source, and applies what it tells until ctx or the connection ends. A panic of the connector ends this connection only.
func (s *source) connect(ctx context.Context, at *live) (failure *connectors.Error) {
	ctx, end := context.WithCancelCause(ctx)
	var asking sync.WaitGroup
	defer func() {
		if recover() != nil { // the panic value may contain data of the source
			failure = s.watchFailed("the connector failed on it")
		}
		end(nil)
		asking.Wait()
	}()
	begun := false
	err := s.watcher.WatchPresence(ctx, func(u connectors.PresenceUpdate) {
		if !begun {
			begun = true
			asking.Go(func() { end(s.confirm(ctx, at)) })
		}
		if !s.told(at, u) {
			end(s.watchFailed("it tells of too many accounts"))
		}
	})
	if e, ok := errors.AsType[*connectors.Error](context.Cause(ctx)); ok {
		return e
	}
	if err == nil {
		return s.watchFailed("it has stopped telling of changes")
	}
	return connectors.AsError(s.item.Source, err)
}

func (s *source) watchFailed(detail string) *connectors.Error {
	return &connectors.Error{Source: s.item.Source, Op: "presence", Kind: connectors.KindBadResponse, Detail: detail}
}

// told applies what the source tells. It returns false if that is too much.
func (s *source) told(at *live, u connectors.PresenceUpdate) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	at.heard = time.Now()
	if u.ID == "" {
		return true
	}
	s.stats.updates.Add(1)
	return at.apply(u.ID, u.Presence)
}

// confirm asks for everyone, at once and then again and again, because a source may stop telling without saying so: presence is an answer for keepFor after
// the call that confirmed it began. A failed call is repeated within that time. Confirm returns why the connection must end, or nil if ctx ends.
func (s *source) confirm(ctx context.Context, at *live) error {
	for asked, failures := at.asked, 0; ; {
		began := time.Now()
		everyone, e := s.everyone(ctx, at, asked.Add(s.keepFor))
		var pause time.Duration
		switch {
		case e == nil && !s.connected(ctx, at, everyone, began):
			return s.watchFailed("it has too many accounts")
		case e == nil:
			asked, failures = began, 0
			left := max(0, time.Until(asked.Add(s.keepFor)))
			pause = backoff.Jitter(left * 2 / 3) // so that there is time for a second call, and replicas do not call together
		case refused(e.Kind):
			s.doubt(at)
			return e
		default:
			pause = max(backoff.Jitter(backoff.After(failures, s.life, s.keepFor)), e.RetryAfter)
			failures++
		}
		left := time.Until(asked.Add(s.keepFor))
		if !backoff.Wait(ctx, min(pause, left)) {
			return nil
		}
		if e != nil && pause >= left {
			s.doubt(at)
			return e
		}
	}
}

// everyone asks for everyone. Changes from now on apply to the answer.
func (s *source) everyone(ctx context.Context, at *live, deadline time.Time) (map[string]connectors.Presence, *connectors.Error) {
	s.mu.Lock()
	at.ask()
	s.mu.Unlock()
	ctx, cancel := context.WithDeadline(ctx, deadline)
	defer cancel()
	return s.presence(ctx, nil)
}

// doubt has nothing that the source has told since the last successful call count as newer than that call.
func (s *source) doubt(at *live) {
	s.mu.Lock()
	defer s.mu.Unlock()
	at.doubted = true
}

// connected serves from now on what the source tells.
func (s *source) connected(ctx context.Context, at *live, everyone map[string]connectors.Presence, began time.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if ctx.Err() != nil {
		return true // another connection may have begun
	}
	if !at.replace(everyone, began) {
		return false
	}
	s.live = at
	if s.watchLogged != nil {
		s.watchLogged = nil
		s.log.LogAttrs(ctx, slog.LevelInfo, "the source tells of presence again")
	}
	return true
}

// disconnected has the source asked again. What it has told stays an answer, of the time when the connection last worked.
func (s *source) disconnected(ctx context.Context, at *live, e *connectors.Error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.live == at {
		s.live = nil
		if asOf := at.asOf(); asOf.After(s.fullAt) {
			s.full, s.fullAt = at.of, asOf
		}
		maps.DeleteFunc(s.known, func(_ string, a Answer) bool { return a.At.Before(s.fullAt) })
	}
	if ctx.Err() != nil {
		return // it ends because of us
	}
	s.stats.disconnects.Add(1)
	if was := s.watchLogged; was != nil && (was.Kind == e.Kind || !refused(e.Kind)) {
		return
	}
	s.watchLogged = e
	s.log.LogAttrs(ctx, slog.LevelWarn, "the source does not tell of presence: it is asked until it does", slog.String("kind", e.Kind.String()), slog.String("error", e.Error()))
}
