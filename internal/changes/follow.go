package changes

import (
	"context"
	"log/slog"
	"runtime/debug"
	"time"

	"roster/connectors"
	"roster/internal/generation"
)

const (
	// statePoll is the interval at which the states of sources are looked at, which change also while the directory stays the same.
	statePoll = time.Second
	// askEvery is the interval at which the sources are asked for while somebody reads the log. Without that, sources that no query asks for would
	// not be fetched any more.
	askEvery = 30 * time.Second
)

// Follow appends what a publisher publishes, or what the writer of a shared log has appended to it, until ctx ends. A log follows one publisher at a time:
// Follow first waits until the log follows no other.
func (l *Log) Follow(ctx context.Context, p *generation.Publisher, log *slog.Logger) {
	l.following.Lock()
	defer l.following.Unlock()
	var everything generation.Required
	everything.Add(connectors.AllCollections[:]...)
	var asked time.Time
	ask := func(now time.Time) {
		if l.stats.readers.Load() > 0 && now.Sub(asked) >= askEvery {
			asked = now
			p.CurrentAt(now).Ask(everything, now)
		}
	}
	if l.sharing != nil {
		l.sharing.follow(ctx, p, log, ask)
		return
	}
	poll := time.NewTicker(statePoll)
	defer poll.Stop()
	for ctx.Err() == nil {
		published, now := p.Published(), time.Now()
		state := StateOf(published, l.state)
		l.advance(state, l.differences(ctx, state, log, func() []Change { return Compare(l.state, state) }), now)
		ask(now)
		select {
		case <-ctx.Done():
		case <-published.Next:
		case <-poll.C:
		}
	}
}

// differences compares the state with which the log ends with a new one. If that panics, clients are told to read everything anew.
func (l *Log) differences(ctx context.Context, state *State, log *slog.Logger, compare func() []Change) (told []Change) {
	defer func() {
		if recover() != nil { // the value may contain anything that a source sent, so only the stack is logged
			log.LogAttrs(ctx, slog.LevelError, "comparing two directories panicked; clients are told to read anew", slog.String("stack", string(debug.Stack())))
			told = nil
			for i := range state.Sources {
				s := &state.Sources[i]
				told = append(told, Change{Kind: Source, Action: Updated, ID: s.ID, Label: s.Name, Fields: []string{"collections"}, Sources: []string{s.Name}, Reset: true})
			}
		}
	}()
	return compare()
}
