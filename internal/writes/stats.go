package writes

import "time"

// Stats is the number of values that writes store now.
type Stats struct {
	// Shown counts, by source, the records in the overlay that no fetch has confirmed, within the time for which they are shown.
	Shown map[string]int
	// Counted reports that the store belongs to this process. Only then Keys counts the keys, and Notes counts the intents.
	Counted     bool
	Keys, Notes int
}

// counting is a store that knows its size.
type counting interface {
	counts() (keys, intents int)
}

// Stats returns the number of values that writes store now.
func (w *Writer) Stats() Stats { return w.ledger.stats() }

func (l *Ledger) stats() Stats {
	s := Stats{Shown: l.overlay.counts()}
	if store, ok := l.store.(counting); ok {
		s.Counted = true
		s.Keys, s.Notes = store.counts()
	}
	return s
}

// counts counts, by source, the records that no fetch of this process has confirmed yet.
func (o *overlay) counts() map[string]int {
	o.mu.Lock()
	defer o.mu.Unlock()
	n := make(map[string]int)
	for _, e := range o.entries {
		if e.confirmedAt.IsZero() && time.Now().Before(e.Until) {
			n[e.Source]++
		}
	}
	return n
}

func (m *Memory) counts() (keys, intents int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.sweep()
	return m.capacity.used()
}

func (d *Dir) counts() (keys, intents int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.capacity.used()
}
