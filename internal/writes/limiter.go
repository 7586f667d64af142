package writes

import "sync"

// limiter bounds the writes under way, for each caller and in all. A write goes on after its caller has gone, so the limits of requests do not bound
// writes.
type limiter struct {
	perCaller, total int

	mu   sync.Mutex
	all  int
	each map[string]int // by caller
}

// acquire lets a caller's write begin, unless too many are under way; full is the message then. After success, the caller must call release.
func (b *limiter) acquire(caller string) (full string, ok bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch {
	case b.each[caller] >= b.perCaller:
		return "as many writes of this caller as may be are under way, also some that nobody waits for any more; nothing was sent: try again later", false
	case b.all >= b.total:
		return "as many writes as may be are under way, also some that nobody waits for any more; nothing was sent: try again later", false
	}
	b.all++
	b.each[caller]++
	return "", true
}

func (b *limiter) release(caller string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.all--
	if b.each[caller]--; b.each[caller] <= 0 {
		delete(b.each, caller)
	}
}
