package changes

import (
	"crypto/sha256"
	"slices"

	"roster/internal/generation"
)

// mostDirectories is the number of directories that are remembered.
const mostDirectories = 3

// way is what this process has published since the end of the shared log, so that it can be compared step by step. A step can be undone by a later one, and
// somebody may have read what it has brought.
type way struct {
	base *storedState // the state with which the log ended when that was last known; nil if it cannot be read
	at   uint64       // the position up to which commits were read
	// wrote is true after a commit of this process, until it is read: that is the next one.
	wrote bool
	// sent is the last commit that this process has sent without learning whether the store has taken it; nil if there is none.
	sent *sentCommit
	// astray is true after a commit to a directory that this process has not published: the way does not begin with it.
	astray bool
	// published begins with the directory of base, if that is known and nothing was compared yet.
	published []*generation.Published
	compared  *compared // nil if nothing was
}

// compared is the first steps, which were compared because no more directories are remembered.
type compared struct {
	steps []step
	told  []Change
	to    *State
}

// step is the version of the directory to which one of them leads, and how many changes were told up to there. The first one is where they begin.
type step struct {
	version string
	told    int
}

// sentCommit is a commit whose answer was lost. The store may have taken it.
type sentCommit struct {
	after uint64            // the position of the commit before it
	sum   [sha256.Size]byte // of its data
	state *storedState      // to which it leads
	index int               // of the publication to which it leads: the steps that were compared are counted, too
}

// readCommit is what the way has to know of a commit that was read.
type readCommit struct {
	at, after uint64
	sum       [sha256.Size]byte // of its data, if a sent commit may be it
	stored    bool              // it can be read
	version   string            // of the directory to which it leads
	objects   bool              // it has changes of other objects than sources
}

// compares returns the number of steps that were compared.
func (w *way) compares() int {
	if w.compared == nil {
		return 0
	}
	return len(w.compared.steps)
}

// send notes that a commit of all that was published is about to be sent.
func (w *way) send(a *Append, next *storedState) {
	w.sent = &sentCommit{a.After, sha256.Sum256(a.Data), next, w.compares() + len(w.published) - 1}
}

// drop forgets what was compared, and the first publications.
func (w *way) drop(publications int) {
	if w.sent != nil {
		if w.sent.index -= w.compares() + publications; w.sent.index < 0 {
			w.sent = nil
		}
	}
	w.compared, w.published = nil, slices.Clone(w.published[publications:])
}

// add remembers a publication.
func (w *way) add(p *generation.Published) {
	// A directory that differs only in times has the same version.
	if n := len(w.published); n > 0 && w.published[n-1].Directory.Version() == p.Directory.Version() {
		w.published[n-1] = p
		return
	}
	w.published = append(w.published, p)
	if i := slices.IndexFunc(w.published, w.isBase); i > 0 && w.compared == nil {
		w.drop(i)
	}
}

// isBase reports whether a publication is of the directory with which the log ends.
func (w *way) isBase(p *generation.Published) bool {
	return w.base != nil && p.Directory.Version() == w.base.Version
}

// reach has the way begin with a commit that was read: what was before is forgotten. Commits are looked at one by one, because the process can have published one
// version several times: the commit is about the first of them that no commit before it was about. In the first reading, commits are older than what this process
// has published, and only begin matters. It is called when the end of the log is known, and begin follows: until then, the way has no states of sources with which
// it could compare.
func (w *way) reach(c *readCommit) {
	if w.at == 0 || c.at <= w.at { // or the log is read again
		return
	}
	own, sent := w.wrote && c.after == w.at, w.sent
	w.at, w.wrote, w.sent = c.at, false, nil
	switch {
	case own:
		return
	case sent != nil && sent.after == c.after && sent.sum == c.sum:
		w.took(sent)
		return
	case !c.stored: // begin looks for the end
		return
	}
	known := w.base != nil && w.base.Version == c.version
	if known && !c.objects { // the states of sources
		return
	}
	from := 1 // the way begins with what was before
	if w.astray || w.compared == nil && (len(w.published) == 0 || !w.isBase(w.published[0])) {
		from = 0
	}
	w.base, w.astray = &storedState{Version: c.version}, false
	if w.compared != nil {
		steps := w.compared.steps[from:]
		if i := slices.IndexFunc(steps, func(s step) bool { return s.version == c.version }); i >= 0 {
			w.compared = w.compared.after(from + i)
			return
		}
		from = 0
	}
	for i, p := range w.published[from:] {
		if w.isBase(p) {
			w.drop(from + i)
			return
		}
	}
	w.astray = true
}

// took has the way begin with a sent commit, which the store has taken.
func (w *way) took(c *sentCommit) {
	w.base, w.astray = c.state, false
	if n := w.compares(); c.index < n {
		w.compared = w.compared.after(c.index)
	} else {
		w.drop(c.index - n)
	}
}

// after returns what is left after a step.
func (c *compared) after(i int) *compared {
	n := c.steps[i].told
	left := &compared{told: c.told[n:], to: c.to}
	for _, s := range c.steps[i:] {
		left.steps = append(left.steps, step{s.version, s.told - n})
	}
	return left
}

// append notes that this process has appended all steps to the log, and to which state that leads.
func (w *way) append(state *storedState) {
	w.base, w.compared, w.wrote, w.sent, w.astray = state, nil, true, nil, false
	w.published = slices.Clone(w.published[max(0, len(w.published)-1):])
}

// begin has the way begin with the end of the log, up to which all commits were read that there are.
func (w *way) begin(base *storedState, at uint64) {
	w.wrote = false // it was read by now
	if at == w.at && !w.astray && w.base != nil && base != nil && w.base.Version == base.Version {
		w.base = base
		if w.compared != nil && len(w.compared.told) == 0 {
			w.compared.to = &State{Directory: w.compared.to.Directory, Sources: base.Sources}
		}
		return
	}
	w.base, w.at, w.compared, w.sent, w.astray = base, at, nil, nil, false
	for i, p := range slices.Backward(w.published) { // not all commits can be read
		if w.isBase(p) {
			w.published = slices.Clone(w.published[i:])
			return
		}
	}
}

// steps returns the state with which the way begins, what was told up to there, and what was published since. Exact is false if the directory of that state is
// not known.
func (w *way) steps() (from *State, told []Change, next []*generation.Published, exact bool) {
	switch {
	case w.compared != nil:
		return w.compared.to, w.compared.told, w.published, true
	case len(w.published) > 0 && w.isBase(w.published[0]):
		return &State{Directory: w.published[0].Directory, Sources: w.base.Sources}, nil, w.published[1:], true
	case w.base != nil:
		return &State{Sources: w.base.Sources}, nil, nil, false
	default:
		return empty, nil, nil, false
	}
}

// fold compares the first steps if more directories are remembered than should be.
func (s *sharing) fold() {
	for {
		n := len(s.way.published)
		if s.way.compared != nil {
			n++
		}
		if n <= mostDirectories {
			return
		}
		from, told, next, exact := s.way.steps()
		if !exact || len(told) > s.log.bounds().Length {
			s.way.drop(1)
			continue
		}
		to := StateOf(next[0], from)
		told = append(told, s.differences(from, to)...)
		steps := []step{{version: from.Directory.Version()}}
		if s.way.compared != nil {
			steps = s.way.compared.steps
		}
		s.way.compared = &compared{append(steps, step{to.Directory.Version(), len(told)}), told, to}
		s.way.published = slices.Clone(next[1:])
	}
}
