package changes

import (
	"sync/atomic"
	"time"
)

// Stats says how a log is used.
type Stats struct {
	// Length is the number of events in the log, and Appended the number of all that were ever appended.
	Length   int
	Appended int64
	// Readers is the number of readers.
	Readers int64
	// Sent is the number of events that readers got, and Delay the sum of the times from when each was seen until then.
	Sent  int64
	Delay time.Duration
	// Expired is the number of readers that were refused because of their cursor, and Dropped of those that were too slow.
	Expired, Dropped int64
	// Writer is true if this replica writes the log that replicas share. Pending is the number of comparisons of which readers are not told yet, because the
	// directory of this replica is older.
	Writer  bool
	Pending int64
}

type stats struct {
	appended, readers, sent, delay, expired, dropped, pending atomic.Int64
	writer                                                    atomic.Bool
}

func (s *stats) send(delay time.Duration) {
	s.sent.Add(1)
	s.delay.Add(int64(max(0, delay))) // the time of a shared log is by another clock
}

// Stats returns the present numbers.
func (l *Log) Stats() Stats {
	l.mu.Lock()
	n := len(l.events)
	l.mu.Unlock()
	return Stats{Length: n, Appended: l.stats.appended.Load(), Readers: l.stats.readers.Load(), Sent: l.stats.sent.Load(),
		Delay: time.Duration(l.stats.delay.Load()), Expired: l.stats.expired.Load(), Dropped: l.stats.dropped.Load(),
		Writer: l.stats.writer.Load(), Pending: l.stats.pending.Load()}
}
