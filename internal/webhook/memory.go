package webhook

import (
	"context"
	"sync"
)

// Memory is a Store for one process, as long as it lives.
type Memory struct {
	mu     sync.Mutex
	states map[string][]byte
}

// NewMemory returns an empty store.
func NewMemory() *Memory { return &Memory{states: make(map[string][]byte)} }

// Acquire always gives the right, because there is no other process.
func (m *Memory) Acquire(_ context.Context, name string) (Lease, error) {
	return &memoryLease{m, name}, nil
}

// Load returns the state of a webhook.
func (m *Memory) Load(_ context.Context, name string) ([]byte, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.states[name], nil
}

type memoryLease struct {
	*Memory
	name string
}

func (*memoryLease) Held() bool { return true }

func (l *memoryLease) Save(_ context.Context, state []byte) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if state == nil {
		delete(l.states, l.name)
	} else {
		l.states[l.name] = state
	}
	return nil
}

func (*memoryLease) Release(context.Context) {}
