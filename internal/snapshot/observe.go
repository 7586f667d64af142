package snapshot

import (
	"context"

	"roster/connectors"
)

// Observer observes a keeper's work, for traces. Each method returns the context to go on with, derived from ctx, and a function that must
// be called once at the end. Observers must be safe for concurrent use.
type Observer interface {
	// Loading is called when a caller waits for collections.
	Loading(ctx context.Context) (context.Context, func())
	// Waiting is called, within Loading, for each collection that the caller waits for.
	Waiting(ctx context.Context, key Key) func()
	// Fetching is called before a collection is fetched from its source.
	Fetching(ctx context.Context, key Key) (context.Context, func(FetchEnd))
	// LoadingStored is called before a collection is taken from the shared store.
	LoadingStored(ctx context.Context, key Key, tier TierKind) (context.Context, func(taken bool))
}

// FetchEnd is the result of a fetch.
type FetchEnd struct {
	Records  int
	Complete bool
	Err      *connectors.Error
}

// unobserved is the observer that does nothing.
type unobserved struct{}

func (unobserved) Loading(ctx context.Context) (context.Context, func()) { return ctx, func() {} }

func (unobserved) Waiting(context.Context, Key) func() { return func() {} }

func (unobserved) Fetching(ctx context.Context, _ Key) (context.Context, func(FetchEnd)) {
	return ctx, func(FetchEnd) {}
}

func (unobserved) LoadingStored(ctx context.Context, _ Key, _ TierKind) (context.Context, func(bool)) {
	return ctx, func(bool) {}
}
