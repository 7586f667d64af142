package shared

import "sync/atomic"

// Stats is how Redis has served this replica since it was opened.
type Stats struct {
	Connected bool
	// Replicas is how many share it, this one included, as last known.
	Replicas int
	// Calls is how often it was called, and Failures how often in vain, by a word of Reasons. What is not asked of a Redis that is known
	// to be away counts for neither.
	Calls    int64
	Failures map[string]int64
	// Lost is how often it went away, and Found how often it came, the first time included.
	Lost, Found int64
}

// Reasons are the words for why a call of Redis fails.
var Reasons = []string{"loading", "read_only", "out_of_memory", "unauthorized", "forbidden", "cluster_down", "cannot_save", "no_master", "moving",
	"refused", "timed_out", "unreachable", "untrusted"}

// words gives the word for each reason.
var words = map[string]int{
	"it is loading its data": 0, "it is a replica, and read-only": 1, "its memory is full": 2, "it does not accept the credentials": 3,
	"the user may not do what is needed": 4, "the cluster is down": 5, "it cannot save its data": 6, "it has no master": 7, "moving": 8,
	"refused the call": 9, "timed out": 10, "unreachable": 11, "its certificate is not trusted": 12,
}

// stats counts.
type stats struct {
	calls, lost, found atomic.Int64
	failures           [13]atomic.Int64 // in the order of Reasons
}

// called counts a call that has ended.
func (s *stats) called(err error) {
	s.calls.Add(1)
	if err != nil {
		s.failures[words[reason(err)]].Add(1)
	}
}

// Stats says how Redis has served so far.
func (r *Redis) Stats() Stats {
	crowd := r.Membership()
	out := Stats{Connected: crowd.Connected, Replicas: crowd.Size, Calls: r.stats.calls.Load(), Lost: r.stats.lost.Load(), Found: r.stats.found.Load(),
		Failures: make(map[string]int64, len(Reasons))}
	for i, word := range Reasons {
		out.Failures[word] = r.stats.failures[i].Load()
	}
	return out
}
