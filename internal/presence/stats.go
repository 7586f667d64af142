package presence

import "sync/atomic"

// Stats counts the questions for the presence of a source.
type Stats struct {
	// Hits counts callers that got an answer at once. Calls counts callers for whom the source was called. Waits counts callers that
	// waited for a call in progress.
	Hits, Calls, Waits int64
	// Watched is true if the source is to tell of changes, and Connected while it does. Updates counts the changes that it has told, and Disconnects
	// the ends of connections and the attempts that failed.
	Watched, Connected   bool
	Updates, Disconnects int64
}

type stats struct{ hits, calls, waits, updates, disconnects atomic.Int64 }

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
		src.mu.Lock()
		connected := src.live != nil
		src.mu.Unlock()
		out[name] = Stats{Hits: src.stats.hits.Load(), Calls: src.stats.calls.Load(), Waits: src.stats.waits.Load(),
			Watched: src.watcher != nil, Connected: connected, Updates: src.stats.updates.Load(), Disconnects: src.stats.disconnects.Load()}
	}
	return out
}
