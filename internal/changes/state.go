package changes

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"

	"roster/connectors"
	"roster/internal/directory"
	"roster/internal/generation"
	"roster/internal/snapshot"
)

// State is what is compared: a directory, and how much of each source is in it. It is immutable.
type State struct {
	Directory *directory.Directory
	Sources   []SourceState
}

// SourceState is the state of a source.
type SourceState struct {
	ID, Name string
	// State is the worst state of its collections.
	State snapshot.State
	// Collections are those whose data is in the directory. A collection in its first fetch does not count.
	Collections []Holding
	// Arriving is true while the first fetch of a collection is in progress. Its records are in the directory as far as they have come.
	Arriving bool
	// Content identifies the records of the source; empty if there are none.
	Content string
}

// Holding is the data that the directory has of a collection.
type Holding struct {
	Collection connectors.Collection
	// Complete is true if no record is known to be missing. Only then a record that is gone is removed.
	Complete bool
	// Restricted is true if the source shows the records, but not to whom they belong.
	Restricted bool
}

// empty is the state before anything was fetched.
var empty = &State{Directory: directory.Build(directory.Rules{}, nil)}

// StateOf returns the state of a publication. Before is the state before it, or nil.
func StateOf(p *generation.Published, before *State) *State {
	before = cmp.Or(before, empty)
	s := &State{Directory: p.Directory}
	for _, source := range p.Directory.Sources() {
		now, was := SourceState{ID: source.ID, Name: source.Name}, before.source(source.Name)
		for _, c := range p.Collections {
			if c.Source != source.Name {
				continue
			}
			now.State = max(now.State, c.State)
			// A first fetch is served as far as it has come. It counts when it is over, however it ended.
			switch {
			case !c.Present:
			case c.Arriving && !was.has(c.Collection):
				now.Arriving = true
			default:
				now.Collections = append(now.Collections, Holding{c.Collection, c.Complete, source.Restricts(c.Collection)})
			}
		}
		now.Content = contentOf(p, source.Name)
		s.Sources = append(s.Sources, now)
	}
	return s
}

// contentOf returns a hash of the records that a publication has of a source; empty if it has none.
func contentOf(p *generation.Published, source string) string {
	hash, some := sha256.New(), false
	for i := range p.Collections {
		if c := &p.Collections[i]; c.Source == source && c.Version != "" {
			fmt.Fprintf(hash, "%s %s\n", c.Collection, c.Version)
			some = true
		}
	}
	if !some {
		return ""
	}
	return hex.EncodeToString(hash.Sum(nil)[:8])
}

// source returns the state of the source with that name, or one without data.
func (s *State) source(name string) *SourceState {
	if i := slices.IndexFunc(s.Sources, func(s SourceState) bool { return s.Name == name }); i >= 0 {
		return &s.Sources[i]
	}
	return &SourceState{Name: name}
}

func (s *SourceState) has(c connectors.Collection) bool {
	return slices.ContainsFunc(s.Collections, func(h Holding) bool { return h.Collection == c })
}

// complete reports whether none of these collections, as far as there is data of them, lacks records.
func (s *SourceState) complete(of ...connectors.Collection) bool {
	return !slices.ContainsFunc(s.Collections, func(h Holding) bool { return !h.Complete && slices.Contains(of, h.Collection) })
}

// sameHoldings reports whether two states have data of the same collections, shown to the same extent.
func (s *SourceState) sameHoldings(o *SourceState) bool {
	return slices.EqualFunc(s.Collections, o.Collections, func(a, b Holding) bool {
		return a.Collection == b.Collection && a.Restricted == b.Restricted
	})
}
