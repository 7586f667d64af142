package changes

import (
	"context"
	"crypto/sha256"
	"slices"
	"time"
)

// mostHad is the number of contents of each source that are remembered.
const mostHad = 16

// pending is a commit that was read; without content if that cannot be read.
type pending struct {
	Commit
	*storedCommit
}

// end is the end of the shared log.
type end struct {
	id      string
	at      uint64
	state   *storedState // nil if it cannot be read, or there is no log
	written bool
}

// receive reads the next part of the shared log. It returns true if more follows.
func (s *sharing) receive(ctx context.Context) bool {
	known := s.id
	if s.again {
		known = ""
	}
	page, err := s.shared.Read(ctx, known, s.read, s.log.bounds())
	if err != nil { // readers keep what they have, for as long as they may be behind
		s.end = nil
		if s.silent.IsZero() {
			s.silent = time.Now()
		}
		return false
	}
	s.silent = time.Time{}
	switch {
	case page.ID != s.id, s.again, s.read < page.From: // another log, or a part of it was dropped before this replica has read it
		s.restart(page)
	case s.read < page.Cut: // what was dropped had no changes
		s.read = page.Cut
	}
	for _, c := range page.Commits {
		if c.After != s.read && !s.gap(c.After) {
			return true
		}
		stored, err := decodeCommit(c.Data)
		if err != nil {
			stored = nil
		}
		s.passed = append(s.passed, s.passing(c, stored))
		s.read, s.pending = c.At, append(s.pending, pending{c, stored})
		s.pending[len(s.pending)-1].Data = nil
	}
	s.bound(time.Now())
	if page.More {
		s.end = nil
		return true
	}
	if page.End != s.read && !s.gap(page.End) {
		return true
	}
	s.anew, s.most = false, max(s.most, s.read)
	for i := range s.passed {
		s.way.reach(&s.passed[i])
	}
	s.passed = nil
	s.end = &end{id: page.ID, at: page.End, written: page.Written, state: decodeState(page.State)}
	s.way.begin(s.end.state, page.End)
	return false
}

// passing returns what the way has to know of a commit. Stored is nil if it cannot be read.
func (s *sharing) passing(c Commit, stored *storedCommit) readCommit {
	p := readCommit{at: c.At, after: c.After, stored: stored != nil}
	if s.way.sent != nil {
		p.sum = sha256.Sum256(c.Data)
	}
	if stored != nil {
		p.version, p.objects = stored.Version, stored.hasObjects()
	}
	return p
}

// restart begins to read a log from its beginning on.
func (s *sharing) restart(page *Page) {
	s.most = max(s.most, s.read)
	s.id, s.read, s.pending, s.passed, s.anew, s.again = page.ID, page.Cut, nil, nil, true, false
	s.log.restart(page.ID, page.From)
}

// gap is called if what follows in the store is not what follows the last commit that was read. Either the store has lost commits that this replica has: then
// it reads anew what the store has, and gap returns false. Or the store has lost commits before this replica has read them: then what was before is dropped.
func (s *sharing) gap(next uint64) bool {
	if !s.anew {
		s.again = true
		return false
	}
	s.read, s.pending = next, nil
	s.log.restart(s.id, next)
	return true
}

// bound drops the pending commits that are beyond the bounds of the log, which others have dropped too. Readers from before them have to read anew.
func (s *sharing) bound(now time.Time) {
	bounds, n := s.log.bounds(), 0
	for i, c := range slices.Backward(s.pending) {
		n += c.Count
		if i+1 < len(s.pending) && n > bounds.Length || now.Sub(timeAt(c.At)) > bounds.KeepFor {
			dropped := s.pending[:i+1]
			s.pending = slices.Clone(s.pending[i+1:])
			for _, c := range slices.Backward(dropped) {
				if c.Count > 0 { // those without changes are no loss
					s.log.restart(s.id, c.At)
					return
				}
			}
			return
		}
	}
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
	late := func(since time.Time) bool { return !since.IsZero() && now.Sub(since) > behindFor }
	s.log.setUnavailable(s.id == "" || late(s.behind) || late(s.silent))
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
