package roster

import (
	"context"
	"time"

	"roster/internal/snapshot"
)

// firstLook is how often AwaitFirst looks.
const firstLook = 50 * time.Millisecond

// AwaitFirst waits until every collection has been read for the first time, or tried in vain, and the directory has all that came of it. It is
// false when ctx ends before.
func (r *Roster) AwaitFirst(ctx context.Context) bool {
	look := time.NewTicker(firstLook)
	defer look.Stop()
	for !r.tried() || !r.upToDate() {
		select {
		case <-look.C:
		case <-ctx.Done():
			return false
		}
	}
	return true
}

// tried says whether a reading of every collection has ended.
func (r *Roster) tried() bool {
	for _, st := range r.keeper.Statuses() {
		first := st.Reading && st.Err == nil && st.State >= snapshot.Incomplete
		if st.TriedAt.IsZero() || first {
			return false
		}
	}
	return true
}

// upToDate says whether the current directory has all that has been read.
func (r *Roster) upToDate() bool { return r.current.Load().serves(r.keeper.Current(), true) }
