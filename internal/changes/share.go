package changes

import (
	"context"
	"encoding/json"
	"log/slog"
	"reflect"
	"slices"
	"sync"
	"time"

	"roster/internal/directory"
	"roster/internal/generation"
)

const (
	// behindFor is how long a replica may need until its directory is as new as a commit. It learns of a new snapshot within a second, and loads it and builds
	// the directory in a few, also if it is large and the machine is busy.
	behindFor = 10 * time.Second
	// takeOverAfter is how long a replica that does not know the directory with which the log ends leaves it to the others to go on from there. They look
	// every statePoll. It is shorter than behindFor, so that readers do not notice.
	takeOverAfter = 4 * time.Second
	// firstFor is how long the writer waits at most for the first fetches. After it, a source that is not there yet counts as arriving.
	firstFor = 30 * time.Second
	// aheadBy is how much the clock of the store may be ahead of that of this process.
	aheadBy = time.Minute
	// mostHad is the number of contents of each source, and mostDirectories of directories, that are remembered.
	mostHad         = 16
	mostDirectories = 3
)

// sharing has a log follow the log that replicas share, and write it if this replica is the writer. Only the holder of Log.following uses it.
type sharing struct {
	log    *Log
	shared SharedLog
	logger *slog.Logger
	writer Writer // nil if this replica is not the writer

	// What this process has published: the last directories, and the last contents of each source by name.
	directories []*directory.Directory
	had         map[string][]string
	contents    map[string]string // those of now
	base        string            // the version of the directory with which the shared log ended when that was last known

	// What has been read of the shared log.
	id        string
	read      uint64
	end       *end      // nil if it is not known at present
	pending   []pending // commits that are newer than the directory
	behind    time.Time // since when there are such commits; otherwise zero
	unwritten time.Time // since when the log has no writer; zero if it has one
}

// pending is a commit that was read.
type pending struct {
	at uint64
	*storedCommit
}

// end is the end of the shared log.
type end struct {
	id      string
	at      uint64
	state   *storedState // nil if it cannot be read
	written bool
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
	clear(s.had)                 // the sources can have other credentials now
	first := make(chan struct{}) // closed when the directory has what sources and store have: before, it should not be compared
	var waiting sync.WaitGroup
	defer waiting.Wait()
	waiting.Go(func() {
		limited, cancel := context.WithTimeout(ctx, firstFor)
		defer cancel()
		p.AwaitFirst(limited)
		close(first)
	})
	poll := time.NewTicker(statePoll)
	defer poll.Stop()
	var ready bool
	for ctx.Err() == nil {
		published := p.Published()
		s.note(published)
		for s.receive(ctx) { // a commit is passed on with those that follow, so they are looked at together
		}
		now, again := time.Now(), false
		s.release(now)
		if ready {
			again = s.write(ctx, published, now)
		}
		ask(now)
		if again {
			continue
		}
		select {
		case <-ctx.Done():
		case <-published.Next:
		case <-s.shared.Changed():
		case <-poll.C:
		case <-first:
			ready, first = true, nil
		}
	}
	s.resign(ctx)
}

// note remembers what is published.
func (s *sharing) note(p *generation.Published) {
	if n := len(s.directories); n == 0 || s.directories[n-1] != p.Directory {
		s.directories = append(s.directories, p.Directory)
		s.forget()
	}
	s.contents = make(map[string]string)
	for _, source := range p.Directory.Sources() {
		name, content := source.Name, contentOf(p, source.Name)
		s.contents[name] = content
		if had := s.had[name]; content != "" && (len(had) == 0 || had[len(had)-1] != content) {
			s.had[name] = append(had, content)[max(0, len(had)+1-mostHad):]
		}
	}
}

// receive reads the next part of the shared log. It returns true if more follows.
func (s *sharing) receive(ctx context.Context) bool {
	page, err := s.shared.Read(ctx, s.id, s.read, s.log.bounds())
	if err != nil {
		s.end = nil // readers keep what they have
		return false
	}
	if page.ID != s.id || s.read < page.From { // another log, or a part of it was dropped before this replica has read it
		s.id, s.read, s.pending = page.ID, page.From, nil
		s.log.restart(page.ID, page.From)
	}
	for _, c := range page.Commits {
		stored, err := decodeCommit(c.Data)
		if err != nil {
			stored = nil
		}
		s.read, s.pending = c.At, append(s.pending, pending{c.At, stored})
	}
	s.bound(time.Now())
	if page.More {
		s.end = nil
		return true
	}
	s.end = &end{id: page.ID, at: page.End, written: page.Written}
	state := new(storedState)
	s.base = ""
	if page.State != nil && json.Unmarshal(page.State, state) == nil {
		s.end.state, s.base = state, state.Version
	}
	s.forget()
	return false
}

// bound drops the pending commits that are beyond the bounds of the log, which others have dropped too. Readers from before them have to read anew.
func (s *sharing) bound(now time.Time) {
	bounds, n := s.log.bounds(), 0
	for i, c := range slices.Backward(s.pending) {
		if c.storedCommit != nil {
			n += len(c.Changes)
		}
		if i+1 < len(s.pending) && n > bounds.Length || now.Sub(timeAt(c.at)) > bounds.KeepFor {
			s.pending = slices.Clone(s.pending[i+1:])
			s.log.restart(s.id, c.at)
			return
		}
	}
}

// forget drops the directories that no comparison needs: those before the one with which the log ends or, while that is not known, with which it ended last.
func (s *sharing) forget() {
	i := s.index(s.base)
	if i > 0 {
		s.directories, i = slices.Clone(s.directories[i:]), 0
	}
	for len(s.directories) > mostDirectories {
		s.directories = slices.Delete(s.directories, i+1, i+2) // without a known one, the first
	}
}

// known returns the index of the directory with which the shared log ends; -1 if it is not known.
func (s *sharing) known() int {
	if s.end == nil || s.end.state == nil {
		return -1
	}
	return s.index(s.end.state.Version)
}

// index returns the index of the directory with that version; -1 if it is not remembered.
func (s *sharing) index(version string) int {
	return slices.IndexFunc(s.directories, func(d *directory.Directory) bool { return d.Version() == version })
}

// release passes commits on to readers, as far as the directory is as new: so the node of a change is never older than the change. A commit that this process
// skipped, because a newer one followed at once, is passed on with the next one.
func (s *sharing) release(now time.Time) {
	last := len(s.pending) - 1
	for last >= 0 && !s.covers(s.pending[last].storedCommit) {
		last--
	}
	for _, c := range s.pending[:last+1] {
		s.log.take(c, now)
	}
	if last >= 0 {
		s.reached(s.pending[last].storedCommit)
		s.pending = slices.Clone(s.pending[last+1:])
	}
	switch {
	case len(s.pending) == 0:
		s.behind = time.Time{}
	case s.behind.IsZero() || last >= 0:
		s.behind = now
	}
	s.log.stats.pending.Store(int64(len(s.pending)))
	s.log.setUnavailable(s.id == "" || !s.behind.IsZero() && now.Sub(s.behind) > behindFor)
}

// covers reports whether the directory has, or had, the records to which a commit leads, of each source that this process has.
func (s *sharing) covers(c *storedCommit) bool {
	if c == nil { // it cannot be read, and is told as missing
		return true
	}
	for name, content := range c.Contents {
		if now, configured := s.contents[name]; configured && now != content && (content == "" || !slices.Contains(s.had[name], content)) {
			return false
		}
	}
	return true
}

// reached forgets the contents that each source had before a commit: if a later commit leads to the same contents again, the directory must have them again.
func (s *sharing) reached(c *storedCommit) {
	if c == nil {
		return
	}
	for name, content := range c.Contents {
		had := s.had[name]
		for i := range slices.Backward(had) {
			if had[i] == content {
				s.had[name] = had[i:]
				break
			}
		}
	}
}

// write appends what has changed since the end of the shared log, if this replica is the writer or can become it. It returns true if it has appended.
func (s *sharing) write(ctx context.Context, p *generation.Published, now time.Time) bool {
	if s.end == nil {
		return false
	}
	if s.writer != nil && !s.writer.Held() {
		s.resign(ctx)
	}
	before, exact := s.before()
	if s.writer == nil && !s.become(ctx, exact, now) {
		return false
	}
	state := StateOf(p, before)
	told := s.log.differences(ctx, state, s.logger, func() []Change {
		if exact {
			return Compare(before, state)
		}
		return CompareSources(before, state, s.end.state.Rules == state.Directory.RulesVersion())
	})
	next := storedState{state.Directory.Version(), state.Directory.RulesVersion(), state.Sources}
	if len(told) == 0 && s.end.state != nil && reflect.DeepEqual(next, *s.end.state) {
		return false
	}
	bounds := s.log.bounds()
	a := Append{ID: s.end.id, NewID: s.end.id, After: s.end.at, Count: len(told), Data: encodeCommit(state, told, bounds.Length), State: encoded(next), Bounds: bounds}
	if s.end.state == nil {
		a.NewID = newID()
	}
	s.end = nil // until it has been read again: what an append without an answer has done is not known
	return s.writer.Append(ctx, a) == nil
}

// before returns the state with which the shared log ends. Exact is false if its directory is not known.
func (s *sharing) before() (state *State, exact bool) {
	if s.end.state == nil {
		return empty, true
	}
	state = &State{Sources: s.end.state.Sources}
	i := s.known()
	if i >= 0 {
		state.Directory = s.directories[i]
	}
	return state, i >= 0
}

// become makes this replica the writer, if there is none. A replica that does not know the directory with which the log ends first leaves it to others, which
// can go on without a reset: it may be behind, or have other rules.
func (s *sharing) become(ctx context.Context, exact bool, now time.Time) bool {
	if s.end.written {
		s.unwritten = time.Time{}
		return false
	}
	if s.unwritten.IsZero() {
		s.unwritten = now
	}
	if !exact && now.Sub(s.unwritten) < takeOverAfter {
		return false
	}
	w, err := s.shared.Acquire(ctx)
	if err != nil || w == nil {
		return false
	}
	s.writer, s.unwritten = w, time.Time{}
	s.log.stats.writer.Store(true)
	return true
}

// resign lets another replica become the writer.
func (s *sharing) resign(ctx context.Context) {
	if s.writer != nil {
		s.writer.Release(context.WithoutCancel(ctx))
		s.writer = nil
		s.log.stats.writer.Store(false)
	}
}
