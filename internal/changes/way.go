package changes

import (
	"slices"

	"roster/internal/generation"
)

// mostDirectories is the number of directories that are remembered.
const mostDirectories = 3

// way is what this process has published since the end of the shared log, so that it can be compared step by step. A step can be undone by a later one, and
// somebody may have read what it has brought.
type way struct {
	base *storedState // the state with which the log ended when that was last known; nil if it cannot be read
	at   uint64       // the position of that end
	// published begins with the directory of base, if that is known and nothing was compared yet.
	published []*generation.Published
	compared  *compared // nil if nothing was
}

// compared is the first steps, which were compared because no more directories are remembered.
type compared struct {
	told []Change
	to   *State
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
		w.published = slices.Clone(w.published[i:])
	}
}

// isBase reports whether a publication is of the directory with which the log ends.
func (w *way) isBase(p *generation.Published) bool {
	return w.base != nil && p.Directory.Version() == w.base.Version
}

// begin has the way begin with the end of the log: what was before is forgotten.
func (w *way) begin(base *storedState, at uint64) {
	if at == w.at && w.base != nil && base != nil {
		w.base = base
		return
	}
	was := w.compared
	w.base, w.at, w.compared = base, at, nil
	for i, p := range slices.Backward(w.published) {
		if w.isBase(p) {
			w.published = slices.Clone(w.published[i:])
			return
		}
	}
	if was != nil && base != nil && was.to.Directory.Version() == base.Version {
		w.compared = &compared{to: &State{Directory: was.to.Directory, Sources: base.Sources}}
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
			s.way.published, s.way.compared = slices.Clone(s.way.published[1:]), nil
			continue
		}
		to := StateOf(next[0], from)
		told = append(told, s.differences(from, to)...)
		s.way.compared, s.way.published = &compared{told, to}, slices.Clone(next[1:])
	}
}
