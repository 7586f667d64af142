package generation

import (
	"context"
	"maps"
	"slices"
	"time"

	"roster/internal/snapshot"
)

// firstPoll is how often AwaitFirst looks.
const firstPoll = 50 * time.Millisecond

// AwaitFirst waits until the first fetch of every collection has ended, successfully or not, and the directory has its result. It is false if
// ctx ends before that.
func (p *Publisher) AwaitFirst(ctx context.Context) bool {
	return p.await(ctx, func(snapshot.Key) bool { return true })
}

// AwaitFirstOf is AwaitFirst for these collections only. The directory must have the results of all collections.
func (p *Publisher) AwaitFirstOf(ctx context.Context, keys []snapshot.Key) bool {
	return p.await(ctx, func(key snapshot.Key) bool { return slices.Contains(keys, key) })
}

func (p *Publisher) await(ctx context.Context, counts func(snapshot.Key) bool) bool {
	poll := time.NewTicker(firstPoll)
	defer poll.Stop()
	for !p.tried(counts) || !p.upToDate() {
		select {
		case <-poll.C:
		case <-ctx.Done():
			return false
		}
	}
	return true
}

// tried reports whether a fetch of every collection that counts has ended.
func (p *Publisher) tried(counts func(snapshot.Key) bool) bool {
	for _, st := range p.keeper.Statuses() {
		first := st.Reading && st.Err == nil && st.State >= snapshot.Incomplete
		if counts(st.Key) && (st.TriedAt.IsZero() || first) {
			return false
		}
	}
	return true
}

// upToDate reports whether the current directory has all snapshots and the whole overlay.
func (p *Publisher) upToDate() bool {
	e := p.current.Load()
	return e.serves(p.keeper.Current(), true) && maps.Equal(e.wanted.additions.all(), p.additionsTo(e.wanted.snapshots).versions)
}
