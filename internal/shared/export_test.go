package shared

// Agreed gives how many replicas share the limits, as far as this one knows.
func (r *Redis) Agreed() int {
	r.share.mu.Lock()
	defer r.share.mu.Unlock()
	return len(r.share.agreed.members)
}
