// Package localstore keeps snapshots within one process: in a directory, so that they survive a restart, or in memory. All members share what one of
// them saves. The package does not know Redis.
package localstore

import (
	"context"
	"sync"
	"time"

	"roster/internal/snapshot"
)

// Store is a shared store within one process. A program that keeps its snapshots in a directory uses it, see Open. For tests, it is a model of the
// store in Redis.
type Store struct {
	mu      sync.Mutex
	items   map[snapshot.StoreKey]*localItem
	members []*member
	store   snapshotStore
}

// snapshotStore keeps one snapshot of each item.
type snapshotStore interface {
	// load returns the description of the stored snapshot, or a zero Meta if none can be read.
	load(item snapshot.StoreKey) snapshot.Meta
	// put replaces the stored snapshot, and sets the names of the parts in meta. Meta is the new snapshot's Meta with its stamp.
	put(s *snapshot.Stored, meta, was *snapshot.Meta) error
	// get returns the parts, or nil if some of them are missing or damaged.
	get(item snapshot.StoreKey, meta *snapshot.Meta) [][]byte
	close() error
}

type localItem struct {
	mark   snapshot.Info
	holder *localLease
}

// New returns a store in memory.
func New() *Store { return &Store{items: make(map[snapshot.StoreKey]*localItem), store: memory{}} }

// memory is a snapshotStore that lives as long as the process. It keeps the parts of each item's snapshot, and those of its history.
type memory map[memoryKey][][]byte

type memoryKey struct {
	snapshot.StoreKey
	times bool
}

// timesName is the name of the parts of a history.
const timesName = "times"

func (memory) load(snapshot.StoreKey) snapshot.Meta { return snapshot.Meta{} }

func (m memory) put(s *snapshot.Stored, meta, _ *snapshot.Meta) error {
	parts, err := s.Encode()
	if err != nil {
		return err
	}
	m[memoryKey{s.Item, false}], meta.Bytes = parts, snapshot.PartsSize(parts)
	if meta.Times != "" {
		m[memoryKey{s.Item, true}], meta.TimesParts = s.EncodeTimes(), []string{timesName}
	}
	return nil
}

func (m memory) get(item snapshot.StoreKey, meta *snapshot.Meta) [][]byte {
	return m[memoryKey{item, len(meta.Parts) == 1 && meta.Parts[0] == timesName}]
}

func (memory) close() error { return nil }

// Close closes the directory. Nobody may use the store afterwards.
func (l *Store) Close() error { return l.store.close() }

// Join returns a member's view of the store. Each keeper needs its own.
func (l *Store) Join() snapshot.SharedStore {
	l.mu.Lock()
	defer l.mu.Unlock()
	m := &member{Store: l, changed: make(chan struct{}, 1)}
	l.members = append(l.members, m)
	return m
}

// member is the store as one keeper sees it.
type member struct {
	*Store
	changed chan struct{}
}

func (m *member) Changed() <-chan struct{} { return m.changed }

func (m *member) Membership() snapshot.Membership {
	return snapshot.Membership{Connected: true, Size: 1}
}

// notifyOthers notifies the other members of a change. The caller holds the lock.
func (m *member) notifyOthers() {
	for _, other := range m.members {
		if other == m {
			continue
		}
		select {
		case other.changed <- struct{}{}:
		default: // a notification is already pending
		}
	}
}

func (l *Store) item(i snapshot.StoreKey) *localItem {
	i.MaxPause = 0 // MaxPause is not part of an item's identity
	it := l.items[i]
	if it == nil {
		it = &localItem{}
		it.mark.Meta = l.store.load(i)
		it.mark.TriedAt = it.mark.Began()
		l.items[i] = it
	}
	return it
}

func (m *member) Stat(_ context.Context, items []snapshot.StoreKey) ([]snapshot.Info, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	marks := make([]snapshot.Info, len(items))
	for i, item := range items {
		marks[i] = m.item(item).mark
	}
	return marks, nil
}

func (m *member) Load(_ context.Context, item snapshot.StoreKey, meta snapshot.Meta) ([][]byte, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.item(item).mark.Version != meta.Version {
		return nil, nil //nolint:nilnil // the snapshot has gone, which is not an error
	}
	return m.store.get(item, &meta), nil
}

func (m *member) Acquire(_ context.Context, c snapshot.LeaseRequest) (snapshot.Lease, snapshot.Info, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	it := m.item(c.Item)
	now := time.Now()
	wait := it.mark.Failure.RetryAt
	if c.Urgent {
		wait = it.mark.Failure.NotBefore
	}
	switch {
	case it.holder != nil,
		it.mark.Stamp > c.Have && now.Sub(it.mark.Began()) < c.MaxAge,
		now.Before(it.mark.TriedAt.Add(c.MinInterval)),
		now.Before(wait) && !c.Forced:
		return nil, it.mark, nil
	}
	before := it.mark
	it.holder = &localLease{member: m, item: c.Item, stamp: max(now.UnixMicro(), it.mark.Stamp+1), start: now}
	it.mark.TriedAt, it.mark.Fetching, it.mark.Failure = now, true, snapshot.Failure{}
	return it.holder, before, nil
}

func (m *member) Put(_ context.Context, s snapshot.Stored) (int64, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.save(s, s.Began().UnixMicro())
}

// save replaces the stored snapshot, unless the stored one is better. The caller holds the lock.
func (m *member) save(s snapshot.Stored, stamp int64) (int64, error) {
	it := m.item(s.Item)
	was := &it.mark.Meta
	if was.Stamp > stamp || was.Stamp != 0 && was.Complete && !s.Complete {
		return 0, snapshot.ErrSuperseded
	}
	meta := s.Meta
	meta.Stamp = stamp
	if err := m.store.put(&s, &meta, was); err != nil {
		return 0, err
	}
	it.mark.Meta = meta
	if meta.Complete {
		it.mark.Failure = snapshot.Failure{}
	}
	if at := meta.Began(); at.After(it.mark.TriedAt) {
		it.mark.TriedAt = at
	}
	m.notifyOthers()
	return stamp, nil
}

// localLease is the right to fetch one item.
type localLease struct {
	member *member
	item   snapshot.StoreKey
	stamp  int64
	start  time.Time
}

func (l *localLease) Save(_ context.Context, s snapshot.Stored) (int64, error) {
	l.member.mu.Lock()
	defer l.member.mu.Unlock()
	return l.member.save(s, l.stamp)
}

func (l *localLease) Fail(_ context.Context, f snapshot.Failure) error {
	l.member.mu.Lock()
	defer l.member.mu.Unlock()
	if it := l.member.item(l.item); it.holder == l {
		it.mark.Failure = f
		l.member.notifyOthers()
	}
	return nil
}

func (l *localLease) Release(context.Context) {
	l.member.mu.Lock()
	defer l.member.mu.Unlock()
	if it := l.member.item(l.item); it.holder == l {
		it.holder, it.mark.Fetching = nil, false
		l.member.notifyOthers()
	}
}
