package responsecache

// recent has the small answers that were made last, until they are asked for again. Most never are. The cache proper keeps an answer only if it is asked for
// while it is here, or if it is made again soon after it was here: so answers to requests that are not repeated neither take the room of others, nor do they
// stay long enough to cost the garbage collector anything. Of a large answer only the hash is here, because to keep it costs more. The cache's mutex guards it.
type recent struct {
	answers map[uint64]*Answer // by their hashes
	order   []*Answer          // a ring; some may have left
	next    int
	bytes   int
	gone    []uint64 // hashes of answers that have left or are large, each at its remainder
}

// place is where an answer is kept.
type place uint8

const (
	nowhere place = iota
	ring          // the small answers that were made last
	cache         // the cache proper
)

const (
	// Recent answers take at most the cache divided by recentDivisor.
	recentDivisor = 16
	// largestRecent is the greatest weight of a recent answer.
	largestRecent = 4 << 10
	// bytesPerGone is the size of the cache for each hash.
	bytesPerGone = 256
)

func newRecent(bytes int) recent {
	n := bytes / recentDivisor / largestRecent
	return recent{answers: make(map[uint64]*Answer, n), order: make([]*Answer, n), gone: make([]uint64, bytes/bytesPerGone+1)}
}

// mostBytes is the greatest weight of all recent answers together.
func (r *recent) mostBytes() int { return len(r.order) * largestRecent }

// add adds an answer, and returns where it is to be kept. Left is true if another answer had to leave.
func (r *recent) add(a *Answer) (to place, left bool) {
	weight := a.entry.weight()
	switch at := &r.gone[a.hash%uint64(len(r.gone))]; {
	case *at == a.hash:
		*at = 0
		return cache, false
	case weight > largestRecent || len(r.order) == 0:
		*at = a.hash
		return nowhere, false
	}
	if old := r.order[r.next]; old != nil && r.remove(old) {
		r.gone[old.hash%uint64(len(r.gone))] = old.hash
		left = true
	}
	if same := r.answers[a.hash]; same != nil {
		r.remove(same)
	}
	r.order[r.next], r.next = a, (r.next+1)%len(r.order)
	r.answers[a.hash] = a
	r.bytes += weight
	a.recent = weight
	return ring, left
}

// remove removes an answer, and reports whether it was there.
func (r *recent) remove(a *Answer) bool {
	if r.answers[a.hash] != a {
		return false
	}
	delete(r.answers, a.hash)
	r.bytes -= a.recent
	return true
}
