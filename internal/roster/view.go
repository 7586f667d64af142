package roster

import (
	"context"
	"slices"
	"time"

	"roster/connectors"
	"roster/internal/directory"
	"roster/internal/snapshot"
)

// Needs is the set of collections that an operation's fields can touch.
type Needs uint8

// Groups come into being where records name them, too. Only some sources' records do: theirs are needed where these are in the set.
const (
	TeamMentions   Needs = 1 << (iota + len(connectors.AllCollections)) // accounts that may name teams
	RoleMentions                                                        // accounts that may name roles
	FolderMentions                                                      // contacts that may name contact folders
)

// needsSets is how many sets of needs there are.
const needsSets = 1 << 8

// Add puts collections into the set.
func (n *Needs) Add(collections ...connectors.Collection) {
	for _, c := range collections {
		*n |= 1 << c
	}
}

// of says whether the collection of a source whose records name these groups is needed.
func (n Needs) of(m connectors.Mentions, c connectors.Collection) bool {
	switch c {
	case connectors.Accounts:
		if (m.Teams && n&TeamMentions != 0) || (m.Roles && n&RoleMentions != 0) {
			return true
		}
	case connectors.Contacts:
		if m.Folders && n&FolderMentions != 0 {
			return true
		}
	}
	return n.Has(c)
}

// Has says whether the collection is in the set, from every source that has it.
func (n Needs) Has(c connectors.Collection) bool { return n&(1<<c) != 0 }

// Keys lists the collections of all sources that an operation needs, in the order of the configuration. The slice is shared.
func (r *Roster) Keys(n Needs) []snapshot.Key { return r.keys[n] }

func (r *Roster) listKeys(n Needs) []snapshot.Key {
	var keys []snapshot.Key
	for _, s := range r.sources {
		for _, c := range s.Collections() {
			if n.of(s.Mentions, c) {
				keys = append(keys, snapshot.Key{Source: s.Name, Collection: c})
			}
		}
	}
	return keys
}

// View is what one operation sees from beginning to end: one directory, and how far what it was built of can be relied upon.
type View struct {
	Directory *directory.Directory
	loaded    []collection
}

// collection is how one of the loaded collections stands in the view's directory.
type collection struct {
	snapshot.Status
	mentions connectors.Mentions // of its source
	readAt   time.Time           // when the directory's data was read; zero where it has none
	// notBefore is when it may have been read to be as fresh as the caller wishes, and nextAt when that may be tried again.
	notBefore, nextAt time.Time
}

func (c *collection) older() bool { return !c.readAt.IsZero() && c.readAt.Before(c.notBefore) }

// buildWait is how long an operation waits for the directory that its data goes into. After that the last good one serves.
const buildWait = 2 * time.Second

// View gives what an operation sees that has loaded these collections. A directory that is a little older than they are serves while the next one
// is built, unless the operation has waited for its data already or says how fresh it has to be, or the directory lacks one of its collections, wholly or in part: those it
// has to have.
func (r *Roster) View(ctx context.Context, results []snapshot.Result, waited bool) *View {
	waited = waited || slices.ContainsFunc(results, func(r snapshot.Result) bool { return !r.NotBefore.IsZero() })
	e := r.current.Load()
	if !e.serves(results, waited) {
		ctx, cancel := context.WithTimeout(ctx, buildWait)
		defer cancel()
		e = r.including(ctx, results, waited)
	}
	v := &View{Directory: e.directory, loaded: make([]collection, len(results))}
	for i := range results {
		v.loaded[i] = e.standing(&results[i])
		if s := r.byName[v.loaded[i].Source]; s != nil {
			v.loaded[i].mentions = s.Mentions
		}
	}
	return v
}

// standing says how a collection stands in the edition, which may have it as it was a little earlier or later than it was loaded.
func (e *edition) standing(res *snapshot.Result) collection {
	c := collection{Status: res.Status, notBefore: res.NotBefore, nextAt: res.NextAt}
	have := e.built.snapshots[res.Status.Key]
	switch {
	case have == nil:
		c.State = snapshot.Missing
	case res.Snapshot != nil && res.Snapshot.Version == have.Version: // it may have been read again since, and nothing had changed
		c.readAt = res.Status.SyncedAt
	default:
		c.readAt = have.OldestAt
		if !have.Complete {
			c.State = max(c.State, snapshot.Incomplete)
		}
	}
	e.blame(&c.Status)
	e.reveal(&c.Status)
	return c
}

// reveal says of a collection whose records are there, but not whom they concern, that part of it is missing, and why.
func (e *edition) reveal(st *snapshot.Status) {
	source := e.directory.SourceNamed(st.Source)
	if source == nil || !source.Hides(st.Collection) || st.State == snapshot.Missing {
		return
	}
	st.State = snapshot.Incomplete
	if st.Err == nil {
		st.Err = &connectors.Error{Source: st.Source, Op: st.Collection.String(), Kind: connectors.KindForbidden,
			Detail: "the credential may not see whom they belong to; give it that right"}
	}
}

// Completeness says what a list that these collections decide could take into account.
func (v *View) Completeness(n Needs) *directory.Completeness {
	c := &directory.Completeness{Complete: true}
	for _, source := range v.Directory.Sources() {
		var missing, stale bool
		for i := range v.loaded {
			l := &v.loaded[i]
			if l.Source != source.Name || !n.of(l.mentions, l.Collection) {
				continue
			}
			missing = missing || l.State >= snapshot.Incomplete
			stale = stale || l.State == snapshot.Stale || l.older()
			if !l.readAt.IsZero() && (c.AsOf.IsZero() || l.readAt.Before(c.AsOf)) {
				c.AsOf = l.readAt
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

// ReadAt says when the oldest data of these collections was read, of those that are loaded from the sources that from names. Zero where there is none.
func (v *View) ReadAt(n Needs, from func(source string) bool) time.Time {
	var oldest time.Time
	for i := range v.loaded {
		l := &v.loaded[i]
		if !l.readAt.IsZero() && (oldest.IsZero() || l.readAt.Before(oldest)) && n.of(l.mentions, l.Collection) && from(l.Source) {
			oldest = l.readAt
		}
	}
	return oldest
}

// Missing lists, in the order of the configuration, for each source that lacks data among these collections, wholly or in part, the worst of
// them; of several, the first of which is known why.
func (v *View) Missing(n Needs) []snapshot.Status {
	var out []snapshot.Status
	for i := range v.loaded {
		st := v.loaded[i].Status
		if st.State < snapshot.Incomplete || !n.of(v.loaded[i].mentions, st.Collection) {
			continue
		}
		last := len(out) - 1
		switch {
		case last < 0 || out[last].Source != st.Source: // a source's collections follow each other
			out = append(out, st)
		case st.State > out[last].State, st.State == out[last].State && out[last].Err == nil && st.Err != nil:
			out[last] = st
		}
	}
	return out
}

// Older is a source whose data is older than the caller wishes.
type Older struct {
	// Key is the collection with the oldest data.
	snapshot.Key
	// ReadAt is when that was read, and NextAt when reading the source may be tried again.
	ReadAt, NextAt time.Time
	// Err is why it could not be read the last time; nil where it could.
	Err *connectors.Error
}

// Older lists, in the order of the configuration, the sources whose data in these collections is older than the caller wishes.
func (v *View) Older(n Needs) []Older {
	var out []Older
	for i := range v.loaded {
		l := &v.loaded[i]
		if !l.older() || !n.of(l.mentions, l.Collection) {
			continue
		}
		older := Older{Key: l.Key, ReadAt: l.readAt, NextAt: l.nextAt, Err: l.Err}
		switch last := len(out) - 1; {
		case last < 0 || out[last].Source != l.Source: // a source's collections follow each other
			out = append(out, older)
		case older.ReadAt.Before(out[last].ReadAt):
			out[last] = older
		}
	}
	return out
}

// Freshness says when the oldest of the view's data was read, zero where there is none, and until when all of it counts as fresh. It is false
// where the operation needs no data.
func (v *View) Freshness() (oldestAt, freshUntil time.Time, ok bool) {
	for i := range v.loaded {
		l := &v.loaded[i]
		if !l.readAt.IsZero() && (oldestAt.IsZero() || l.readAt.Before(oldestAt)) {
			oldestAt = l.readAt
		}
		if until := l.readAt.Add(l.FreshFor); freshUntil.IsZero() || until.Before(freshUntil) {
			freshUntil = until
		}
	}
	return oldestAt, freshUntil, len(v.loaded) > 0
}

// Statuses gives how every collection of every source stands, in the order of the configuration.
func (r *Roster) Statuses() []snapshot.Status {
	e, statuses := r.current.Load(), r.keeper.Statuses()
	for i := range statuses {
		e.blame(&statuses[i])
		e.reveal(&statuses[i])
	}
	return statuses
}

// Source gives a source's capabilities; nil where there is none of that name.
func (r *Roster) Source(name string) *connectors.Source { return r.byName[name] }
