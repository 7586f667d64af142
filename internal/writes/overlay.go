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

// shown is a record that was made, for as long as its source's list may not have it.
type shown struct {
	Source      string                `json:"source"`
	Fingerprint string                `json:"fingerprint"`
	Collection  connectors.Collection `json:"collection"`
	ID          string                `json:"id"`
	Record      snapshot.Records      `json:"record"` // this one only
	// Until is from when a reading that does not have it is believed.
	Until time.Time `json:"until"`

	// What this process knows of it. Settled is when the first reading began that tells what has become of it, and zero before: older ones are still
	// overlaid.
	settled time.Time
	at      uint64 // the first state of the store that is known to have it; zero for none
	word    string // tells this record from others
	removed bool   // from the store, by a replica that knew it settled

	name string // see key
	line []byte // as it lies in the store; nil before it was encoded
}

// key tells the record from others.
func (s *shown) key() string {
	if s.name == "" {
		s.name = s.Source + "\x00" + s.Fingerprint + "\x00" + s.Collection.String() + "\x00" + s.ID
	}
	return s.name
}

// alone gives the entry as it is stored, without what this process knows of it.
func (s *shown) alone() *shown {
	return &shown{Source: s.Source, Fingerprint: s.Fingerprint, Collection: s.Collection, ID: s.ID, Record: s.Record, Until: s.Until, line: s.line}
}

// settle takes note of a reading that tells what has become of the record.
func (s *shown) settle(readAt time.Time) {
	if s.settled.IsZero() || readAt.Before(s.settled) {
		s.settled = readAt
	}
}

// yields says whether a snapshot counts alone: it has the record, or proves that it is gone, or may be believed by now.
func (s *shown) yields(snap *snapshot.Snapshot) bool {
	switch {
	case snap == nil:
		return false
	case !snap.ReadAt.Before(s.Until): // also where it is short: a source may never be read whole
		s.settle(snap.ReadAt)
		return true
	case has(snap.Records, s.ID):
		if snap.Complete {
			s.settle(snap.ReadAt)
		}
		return true
	}
	return snap.Complete && !s.settled.IsZero() && !snap.ReadAt.Before(s.settled) // deleted since
}

// overlay is what this process shows beyond the sources' lists.
type overlay struct {
	mu        sync.Mutex
	entries   map[string]*shown
	mine      map[string]bool // not known to be in the store as they are
	followers map[*follower]struct{}
	merged    uint64                     // the state of the store that entries have; zero for none
	changes   uint64                     // how often followers were told of something
	published chan struct{}              // receives a value when a follower may have published more
	waiting   map[chan struct{}]struct{} // closed then
}

// put shows what this process has made.
func (o *overlay) put(e *shown) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.set(e)
	o.mine[e.key()] = true
	o.tell()
}

func (o *overlay) set(e *shown) {
	if o.entries == nil {
		o.entries, o.mine = make(map[string]*shown), make(map[string]bool)
	}
	b, _ := json.Marshal(e.Record) //nolint:errchkjson // records are data only
	e.word = "+" + nameOf(e.ID, string(b))
	o.entries[e.key()] = e
}

// prune has everyone look whether what is past its time can be given up, and forgets what is of no use any more.
func (o *overlay) prune(keep time.Duration) {
	o.mu.Lock()
	defer o.mu.Unlock()
	past := false
	for key, e := range o.entries {
		past = past || e.settled.IsZero() && !time.Now().Before(e.Until)
		if e.over(keep) || e.removed && time.Since(e.settled) > keptFor {
			delete(o.entries, key)
			delete(o.mine, key)
		}
	}
	if past {
		o.tell()
	}
}

// over says that no data is served any more that is older than the time until which the record was to be shown.
func (s *shown) over(keep time.Duration) bool { return time.Since(s.Until) > keep }

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
		if e.Source == source.Name && e.Fingerprint == source.Fingerprint && e.Collection == c && !e.yields(snap) {
			found = append(found, e)
		}
	}
	slices.SortFunc(found, func(a, b *shown) int { return cmp.Compare(a.ID, b.ID) })
	var words strings.Builder
	for _, e := range found {
		add(&more, e.Record)
		words.WriteString(e.word)
	}
	return more, words.String()
}

// doubtful says whether something of the kind was made of late in that source with another credential. Whether it is there, only the source can
// tell: it may be another account by now.
func (l *Ledger) doubtful(source *connectors.Source, c connectors.Collection, find func(snapshot.Records) (string, match)) bool {
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

// only gives the record with that ID alone.
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

// hasID looks for an ID among records in the order of their IDs.
func hasID[R connectors.Record](records []R, id string) bool {
	_, ok := slices.BinarySearchFunc(records, id, func(r R, id string) int { return cmp.Compare(r.Key(), id) })
	return ok
}
