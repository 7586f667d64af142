package changes

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"roster/internal/generation"
)

const (
	// behindFor is how long a replica may need until its directory is as new as a commit, and how long the shared log may be away until readers are told. It learns of a new snapshot within a second, and loads it and builds
	// the directory in a few, also if it is large and the machine is busy.
	behindFor = 10 * time.Second
	// firstFor is how long the writer waits at most for the first fetches. After it, a source that is not there yet counts as arriving.
	firstFor = 30 * time.Second
	// loadFor is how long it waits instead for what the log says that replicas have: it is being loaded, and has not gone.
	loadFor = 10 * time.Minute
)

// sharing has a log follow the log that replicas share, and write it if this replica is the writer. Only the holder of Log.following uses it.
type sharing struct {
	log    *Log
	shared SharedLog
	logger *slog.Logger

	// What this process has published, since the end of the shared log, and the last contents of each source by name.
	way      way
	had      map[string][]string
	contents map[string]string // those of now

	// What has been read of the shared log.
	id      string
	read    uint64       // the position of the last commit
	most    uint64       // the greatest position that was ever read
	anew    bool         // the log is being read from its beginning on
	again   bool         // it has to be, next
	end     *end         // nil if it is not known at present
	pending []pending    // commits that are newer than the directory
	passed  []readCommit // commits that the way has not reached yet, because the end of the log is not known
	behind  time.Time    // since when there are such commits; otherwise zero
	silent  time.Time    // since when the shared log cannot be read; zero if it can

	writing
}

// NewSharedLog returns a log that follows the log that replicas share.
func NewSharedLog(opt Options, shared SharedLog) *Log {
	l := NewLog(opt)
	l.id, l.unavailable = "", true
	l.sharing = &sharing{log: l, shared: shared, had: make(map[string][]string)}
	return l
}

func positionAt(t time.Time) uint64 { return uint64(max(0, t.UnixMicro())) }

func timeAt(position uint64) time.Time { return time.UnixMicro(int64(position)) } //nolint:gosec // a time

// follow is Log.Follow for a shared log, while log.following is held.
func (s *sharing) follow(ctx context.Context, p *generation.Publisher, log *slog.Logger, ask func(time.Time)) {
	s.logger = log
	clear(s.had)                  // the sources can have other credentials now
	loaded := make(chan struct{}) // closed when the directory has what sources and store have: before, it should not be compared
	var waiting sync.WaitGroup
	defer waiting.Wait()
	waiting.Go(func() {
		limited, cancel := context.WithTimeout(ctx, loadFor)
		defer cancel()
		p.AwaitFirst(limited)
		close(loaded)
	})
	first := time.NewTimer(firstFor)
	defer first.Stop()
	poll := time.NewTicker(statePoll)
	defer poll.Stop()
	s.waits = waitsForAll
	for ctx.Err() == nil {
		published := p.Published()
		now := s.look(ctx, published)
		again := s.write(ctx, published, now)
		ask(now)
		if again {
			continue
		}
		select {
		case <-ctx.Done():
		case <-published.Next:
		case <-s.shared.Changed():
		case <-poll.C:
		case <-first.C:
			s.waits = min(s.waits, waitsForKnown)
		case <-loaded:
			s.waits, loaded = waitsForNone, nil
		}
	}
	s.resign(ctx)
}

// look reads the shared log up to its end, and tells readers what it can.
func (s *sharing) look(ctx context.Context, p *generation.Published) time.Time {
	s.note(p)
	s.log.begin()
	for s.receive(ctx) { // a commit is passed on with those that follow, so they are looked at together
	}
	now := time.Now()
	s.release(now)
	if s.end != nil {
		s.log.end(s.read, len(s.pending) == 0)
	}
	return now
}

// note remembers what is published.
func (s *sharing) note(p *generation.Published) {
	s.way.add(p)
	s.fold()
	s.contents = make(map[string]string)
	for _, source := range p.Directory.Sources() {
		name, content := source.Name, contentOf(p, source.Name)
		s.contents[name] = content
		if had := s.had[name]; content != "" && (len(had) == 0 || had[len(had)-1] != content) {
			s.had[name] = append(had, content)[max(0, len(had)+1-mostHad):]
		}
	}
}
