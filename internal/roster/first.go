package roster

import (
	"context"
	"maps"
	"slices"
	"time"

	"roster/internal/snapshot"
)

// firstLook is how often AwaitFirst looks.
const firstLook = 50 * time.Millisecond

// AwaitFirst waits until every collection has been read for the first time, or tried in vain, and the directory has all that came of it. It is
// false when ctx ends before.
func (r *Roster) AwaitFirst(ctx context.Context) bool {
	return r.await(ctx, func(snapshot.Key) bool { return true })
}

// AwaitFirstOf is AwaitFirst for these collections only. The directory must have all that there is, whatever it is of.
func (r *Roster) AwaitFirstOf(ctx context.Context, keys []snapshot.Key) bool {
	return r.await(ctx, func(key snapshot.Key) bool { return slices.Contains(keys, key) })
}

func (r *Roster) await(ctx context.Context, counts func(snapshot.Key) bool) bool {
	look := time.NewTicker(firstLook)
	defer look.Stop()
	for !r.tried(counts) || !r.upToDate() {
		select {
		case <-look.C:
		case <-ctx.Done():
			return false
		}
	}
	return true
}

// tried says whether a reading of every collection that counts has ended.
func (r *Roster) tried(counts func(snapshot.Key) bool) bool {
	for _, st := range r.keeper.Statuses() {
		first := st.Reading && st.Err == nil && st.State >= snapshot.Incomplete
		if counts(st.Key) && (st.TriedAt.IsZero() || first) {
			return false
		}
	}
	return true
}

// upToDate says whether the current directory has all that has been read, and what is laid over that.
func (r *Roster) upToDate() bool {
	e := r.current.Load()
	return e.serves(r.keeper.Current(), true) && maps.Equal(e.wanted.laid.words(), r.lay(e.wanted.snapshots).versions)
}
