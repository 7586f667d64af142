package snapshots

import "context"

// Probe finds out whether all parts of Redis are available that the store needs.
func (s *Store) Probe(ctx context.Context) error { return s.probe(ctx) }
