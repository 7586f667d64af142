package webhook

import (
	"slices"
	"strings"
	"sync/atomic"
	"time"
)

// Stats is what this process has delivered to one receiver.
type Stats struct {
	Name string
	// Delivering reports that this process is the one that delivers, and Ended that the receiver wants no more messages, as far as this process knows.
	Delivering, Ended bool
	// Messages counts those that were delivered, and Changes the changes in them. Resets counts those that told the receiver to read anew, by reason.
	Messages, Changes int64
	Resets            map[string]int64
	// Failed counts the attempts that failed, and Dead the messages that were given up.
	Failed, Dead int64
	// Retrying is since when the present message has been failing, without the time in which it could not be recorded; zero if it is not failing.
	Retrying time.Time
}

type stats struct {
	delivering, ended               atomic.Bool
	messages, changes, failed, dead atomic.Int64
	resets                          map[string]*atomic.Int64
	retrying                        atomic.Pointer[time.Time]
}

func newStats() *stats {
	s := &stats{resets: make(map[string]*atomic.Int64)}
	for _, reason := range Reasons {
		s.resets[reason] = new(atomic.Int64)
	}
	return s
}

func (s *stats) deliver(p *Pending) {
	s.messages.Add(1)
	s.changes.Add(int64(p.Changes))
	if n := s.resets[p.Reason]; n != nil {
		n.Add(1)
	}
}

// pending notes which message is being delivered; nil for none.
func (s *stats) pending(p *Pending) {
	if p == nil || p.Attempts == 0 || !p.UnrecordedSince.IsZero() {
		s.retrying.Store(nil)
		return
	}
	since := p.Since.Add(p.Unrecorded)
	s.retrying.Store(&since)
}

// rest notes that this process does not deliver any more.
func (s *stats) rest() {
	s.delivering.Store(false)
	s.retrying.Store(nil)
}

// Stats returns the present numbers of all hooks, by name.
func (d *Deliverer) Stats() []Stats {
	d.mu.Lock()
	defer d.mu.Unlock()
	all := make([]Stats, 0, len(d.stats))
	for name, s := range d.stats {
		one := Stats{Name: name, Delivering: s.delivering.Load(), Ended: s.ended.Load(), Messages: s.messages.Load(), Changes: s.changes.Load(),
			Failed: s.failed.Load(), Dead: s.dead.Load(), Resets: make(map[string]int64)}
		for reason, n := range s.resets {
			one.Resets[reason] = n.Load()
		}
		if since := s.retrying.Load(); since != nil {
			one.Retrying = *since
		}
		all = append(all, one)
	}
	slices.SortFunc(all, func(a, b Stats) int { return strings.Compare(a.Name, b.Name) })
	return all
}
