package redis

import "sync/atomic"

// Stats are the statistics of this replica's calls of Redis since Open.
type Stats struct {
	Connected bool
	// Replicas is the last known number of replicas that share Redis, including this one.
	Replicas int
	// Calls is the number of calls, and Failures the number of failed calls by a word of Reasons. If Redis is known to be unavailable, no call is
	// made, and neither counts.
	Calls    int64
	Failures map[string]int64
	// Lost is how often Redis became unavailable. Found is how often it became available, including the first time.
	Lost, Found int64
}

// Reasons are the words for the reasons of failed calls.
var Reasons = []string{"loading", "read_only", "out_of_memory", "unauthorized", "forbidden", "cluster_down", "cannot_save", "no_master", "moving",
	"refused", "timed_out", "unreachable", "untrusted"}

// reasonIndex is the index in Reasons of each text that Reason returns.
var reasonIndex = map[string]int{
	"it is loading its data": 0, "it is a replica, and read-only": 1, "its memory is full": 2, "it does not accept the credentials": 3,
	"the user may not do what is needed": 4, "the cluster is down": 5, "it cannot save its data": 6, "it has no master": 7, "moving": 8,
	"refused the call": 9, "timed out": 10, "unreachable": 11, "its certificate is not trusted": 12,
}

// stats holds the counters.
type stats struct {
	calls, lost, found atomic.Int64
	failures           [13]atomic.Int64 // in the order of Reasons
}

// called counts a call that has ended.
func (s *stats) called(err error) {
	s.calls.Add(1)
	if err != nil {
		s.failures[reasonIndex[Reason(err)]].Add(1)
	}
}

// Stats returns the statistics so far.
func (c *Client) Stats() Stats {
	members := c.Membership()
	out := Stats{Connected: members.Connected, Replicas: members.Size, Calls: c.stats.calls.Load(), Lost: c.stats.lost.Load(), Found: c.stats.found.Load(),
		Failures: make(map[string]int64, len(Reasons))}
	for i, word := range Reasons {
		out.Failures[word] = c.stats.failures[i].Load()
	}
	return out
}
