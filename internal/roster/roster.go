// Package roster owns the current directory: it turns snapshots into it, one build at a time, the newest wins, and publishes it. It reads no
// source and answers no question about people: the snapshots' keeper does the one, the directory the other.
package roster

import (
	"context"
	"log/slog"
	"maps"
	"sync/atomic"
	"time"

	"roster/connectors"
	"roster/internal/directory"
	"roster/internal/snapshot"
)

// Source is a source as configured, as far as the directory is concerned.
type Source struct {
	*connectors.Source
	Trust directory.TrustPolicy
}

// Options say what to build the directory of.
type Options struct {
	Keeper *snapshot.Keeper
	// Sources are in the configured order.
	Sources []Source
	Rules   directory.Rules
	// Overlay is what sources' own lists may not show yet; nil for nothing.
	Overlay Overlay
	Logger  *slog.Logger
}

// Roster owns the current directory. Safe for concurrent use.
type Roster struct {
	keeper  *snapshot.Keeper
	sources []Source
	rules   directory.Rules
	overlay Overlay
	log     *slog.Logger
	byName  map[string]*connectors.Source
	keys    [needsSets][]snapshot.Key // by what is needed: every operation asks
	current atomic.Pointer[edition]
	stats   stats
}

// edition is a directory as it was published, with what it was built of.
type edition struct {
	directory *directory.Directory
	snapshots map[snapshot.Key]*snapshot.Snapshot
	overlaid  map[snapshot.Key]string // what was laid over them, by the overlay's words
	// next is closed when a newer edition is published.
	next chan struct{}
}

// New gives a roster with an empty directory: nothing has been read yet.
func New(opt Options) *Roster {
	r := &Roster{keeper: opt.Keeper, sources: opt.Sources, rules: opt.Rules, overlay: opt.Overlay, log: opt.Logger}
	if r.log == nil {
		r.log = slog.New(slog.DiscardHandler)
	}
	r.byName = make(map[string]*connectors.Source, len(r.sources))
	for _, s := range r.sources {
		r.byName[s.Name] = s.Source
	}
	for n := range r.keys {
		r.keys[n] = r.listKeys(Needs(n))
	}
	r.current.Store(r.build(nil, nil))
	return r
}

// Run builds and publishes a directory whenever the snapshots have changed, until ctx ends. Changes that come while one is built go into the
// next one together.
func (r *Roster) Run(ctx context.Context) error {
	overlay := r.follow()
	defer overlay.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-r.keeper.Changed():
			r.refresh(overlay)
		case <-overlay.Changed():
			r.refresh(overlay)
		}
	}
}

// refresh publishes a new edition, unless the snapshots are the same as in the current one.
func (r *Roster) refresh(overlay Following) {
	defer overlay.Laying()()
	old := r.current.Load()
	snapshots := make(map[snapshot.Key]*snapshot.Snapshot)
	for _, res := range r.keeper.Current() {
		if res.Snapshot != nil {
			snapshots[res.Status.Key] = res.Snapshot
		}
	}
	laid := r.lay(snapshots)
	if sameVersions(old.snapshots, snapshots) && maps.Equal(old.overlaid, laid.versions) {
		return
	}
	start := time.Now()
	e := r.build(snapshots, laid)
	r.current.Store(e)
	close(old.next)
	r.stats.built(start, time.Now())
	r.log.Debug("directory built", slog.String("version", e.directory.Version()), slog.Duration("took", time.Since(start)))
}

func sameVersions(a, b map[snapshot.Key]*snapshot.Snapshot) bool {
	if len(a) != len(b) {
		return false
	}
	for key, s := range a {
		if o := b[key]; o == nil || o.Version != s.Version {
			return false
		}
	}
	return true
}

func (r *Roster) build(snapshots map[snapshot.Key]*snapshot.Snapshot, laid *laid) *edition {
	data := make([]directory.SourceData, len(r.sources))
	for i, s := range r.sources {
		d := directory.SourceData{Name: s.Name, Kind: s.Kind, URL: s.URL, Trust: s.Trust}
		for _, c := range s.Collections() {
			key, version := snapshot.Key{Source: s.Name, Collection: c}, ""
			if snap := snapshots[key]; snap != nil {
				version = snap.Version
				add(&d, snap.Records)
			}
			d.Versions = append(d.Versions, version+laid.over(key, &d))
		}
		data[i] = d
	}
	return &edition{directory: directory.Build(r.rules, data), snapshots: snapshots, overlaid: laid.words(), next: make(chan struct{})}
}

// add puts the records of one collection, the only ones that are set, with those of the source's others.
func add(d *directory.SourceData, r snapshot.Records) {
	switch {
	case r.Accounts != nil:
		d.Accounts = r.Accounts
	case r.Teams != nil:
		d.Teams = r.Teams
	case r.Roles != nil:
		d.Roles = r.Roles
	case r.Contacts != nil:
		d.Contacts = r.Contacts
	case r.ContactFolders != nil:
		d.ContactFolders = r.ContactFolders
	}
}

// including waits for an edition that serves, no longer than ctx lasts, and then gives the current one.
func (r *Roster) including(ctx context.Context, results []snapshot.Result, exactly bool) *edition {
	for {
		e := r.current.Load()
		if e.serves(results, exactly) {
			return e
		}
		select {
		case <-e.next:
		case <-ctx.Done():
			return r.current.Load()
		}
	}
}

// serves says whether the edition has all of these collections; exactly, whether it has them as they are or newer. Data that went because nobody
// could renew it needs no waiting for.
func (e *edition) serves(results []snapshot.Result, exactly bool) bool {
	for i := range results {
		if snap := results[i].Snapshot; snap != nil && e.lacks(snap, exactly) {
			return false
		}
	}
	return true
}

func (e *edition) lacks(snap *snapshot.Snapshot, exactly bool) bool {
	have := e.snapshots[snap.Key]
	switch {
	case have == nil:
		return true
	case have.Version == snap.Version || have.ReadAt.After(snap.ReadAt):
		return false
	case snap.Complete && !have.Complete: // what a first reading had got by then, while all of it is there
		return true
	}
	return exactly && have.ReadAt.Before(snap.ReadAt)
}
