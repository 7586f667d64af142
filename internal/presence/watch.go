package presence

import (
	"context"
	"errors"
	"log/slog"
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
	// confirmEvery is the time between two calls for everyone during a connection, because a source may stop telling without saying so. AnsweredWithin
	// bounds such a call, with its wait for a turn.
	confirmEvery   = 10 * time.Minute
	answeredWithin = 2 * time.Minute
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

// replace replaces everyone by an answer, and applies the changes since its call began.
func (l *live) replace(everyone map[string]connectors.Presence) bool {
	since := l.since
	*l = live{of: make(map[string]connectors.Presence, len(everyone)), heard: l.heard}
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
	s.endWatch = func() {
		end()
		watching.Wait()
	}
}

func (s *source) release() {
	s.mu.Lock()
	s.holders--
	last, end := s.holders == 0, s.endWatch
	s.mu.Unlock()
	if last {
		end()
	}
}

// watch connects to the source again and again until ctx ends.
func (s *source) watch(ctx context.Context) {
	for failures := 0; ; failures++ {
		began := time.Now()
		e := s.connect(ctx)
		s.disconnected(ctx, e)
		if time.Since(began) > settledAfter {
			failures = 0
		}
		pause := backoff.Jitter(backoff.After(failures, firstPause, maxPause))
		switch e.Kind {
		case connectors.KindUnauthorized, connectors.KindForbidden, connectors.KindNotFound, connectors.KindUnsupported:
			pause = maxPause // an early attempt does not help
		default:
		}
		if !backoff.Wait(ctx, max(pause, e.RetryAfter)) {
			return
		}
	}
}

// connect connects to the source, and applies what it tells until ctx or the connection ends. A panic of the connector ends this connection only.
func (s *source) connect(ctx context.Context) (failure *connectors.Error) {
	ctx, end := context.WithCancelCause(ctx)
	var asking sync.WaitGroup
	defer func() {
		if recover() != nil { // the panic value may contain data of the source
			failure = s.watchFailed("the connector failed on it")
		}
		end(nil)
		asking.Wait()
	}()
	at, begun := new(live), false
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

// confirm asks for everyone, at once and then every confirmEvery, until that fails or ctx ends.
func (s *source) confirm(ctx context.Context, at *live) error {
	for {
		s.mu.Lock()
		at.since = make(map[string]connectors.Presence)
		s.mu.Unlock()
		within, cancel := context.WithTimeout(ctx, answeredWithin)
		everyone, e := s.presence(within, nil)
		cancel()
		if e != nil {
			return e
		}
		if !s.connected(ctx, at, everyone) {
			return s.watchFailed("it has too many accounts")
		}
		if !backoff.Wait(ctx, confirmEvery) {
			return nil
		}
	}
}

// connected serves from now on what the source tells.
func (s *source) connected(ctx context.Context, at *live, everyone map[string]connectors.Presence) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !at.replace(everyone) {
		return false
	}
	s.live = at
	if s.watchLogged {
		s.watchLogged = false
		s.log.LogAttrs(ctx, slog.LevelInfo, "the source tells of presence again")
	}
	return true
}

// disconnected has the source asked again. What it has told stays an answer, of the time when the connection last worked.
func (s *source) disconnected(ctx context.Context, e *connectors.Error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if l := s.live; l != nil {
		s.live, s.full, s.fullAt = nil, l.of, l.heard
		clear(s.known)
	}
	if ctx.Err() != nil {
		return // it ends because of us
	}
	s.stats.disconnects.Add(1)
	if s.watchLogged {
		return
	}
	s.watchLogged = true
	s.log.LogAttrs(ctx, slog.LevelWarn, "the source does not tell of presence: it is asked until it does", slog.String("kind", e.Kind.String()), slog.String("error", e.Error()))
}
