package redis

import (
	"context"
	"time"
)

// Probe finds out whether Redis is there, as the tier does by itself now and then.
func (r *Redis) Probe(ctx context.Context) error {
	_, _, err := r.probe(ctx)
	return err
}

// Agreed gives how many replicas share the limits, as far as this one knows.
func (r *Redis) Agreed() int {
	r.share.mu.Lock()
	defer r.share.mu.Unlock()
	return len(r.share.agreed.members)
}

// Jump has this replica take Redis's clock for one that was so much behind.
func (r *Redis) Jump(by time.Duration) {
	r.share.mu.Lock()
	defer r.share.mu.Unlock()
	r.share.offset -= by
}
