package generation

import (
	"roster/internal/directory"
	"roster/internal/snapshot"
)

// Published is a published directory, and what it has of each collection.
type Published struct {
	Directory *directory.Directory
	// Collections are in the order of the configuration.
	Collections []Collection
	// Next is closed when the next directory is published. States of collections also change without one, for example because time passes.
	Next <-chan struct{}
}

// Collection is what a directory has of a collection.
type Collection struct {
	snapshot.Key
	State snapshot.State
	// Version identifies the records that the directory has of the collection, with those of the overlay; empty if there are none.
	Version string
	// Present is true if the directory has data of the collection, and Complete if no record of it is known to be missing.
	Present, Complete bool
	// Arriving is true until the first fetch is over, however it ends. It is served as far as it has come, and can pause, for example because the
	// configuration has changed.
	Arriving bool
}

// Published returns the current directory with the present states of its collections.
func (p *Publisher) Published() *Published {
	g := p.published.Load()
	out := &Published{Directory: g.directory, Next: g.next}
	for _, res := range p.keeper.Current() {
		c := g.collection(&res)
		have := g.built.snapshots[c.Key]
		// The keeper can be ahead of the directory: its fetch is over, and the directory has an earlier part.
		partial := have != nil && !have.Complete
		behind := partial && (res.Snapshot == nil || res.Snapshot.Version != have.Version)
		out.Collections = append(out.Collections, Collection{Key: c.Key, State: c.State, Version: g.built.version(c.Key), Present: have != nil, Complete: have != nil && have.Complete,
			Arriving: partial && (behind || !res.Snapshot.Complete && c.Err == nil && c.Short == nil)})
	}
	return out
}
