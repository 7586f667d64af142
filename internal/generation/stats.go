package generation

import (
	"sync/atomic"
	"time"
)

// Stats counts the builds of the directory.
type Stats struct {
	// Builds is the number of builds, Took their total duration, and Last the duration of the last one.
	Builds     int64
	Took, Last time.Duration
	// BuiltAt is the time of the last build; zero before the first.
	BuiltAt time.Time
}

type stats struct {
	builds, took, last, builtAt atomic.Int64
}

func (s *stats) built(start, now time.Time) {
	s.builds.Add(1)
	s.took.Add(int64(now.Sub(start)))
	s.last.Store(int64(now.Sub(start)))
	s.builtAt.Store(now.UnixNano())
}

// Stats returns the present counts.
func (p *Publisher) Stats() Stats {
	s := Stats{Builds: p.stats.builds.Load(), Took: time.Duration(p.stats.took.Load()), Last: time.Duration(p.stats.last.Load())}
	if at := p.stats.builtAt.Load(); at != 0 {
		s.BuiltAt = time.Unix(0, at)
	}
	return s
}
