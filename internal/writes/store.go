package writes

import (
	"context"
	"slices"
	"sync"
	"time"
)

// Store keeps small values under names, for all replicas. What is in it is all that a write leaves behind for the next one. Values are
// replaced only by who has seen the one before. Safe for concurrent use.
type Store interface {
	// Get gives what a name holds.
	Get(ctx context.Context, name string) (Held, error)
	// Put replaces what a name holds, if that is still was, and gives what it holds then. A nil value takes the name away. What is put lives
	// for life. Who is refused, and finds what they wanted to put, has put it. An error says that there is no room for a new name, or that it could
	// not be stored: nothing that was there is given up for it.
	Put(ctx context.Context, name string, was Held, value []byte, life time.Duration) (now Held, ok bool, err error)
	// Changed receives a value when another replica may have put something under OverlayName; nil where there are no others.
	Changed() <-chan struct{}
}

// Held is what a name holds.
type Held struct {
	Value []byte // nil for nothing
	Token string // tells it from what was there before; the store's own
}

// The names that stores see. Locks end with the process that has them where it is the only one.
const (
	OverlayName = "overlay"
	LockPrefix  = "lock/"
	keyPrefix   = "key/"
	notePrefix  = "note/"
)

// Memory is a store in one process. What it holds ends with the process. Its zero value is empty.
type Memory struct {
	mu     sync.Mutex
	values map[string]memoryValue
	room   *room
	puts   uint64
}

type memoryValue struct {
	value []byte
	token string
	until time.Time
}

// Get gives what a name holds.
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
		m.room.count(name, -1)
	}
}

// sweep forgets what has ended.
func (m *Memory) sweep() {
	for name := range m.values {
		m.held(name)
	}
}

// Put replaces what a name holds.
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
		m.values, m.room = make(map[string]memoryValue), newRoom()
	}
	if now.Value == nil {
		if err := m.room.find(name, m.sweep); err != nil {
			return now, false, err
		}
		m.room.count(name, 1)
	}
	if m.puts++; m.puts%sweepEvery == 0 {
		m.sweep()
	}
	m.values[name] = memoryValue{slices.Clone(value), tokenOf(m.puts), time.Now().Add(life)}
	return m.held(name), true, nil
}

// sweepEvery is after how many puts what has ended is forgotten.
const sweepEvery = 1000

// Changed says that there is nobody else.
func (*Memory) Changed() <-chan struct{} { return nil }
