package budgets

import "time"

// Agreed returns how many replicas share the limits, as far as this one knows.
func (l *Budgets) Agreed() int {
	l.share.mu.Lock()
	defer l.share.mu.Unlock()
	return len(l.share.agreed.members)
}

// Jump has this replica take the clock of Redis for one that was so much behind.
func (l *Budgets) Jump(by time.Duration) {
	l.share.mu.Lock()
	defer l.share.mu.Unlock()
	l.share.offset -= by
}
