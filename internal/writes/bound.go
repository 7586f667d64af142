package writes

import "sync"

// Writes go on when their callers have gone, so that what bounds callers does not bound them: maxUnderWay are under way at most, of one caller
// maxOfCaller.
const (
	maxUnderWay = 1024
	maxOfCaller = 256
)

// bound counts the writes under way. The zero value has none.
type bound struct {
	mu   sync.Mutex
	all  int
	each map[string]int // by caller
}

// enter lets a caller's write begin, unless too many are under way: full then says so. Who has come in has to leave.
func (b *bound) enter(caller string) (full string, ok bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch {
	case b.each[caller] >= maxOfCaller:
		return "as many writes of this caller as may be are under way, also some that nobody waits for any more; nothing was sent: try again later", false
	case b.all >= maxUnderWay:
		return "as many writes as may be are under way, also some that nobody waits for any more; nothing was sent: try again later", false
	}
	if b.each == nil {
		b.each = make(map[string]int)
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
