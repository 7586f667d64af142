package writes_test

import (
	"context"
	"sync"
	"time"

	"roster/internal/writes"
)

// hub is a store in memory that several replicas share.
type hub struct {
	writes.Memory
	lose int // each lose-th notification is lost; 0 for none, 1 for all

	mu       sync.Mutex
	said     int
	replicas map[string]*member
}

// member is one replica's access to the hub.
type member struct {
	*hub
	id             string
	acknowledged   uint64
	changed, heard chan struct{}
	asked          int // how often it has requested the acknowledgements of the others
}

var _ writes.Sharing = (*member)(nil)

func (h *hub) join(id string) *member {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.replicas == nil {
		h.replicas = make(map[string]*member)
	}
	m := &member{hub: h, id: id, changed: make(chan struct{}, 1), heard: make(chan struct{}, 1)}
	h.replicas[id] = m
	return m
}

// leave removes a replica.
func (m *member) leave() {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.replicas, m.id)
}

func (m *member) announce(where func(*member) chan struct{}) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, o := range m.replicas {
		if o == m {
			continue
		}
		if m.said++; m.lose > 0 && m.said%m.lose == 0 {
			continue
		}
		select {
		case where(o) <- struct{}{}:
		default:
		}
	}
}

func (m *member) remind() { m.announce(func(o *member) chan struct{} { return o.changed }) }

func (m *member) Put(ctx context.Context, name string, was writes.Held, value []byte, life time.Duration) (writes.Held, bool, error) {
	now, ok, err := m.Memory.Put(ctx, name, was, value, life)
	if ok && name == writes.OverlayName {
		m.remind()
	}
	return now, ok, err
}

func (m *member) Acknowledge(_ context.Context, seq uint64) error {
	m.mu.Lock()
	m.acknowledged = seq
	m.mu.Unlock()
	m.announce(func(o *member) chan struct{} { return o.heard })
	return nil
}

func (m *member) Acknowledged(context.Context) (map[string]uint64, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.asked++
	others := make(map[string]uint64)
	for id, o := range m.replicas {
		if o != m {
			others[id] = o.acknowledged
		}
	}
	return others, nil
}

func (m *member) asks() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.asked
}

func (m *member) Changed() <-chan struct{} { return m.changed }
func (m *member) Heard() <-chan struct{}   { return m.heard }
func (m *member) Remind(context.Context)   { m.remind() }
func (m *member) PublishDenied() bool      { return m.lose == 1 }
