package generation

import (
	"context"
	"maps"
	"slices"

	"roster/connectors"
	"roster/internal/directory"
	"roster/internal/snapshot"
)

// Overlay has records that exist in a source but that the source's own list may not show yet. It is safe for concurrent use.
type Overlay interface {
	// Additions returns the records to add to a snapshot of a collection, and a version that identifies them. The version is empty if there is
	// nothing to add. The snapshot is nil if the collection has none.
	Additions(*connectors.Source, connectors.Collection, *snapshot.Snapshot) (snapshot.Records, string)
	// Follow registers a publisher, which then notifies the overlay of what it publishes.
	Follow() Follower
}

// Follower is one publisher's registration with an overlay.
type Follower interface {
	// Changed returns a channel that receives a value at first, and after each change of the overlay.
	Changed() <-chan struct{}
	// Building must be called before Additions is called for a new generation, and published when that generation is published.
	Building() (published func())
	// Stop ends the registration.
	Stop()
}

// noOverlay is the follower of a publisher without an overlay.
type noOverlay struct{}

func (noOverlay) Changed() <-chan struct{} { return nil }
func (noOverlay) Building() func()         { return func() {} }
func (noOverlay) Stop()                    {}

func (p *Publisher) follow() Follower {
	if p.overlay == nil {
		return noOverlay{}
	}
	return p.overlay.Follow()
}

// additions are what the overlay adds to one set of snapshots. Nil adds nothing.
type additions struct {
	records  map[snapshot.Key]snapshot.Records
	versions map[snapshot.Key]string
}

func (p *Publisher) additionsTo(snapshots map[snapshot.Key]*snapshot.Snapshot) *additions {
	l := &additions{make(map[snapshot.Key]snapshot.Records), make(map[snapshot.Key]string)}
	for _, s := range p.sources {
		for _, c := range s.Collections() {
			if p.overlay == nil {
				return l
			}
			key := snapshot.Key{Source: s.Name, Collection: c}
			if more, version := p.overlay.Additions(s.Source, c, snapshots[key]); version != "" {
				l.records[key], l.versions[key] = more, version
			}
		}
	}
	return l
}

// addTo adds the records of a collection to the source's data, and returns their version. It does not change the snapshot's own slices.
func (a *additions) addTo(d *directory.SourceData, key snapshot.Key) string {
	if a == nil || a.versions[key] == "" {
		return ""
	}
	more := a.records[key]
	d.Accounts = slices.Concat(d.Accounts, more.Accounts)
	d.Teams = slices.Concat(d.Teams, more.Teams)
	d.Roles = slices.Concat(d.Roles, more.Roles)
	d.Contacts = slices.Concat(d.Contacts, more.Contacts)
	d.ContactFolders = slices.Concat(d.ContactFolders, more.ContactFolders)
	return a.versions[key]
}

// ids returns the IDs of the records that are added to a collection.
func (a *additions) ids(key snapshot.Key) []string {
	if a == nil || a.versions[key] == "" {
		return nil
	}
	more := a.records[key]
	return slices.Concat(idsOf(more.Accounts), idsOf(more.Teams), idsOf(more.Roles), idsOf(more.Contacts), idsOf(more.ContactFolders))
}

func idsOf[T connectors.Record](records []T) []string {
	ids := make([]string, len(records))
	for i := range records {
		ids[i] = records[i].Key()
	}
	return ids
}

func (a *additions) clone() *additions {
	if a == nil {
		return &additions{make(map[snapshot.Key]snapshot.Records), make(map[snapshot.Key]string)}
	}
	return &additions{maps.Clone(a.records), maps.Clone(a.versions)}
}

func (a *additions) all() map[snapshot.Key]string {
	if a == nil {
		return nil
	}
	return a.versions
}

// AwaitDirectory waits for a generation whose directory fulfils the condition. It returns false if ctx ends first.
func (p *Publisher) AwaitDirectory(ctx context.Context, wanted func(*directory.Directory) bool) bool {
	for {
		g := p.published.Load()
		if wanted(g.directory) {
			return true
		}
		select {
		case <-g.next:
		case <-ctx.Done():
			return false
		}
	}
}
