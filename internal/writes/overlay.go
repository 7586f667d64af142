package writes

import (
	"cmp"
	"context"
	"encoding/json"
	"maps"
	"slices"
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
	// Until is from when a complete reading that does not have it is believed, and Seen when a complete reading began that had it: older ones are
	// still overlaid.
	Until time.Time `json:"until"`
	Seen  time.Time `json:"-"` // by this process
}

func (s *shown) key() string {
	return s.Source + "\x00" + s.Fingerprint + "\x00" + s.Collection.String() + "\x00" + s.ID
}

// overlay is what this process shows beyond the sources' lists.
type overlay struct {
	mu        sync.Mutex
	entries   map[string]*shown
	listeners map[chan struct{}]struct{}
	mine      map[string]bool // not known to be in the store yet
}

// put shows what this process has made.
func (o *overlay) put(e *shown) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.set(e.key(), e)
	o.mine[e.key()] = true
	o.tell()
}

func (o *overlay) set(key string, e *shown) {
	if o.entries == nil {
		o.entries, o.mine = make(map[string]*shown), make(map[string]bool)
	}
	o.entries[key] = e
}

// prune has everyone look whether what is past its time can be given up, and forgets what is long past it.
func (o *overlay) prune() {
	o.mu.Lock()
	defer o.mu.Unlock()
	past := false
	for key, e := range o.entries {
		past = past || !time.Now().Before(e.Until)
		if e.over() {
			delete(o.entries, key)
			delete(o.mine, key)
		}
	}
	if past {
		o.tell()
	}
}

// over says that an entry is of no use any more: by then, its source has been read anew, or not for so long that this is of little weight.
func (s *shown) over() bool { return time.Since(s.Until) > keptFor }

func (o *overlay) tell() {
	for c := range o.listeners {
		select {
		case c <- struct{}{}:
		default: // it has been told already
		}
	}
}

// Follow gives a channel that receives a value after the overlay has changed, until stop is called.
func (l *Ledger) Follow() (changed <-chan struct{}, stop func()) {
	o := &l.overlay
	c := make(chan struct{}, 1)
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.listeners == nil {
		o.listeners = make(map[chan struct{}]struct{})
	}
	o.listeners[c] = struct{}{}
	return c, func() {
		o.mu.Lock()
		defer o.mu.Unlock()
		delete(o.listeners, c)
	}
}

// Over gives the records to show of a source beyond a snapshot of one of its collections, which may be nil, and a word that tells this addition
// from others; empty for none.
//
// What was made is shown until a complete reading has it. From then on the readings count, also where a later one has it no more. A reading that began
// when its time was over counts too.
func (l *Ledger) Over(source *connectors.Source, c connectors.Collection, snap *snapshot.Snapshot) (more snapshot.Records, version string) {
	o := &l.overlay
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, key := range slices.Sorted(maps.Keys(o.entries)) {
		e := o.entries[key]
		if e.Source != source.Name || e.Fingerprint != source.Fingerprint || e.Collection != c {
			continue
		}
		switch {
		case snap != nil && snap.Complete && !snap.ReadAt.Before(e.Until):
			continue // given up, or it knows the record
		case snap != nil && has(snap.Records, e.ID):
			if snap.Complete && (e.Seen.IsZero() || snap.ReadAt.Before(e.Seen)) {
				e.Seen = snap.ReadAt
			}
			continue
		case snap != nil && !e.Seen.IsZero() && !snap.ReadAt.Before(e.Seen):
			continue // deleted since
		}
		add(&more, e.Record)
		version += "+" + e.ID
	}
	return more, version
}

// doubtful says whether something of the kind was made of late in that source with another credential. Whether it is there, only the source can
// tell: it may be another account by now.
func (l *Ledger) doubtful(source *connectors.Source, c connectors.Collection, find func(snapshot.Records) (string, standing)) bool {
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

// show has all replicas show what was made. Where they cannot be told at once, this one shows it, and goes on trying to tell.
func (l *Ledger) show(ctx context.Context, e *shown) {
	l.overlay.put(e)
	if err := l.exchange(ctx); err != nil {
		l.log.WarnContext(ctx, "what was made is not shown by other replicas yet")
	}
}

// exchange takes up what other replicas show, and gives them what this one does. What this one has seen in a source's list, it takes away:
// whoever starts now begins with that list or a later one.
func (l *Ledger) exchange(ctx context.Context) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	for {
		var stored []*shown
		held, _, err := l.read(ctx, OverlayName, &stored)
		if err != nil {
			return err
		}
		mine, seen := l.overlay.merge(stored)
		all := slices.DeleteFunc(append(slices.Clone(stored), mine...), func(e *shown) bool {
			return e == nil || e.over() || seen[e.key()]
		})
		if len(mine) == 0 && len(all) == len(stored) {
			return nil
		}
		value, err := json.Marshal(all)
		if err != nil {
			return err
		}
		if _, ok, err := l.store.Put(ctx, OverlayName, held, value, l.showFor+keptFor); err != nil {
			return err
		} else if ok {
			l.overlay.told(mine)
			return nil
		}
	}
}

// seenFor is how long the others are still told of what one replica has seen in a source's list: longer than any of them takes its own data for
// recent.
const seenFor = 6 * recent

// merge takes up what is stored, and gives what should be, and what need not be any more.
func (o *overlay) merge(stored []*shown) (mine []*shown, seen map[string]bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	known, fresh := make(map[string]bool), false
	for _, e := range stored {
		if e == nil || e.over() {
			continue
		}
		key := e.key()
		known[key] = true
		if o.entries[key] == nil {
			o.set(key, e)
			fresh = true
		}
	}
	if fresh {
		o.tell()
	}
	seen = make(map[string]bool)
	for key, e := range o.entries {
		seen[key] = !e.Seen.IsZero() && time.Since(e.Seen) > seenFor
		if o.mine[key] && !known[key] && !seen[key] {
			own := *e // Over goes on changing the other
			mine = append(mine, &own)
		}
	}
	return mine, seen
}

func (o *overlay) told(mine []*shown) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, e := range mine {
		delete(o.mine, e.key())
	}
}

// lookEvery is how often the store is looked at without being told: announcements may be lost.
const lookEvery = 5 * time.Second

// Run follows what other replicas make, until ctx ends.
func (l *Ledger) Run(ctx context.Context) {
	for ctx.Err() == nil {
		look := time.NewTimer(lookEvery)
		select {
		case <-look.C:
		case <-l.store.Changed():
		case <-ctx.Done():
		}
		look.Stop()
		l.overlay.prune()
		_ = l.exchange(ctx) // it is tried again
	}
}
