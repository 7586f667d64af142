package writes

import (
	"context"
	"slices"
	"sync"
	"time"
)

// Store keeps small values under names, for all replicas. It holds everything that one write leaves for the next. Only a caller that has seen the
// current value can replace it. Safe for concurrent use.
type Store interface {
	// Get returns the value of a name.
	Get(ctx context.Context, name string) (Held, error)
	// Put replaces the value of a name if it is still was, and returns the value that the name has then. A nil value removes the name. The new value
	// expires after life. If Put refuses and the returned value is the wanted one, an earlier Put has stored it. An error means that there is no
	// capacity for a new name, or that the value could not be stored: Put never drops other values to make space.
	Put(ctx context.Context, name string, was Held, value []byte, life time.Duration) (now Held, ok bool, err error)
	// Changed receives a value when another replica may have changed OverlayName; nil if there are no other replicas.
	Changed() <-chan struct{}
}

// Held is the value of a name.
type Held struct {
	Value []byte // nil for nothing
	Token string // the store's own; differs for each value that the name has had
}

// The names in a store. If a store has only one process, locks end with the process.
const (
	OverlayName  = "overlay"
	LockPrefix   = "lock/"
	keyPrefix    = "key/"
	intentPrefix = "note/"
)

// Memory is a store in one process. Its values end with the process. Its zero value is empty.
type Memory struct {
	mu       sync.Mutex
	values   map[string]memoryValue
	capacity *capacity
	puts     uint64
}

type memoryValue struct {
	value []byte
	token string
	until time.Time
}

// Get returns the value of a name.
func (m *Memory) Get(_ context.Context, name string) (Held, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.held(name), nil
}

func (m *Memory) held(name string) Held {
	v, ok := m.values[name]
	if ok && !time.Now().Before(v.until) {
		m.drop(name)
		ok = false
	}
	if !ok {
		return Held{}
	}
	return Held{v.value, v.token}
}

func (m *Memory) drop(name string) {
	if _, ok := m.values[name]; ok {
		delete(m.values, name)
		m.capacity.count(name, -1)
	}
}

// sweep removes expired values.
func (m *Memory) sweep() {
	for name := range m.values {
		m.held(name)
	}
}

// Put replaces the value of a name.
func (m *Memory) Put(_ context.Context, name string, was Held, value []byte, life time.Duration) (Held, bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	now := m.held(name)
	if now.Token != was.Token {
		return now, false, nil
	}
	if value == nil {
		m.drop(name)
		return Held{}, true, nil
	}
	if m.values == nil {
		m.values, m.capacity = make(map[string]memoryValue), newCapacity()
	}
	if now.Value == nil {
		if err := m.capacity.checkAfterSweep(name, m.sweep); err != nil {
			return now, false, err
		}
		m.capacity.count(name, 1)
	}
	if m.puts++; m.puts%sweepEvery == 0 {
		m.sweep()
	}
	m.values[name] = memoryValue{slices.Clone(value), tokenOf(m.puts), time.Now().Add(life)}
	return m.held(name), true, nil
}

// sweepEvery is the number of puts between two sweeps.
const sweepEvery = 1000

// Changed returns nil: there are no other replicas.
func (*Memory) Changed() <-chan struct{} { return nil }
