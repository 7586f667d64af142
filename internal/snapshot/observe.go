package snapshot

import (
	"context"

	"roster/connectors"
)

// Observer follows a keeper's work, for traces. Each method gives the context to go on under, which comes from ctx, and what has to be
// called at the end, once. Safe for concurrent use.
type Observer interface {
	// Loading is told that a caller waits for collections.
	Loading(ctx context.Context) (context.Context, func())
	// Waiting is told, within Loading, which one is waited for.
	Waiting(ctx context.Context, key Key) func()
	// Reading is told that a collection is about to be read from its source.
	Reading(ctx context.Context, key Key) (context.Context, func(ReadingEnd))
	// Taking is told that it is about to be taken from the tier.
	Taking(ctx context.Context, key Key, tier TierKind) (context.Context, func(taken bool))
}

// ReadingEnd is how a reading has ended.
type ReadingEnd struct {
	Records  int
	Complete bool
	Err      *connectors.Error
}

// unobserved is the observer where nobody observes.
type unobserved struct{}

func (unobserved) Loading(ctx context.Context) (context.Context, func()) { return ctx, func() {} }

func (unobserved) Waiting(context.Context, Key) func() { return func() {} }

func (unobserved) Reading(ctx context.Context, _ Key) (context.Context, func(ReadingEnd)) {
	return ctx, func(ReadingEnd) {}
}

func (unobserved) Taking(ctx context.Context, _ Key, _ TierKind) (context.Context, func(bool)) {
	return ctx, func(bool) {}
}
