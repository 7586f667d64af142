package writes

import "sync"

// bound counts the writes under way, and keeps them below a number for each caller and for all. Writes go on when their callers have gone, so that what
// bounds callers does not bound them.
type bound struct {
	ofCaller, inAll int

	mu   sync.Mutex
	all  int
	each map[string]int // by caller
}

// enter lets a caller's write begin, unless too many are under way: full then says so. Who has come in has to leave.
func (b *bound) enter(caller string) (full string, ok bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch {
	case b.each[caller] >= b.ofCaller:
		return "as many writes of this caller as may be are under way, also some that nobody waits for any more; nothing was sent: try again later", false
	case b.all >= b.inAll:
		return "as many writes as may be are under way, also some that nobody waits for any more; nothing was sent: try again later", false
	}
	b.all++
	b.each[caller]++
	return "", true
}

func (b *bound) leave(caller string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.all--
	if b.each[caller]--; b.each[caller] <= 0 {
		delete(b.each, caller)
	}
}
