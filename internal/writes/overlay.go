package writes

import (
	"cmp"
	"encoding/json"
	"slices"
	"strings"
	"sync"
	"time"

	"roster/connectors"
	"roster/internal/snapshot"
)

// shown is a record that a write created, as long as its source's list may not have it.
type shown struct {
	Source      string                `json:"source"`
	Kind        connectors.KindName   `json:"kind,omitempty"` // of the source; it is not part of the key
	Fingerprint string                `json:"fingerprint"`
	Collection  connectors.Collection `json:"collection"`
	ID          string                `json:"id"`
	Record      snapshot.Records      `json:"record"` // this record only
	// Until is the time from which a fetch that lacks the record is believed.
	Until time.Time `json:"until"`

	// The fields below are this process's own knowledge. ConfirmedAt is the start of the first fetch that shows what became of the record, and zero
	// before that: the overlay still applies to older snapshots.
	confirmedAt time.Time
	at          uint64 // the first state of the store that is known to have it; zero for none
	version     string // identifies this record and its content
	removed     bool   // from the store, by a replica that knew it to be confirmed

	name    string // see key
	encoded []byte // as stored; nil before it was encoded
}

// key identifies the record.
func (s *shown) key() string {
	if s.name == "" {
		s.name = s.Source + "\x00" + s.Fingerprint + "\x00" + s.Collection.String() + "\x00" + s.ID
	}
	return s.name
}

// storedCopy returns the entry as stored, without this process's own knowledge.
func (s *shown) storedCopy() *shown {
	return &shown{
		Source: s.Source, Kind: s.Kind, Fingerprint: s.Fingerprint, Collection: s.Collection, ID: s.ID, Record: s.Record, Until: s.Until, encoded: s.encoded,
	}
}

// confirm records a fetch that shows what became of the record.
func (s *shown) confirm(readAt time.Time) {
	if s.confirmedAt.IsZero() || readAt.Before(s.confirmedAt) {
		s.confirmedAt = readAt
	}
}

// supersededBy reports whether a snapshot alone is valid: it has the record, it proves that the record was deleted, or it began after Until.
func (s *shown) supersededBy(snap *snapshot.Snapshot) bool {
	switch {
	case snap == nil:
		return false
	case !snap.FetchedAt.Before(s.Until): // even if it is incomplete, because a source may never be fetched completely
		s.confirm(snap.FetchedAt)
		return true
	case has(snap.Records, s.ID):
		if snap.Complete {
			s.confirm(snap.FetchedAt)
		}
		return true
	}
	return snap.Complete && !s.confirmedAt.IsZero() && !snap.FetchedAt.Before(s.confirmedAt) // deleted since
}

// overlay is what this process shows in addition to the sources' lists.
type overlay struct {
	mu        sync.Mutex
	entries   map[string]*shown
	mine      map[string]bool // not known to be in the store in their current form
	followers map[*follower]struct{}
	merged    uint64                     // the state of the store that entries have; zero for none
	changes   uint64                     // how often followers were notified
	published chan struct{}              // receives a value when a follower may have published more
	waiting   map[chan struct{}]struct{} // closed at the same time
}

// put adds a record that this process created.
func (o *overlay) put(e *shown) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.set(e)
	o.mine[e.key()] = true
	o.notify()
}

func (o *overlay) set(e *shown) {
	if o.entries == nil {
		o.entries, o.mine = make(map[string]*shown), make(map[string]bool)
	}
	b, _ := json.Marshal(e.Record) //nolint:errchkjson // records are data only
	e.version = "+" + nameOf(e.ID, string(b))
	o.entries[e.key()] = e
}

// prune removes entries that are no longer of use. If an entry's time is over, prune notifies the followers, which then check whether they can drop
// it.
func (o *overlay) prune(keep time.Duration) {
	o.mu.Lock()
	defer o.mu.Unlock()
	past := false
	for key, e := range o.entries {
		past = past || e.confirmedAt.IsZero() && !time.Now().Before(e.Until)
		if e.expired(keep) || e.removed && time.Since(e.confirmedAt) > keptFor {
			delete(o.entries, key)
			delete(o.mine, key)
		}
	}
	if past {
		o.notify()
	}
}

// expired reports that no data is served any more that is older than Until.
func (s *shown) expired(keep time.Duration) bool { return time.Since(s.Until) > keep }

// Additions returns the records to add to a snapshot of a source's collection, which may be nil, and a version that identifies them; empty for none.
//
// A record that was made is added until a complete fetch has it. From then on only the fetches count, also if a later one does not have it. The same
// holds for any fetch that began after the time until which the record is shown. While no fetch succeeds, the record stays.
func (l *Ledger) Additions(source *connectors.Source, c connectors.Collection, snap *snapshot.Snapshot) (more snapshot.Records, version string) {
	o := &l.overlay
	o.mu.Lock()
	defer o.mu.Unlock()
	var found []*shown
	for _, e := range o.entries {
		if e.Source == source.Name && e.Fingerprint == source.Fingerprint && e.Collection == c && !e.supersededBy(snap) {
			found = append(found, e)
		}
	}
	slices.SortFunc(found, func(a, b *shown) int { return cmp.Compare(a.ID, b.ID) })
	var versions strings.Builder
	for _, e := range found {
		add(&more, e.Record)
		versions.WriteString(e.version)
	}
	return more, versions.String()
}

// madeWithOtherCredential reports whether a matching record was recently created in that source with a different credential. The new credential may
// belong to another account, so only the source can tell whether the record is there.
func (l *Ledger) madeWithOtherCredential(source *connectors.Source, c connectors.Collection, find func(snapshot.Records) (string, match)) bool {
	o := &l.overlay
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, e := range o.entries {
		if e.Source != source.Name || e.Fingerprint == source.Fingerprint || e.Collection != c || !time.Now().Before(e.Until) {
			continue
		}
		if _, is := find(e.Record); is != absent {
			return true
		}
	}
	return false
}

func add(to *snapshot.Records, r snapshot.Records) {
	to.Accounts = append(to.Accounts, r.Accounts...)
	to.Teams = append(to.Teams, r.Teams...)
	to.Contacts = append(to.Contacts, r.Contacts...)
	to.ContactFolders = append(to.ContactFolders, r.ContactFolders...)
}

// only returns the record with that ID alone.
func only(r snapshot.Records, id string) snapshot.Records {
	return snapshot.Records{
		Accounts: withID(r.Accounts, id), Teams: withID(r.Teams, id), Contacts: withID(r.Contacts, id), ContactFolders: withID(r.ContactFolders, id),
	}
}

func withID[R connectors.Record](records []R, id string) []R {
	for i := range records {
		if records[i].Key() == id {
			return records[i : i+1 : i+1]
		}
	}
	return nil
}

func has(r snapshot.Records, id string) bool {
	return hasID(r.Accounts, id) || hasID(r.Teams, id) || hasID(r.Contacts, id) || hasID(r.ContactFolders, id)
}

// hasID searches records that are sorted by ID.
func hasID[R connectors.Record](records []R, id string) bool {
	_, ok := slices.BinarySearchFunc(records, id, func(r R, id string) int { return cmp.Compare(r.Key(), id) })
	return ok
}
