package resolvers

import (
	"context"

	"github.com/graph-gophers/dataloader/v7"

	"roster/connectors"
	"roster/internal/presence"
	"roster/internal/snapshot"
)

// loadCollections loads the collections of one operation side by side, in one batch that is dispatched at once, because all keys are known. It also
// reports whether it had to wait for any.
func loadCollections(ctx context.Context, keeper *snapshot.Keeper, keys []snapshot.Key, requirement snapshot.Requirement) (results []snapshot.Result, waited bool) {
	// The usual case: all collections are there.
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
	if errs != nil { // the batch has panicked, and the library has logged it
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

// loadPresence returns the loader of an operation that may ask sources.
func loadPresence(store *presence.Store) *presenceLoader {
	return newPresenceLoader(store.Get)
}

// knownPresence returns the loader of an operation for which no source may be asked.
func knownPresence(store *presence.Store) *presenceLoader {
	return newPresenceLoader(func(_ context.Context, refs []connectors.Ref) []presence.Answer { return store.Known(refs) })
}

func newPresenceLoader(get func(context.Context, []connectors.Ref) []presence.Answer) *presenceLoader {
	p := &presenceLoader{get: get, cache: dataloader.NewCache[connectors.Ref, presence.Answer]()}
	p.one = dataloader.NewBatchedLoader(p.batch, dataloader.WithCache(p.cache))
	return p
}

// expect loads the presence of accounts whose fields are about to ask for it, together and at once. It does not wait for them.
func (p *presenceLoader) expect(ctx context.Context, refs []connectors.Ref) {
	wanted := make([]connectors.Ref, 0, len(refs))
	named := make(map[connectors.Ref]bool, len(refs))
	for _, ref := range refs {
		if _, asked := p.cache.Get(ctx, ref); !asked && !named[ref] {
			named[ref] = true
			wanted = append(wanted, ref)
		}
	}
	if len(wanted) == 0 {
		return
	}
	// A loader's capacity is fixed when it is made: one of its own for these, over the same cache, is dispatched when all are in, while the
	// common one would wait for its timer and then send whatever had come by. LoadMany would hand them over in goroutines of their own, and
	// so perhaps after the fields have asked.
	loader := dataloader.NewBatchedLoader(p.batch, dataloader.WithCache(p.cache),
		dataloader.WithBatchCapacity[connectors.Ref, presence.Answer](len(wanted)),
		dataloader.WithInputCapacity[connectors.Ref, presence.Answer](len(wanted)))
	for _, ref := range wanted {
		loader.Load(ctx, ref)
	}
}

// of returns the presence of accounts; unknown if nobody can tell. Accounts that were not expected go with others that come within the loader's time.
func (p *presenceLoader) of(ctx context.Context, refs ...connectors.Ref) []presence.Answer {
	thunks := make([]dataloader.Thunk[presence.Answer], len(refs))
	for i, ref := range refs {
		thunks[i] = p.one.Load(ctx, ref)
	}
	out := make([]presence.Answer, len(refs))
	for i, thunk := range thunks {
		if v, err := thunk(); err == nil { // the only error is a batch that has panicked
			out[i] = v
		}
	}
	return out
}

// batch asks for a batch. Its context is the first caller's, whose going must not cost the others their answer: the store has a deadline of
// its own.
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
