package resolvers

import (
	"context"

	"github.com/graph-gophers/dataloader/v7"

	"roster/connectors"
	"roster/internal/presence"
	"roster/internal/snapshot"
)

// loadCollections loads the collections of one operation in one batch. The batch starts at once, because all keys are known. It also reports whether it had
// to wait.
func loadCollections(ctx context.Context, keeper *snapshot.Keeper, keys []snapshot.Key, requirement snapshot.Requirement) (results []snapshot.Result, waited bool) {
	// Usually all collections are in memory.
	results, wait := keeper.TakeSince(keys, requirement)
	if !wait {
		return results, false
	}
	loader := dataloader.NewBatchedLoader(
		func(ctx context.Context, keys []snapshot.Key) []*dataloader.Result[snapshot.Result] {
			return asResults(keeper.AwaitSince(ctx, keys, requirement))
		},
		dataloader.WithBatchCapacity[snapshot.Key, snapshot.Result](len(keys)),
		dataloader.WithInputCapacity[snapshot.Key, snapshot.Result](len(keys)),
	)
	results, errs := loader.LoadMany(ctx, keys)()
	if errs != nil { // the batch panicked, and the library has logged it
		return keeper.AwaitSince(ctx, keys, requirement), true
	}
	return results, true
}

// presenceLoader is the dataloader of presence for one operation.
type presenceLoader struct {
	get   func(context.Context, []connectors.Ref) []presence.Answer
	cache dataloader.Cache[connectors.Ref, presence.Answer]
	one   *dataloader.Loader[connectors.Ref, presence.Answer]
}

// loadPresence returns a loader that may call sources.
func loadPresence(store *presence.Store) *presenceLoader {
	return newPresenceLoader(store.Get)
}

// cachedPresence returns a loader that calls no source.
func cachedPresence(store *presence.Store) *presenceLoader {
	return newPresenceLoader(func(_ context.Context, refs []connectors.Ref) []presence.Answer { return store.Known(refs) })
}

func newPresenceLoader(get func(context.Context, []connectors.Ref) []presence.Answer) *presenceLoader {
	p := &presenceLoader{get: get, cache: dataloader.NewCache[connectors.Ref, presence.Answer]()}
	p.one = dataloader.NewBatchedLoader(p.batch, dataloader.WithCache(p.cache))
	return p
}

// prefetch starts to load the presence of accounts whose fields will be resolved soon, in one batch. It does not wait for the result.
func (p *presenceLoader) prefetch(ctx context.Context, refs []connectors.Ref) {
	wanted := make([]connectors.Ref, 0, len(refs))
	named := make(map[connectors.Ref]bool, len(refs))
	for _, ref := range refs {
		if _, loading := p.cache.Get(ctx, ref); !loading && !named[ref] {
			named[ref] = true
			wanted = append(wanted, ref)
		}
	}
	if len(wanted) == 0 {
		return
	}
	// The capacity of a loader is fixed, and it dispatches when that many keys are in. So these keys get a loader of their own, over the same cache. The
	// common loader would wait for its timer, and then dispatch whatever keys had arrived. LoadMany would add the keys in other goroutines, perhaps after
	// the fields have asked for them.
	loader := dataloader.NewBatchedLoader(p.batch, dataloader.WithCache(p.cache),
		dataloader.WithBatchCapacity[connectors.Ref, presence.Answer](len(wanted)),
		dataloader.WithInputCapacity[connectors.Ref, presence.Answer](len(wanted)))
	for _, ref := range wanted {
		loader.Load(ctx, ref)
	}
}

// of returns the presence of accounts, or unknown. Accounts that were not prefetched are loaded in one batch with others that are requested within the
// loader's wait time.
func (p *presenceLoader) of(ctx context.Context, refs ...connectors.Ref) []presence.Answer {
	thunks := make([]dataloader.Thunk[presence.Answer], len(refs))
	for i, ref := range refs {
		thunks[i] = p.one.Load(ctx, ref)
	}
	out := make([]presence.Answer, len(refs))
	for i, thunk := range thunks {
		if v, err := thunk(); err == nil { // the only possible error is a batch that panicked
			out[i] = v
		}
	}
	return out
}

// batch loads one batch. Its context is that of the first caller, whose end must not affect the others, so it is replaced. The store has its own deadline.
func (p *presenceLoader) batch(ctx context.Context, refs []connectors.Ref) []*dataloader.Result[presence.Answer] {
	return asResults(p.get(context.WithoutCancel(ctx), refs))
}

func asResults[T any](values []T) []*dataloader.Result[T] {
	out := make([]*dataloader.Result[T], len(values))
	for i, v := range values {
		out[i] = &dataloader.Result[T]{Data: v}
	}
	return out
}
