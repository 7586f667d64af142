package generation

import (
	"context"
	"maps"
	"slices"
	"time"

	"roster/internal/snapshot"
)

// firstPoll is the interval at which AwaitFirst checks its condition.
const firstPoll = 50 * time.Millisecond

// AwaitFirst waits until the first fetch of every collection has ended, successfully or not, and its result is in the directory. It returns false if
// ctx ends first.
func (p *Publisher) AwaitFirst(ctx context.Context) bool {
	return p.await(ctx, func(snapshot.Key) bool { return true })
}

// AwaitFirstOf is AwaitFirst for only these collections. The directory must still have the results of all collections.
func (p *Publisher) AwaitFirstOf(ctx context.Context, keys []snapshot.Key) bool {
	return p.await(ctx, func(key snapshot.Key) bool { return slices.Contains(keys, key) })
}

func (p *Publisher) await(ctx context.Context, counts func(snapshot.Key) bool) bool {
	poll := time.NewTicker(firstPoll)
	defer poll.Stop()
	for slices.ContainsFunc(p.Awaited(), counts) || !p.upToDate() {
		select {
		case <-poll.C:
		case <-ctx.Done():
			return false
		}
	}
	return true
}

// Awaited returns the collections whose first fetch has not ended, in the order of the configuration.
func (p *Publisher) Awaited() (keys []snapshot.Key) {
	for _, st := range p.keeper.Statuses() {
		first := st.Fetching && st.Err == nil && st.State >= snapshot.Incomplete
		if st.TriedAt.IsZero() || first {
			keys = append(keys, st.Key)
		}
	}
	return keys
}

// upToDate reports whether the current directory has all snapshots, the whole overlay and all edits.
func (p *Publisher) upToDate() bool {
	g := p.published.Load()
	return g.wanted.edits == p.ruled(input{}).edits && g.serves(p.keeper.Current(), true) && maps.Equal(g.wanted.additions.all(), p.additionsTo(g.wanted.snapshots).versions)
}
