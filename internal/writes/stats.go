package writes

import "time"

// Stats is what writes remember now.
type Stats struct {
	// Shown counts by source the records that this process shows although it has not read them yet, within the time for which it does.
	Shown map[string]int
	// Counted says that the store is this process's own; only then Keys and Notes count the keys, and the writes under way or of unknown end.
	Counted     bool
	Keys, Notes int
}

// counting is a store that knows how much it holds.
type counting interface {
	counts() (keys, notes int)
}

// Stats tells what writes remember now.
func (w *Writer) Stats() Stats { return w.ledger.stats() }

func (l *Ledger) stats() Stats {
	s := Stats{Shown: l.overlay.counts()}
	if store, ok := l.store.(counting); ok {
		s.Counted = true
		s.Keys, s.Notes = store.counts()
	}
	return s
}

// counts counts by source what no reading of this process has had yet.
func (o *overlay) counts() map[string]int {
	o.mu.Lock()
	defer o.mu.Unlock()
	n := make(map[string]int)
	for _, e := range o.entries {
		if e.settled.IsZero() && time.Now().Before(e.Until) {
			n[e.Source]++
		}
	}
	return n
}

func (m *Memory) counts() (keys, notes int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.sweep()
	return m.room.used()
}

func (d *Dir) counts() (keys, notes int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.room.used()
}
