package presence

import "sync/atomic"

// Stats is how a source's presence has been asked for.
type Stats struct {
	// Hits counts who asked and was told at once. Calls counts those for whom the source was called, and Waits those who waited for a call
	// that was under way.
	Hits, Calls, Waits int64
}

type stats struct{ hits, calls, waits atomic.Int64 }

// asked counts somebody who asks.
func (s *stats) asked(waits, isNew bool) {
	switch {
	case isNew:
		s.calls.Add(1)
	case waits:
		s.waits.Add(1)
	default:
		s.hits.Add(1)
	}
}

// Stats says for each source that tells presence how it has been asked for.
func (s *Store) Stats() map[string]Stats {
	out := make(map[string]Stats, len(s.sources))
	for name, src := range s.sources {
		out[name] = Stats{Hits: src.stats.hits.Load(), Calls: src.stats.calls.Load(), Waits: src.stats.waits.Load()}
	}
	return out
}
