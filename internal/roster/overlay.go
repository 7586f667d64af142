package roster

import (
	"context"
	"maps"
	"slices"

	"roster/connectors"
	"roster/internal/directory"
	"roster/internal/snapshot"
)

// Overlay holds records that sources have, and that their own lists may not show yet. Safe for concurrent use.
type Overlay interface {
	// Over gives what to show of a source's collection beyond a snapshot of it, which is nil where there is none, and a word that tells this
	// addition from others; empty for none.
	Over(*connectors.Source, connectors.Collection, *snapshot.Snapshot) (snapshot.Records, string)
	// Follow begins to follow the overlay.
	Follow() Following
}

// Following is how a roster follows an overlay, which wants to know what has been published.
type Following interface {
	// Changed receives a value after the overlay has changed, and one at first.
	Changed() <-chan struct{}
	// Laying is called before Over is asked for a directory's sake, and what it gives when what was laid has been published.
	Laying() (published func())
	// Stop ends it.
	Stop()
}

// nothing is what a roster without an overlay follows.
type nothing struct{}

func (nothing) Changed() <-chan struct{} { return nil }
func (nothing) Laying() func()           { return func() {} }
func (nothing) Stop()                    {}

func (r *Roster) follow() Following {
	if r.overlay == nil {
		return nothing{}
	}
	return r.overlay.Follow()
}

// laid is what is laid over one set of snapshots. Nil is nothing.
type laid struct {
	records  map[snapshot.Key]snapshot.Records
	versions map[snapshot.Key]string
}

func (r *Roster) lay(snapshots map[snapshot.Key]*snapshot.Snapshot) *laid {
	l := &laid{make(map[snapshot.Key]snapshot.Records), make(map[snapshot.Key]string)}
	for _, s := range r.sources {
		for _, c := range s.Collections() {
			if r.overlay == nil {
				return l
			}
			key := snapshot.Key{Source: s.Name, Collection: c}
			if more, version := r.overlay.Over(s.Source, c, snapshots[key]); version != "" {
				l.records[key], l.versions[key] = more, version
			}
		}
	}
	return l
}

// over adds what is laid over a collection to the source's data, and gives the word for it. The snapshot's own slices stay as they are.
func (l *laid) over(key snapshot.Key, d *directory.SourceData) string {
	if l == nil || l.versions[key] == "" {
		return ""
	}
	more := l.records[key]
	d.Accounts = slices.Concat(d.Accounts, more.Accounts)
	d.Teams = slices.Concat(d.Teams, more.Teams)
	d.Roles = slices.Concat(d.Roles, more.Roles)
	d.Contacts = slices.Concat(d.Contacts, more.Contacts)
	d.ContactFolders = slices.Concat(d.ContactFolders, more.ContactFolders)
	return l.versions[key]
}

func (l *laid) clone() *laid {
	if l == nil {
		return &laid{make(map[snapshot.Key]snapshot.Records), make(map[snapshot.Key]string)}
	}
	return &laid{maps.Clone(l.records), maps.Clone(l.versions)}
}

func (l *laid) words() map[snapshot.Key]string {
	if l == nil {
		return nil
	}
	return l.versions
}

// AwaitDirectory waits for an edition whose directory is as wanted, no longer than ctx lasts. It is false where none came.
func (r *Roster) AwaitDirectory(ctx context.Context, wanted func(*directory.Directory) bool) bool {
	for {
		e := r.current.Load()
		if wanted(e.directory) {
			return true
		}
		select {
		case <-e.next:
		case <-ctx.Done():
			return false
		}
	}
}
