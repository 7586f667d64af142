package roster

import (
	"context"
	"time"

	"roster/connectors"
	"roster/internal/directory"
	"roster/internal/snapshot"
)

// Needs is the set of collections that an operation's fields can touch.
type Needs uint8

// Add puts collections into the set.
func (n *Needs) Add(collections ...connectors.Collection) {
	for _, c := range collections {
		*n |= 1 << c
	}
}

// Has says whether the collection is in the set.
func (n Needs) Has(c connectors.Collection) bool { return n&(1<<c) != 0 }

// Keys lists the collections of all sources that an operation needs, in the order of the configuration.
func (r *Roster) Keys(n Needs) []snapshot.Key {
	var keys []snapshot.Key
	for _, s := range r.sources {
		for _, c := range s.Collections() {
			if n.Has(c) {
				keys = append(keys, snapshot.Key{Source: s.Name, Collection: c})
			}
		}
	}
	return keys
}

// View is what one operation sees from beginning to end: one directory, and how far what it was built of can be relied upon.
type View struct {
	Directory *directory.Directory
	edition   *edition
	results   []snapshot.Result
}

// buildWait is how long an operation waits for the directory that its data goes into. After that the last good one serves.
const buildWait = 2 * time.Second

// View gives what an operation sees that has loaded these collections. A directory that is a little older than they are serves while the next one
// is built, unless the operation has waited for its data already, or the directory lacks one of its collections: those it has to have.
func (r *Roster) View(ctx context.Context, results []snapshot.Result, waited bool) *View {
	e := r.current.Load()
	if !e.serves(results, waited) {
		ctx, cancel := context.WithTimeout(ctx, buildWait)
		defer cancel()
		e = r.including(ctx, results, waited)
	}
	return &View{Directory: e.directory, edition: e, results: results}
}

// Completeness says what a list that these collections decide could take into account.
func (v *View) Completeness(n Needs) *directory.Completeness {
	c := &directory.Completeness{Complete: true}
	for _, source := range v.Directory.Sources() {
		var missing, stale bool
		for i := range v.results {
			st := &v.results[i].Status
			if st.Source != source.Name || !n.Has(st.Collection) {
				continue
			}
			missing = missing || st.State >= snapshot.Incomplete
			stale = stale || st.State == snapshot.Stale
			if at := v.readAt(&v.results[i]); !at.IsZero() && (c.AsOf.IsZero() || at.Before(c.AsOf)) {
				c.AsOf = at
			}
		}
		if missing {
			c.Complete = false
			c.Missing = append(c.Missing, source)
		}
		if stale {
			c.Stale = append(c.Stale, source)
		}
	}
	return c
}

// readAt says when the data was read that the directory has of a collection; zero where it has none.
func (v *View) readAt(res *snapshot.Result) time.Time {
	have := v.edition.snapshots[res.Status.Key]
	switch {
	case have == nil:
		return time.Time{}
	case res.Snapshot != nil && res.Snapshot.Version == have.Version: // read again, and nothing had changed
		return res.Status.SyncedAt
	}
	return have.ReadAt
}

// Missing lists for each source that lacks data for the operation, wholly or in part, the worst of its collections.
func (v *View) Missing() []snapshot.Status {
	var out []snapshot.Status
	at := make(map[string]int)
	for i := range v.results {
		st := v.results[i].Status
		if st.State < snapshot.Incomplete {
			continue
		}
		k, seen := at[st.Source]
		switch {
		case !seen:
			at[st.Source] = len(out)
			out = append(out, st)
		case st.State > out[k].State || (out[k].Err == nil && st.Err != nil):
			out[k] = st
		}
	}
	return out
}

// Statuses gives how every collection of every source stands, in the order of the configuration.
func (r *Roster) Statuses() []snapshot.Status { return r.keeper.Statuses() }

// Source gives a source's capabilities; nil where there is none of that name.
func (r *Roster) Source(name string) *connectors.Source {
	for _, s := range r.sources {
		if s.Name == name {
			return s.Source
		}
	}
	return nil
}
