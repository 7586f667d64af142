package roster

import (
	"sync/atomic"
	"time"
)

// Stats is how the building of directories has gone.
type Stats struct {
	// Builds is how many directories have been built of snapshots, Took how long all of that took, and Last how long the last one did.
	Builds     int64
	Took, Last time.Duration
	// BuiltAt is when the current directory was published; zero before the first.
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

// Stats says how the building of directories has gone so far.
func (r *Roster) Stats() Stats {
	s := Stats{Builds: r.stats.builds.Load(), Took: time.Duration(r.stats.took.Load()), Last: time.Duration(r.stats.last.Load())}
	if at := r.stats.builtAt.Load(); at != 0 {
		s.BuiltAt = time.Unix(0, at)
	}
	return s
}
