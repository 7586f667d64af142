package presence

import "sync/atomic"

// Stats counts the questions for the presence of a source.
type Stats struct {
	// Hits counts callers that got an answer at once. Calls counts callers for whom the source was called. Waits counts callers that
	// waited for a call in progress.
	Hits, Calls, Waits int64
}

type stats struct{ hits, calls, waits atomic.Int64 }

// asked counts one caller.
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

// Stats returns the counts of each source that reports presence.
func (s *Store) Stats() map[string]Stats {
	out := make(map[string]Stats, len(s.sources))
	for name, src := range s.sources {
		out[name] = Stats{Hits: src.stats.hits.Load(), Calls: src.stats.calls.Load(), Waits: src.stats.waits.Load()}
	}
	return out
}
