package generation

import (
	"context"
	"maps"
	"slices"
	"time"

	"roster/connectors"
	"roster/internal/directory"
	"roster/internal/snapshot"
)

// Required is the set of collections that an operation needs, because its fields can use them.
type Required uint64

// The records of some sources mention teams, roles or folders that are in no list. They are in the directory too. If the set has one of these bits, the
// records of such sources are required as well.
const (
	TeamMentions   Required = 1 << (iota + len(connectors.AllCollections)) // accounts that may mention teams
	RoleMentions                                                           // accounts that may mention roles
	FolderMentions                                                         // contacts that may mention contact folders
)

// Add adds collections to the set.
func (n *Required) Add(collections ...connectors.Collection) {
	for _, c := range collections {
		*n |= 1 << c
	}
}

// of reports whether a collection is required of a source whose records have these mentions.
func (n Required) of(m connectors.Mentions, c connectors.Collection) bool {
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

// Has reports whether the collection is required of every source.
func (n Required) Has(c connectors.Collection) bool { return n&(1<<c) != 0 }

// Keys lists the required collections of all sources, in the order of the configuration. The caller must not change the slice.
func (p *Publisher) Keys(n Required) []snapshot.Key {
	known := p.keys.Load()
	if keys, ok := (*known)[n]; ok {
		return keys
	}
	keys := p.listKeys(n)
	more := maps.Clone(*known)
	if more == nil {
		more = make(map[Required][]snapshot.Key)
	}
	more[n] = keys
	p.keys.CompareAndSwap(known, &more) // if another goroutine has added a set meanwhile, this one is added at its next use
	return keys
}

func (p *Publisher) listKeys(n Required) []snapshot.Key {
	var keys []snapshot.Key
	for _, s := range p.sources {
		for _, c := range s.Collections() {
			if n.of(s.Mentions, c) {
				keys = append(keys, snapshot.Key{Source: s.Name, Collection: c})
			}
		}
	}
	return keys
}

// View is the data of one operation from its beginning to its end: one directory, and the freshness of the collections that it loaded.
type View struct {
	Directory *directory.Directory
	// At is the time at which the states of the collections were taken.
	At     time.Time
	loaded []collection

	publication *publication
}

// Identities explains the directory's people. The first call for a directory takes a tenth of the time of a build; the result is kept with the directory.
// So it does not end with its caller.
func (v *View) Identities() *directory.Identities { return v.publication.identities() }

// collection is a loaded collection as the view's directory has it.
type collection struct {
	snapshot.Status
	mentions  connectors.Mentions // of its source
	fetchedAt time.Time           // when the directory's data was fetched; zero if it has none
	// notBefore is the earliest fetch time that meets the caller's freshness requirement. NextAt is the earliest time of the next fetch.
	notBefore, nextAt time.Time
}

func (c *collection) older() bool { return !c.fetchedAt.IsZero() && c.fetchedAt.Before(c.notBefore) }

// buildWait limits the time for which an operation waits for a generation with its data. After it, the operation uses the current generation.
const buildWait = 2 * time.Second

// Directory returns the current directory.
func (p *Publisher) Directory() *directory.Directory { return p.published.Load().directory }

// View returns the view of an operation that has loaded these collections. While the next generation is being built, the current one serves, although
// it is a little older. The operation waits for the next one if it has already waited for its data, if it has a freshness requirement, or if the
// current one lacks one of its collections, in whole or in part.
func (p *Publisher) View(ctx context.Context, results []snapshot.Result, waited bool) *View {
	waited = waited || slices.ContainsFunc(results, func(r snapshot.Result) bool { return !r.NotBefore.IsZero() })
	g := p.published.Load()
	if !g.serves(results, waited) {
		ctx, cancel := context.WithTimeout(ctx, buildWait)
		defer cancel()
		g = p.including(ctx, results, waited)
	}
	v := &View{Directory: g.directory, publication: g, At: time.Now(), loaded: make([]collection, len(results))}
	for i := range results {
		v.loaded[i] = g.collection(&results[i])
		if s := p.byName[v.loaded[i].Source]; s != nil {
			v.loaded[i].mentions = s.Mentions
		}
	}
	return v
}

// collection describes a loaded collection as the generation has it. That can be a little older or newer than the loaded one.
func (g *publication) collection(res *snapshot.Result) collection {
	c := collection{Status: res.Status, notBefore: res.NotBefore, nextAt: res.NextAt}
	have := g.built.snapshots[res.Status.Key]
	switch {
	case have == nil:
		c.State = snapshot.Missing
	case res.Snapshot != nil && res.Snapshot.Version == have.Version: // a later fetch may have brought the same data
		c.fetchedAt = res.Status.SyncedAt
	default:
		c.fetchedAt = have.OldestAt
		if !have.Complete {
			c.State = max(c.State, snapshot.Incomplete)
		}
	}
	g.markRefused(&c.Status)
	g.restrict(&c.Status)
	return c
}

// restrict marks a collection as incomplete if the credential may see its records, but not to whom they belong.
func (g *publication) restrict(st *snapshot.Status) {
	source := g.directory.SourceNamed(st.Source)
	if source == nil || !source.Restricts(st.Collection) || st.State == snapshot.Missing {
		return
	}
	st.State = snapshot.Incomplete
	if st.Err == nil {
		st.Err = &connectors.Error{Source: st.Source, Op: st.Collection.String(), Kind: connectors.KindForbidden,
			Detail: "the credential may not see whom they belong to; give it that right"}
	}
}

// Completeness describes a list that depends on these collections.
func (v *View) Completeness(n Required) *directory.Completeness {
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
			if !l.fetchedAt.IsZero() && (c.AsOf.IsZero() || l.fetchedAt.Before(c.AsOf)) {
				c.AsOf = l.fetchedAt
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

// FetchedAt returns when the oldest data of these collections was fetched, among the sources for which from is true. It returns zero if there is none.
func (v *View) FetchedAt(n Required, from func(source string) bool) time.Time {
	var oldest time.Time
	for i := range v.loaded {
		l := &v.loaded[i]
		if !l.fetchedAt.IsZero() && (oldest.IsZero() || l.fetchedAt.Before(oldest)) && n.of(l.mentions, l.Collection) && from(l.Source) {
			oldest = l.fetchedAt
		}
	}
	return oldest
}

// Collections calls f for each loaded collection, with its status and when its data was fetched; zero if it has none.
func (v *View) Collections(f func(st *snapshot.Status, fetchedAt time.Time)) {
	for i := range v.loaded {
		f(&v.loaded[i].Status, v.loaded[i].fetchedAt)
	}
}

// Missing lists the sources that lack data of these collections, in whole or in part, in the order of the configuration. For each source it has the
// collection in the worst state and, of several such, the first one with a known error.
func (v *View) Missing(n Required) []snapshot.Status {
	var out []snapshot.Status
	for i := range v.loaded {
		st := v.loaded[i].Status
		if st.State < snapshot.Incomplete || !n.of(v.loaded[i].mentions, st.Collection) {
			continue
		}
		last := len(out) - 1
		switch {
		case last < 0 || out[last].Source != st.Source: // a source's collections are adjacent
			out = append(out, st)
		case st.State > out[last].State, st.State == out[last].State && out[last].Err == nil && st.Err != nil:
			out[last] = st
		}
	}
	return out
}

// Older is a source whose data is older than the caller requires.
type Older struct {
	// Key is the collection with the oldest data.
	snapshot.Key
	// FetchedAt is when that data was fetched, and NextAt when the next fetch may be tried.
	FetchedAt, NextAt time.Time
	// Err is the error of the last fetch, or nil.
	Err *connectors.Error
}

// Older lists the sources whose data in these collections is older than the caller requires, in the order of the configuration.
func (v *View) Older(n Required) []Older {
	var out []Older
	for i := range v.loaded {
		l := &v.loaded[i]
		if !l.older() || !n.of(l.mentions, l.Collection) {
			continue
		}
		older := Older{Key: l.Key, FetchedAt: l.fetchedAt, NextAt: l.nextAt, Err: l.Err}
		switch last := len(out) - 1; {
		case last < 0 || out[last].Source != l.Source: // a source's collections are adjacent
			out = append(out, older)
		case older.FetchedAt.Before(out[last].FetchedAt):
			out[last] = older
		}
	}
	return out
}

// Freshness returns when the oldest of the view's data was fetched (zero if there is none), and until when all of it is fresh. It returns false if
// the operation requires no collection.
func (v *View) Freshness() (oldestAt, freshUntil time.Time, ok bool) {
	for i := range v.loaded {
		l := &v.loaded[i]
		if !l.fetchedAt.IsZero() && (oldestAt.IsZero() || l.fetchedAt.Before(oldestAt)) {
			oldestAt = l.fetchedAt
		}
		if until := l.fetchedAt.Add(l.FreshFor); freshUntil.IsZero() || until.Before(freshUntil) {
			freshUntil = until
		}
	}
	return oldestAt, freshUntil, len(v.loaded) > 0
}

// Statuses returns the status of every collection of every source, in the order of the configuration.
func (p *Publisher) Statuses() []snapshot.Status {
	g, statuses := p.published.Load(), p.keeper.Statuses()
	for i := range statuses {
		g.markRefused(&statuses[i])
		g.restrict(&statuses[i])
	}
	return statuses
}

// Source returns the source with this name, or nil.
func (p *Publisher) Source(name string) *connectors.Source { return p.byName[name] }
