package credential

import (
	"context"
	"errors"
	"sync"
)

// Memory is a Store for tests and for trials. It loses everything when the process ends.
type Memory struct {
	mu    sync.Mutex
	data  map[string][]byte
	locks map[string]chan struct{}
}

var _ Store = (*Memory)(nil)

// Check always returns nil.
func (*Memory) Check(context.Context) error { return nil }

// Load returns the saved data.
func (m *Memory) Load(_ context.Context, name string) ([]byte, string, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	data, ok := m.data[name]
	if !ok {
		return nil, "", nil
	}
	return data, version(data), nil
}

// Save stores data in memory.
func (m *Memory) Save(_ context.Context, name, was string, data []byte) (string, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	now := ""
	if d, ok := m.data[name]; ok {
		now = version(d)
	}
	if now != was {
		return "", ErrChanged
	}
	if m.data == nil {
		m.data = make(map[string][]byte)
	}
	m.data[name] = data
	return version(data), nil
}

// Lock waits until the lock is free.
func (m *Memory) Lock(ctx context.Context, name string) (Lock, error) {
	m.mu.Lock()
	if m.locks == nil {
		m.locks = make(map[string]chan struct{})
	}
	l := m.locks[name]
	if l == nil {
		l = make(chan struct{}, 1)
		m.locks[name] = l
	}
	m.mu.Unlock()
	select {
	case l <- struct{}{}:
		return memoryLock(l), nil
	case <-ctx.Done():
		return nil, errors.New("somebody else is renewing the tokens")
	}
}

type memoryLock chan struct{}

func (memoryLock) Held() bool { return true }

func (l memoryLock) Unlock() { <-l }
