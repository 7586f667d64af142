package resolvers

import (
	"context"
)

// accountByID finds an account of one vendor's; nil where there is none, or another vendor's has that ID.
func accountByID[T any](ctx context.Context, id string) *T {
	found, _ := any(operationOf(ctx).view.Directory.Account(id)).(*T)
	return found
}

// maxNodes is how many objects nodes fetches at once.
const maxNodes = 100
